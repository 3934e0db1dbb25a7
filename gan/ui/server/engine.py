"""The files that a browser fetches to draw and to train itself: scripts of its workers, and packs of models.

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
    from collections.abc import Awaitable, Callable, Sequence

    from starlette.requests import Request

    from gan.ui.server.packs import Pack, Packs

STATIC = Path(__file__).parents[1] / "static"
# The modules of the worker that draws and of the one that trains; each imports only from those before it.
DRAWING = tuple(
    f"engine/{name}"
    for name in (
        "random", "checks", "translatorpack", "pack", "latent", "layout", "network", "translator", "worker",
    )
)  # fmt: skip
TRAINING = ("engine/random",) + tuple(
    f"points/{name}"
    for name in (
        "order", "worlds", "objectives", "memory", "perceptron", "trainer", "settings", "alarms", "history", "views",
        "run", "worker",
    )
)  # fmt: skip
PATHS = r"/engine/(?:worker|trainer|pack)/\w+"
FOREVER = "private, max-age=31536000, immutable"
IMPORT = re.compile(r'^import \{ (.+) \} from "\.[./a-z]*/(\w+)\.mjs";$', re.MULTILINE)
EXPORT = re.compile(r"^export const (\w+)", re.MULTILINE)


@cache
def worker_script() -> str:
    """Return the script of the worker that draws, which also works as a blob where there is no server."""
    return _script("engine/net", DRAWING)


@cache
def trainer_script() -> str:
    """Return the script of the worker that trains points, likewise."""
    return _script("points/points", TRAINING)


def _script(wasm: str, modules: Sequence[str]) -> str:
    """Return modules and their WebAssembly as one script."""
    code = base64.b64encode((STATIC / f"{wasm}.wasm").read_bytes()).decode("ascii")
    return "\n".join(['"use strict";', f'const WASM = "{code}";', *map(_scoped, modules)])


def _scoped(module: str) -> str:
    """Return a module as a function that is called at once: names of one module mean nothing in the others."""
    text = (STATIC / f"{module}.mjs").read_text(encoding="utf-8")
    names = ", ".join(EXPORT.findall(text))
    body = EXPORT.sub(r"const \1", IMPORT.sub(r"const { \1 } = \2Module;", text))
    return f"const {module.partition('/')[2]}Module = (() => {{\n{body}\nreturn {{ {names} }};\n}})();"


def worker_address() -> str:
    """Return where the page finds the script that draws, relative to its own address."""
    return f"engine/worker/{_version(worker_script())}"


def trainer_address() -> str:
    """Return where the page finds the script that trains."""
    return f"engine/trainer/{_version(trainer_script())}"


def pack_address(pack: Pack) -> str:
    """Return where the page finds a pack, relative to its own address."""
    return f"engine/pack/{pack.version}"


def routes(packs: Packs) -> list[Route]:
    """Return the routes for `launch(app_kwargs={"routes": ...})`."""

    def answer(script: Callable[[], str]) -> Callable[[Request], Awaitable[Response]]:
        async def worker(request: Request) -> Response:
            if request.path_params["version"] != _version(script()):
                return _gone()
            return _file(request, script().encode(), "text/javascript")

        return worker

    async def pack(request: Request) -> Response:
        found = packs.find(request.path_params["version"])
        return _file(request, found.data, "application/octet-stream") if found else _gone()

    return [
        Route("/engine/worker/{version}", answer(worker_script)),
        Route("/engine/trainer/{version}", answer(trainer_script)),
        Route("/engine/pack/{version}", pack),
    ]


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
