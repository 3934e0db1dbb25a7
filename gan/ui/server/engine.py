"""Scripts of the workers that draw and train in a browser, and packs of models under their own addresses."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.routing import Route

from gan.ui.server import files
from gan.ui.server.comments import without_comments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from gan.ui.server.packs import Packs

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
SEEDS = ("engine/random", "engine/latent")  # what the page itself knows of them
PATHS = r"/engine/pack/\w+"
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


@cache
def seeds_script() -> str:
    """Return a part of the page's script: `latentLab.seeds` gets what `latent.mjs` knows of a seed."""
    return "\n".join(["{", *map(_scoped, SEEDS), "latentLab.seeds = latentModule;", "}"])


def _script(wasm: str, modules: Sequence[str]) -> str:
    """Return modules and their WebAssembly as one script; in hexadecimal, which brotli makes a quarter smaller of."""
    code = (STATIC / f"{wasm}.wasm").read_bytes().hex()
    return "\n".join(['"use strict";', f'const WASM = "{code}";', *map(_scoped, modules)])


def _scoped(module: str) -> str:
    """Return a module as a function that is called at once: names of one module mean nothing in the others."""
    text = without_comments((STATIC / f"{module}.mjs").read_text(encoding="utf-8"))
    names = ", ".join(EXPORT.findall(text))
    body = EXPORT.sub(r"const \1", IMPORT.sub(r"const { \1 } = \2Module;", text))
    return f"const {module.partition('/')[2]}Module = (() => {{\n{body}\nreturn {{ {names} }};\n}})();"


def pack_address(pack: files.File) -> str:
    """Return where the page finds a pack, relative to its own address."""
    return f"engine/pack/{pack.version}"


def routes(packs: Packs) -> list[Route]:
    """Return the routes for `launch(app_kwargs={"routes": ...})`."""

    async def pack(request: Request) -> Response:
        found = packs.find(request.path_params["version"])
        return files.respond(request, found, "private") if found else files.gone()

    return [Route("/engine/pack/{version}", pack)]
