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
    """The text for `launch(head=...)`: every `static/*/*.css` and `.js`, page.css and what is shared first.

    Gradio's own reset of buttons and inputs comes later than ours and weighs two classes. So all of our rules but
    page.css are nested in a selector that weighs as much as an id, and a plain `.ll-button` there wins.
    """
    page, *parts = _read("css", first="shared/page.css")
    scripts = _read("js", first="shared/rpc.js")
    return "\n".join(
        [
            f'<link rel="icon" href="{ICON}">',
            f"<style>\n{page}\n:is(body, #ll-heavy) {{\n{''.join(parts)}\n}}\n</style>",
            f"<script>\n{''.join(scripts)}\n</script>",
        ]
    )


def _read(kind: str, first: str) -> list[str]:
    names = {path.relative_to(STATIC).as_posix() for path in STATIC.glob(f"*/*.{kind}")}
    ordered = sorted(names, key=lambda name: (name != first, not name.startswith("shared/"), name))
    return [(STATIC / name).read_text(encoding="utf-8") for name in ordered]
