"""The page that Gradio sends, on its way to the browser: with our head, a first thing to see, and compressed.

Gradio has `launch(head=...)`, which its own scripts insert once they run: half a dozen ways there and back later. In
the HTML itself files are fetched beside Gradio's, a script with `defer` has run before Gradio shows anything, and the
page's header is seen at once. Gradio compresses files and not its page, half of which is JSON.
"""

from __future__ import annotations

import html
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

PAGE = "/"
ALSO_LARGE = ("/config", "/config/", "/gradio_api/info", "/gradio_api/info/", "/gradio_api/openapi.json")
BASE = '<base href="./" />'  # Gradio's, which files' addresses are relative to


class FirstPage:
    """ASGI middleware. first, last: tags for the page's head, before Gradio's and after. seen: until Gradio runs."""

    def __init__(self, app: ASGIApp, first: str, last: str, seen: str) -> None:
        self.app, self.first, self.last, self.seen = app, first, last, seen
        self._page = GZipMiddleware(self._with_head, minimum_size=1000, compresslevel=6)
        self._large = GZipMiddleware(app, minimum_size=1000, compresslevel=6)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] == "http" and path == PAGE:
            await self._page(scope, receive, send)
        elif scope["type"] == "http" and path in ALSO_LARGE:
            await self._large(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _with_head(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the page as it is to be; whatever else comes is passed on."""
        start: Message = {}
        parts: list[bytes] = []

        async def collect(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                return
            if message["type"] != "http.response.body":
                return await send(message)
            parts.append(message.get("body", b""))
            if message.get("more_body"):
                return
            headers = MutableHeaders(raw=start["headers"])
            body = b"".join(parts)
            if headers.get("content-type", "").startswith("text/html"):
                body = self.page(body.decode("utf-8"), root_path(scope)).encode("utf-8")
                headers["Content-Length"] = str(len(body))
            await send(start)
            await send({"type": "http.response.body", "body": body})

        await self.app(scope, receive, collect)

    def page(self, text: str, root: str) -> str:
        """Return Gradio's page with our tags. root: the path that the app lies under, "" where that is not known.

        Under a known path addresses are relative to it, whether or not the visitor's own ends with a slash.
        """
        base = f'<base href="{html.escape(root)}/" />' if root else BASE
        text = text.replace(BASE, base + self.first, 1).replace("</head>", f"{self.last}</head>", 1)
        return text.replace("<gradio-app", f"{self.seen}<gradio-app", 1)


def root_path(scope: Scope) -> str:
    """Return the path that a proxy in front has the app under, as Gradio was told; "" for none."""
    told = getattr(scope.get("app"), "root_path", "") or scope.get("root_path", "")
    path = urlsplit(told).path.rstrip("/")
    return path if path.startswith("/") else ""


def middleware(first: str, last: str, seen: str) -> list[Middleware]:
    """Return the middleware for `launch(app_kwargs={"middleware": ...})`."""
    return [Middleware(FirstPage, first=first, last=last, seen=seen)]
