"""`gan.ui.assets`: what every tab's script is handed."""

from __future__ import annotations

import re

import gradio as gr
from conftest import built


def test_no_tab_calls_the_server_past_what_survives_a_lost_connection(tiny_registry):
    """Gradio's own functions resolve to `undefined` without a reply, which a script that expects one dies of."""
    page = built(tiny_registry)
    calling = [block for block in page.blocks.values() if isinstance(block, gr.HTML) and block.server_fns]
    assert len(calling) == 7
    for block in calling:
        assert re.fullmatch(r'latentLab\.begin\("\w+", element, server\)', block.js_on_load), block.elem_id
