"""The Publish tab: a model that was trained here, a run or one of the Train tab, becomes a repository of the Hub.

Models of the Train tab are listed by the browser that made them, under names that nobody else can guess.
"""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import gradio as gr

from gan.hub import names
from gan.ui import assets
from gan.ui.server.publish_api import PublishApi, Status, can_sign_in, obstacle

if TYPE_CHECKING:
    from gan.ui.server.model_registry import ModelRegistry


def build(registry: ModelRegistry, tab: gr.Tab) -> gr.Column:
    """Add the tab's contents to the tab under construction."""
    api, text = PublishApi(registry), obstacle()
    runs = api.trained()
    with gr.Column(elem_id="ll-publish") as column:
        gr.HTML(assets.render("publish/intro.html"), padding=False, apply_default_css=False)
        if can_sign_in():
            gr.LoginButton(elem_id="ll-publish-login")
        # The server does not know what this browser has trained: it takes any name, and checks it before publishing.
        run = gr.Dropdown(
            runs, value=runs[0] if runs else None, label="Model", interactive=not text, allow_custom_value=True
        )
        repo = gr.Textbox(
            label="Repository",
            placeholder="USER/NAME",
            max_length=names.MAX_REPO_NAME,
            max_lines=1,
            interactive=not text,
        )
        private = gr.Checkbox(label="Private: only you can see it", interactive=not text)
        button = gr.Button("Publish", variant="primary", interactive=not text, elem_id="ll-publish-button")
        result = gr.HTML(
            status_html(Status(text)) if text or runs else assets.render("publish/nothing.html"),
            padding=False,
            apply_default_css=False,
            elem_id="ll-publish-result",
        )
    button.click(
        handler(api),
        [run, repo, private],
        result,
        show_progress="hidden",
        api_visibility="private",
        concurrency_limit=1,
    )
    # Runs in the browser alone, which knows what was trained in it.
    ready = "" if text else status_html(Status(""))
    tab.select(None, None, [run, result], js=f"() => latentLab.offerToPublish({json.dumps(runs)}, {json.dumps(ready)})")
    return column


def handler(api: PublishApi) -> Callable[..., Iterator[str]]:
    """Return the function of the button, with the signature that Gradio fills in: HTML for each step."""
    function = api.handler()

    @functools.wraps(function)
    def lines(*values: Any) -> Iterator[str]:
        yield from map(status_html, function(*values))

    return lines


def status_html(status: Status) -> str:
    """Return the line below the button, which screen readers announce."""
    return assets.render("publish/status.html", **dataclasses.asdict(status))
