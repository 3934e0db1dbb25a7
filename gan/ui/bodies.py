"""A bound on what a request may bring along.

Gradio's `max_file_size` bounds each file that is uploaded, but neither their number nor the JSON that the browser posts
to functions of ours. Here every body is bounded, by the length it announces and by what then really comes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST = 4 * 2**20  # bytes of any body
FUNCTION = 64 * 2**20  # of one for a function of ours, pictures for training among them, in base64
FUNCTIONS = "/component_server"  # where Gradio listens for those


class TooLarge(Exception):
    """Ends the reading of a body that has gone beyond its bound."""


class Bodies:
    """ASGI middleware: 413 with a sentence for a request whose body is longer than its bound. Replies pass untouched.

    most, function: bytes, as `MOST` and `FUNCTION`.
    """

    def __init__(self, app: ASGIApp, most: int = MOST, function: int = FUNCTION) -> None:
        self.app, self.most, self.function = app, most, function

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        most = self.function if scope["path"].rstrip("/").endswith(FUNCTIONS) else self.most
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdecimal() or int(announced[:20]) > most:
            return await _refusal(most)(scope, receive, send)
        taken, begun = 0, False

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > most:
                raise TooLarge
            return message

        async def replied(message: Message) -> None:
            nonlocal begun
            if taken <= most or begun:  # else it is what became of TooLarge: ours goes in its place
                begun = True
                await send(message)

        try:
            await self.app(scope, counted, replied)
        except TooLarge:
            pass
        except Exception:
            if taken <= most:
                raise
        if taken > most and not begun:
            await _refusal(most)(scope, receive, send)


def _refusal(most: int) -> JSONResponse:
    return JSONResponse({"detail": f"the body of this request must be at most {most // 2**20} MB"}, 413)


def middleware() -> list[Middleware]:
    """What `launch(app_kwargs={"middleware": ...})` takes."""
    return [Middleware(Bodies)]
