"""A bound on what requests may bring along.

Gradio's `max_file_size` bounds each file that is uploaded, but neither their number nor the JSON that the browser posts
to functions of ours. Here every body is bounded, by the length it announces and by what then really comes. A large one
must be made of long strings, as pictures in base64 are: 64 MB of `[],[],[]` would keep Python busy for many seconds, in
which nobody else is answered, and take 1.6 GB.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST = 2 * 2**20  # bytes of any body
FUNCTION = 64 * 2**20  # of one for a function of ours, pictures for training among them, in base64
FUNCTIONS = "/component_server"  # where Gradio listens for those
LARGE = 4  # bodies beyond `MOST` at once, for each is held in memory
PARTS = 100_000  # commas and opening brackets of a body beyond `MOST`; an upload has three a picture


class Refused(Exception):
    """Ends the reading of a body."""


class BodyLimit:
    """ASGI middleware: 413, with a sentence, for a request whose body is longer than its bound, and 503 for a large one
    beside too many others. Replies pass untouched.

    most, function: bytes; large: bodies; parts: characters; as `MOST`, `FUNCTION`, `LARGE` and `PARTS`.
    """

    def __init__(
        self, app: ASGIApp, most: int = MOST, function: int = FUNCTION, large: int = LARGE, parts: int = PARTS
    ) -> None:
        self.app, self.most, self.function, self.places, self.parts = app, most, function, large, parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        most = self.function if scope["path"].rstrip("/").endswith(FUNCTIONS) else self.most
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdecimal() or int(announced[:20]) > most:
            return await _too_long(most)(scope, receive, send)
        taken, parts, held, begun, refusal = 0, 0, False, False, None

        async def counted() -> Message:
            nonlocal taken, parts, held, refusal
            message = await receive()
            body = message.get("body", b"")
            taken, parts = taken + len(body), parts + sum(map(body.count, b",[{"))
            if taken > most:
                refusal = _too_long(most)
            elif taken > self.most and parts > self.parts:
                refusal = _refusal("the body of this request has too many parts", 413)
            elif taken > self.most and not held:
                held = self.places > 0
                self.places -= held
                refusal = None if held else _refusal("others are uploading: please try again in a moment", 503)
            if refusal:
                raise Refused
            return message

        async def replied(message: Message) -> None:
            nonlocal begun
            if begun or not refusal:  # else it is what the app made of Refused: ours goes in its place
                begun = True
                await send(message)

        try:
            await self.app(scope, counted, replied)
        except Exception:
            if not refusal:
                raise
        finally:
            self.places += held
        if refusal and not begun:
            await refusal(scope, receive, send)


def _too_long(most: int) -> JSONResponse:
    return _refusal(f"the body of this request must be at most {most // 2**20} MB", 413)


def _refusal(detail: str, status: int) -> JSONResponse:
    return JSONResponse({"detail": detail}, status)


def middleware() -> list[Middleware]:
    """What `launch(app_kwargs={"middleware": ...})` takes."""
    return [Middleware(BodyLimit)]
