"""The Interpolate tab: a walk through two to eight seeds, rendered in one call, scrubbed without any further one.

`static/interpolate/interpolate.html` is the tab and `static/interpolate/interpolate.js` brings it to life. The server's
reply to a change of settings is one sprite sheet: a lossless PNG of all frames, then all keyframes, row by row. The
server stores nothing for a visitor; a download renders the same walk again, which gives the same pictures.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gan.ui import assets
from gan.ui.server import picture_requests, rpc
from gan.ui.server.picture_api import PictureApi
from gan.ui.server.video import EXPORTS
from gan.ui.server.walk_api import WalkApi

if TYPE_CHECKING:
    from collections.abc import Mapping

    import gradio as gr

    from gan.ui.server.model_registry import ModelRegistry
    from gan.ui.server.video import Export


def build(registry: ModelRegistry) -> gr.HTML:
    """Add the tab's contents to the tab under construction."""
    import gradio as gr

    models = PictureApi(registry)
    return gr.HTML(
        page(registry),
        js_on_load=assets.on_load("interpolate"),
        server_functions=[*WalkApi(registry).functions(), *rpc.endpoints(models.locate, models.pack)],
        elem_id="ll-interpolate",
        apply_default_css=False,  # Gradio's look for prose would win over ours for buttons and inputs
        padding=False,
    )


def page(registry: ModelRegistry, exports: Mapping[str, Export] = EXPORTS) -> str:
    """Return the tab's HTML, which tells the classes of every model before any is loaded.

    exports: the kinds of films that can be saved.
    """
    models = [registry.info(name).for_browser() for name in registry.names]
    return assets.render(
        "interpolate/interpolate.html",
        models=registry.names,
        known=json.dumps(models),
        exports=exports,
        most_keys=picture_requests.MAX_KEYFRAMES,
        most_frames=picture_requests.MAX_FRAMES,
    )
