"""The files that a browser fetches to draw pictures itself: the worker's script, and packs of models.

Both have their content's hash in the address, so a browser that has them never asks again.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request

    from gan.ui.server.packs import Pack, Packs

FOLDER = Path(__file__).parents[1] / "static/engine"
MODULES = (
    "random",
    "checks",
    "translatorpack",
    "pack",
    "latent",
    "layout",
    "network",
    "translator",
    "worker",
)  # each imports only from those before it
PATHS = r"/engine/(?:worker|pack)/\w+"
FOREVER = "private, max-age=31536000, immutable"
IMPORT = re.compile(r'^import \{ (.+) \} from "\./(\w+)\.mjs";$', re.MULTILINE)
EXPORT = re.compile(r"^export const (\w+)", re.MULTILINE)


@cache
def worker_script() -> str:
    """Return the engine's modules and net.wasm as one script, which also works as a blob where there is no server."""
    wasm = base64.b64encode((FOLDER / "net.wasm").read_bytes()).decode("ascii")
    return "\n".join(['"use strict";', f'const WASM = "{wasm}";', *map(_scoped, MODULES)])


def _scoped(name: str) -> str:
    """Return a module as a function that is called at once: names of one module mean nothing in the others."""
    text = (FOLDER / f"{name}.mjs").read_text(encoding="utf-8")
    names = ", ".join(EXPORT.findall(text))
    body = EXPORT.sub(r"const \1", IMPORT.sub(r"const { \1 } = \2Module;", text))
    return f"const {name}Module = (() => {{\n{body}\nreturn {{ {names} }};\n}})();"


def worker_address() -> str:
    """Return where the page finds the script, relative to its own address."""
    return f"engine/worker/{_version(worker_script())}"


def pack_address(pack: Pack) -> str:
    """Return where the page finds a pack, relative to its own address."""
    return f"engine/pack/{pack.version}"


def routes(packs: Packs) -> list[Route]:
    """Return the routes for `launch(app_kwargs={"routes": ...})`."""

    async def worker(request: Request) -> Response:
        script = worker_script()
        if request.path_params["version"] != _version(script):
            return _gone()
        return _file(request, script.encode(), "text/javascript")

    async def pack(request: Request) -> Response:
        found = packs.find(request.path_params["version"])
        return _file(request, found.data, "application/octet-stream") if found else _gone()

    return [Route("/engine/worker/{version}", worker), Route("/engine/pack/{version}", pack)]


def _file(request: Request, data: bytes, kind: str) -> Response:
    tag = f'"{request.path_params["version"]}"'
    headers = {"ETag": tag, "Cache-Control": FOREVER, "X-Content-Type-Options": "nosniff"}
    known = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    if tag in known:
        return Response(status_code=304, headers=headers)
    return Response(data, media_type=kind, headers=headers)


def _gone() -> Response:
    return PlainTextResponse("This has changed on the server: reload the page.", 404)


def _version(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
