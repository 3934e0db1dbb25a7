"""The app's page without Gradio's front end, for tests of what the tabs do: it is there in a third of the time.

The same server answers it, with the same functions, files, scripts, styles and tabs; only the row of tabs is drawn
here, as Gradio draws it. What depends on Gradio's front end is tested on the page that visitors get.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from starlette.responses import HTMLResponse
from starlette.routing import Route

from gan.ui import assets

if TYPE_CHECKING:
    import gradio as gr
    from starlette.requests import Request
    from starlette.responses import Response

TABS = ("gallery", "explore", "interpolate", "translate", "quiz", "train")

BOXES = "input:is([type=radio], [type=checkbox]) { appearance: none; width: 16px; height: 16px; flex-shrink: 0; }"

SCRIPT = """
const call = (component_id, fn_name) => async (data = null) => {
  const body = JSON.stringify({ component_id, fn_name, data, session_hash: "plain" });
  const headers = { "Content-Type": "application/json" };
  const reply = await fetch("gradio_api/component_server", { method: "POST", headers, body });
  if (!reply.ok) throw new Error(`could not connect to the server: ${reply.statusText}`);
  return reply.json();
};
const run = (name) => {
  const { number, functions, script } = parts[name];
  const place = document.getElementById(`ll-${name}`);
  if (name !== "header") place.append(document.getElementById(`html-${name}`).content);
  const server = Object.fromEntries(functions.map((each) => [each, call(number, each)]));
  new Function("element", "server", script)(place, server);
};
const begun = new Set();
const show = (name) => {
  for (const panel of document.querySelectorAll("#ll-tabs > [role=tabpanel]"))
    panel.style.display = panel.id === `tab-${name}` ? "" : "none";
  for (const button of document.querySelectorAll("#ll-tabs [role=tab]"))
    button.setAttribute("aria-selected", String(button.id === `tab-${name}-button`));
  if (!begun.has(name)) run(name);
  begun.add(name);
};
document.addEventListener("DOMContentLoaded", () => {
  document.body.classList.toggle("dark", matchMedia("(prefers-color-scheme: dark)").matches);
  for (const button of document.querySelectorAll("#ll-tabs [role=tab]"))
    button.addEventListener("click", () => show(button.id.slice("tab-".length, -"-button".length)));
  show(Object.keys(parts).find((name) => name !== "header"));
  if (parts.header) run("header");
});
"""


def route(demo: gr.Blocks, head: str = "") -> Route:
    """Return a route that answers with the page of an app in the place of Gradio's.

    head: tags for the page's head; those of the app come by `gan.ui.server.first_page`.
    """

    async def answer(request: Request) -> Response:
        return HTMLResponse(page(demo, head))

    return Route("/", answer)


def page(demo: gr.Blocks, head: str = "") -> str:
    """Return the page's HTML, of what the app has built by now: all of it, or one tab alone."""
    parts: dict[str, Any] = {}
    html: dict[str, str] = {}
    for number, block in demo.blocks.items():
        name = (getattr(block, "elem_id", None) or "").removeprefix("ll-")
        if name in ("header", *TABS) and getattr(block, "js_on_load", None):
            functions = block.get_config().get("server_fns") or []
            parts[name] = {"number": number, "functions": functions, "script": block.js_on_load}
            html[name] = block.value
    tabs = [name for name in TABS if name in html]
    buttons = "".join(
        f'<button type="button" role="tab" id="tab-{name}-button" aria-selected="false">{name.title()}</button>'
        for name in tabs
    )
    panels = "".join(
        f'<template id="html-{name}">{html[name]}</template>'
        f'<div id="tab-{name}" role="tabpanel" style="display: none"><div id="ll-{name}"></div></div>'
        for name in tabs
    )
    style = assets.styles(("site",)) + BOXES  # in the place of Gradio's own
    known = json.dumps(parts).replace("<", r"\u003c")
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><base href="./" />
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Latent Lab</title>
<style>{style}</style>{head}</head>
<body><div class="gradio-container"><main class="app"><div id="ll-header">{html.get("header", "")}</div>
<div id="ll-tabs"><div class="tab-wrapper"><div class="tab-container" role="tablist">{buttons}</div></div>{panels}</div>
</main></div><script>(() => {{ const parts = {known};{SCRIPT} }})();</script></body></html>"""
