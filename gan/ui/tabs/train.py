"""The Train tab: real runs of `gan.live` in front of the visitor.

`static/train/train.html` is the tab and `static/train/*.js` bring it to life through `gan.ui.server.train_api`. A page
without a server calls `latentLab.trainAlone` with the tab's element, which holds `page()`, and `local_menus()`, once
`latentLab.trainer` is an address, such as a blob's, of `gan.ui.server.engine.trainer_script()`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gan.ui import assets
from gan.ui.server import train_form
from gan.ui.server.train_api import TrainApi
from gan.ui.server.video import EXPORTS

if TYPE_CHECKING:
    import gradio as gr

    from gan.live.runs import Runs
    from gan.ui.server.model_registry import ModelRegistry


def build(registry: ModelRegistry, runs: Callable[[], Runs] | None = None) -> gr.HTML:
    """Add the tab's contents to the tab under construction. runs: as for `TrainApi`."""
    import gradio as gr

    return gr.HTML(
        page(),
        js_on_load=assets.on_load("train"),
        server_functions=TrainApi(registry, runs).functions(),
        elem_id="ll-train",
        apply_default_css=False,
        padding=False,
    )


def page() -> str:
    """Return the tab's HTML."""
    return assets.render("train/train.html", exports=EXPORTS)


def local_menus() -> dict[str, Any]:
    """Return the tab's menus for a page without a server, as JSON values."""
    return train_form.menus(server=False)
