"""The files below `static/`: a page's styles as one file, its scripts as one, and the tabs' HTML."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gan.ui.server import controls, engine, wording
from gan.ui.server.comments import without_comments

if TYPE_CHECKING:
    from gan.ui.server.files import Files

STATIC = Path(__file__).with_name("static")
AT_ONCE = ("shared", "engine", "film", "gallery", "explore", "interpolate", "publish")
# Tabs whose scripts are files of their own, which `static/shared/tab-scripts.js` fetches.
LATER = ("translate", "quiz", "train")
APP = (*AT_ONCE, *LATER)  # what the app's page is made of

# A face of four pixels, as the tab's icon; `%23` is `#` inside a URL.
ICON = (
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 4 4' shape-rendering='crispEdges'>"
    "<path fill='%23d8452a' d='M0 0h2v2h-2z'/><path fill='%23e9b44c' d='M2 0h2v2h-2z'/>"
    "<path fill='%23212529' d='M0 2h2v2h-2z'/><path fill='%232a7f8e' d='M2 2h2v2h-2z'/></svg>"
)


def head(files: Files, picture: str = "") -> tuple[str, str, str]:
    """Return what the app's page gets, as `first_page.middleware` takes it; files that it names are added to `files`.

    picture: the address of the samples that are seen until Gradio runs, "" for none.
    """
    workers = {"worker": engine.worker_script(), "trainer": engine.trainer_script()}
    known = {name: files.add(text.encode(), "text/javascript") for name, text in workers.items()}
    tabs = {tab: files.add("\n".join(map(_text, _files([tab], "js"))).encode(), "text/javascript") for tab in LATER}
    script = files.add(scripts(AT_ONCE, {**known, "tabScripts": tabs}).encode(), "text/javascript")
    style = files.add(styles(APP).encode(), "text/css")
    return (
        f'{icon()}<script defer src="{script}"></script>',
        f'<link rel="stylesheet" href="{style}">',
        render("shared/early.html", picture=picture),
    )


def icon() -> str:
    """Return the tag of the page's icon."""
    return f'<link rel="icon" href="{html.escape(ICON)}">'


def scripts(folders: Sequence[str], known: dict[str, Any]) -> str:
    """Return the scripts of some folders as one, which a browser must have run before the page uses it.

    They find `window.latentLab`, with the controls of Explore, the words for sliders and `known` in it, and add their
    functions to it.
    """
    declared = json.dumps({"controls": controls.for_browser(), "words": wording.SLIDERS, **known})
    declared = declared.replace("<", r"\u003c")
    head = [f"window.latentLab = {declared};", engine.seeds_script()]
    return "\n".join([*head, *map(_text, _files(folders, "js"))])


def styles(folders: Sequence[str]) -> str:
    """Return the styles of some folders as one.

    Gradio's reset of buttons and inputs comes later than our CSS and has the weight of two classes. So all of our rules
    but page.css are nested in a selector that weighs as much as an id, and a plain `.ll-button` there wins.
    """
    parts = [_text(path) for path in _files(folders, "css") if path.name != "page.css"]
    return f"{_text(STATIC / 'shared/page.css')}\n:is(body, #ll-heavy) {{\n{''.join(parts)}\n}}\n"


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
    return f'latentLab.begin("{tab}", element, server)'


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
    return without_comments(path.read_text(encoding="utf-8"))


def _files(folders: Sequence[str], kind: str) -> list[Path]:
    """List the files of a kind in some folders, folder by folder."""
    return [path for folder in folders for path in sorted((STATIC / folder).glob(f"*.{kind}"))]
