"""The Interpolate tab: a walk through two to eight seeds, rendered in one call, scrubbed without any further one.

`static/interpolate/interpolate.html` is the tab and `static/interpolate/interpolate.js` brings it to life. The server's
reply to a change of settings is one sprite sheet: a lossless PNG of all frames, then all keyframes, row by row. The
server stores nothing for a visitor; a download renders the same walk again, which gives the same pictures.
"""

from __future__ import annotations

import base64
import io
import json
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np
from PIL import Image

from gan.models.image_grid import tile_pictures
from gan.ui import assets
from gan.ui.server import checks, rpc
from gan.ui.server.limits import Limit
from gan.ui.server.video import EXPORTS, file_name

if TYPE_CHECKING:
    from gan.ui.server.model_registry import ModelRegistry

SHEET = 2**24  # pixels in one sheet: 240 frames of 256 x 256 fit
ENCODING, WAITING = 1, 4  # downloads encoded at once, and downloads that may wait in line before `Busy`


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
    """Return the tab's HTML, which tells the classes of every model before any is loaded."""
    classes = {name: {"classes": list(registry.info(name).classes)} for name in registry.names}
    return assets.render(
        "interpolate/interpolate.html",
        models=registry.names,
        classes=json.dumps(classes),
        exports=EXPORTS,
        most_keys=checks.STOPS,
        most_frames=checks.FRAMES,
    )


def functions(registry: ModelRegistry) -> list[Callable[[Any], rpc.Payload]]:
    """Return `walk` and `film`, for `gr.HTML(server_functions=...)`; see `gan.ui.server.rpc` for how they refuse.

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
