"""The Translate tab: a drawing, or any picture, becomes another one while it is drawn.

`static/translate/translate.html` is the tab and `static/translate/*.js` bring it to life through the functions of
`gan.ui.server.translate_api`. A visitor's drawing and pictures stay in the browser but for the pixels of each request.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gan.ui import assets
from gan.ui.server.translate_api import MAX_GRID, TranslateApi
from gan.ui.server.translations import MAX_KEYS
from gan.ui.server.video import EXPORTS, Export

if TYPE_CHECKING:
    import gradio as gr

    from gan.ui.server.model_registry import ModelRegistry


def build(registry: ModelRegistry) -> gr.HTML:
    """Add the tab's contents to the tab under construction."""
    import gradio as gr

    return gr.HTML(
        page(registry),
        js_on_load=assets.on_load("translate"),
        server_functions=TranslateApi(registry).functions(),
        elem_id="ll-translate",
        apply_default_css=False,
        padding=False,
    )


def page(registry: ModelRegistry, exports: Mapping[str, Export] = EXPORTS) -> str:
    """Return the tab's HTML, which tells the size and sides of every translator before any is loaded.

    exports: the kinds of films that can be made.
    """
    models = [registry.info(name, "translate").of_translator() for name in registry.translators]
    return assets.render(
        "translate/translate.html",
        models=registry.translators,
        known=json.dumps(models),
        exports=exports,
        most_keys=MAX_KEYS,
        most_tiles=MAX_GRID,
    )
