"""The Edit tab: a picture is found in a model's latent space, and then changed, restored and explained.

`static/edit/below.html`, which comes with the scripts, is the tab and `static/edit/*.js` bring it to life through the
functions of `gan.ui.server.edit_api`. A visitor's pictures stay in the browser but for the pixels of each request.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import gradio as gr

from gan.ui import assets
from gan.ui.server.edit_api import EditApi

if TYPE_CHECKING:
    from gan.ui.server.model_registry import ModelRegistry


def build(registry: ModelRegistry) -> gr.HTML:
    """Add the tab's contents to the tab under construction."""
    return gr.HTML(
        page(registry),
        js_on_load=assets.on_load("edit"),
        server_functions=EditApi(registry).functions(),
        elem_id="ll-edit",
        apply_default_css=False,
        padding=False,
    )


def page(registry: ModelRegistry) -> str:
    """Return the tab's HTML, which tells the size of every model that has an encoder before any is loaded."""
    names = registry.with_encoder
    models = [registry.info(name).for_browser() | {"grey": registry.info(name).channels == 1} for name in names]
    return assets.render("edit/edit.html", models=names, known=json.dumps(models))
