"""The files below `static/`: CSS and JavaScript for the page's head, and the tabs' HTML."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gan.ui.server import controls, engine, wording

STATIC = Path(__file__).with_name("static")

# A face of four pixels, as the tab's icon; `%23` is `#` inside a URL.
ICON = (
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 4 4' shape-rendering='crispEdges'>"
    "<path fill='%23d8452a' d='M0 0h2v2h-2z'/><path fill='%23e9b44c' d='M2 0h2v2h-2z'/>"
    "<path fill='%23212529' d='M0 2h2v2h-2z'/><path fill='%232a7f8e' d='M2 2h2v2h-2z'/></svg>"
)


def head() -> str:
    """Return the text for `launch(head=...)`: icon, CSS and JavaScript, inlined so that nothing waits for a request.

    The scripts find `window.latentLab`, with the controls of Explore, the words for sliders and the addresses of the
    workers' scripts in it; they add their functions to it.

    Gradio's reset of buttons and inputs comes later than our CSS and has the weight of two classes. So all of our rules
    but page.css are nested in a selector that weighs as much as an id, and a plain `.ll-button` there wins.
    """
    addresses = {"worker": engine.worker_address(), "trainer": engine.trainer_address()}
    known = {"controls": controls.for_browser(), "words": wording.SLIDERS, **addresses}
    declared = json.dumps(known).replace("<", r"\u003c")
    page, parts = _text(STATIC / "shared/page.css"), [_text(path) for path in _files("css") if path.name != "page.css"]
    return "\n".join(
        [
            f'<link rel="icon" href="{ICON}">',
            f"<style>\n{page}\n:is(body, #ll-heavy) {{\n{''.join(parts)}\n}}\n</style>",
            f"<script>\nwindow.latentLab = {declared};\n{''.join(map(_text, _files('js')))}\n</script>",
        ]
    )


def render(template: str, **values: object) -> str:
    """Return the HTML of a template below `static/`.

    values: its placeholders. Text is escaped, in attributes too, so that what comes from a model folder stays text.
    `controls`, those of Explore by name, are always there. Raises jinja2.UndefinedError for a placeholder without one.
    """
    return _templates().get_template(template).render(controls=controls.by_name(), **values)


def on_load(tab: str) -> str:
    """Return the script for `gr.HTML(js_on_load=...)`: `latentLab.TAB` gets the tab's element, and the server's
    functions as `static/shared/calls.js` has them, each of which ends whatever happens to the connection.
    """
    return f"latentLab.{tab}(element, latentLab.calls(server))"


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(STATIC),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def _files(kind: str) -> list[Path]:
    """List the files of a kind, those that all tabs share first."""
    return sorted(STATIC.glob(f"*/*.{kind}"), key=lambda path: (path.parent.name != "shared", path.as_posix()))
