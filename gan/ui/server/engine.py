"""What a browser needs to draw pictures itself: the worker's script, and packs of models under their own addresses."""

from __future__ import annotations

import base64
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.routing import Route

from gan.ui.server import files
from gan.ui.server.comments import without_comments

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from gan.ui.server.packs import Packs

FOLDER = Path(__file__).parents[1] / "static/engine"
MODULES = ("random", "pack", "latent", "network", "worker")  # each imports only from those before it
PATHS = r"/engine/pack/\w+"
IMPORT = re.compile(r'^import \{ (.+) \} from "\./(\w+)\.mjs";$', re.MULTILINE)
EXPORT = re.compile(r"^export const (\w+)", re.MULTILINE)


@cache
def worker_script() -> str:
    """Return the engine's modules and net.wasm as one script, which also works as a blob where there is no server."""
    wasm = base64.b64encode((FOLDER / "net.wasm").read_bytes()).decode("ascii")
    return "\n".join(['"use strict";', f'const WASM = "{wasm}";', *map(_scoped, MODULES)])


def _scoped(name: str) -> str:
    """Return a module as a function that is called at once: names of one module mean nothing in the others."""
    text = without_comments((FOLDER / f"{name}.mjs").read_text(encoding="utf-8"))
    names = ", ".join(EXPORT.findall(text))
    body = EXPORT.sub(r"const \1", IMPORT.sub(r"const { \1 } = \2Module;", text))
    return f"const {name}Module = (() => {{\n{body}\nreturn {{ {names} }};\n}})();"


def pack_address(pack: files.File) -> str:
    """Return where the page finds a pack, relative to its own address."""
    return f"engine/pack/{pack.version}"


def routes(packs: Packs) -> list[Route]:
    """Return the routes for `launch(app_kwargs={"routes": ...})`."""

    async def pack(request: Request) -> Response:
        found = packs.find(request.path_params["version"])
        return files.respond(request, found, "private") if found else files.gone()

    return [Route("/engine/pack/{version}", pack)]
