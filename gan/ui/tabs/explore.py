"""The Explore tab: one picture that follows its controls while they are dragged.

`static/explore/explore.html` is the tab and `static/explore/explore.js` brings it to life through the functions of
`gan.ui.server.picture_api`. What can be changed is declared in `gan.ui.server.controls`. The picture's address lives
in the browser's query string, never on the server.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gan.ui import assets
from gan.ui.server.picture_api import PictureApi

if TYPE_CHECKING:
    import gradio as gr

    from gan.ui.server.model_registry import ModelRegistry


def build(registry: ModelRegistry) -> gr.HTML:
    """Add the tab's contents to the tab under construction."""
    import gradio as gr

    return gr.HTML(
        page(registry),
        js_on_load=assets.on_load("explore"),
        server_functions=PictureApi(registry).functions(),
        elem_id="ll-explore",
        padding=False,
        apply_default_css=False,
    )


def page(registry: ModelRegistry) -> str:
    """Return the tab's HTML, which tells the size and classes of every model before any is loaded."""
    models = [registry.info(name).for_browser() for name in registry.names]
    return assets.render("explore/explore.html", models=registry.names, known=json.dumps(models))
