"""The page's title, and the switch between light and dark."""

from __future__ import annotations

import gradio as gr

HTML = """
<header class="ll-header">
  <svg class="ll-logo" viewBox="0 0 4 4" aria-hidden="true" shape-rendering="crispEdges">
    <path class="ll-p1" d="M0 0h2v2h-2z"/><path class="ll-p2" d="M2 0h2v2h-2z"/>
    <path class="ll-p3" d="M0 2h2v2h-2z"/><path class="ll-p4" d="M2 2h2v2h-2z"/>
  </svg>
  <h1>Latent Lab</h1>
  <p>Pictures that a small network dreams up, and the space between them.</p>
  <button type="button" class="ll-theme" aria-pressed="false" aria-label="Dark colours">
    <svg viewBox="0 0 16 16" aria-hidden="true"><circle cx="8" cy="8" r="6.25" fill="none" stroke="currentColor"
      stroke-width="1.5"/><path d="M8 1.75a6.25 6.25 0 0 1 0 12.5z" fill="currentColor"/></svg>
  </button>
</header>
"""


def build() -> gr.HTML:
    """Add the header to the Blocks under construction."""
    return gr.HTML(
        HTML,
        js_on_load="latentLab.header(element)",
        elem_id="ll-header",
        padding=False,
        apply_default_css=False,
    )
