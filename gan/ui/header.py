"""The page's title, and the switch between light and dark."""

from __future__ import annotations

import gradio as gr

from gan.ui import assets


def build() -> gr.HTML:
    """Add the header to the Blocks under construction."""
    return gr.HTML(
        assets.render("shared/header.html"),
        js_on_load="latentLab.header(element)",
        elem_id="ll-header",
        padding=False,
        apply_default_css=False,
    )
