"""The requests that come in at all: for a route that the page or the API needs, and none that another site starts.

Gradio serves many routes that this app has no use for, among them one that stores files. They are closed here, before
a byte of a body is read. A browser says of each request which site started it; one that posts from another site is
turned away whatever its form, because a form needs no permission to be sent. Programs say nothing, and may come in.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.responses import JSONResponse

from gan.ui.server import engine, files, owner
from gan.ui.server.publish_api import can_sign_in
from gan.ui.server.request import quoted

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

FILES = r"/|/(?:assets|static|svelte)/.+|/gradio_api/custom_component/.+|/gradio_api/file=.+"
PAGE = r"/config/?|/theme\.css|/gradio_api/theme\.css|/favicon\.ico|/robots\.txt|/manifest\.json|/pwa_icon(?:/\w+)?"
STREAMS = r"/gradio_api/(?:startup-events|app_id/?|queue/data|heartbeat/\w+|call/(?:v2/)?\w+/\w+)"
DESCRIPTION = r"/gradio_api/(?:info/?|openapi\.json)"
POSTS = r"/gradio_api/(?:component_server/?|queue/join|call/(?:v2/)?\w+/?|cancel|reset/?)"
SIGN_IN = r"/login/huggingface|/login/callback|/logout"
READS = ("GET", "HEAD")
log = logging.getLogger(__name__)
FAILED = JSONResponse({"detail": "this request could not be answered"}, 500)
CLOSED = JSONResponse({"detail": "Not Found"}, 404)
FOREIGN = JSONResponse(
    {
        "detail": "this request comes from a page of another site. If it does not, a proxy in between changes the Host "
        "header: have it pass on the one it gets"
    },
    403,
)


class Doors:
    """ASGI middleware: 404 for a route that nothing here uses, 403 for what another site's page sends."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        reads = [
            FILES,
            PAGE,
            STREAMS,
            DESCRIPTION,
            re.escape(owner.PATH),
            engine.PATHS,
            files.PATHS,
            *([SIGN_IN] if can_sign_in() else []),
        ]
        self.reads, self.posts = re.compile("|".join(reads)), re.compile(POSTS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self.app(scope, receive, send)
        if scope["type"] != "http":  # there are no websockets here
            return await send({"type": "websocket.close", "code": 1008})
        method = scope["method"]
        allowed = self.reads if method in READS else self.posts if method == "POST" else None
        if allowed is None or not allowed.fullmatch(scope["path"]):
            return await CLOSED(scope, receive, send)
        if method not in READS and is_foreign(Headers(scope=scope)):
            return await FOREIGN(scope, receive, send)
        await self._guarded(scope, receive, send)

    async def _guarded(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 500 where Gradio fails at nonsense, and log one line: tracebacks would let anybody fill the log."""
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:
            reason = f"{type(error).__name__}: {str(error)[:200]!r}"
            log.warning("%s %s failed: %s", scope["method"], quoted(scope["path"]), reason)
            if not begun:
                await FAILED(scope, receive, send)


def is_foreign(headers: Headers) -> bool:
    """Return True for a request that a browser sends for a page of another site, by what the browser itself says.

    Sec-Fetch-Site is right behind any proxy, but is sent over https and to this machine only; else Origin must name the
    host that was asked for, whether by http or, as far as a proxy, by https.
    """
    if site := headers.get("sec-fetch-site"):
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    return origin is not None and urlsplit(origin).netloc not in (headers.get("host"), headers.get("x-forwarded-host"))


def middleware() -> list[Middleware]:
    """Return the middleware for `launch(app_kwargs={"middleware": ...})`."""
    return [Middleware(Doors)]
