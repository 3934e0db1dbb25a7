"""The page's own CSS and JavaScript, inlined in its head so that nothing waits for another request."""

from __future__ import annotations

from functools import cache
from pathlib import Path

STATIC = Path(__file__).with_name("static")

# A face of four pixels, as the tab's icon; `%23` is `#` inside a URL.
ICON = (
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 4 4' shape-rendering='crispEdges'>"
    "<path fill='%23d8452a' d='M0 0h2v2h-2z'/><path fill='%23e9b44c' d='M2 0h2v2h-2z'/>"
    "<path fill='%23212529' d='M0 2h2v2h-2z'/><path fill='%232a7f8e' d='M2 2h2v2h-2z'/></svg>"
)


@cache
def head() -> str:
    """The text for `launch(head=...)`: every `static/*.css` and `static/*.js`, app.css and live.js first."""
    styles = _read("css", first="app.css")
    scripts = _read("js", first="live.js")
    return "\n".join(
        [
            f'<link rel="icon" href="{ICON}">',
            '<meta name="color-scheme" content="light dark">',
            f"<style>\n{styles}\n</style>",
            f"<script>\n{scripts}\n</script>",
        ]
    )


def _read(kind: str, first: str) -> str:
    paths = sorted(STATIC.glob(f"*.{kind}"), key=lambda path: (path.name != first, path.name))
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)
