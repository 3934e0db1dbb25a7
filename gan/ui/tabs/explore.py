"""The Explore tab: one picture that follows seed, class, truncation and directions while they are dragged.

The tab is static HTML; `static/explore.js` brings it to life through the functions of `gan.ui.server.rpc`. The address
(model, seed, class, truncation, sliders) lives in the browser's query string, never on the server.
"""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING

import gradio as gr

from gan.ui.server import checks, rpc

if TYPE_CHECKING:
    from gan.ui.server.model_registry import ModelRegistry

PAGE = """
<div class="ll-explore" data-models="{models}" data-reach="{reach}">
  <section class="ll-stage" aria-label="Picture">
    <div class="ll-screen ll-blank"
      ><canvas width="1" height="1" role="img" aria-label="Generated picture"></canvas></div>
    <p class="ll-under"><span class="ll-hint">Drag the picture, or any slider.</span>
      <span class="ll-meter" title="From a change to the painted picture; pictures painted in the last second"
        ><b data-ms>–</b> ms <b data-fps>–</b> fps</span></p>
    <div class="ll-bar" role="group" aria-label="Picture actions">
      <button type="button" class="ll-button" data-do="undo" disabled title="Ctrl+Z">Undo</button>
      <button type="button" class="ll-button" data-do="redo" disabled title="Ctrl+Shift+Z">Redo</button>
      <button type="button" class="ll-button" data-do="reset">Reset</button>
      <button type="button" class="ll-button" data-do="link">Copy link</button>
      <button type="button" class="ll-button" data-do="large" title="Enlarged, every pixel a square"
        aria-label="Save PNG, enlarged">Save PNG</button>
      <button type="button" class="ll-button" data-do="native" title="PNG of native size"
        aria-label="1:1, save PNG of native size">1:1</button>
    </div>
    <p class="ll-problem" role="alert"></p>
    <p class="ll-said" role="status"></p>
  </section>
  <section class="ll-controls" aria-label="Controls">
    <div class="ll-fields">
      <div class="ll-field"><label for="ll-model">Model</label>
        <select id="ll-model">{options}</select></div>
      <div class="ll-field"><label for="ll-seed">Seed</label>
        <span class="ll-seed"><input id="ll-seed" type="number" min="0" max="4294967295" step="1" value="0"
          inputmode="numeric"><button type="button" class="ll-button ll-primary" data-do="dice"
          aria-label="Random seed" title="Random seed"><svg viewBox="0 0 16 16" aria-hidden="true"><rect x="1.5" y="1.5"
          width="13" height="13" rx="2.5" fill="none" stroke="currentColor" stroke-width="1.5"/><circle cx="5" cy="5"
          r="1.2"/><circle cx="8" cy="8" r="1.2"/><circle cx="11" cy="11" r="1.2"/></svg></button></span></div>
    </div>
    <fieldset class="ll-classes" hidden></fieldset>
    <div class="ll-truncation"></div>
    <div class="ll-heading"><h2>Principal directions</h2><span>share of variance</span></div>
    <div class="ll-directions"></div>
    <button type="button" class="ll-button ll-more" data-do="more" hidden>Show all</button>
    <details class="ll-advanced"><summary>Advanced: every latent coordinate</summary>
      <p>Offsets added to the seed's own latent vector, one slider a coordinate.</p>
      <div class="ll-raw"></div></details>
  </section>
  <aside class="ll-others" aria-label="Other seeds">
    <div class="ll-heading"><h2>Other seeds</h2>
      <button type="button" class="ll-button" data-do="reroll">Reroll</button></div>
    <div class="ll-others-grid"></div>
  </aside>
</div>
"""


def build(registry: ModelRegistry) -> gr.HTML:
    """Add the tab's contents to the tab under construction."""
    return gr.HTML(
        page(registry),
        js_on_load="latentLab.explore(element, server)",
        server_functions=rpc.functions(registry),
        elem_id="ll-explore",
        padding=False,
        apply_default_css=False,
    )


def page(registry: ModelRegistry) -> str:
    """The tab's HTML. Whatever comes from a folder is escaped."""
    if not registry.names:
        return '<div class="ll-explore" data-models="[]"><p>There is no model to explore yet.</p></div>'
    names = [escape(name, quote=True) for name in registry.names]
    infos = [registry.info(name) for name in registry.names]
    known = [(info.name, {"size": info.resolution, "classes": info.classes}) for info in infos]
    return PAGE.format(
        models=escape(json.dumps(known), quote=True),
        reach=checks.REACH,
        options="".join(f'<option value="{name}">{name}</option>' for name in names),
    )
