"""The Interpolate tab: a walk through two to eight seeds, rendered in one call, scrubbed without any further one.

The tab is static HTML that `static/interpolate.js` brings to life. The server's reply to a change of settings is one
sprite sheet: a lossless PNG of all frames, then all keyframes, row by row. Nothing of a visitor's is kept here; a
download renders the same walk again, which gives the same pictures.
"""

from __future__ import annotations

import base64
import io
import json
import math
import re
from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np
from PIL import Image

from gan.models.image_grid import tile_pictures
from gan.ui.assets import STATIC
from gan.ui.server import checks, rpc
from gan.ui.server.limits import Limit
from gan.ui.server.video import EXPORTS, buttons, file_name

if TYPE_CHECKING:
    from gan.ui.server.model_registry import ModelRegistry

SHEET = 2**24  # pixels in one sheet: 240 frames of 256 x 256 fit
ENCODING, WAITING = 1, 4  # downloads encoded at once, and downloads that may stand in line before `Busy`

HTML = (STATIC / "interpolate/interpolate.html").read_text(encoding="utf-8")


def build(registry: ModelRegistry) -> gr.HTML:
    """Add the tab's contents to the tab under construction."""
    return gr.HTML(
        page(registry),
        js_on_load="latentLab.interpolate(element, server)",
        server_functions=functions(registry),
        elem_id="ll-interpolate",
        apply_default_css=False,  # Gradio's look for prose would win over ours for buttons and inputs
        padding=False,
    )


def page(registry: ModelRegistry) -> str:
    """The tab's HTML. Whatever comes from a folder is escaped."""
    if not registry.names:
        return '<div class="ll-walk" data-models="{}"><p>There is no model to interpolate yet.</p></div>'
    models = {name: {"classes": list(registry.info(name).classes)} for name in registry.names}
    names = [escape(name, quote=True) for name in models]
    parts = {
        "models": escape(json.dumps(models), quote=True),
        "options": "".join(f'<option value="{name}">{name}</option>' for name in names),
        "exports": buttons("data-save"),
        "keys": str(checks.STOPS),
        "frames": str(checks.FRAMES),
    }
    return re.sub(r"\{(\w+)\}", lambda match: parts[match[1]], HTML)


def functions(registry: ModelRegistry) -> list[Callable[[Any], rpc.Payload]]:
    """`walk` and `film`, for `gr.HTML(server_functions=...)`; see `gan.ui.server.rpc` for what they answer to nonsense.

    Both take {model, seeds, frames, mode, loop, label, truncation}; `film` also {kind, fps}.
    walk: {size, frames, keys, columns, sheet}, the last a PNG's data URI.
    film: {name, mime, data}, a file name, its type and its bytes in base64.
    """
    encoding = Limit(ENCODING, WAITING)

    def strip(payload: rpc.Payload) -> np.ndarray:
        name = payload.get("model")
        seeds = checks.seeds(payload.get("seeds"), 2, checks.STOPS)
        frames = checks.integer(payload.get("frames"), "frames", len(seeds), checks.FRAMES)
        most = max(2, SHEET // max(1, registry.info(name).resolution) ** 2)
        if frames + len(seeds) > most:
            raise ValueError(f"frames must be in [2, {most - len(seeds)}] for pictures of this size, got {frames}")
        options = {key: payload[key] for key in ("mode", "loop", "label", "truncation") if key in payload}
        return registry.strip(name, seeds, frames, **options)

    @rpc.answer
    def walk(payload: rpc.Payload) -> rpc.Payload:
        pictures = strip(payload)
        options = {key: payload[key] for key in ("label", "truncation") if key in payload}
        keys = registry.grid(payload["model"], payload["seeds"], **options)
        columns = math.ceil(math.sqrt(len(pictures) + len(keys)))
        sheet = tile_pictures(np.concatenate([pictures, keys]), columns)
        return {
            "size": pictures.shape[1],
            "frames": len(pictures),
            "keys": len(keys),
            "columns": columns,
            "sheet": "data:image/png;base64," + base64.b64encode(_png(sheet)).decode("ascii"),
        }

    @rpc.answer
    def film(payload: rpc.Payload) -> rpc.Payload:
        export = EXPORTS[checks.choice(payload.get("kind"), "kind", tuple(EXPORTS))]
        fps = checks.integer(payload.get("fps"), "frame rate", 1, 60)
        pictures = strip(payload)
        with encoding():
            data = export.encode(pictures, fps, None)
        return rpc.download(file_name(payload["model"], payload["seeds"], export.suffix), export.mime, data)

    return [walk, film]


def _png(picture: np.ndarray) -> bytes:
    file = io.BytesIO()
    # Level 1 is a third of the default's time for a tenth more bytes, and a visitor is waiting.
    Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture).save(file, "PNG", compress_level=1)
    return file.getvalue()
