"""A bound on the bodies of requests.

Gradio's `max_file_size` bounds each file that is uploaded, but neither their number nor the JSON that the browser posts
to the page's functions. Here every body is bounded, by the length it announces and by what then really comes. A large
one must be made of long strings, as pictures in base64 are: 64 MB of `[],[],[]` would keep Python busy for many
seconds, in which nobody else is answered, and take 1.6 GB.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY = 2 * 2**20  # bytes of any body
MAX_FUNCTION_BODY = 64 * 2**20  # of one for a function of the page, which may hold pictures for training, in base64
FUNCTION_PATH = "/component_server"  # where Gradio listens for those
MAX_LARGE = 4  # bodies beyond `MAX_BODY` at once, because each is held in memory
MAX_PARTS = 100_000  # commas and opening brackets of a body beyond `MAX_BODY`; an upload has three a picture


class BodyRefused(Exception):
    """Ends the reading of a body."""


class BodyLimit:
    """ASGI middleware: 413, with a sentence, for a request whose body is longer than its bound, and 503 for a large one
    beside too many others. Replies pass untouched.

    most, function: bytes; large: bodies; parts: characters; as `MAX_BODY`, `MAX_FUNCTION_BODY`, `MAX_LARGE` and
    `MAX_PARTS`.
    """

    def __init__(
        self,
        app: ASGIApp,
        most: int = MAX_BODY,
        function: int = MAX_FUNCTION_BODY,
        large: int = MAX_LARGE,
        parts: int = MAX_PARTS,
    ) -> None:
        self.app, self.most, self.function, self.places, self.parts = app, most, function, large, parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        most = self.function if scope["path"].rstrip("/").endswith(FUNCTION_PATH) else self.most
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdecimal() or int(announced[:20]) > most:
            return await _too_long(most)(scope, receive, send)
        received, parts, has_place, replied, refusal = 0, 0, False, False, None

        async def receive_counted() -> Message:
            nonlocal received, parts, has_place, refusal
            message = await receive()
            body = message.get("body", b"")
            received, parts = received + len(body), parts + sum(map(body.count, b",[{"))
            if received > most:
                refusal = _too_long(most)
            elif received > self.most and parts > self.parts:
                refusal = _refusal("the body of this request has too many parts", 413)
            elif received > self.most and not has_place:
                has_place = self.places > 0
                self.places -= has_place
                refusal = None if has_place else _refusal("others are uploading: please try again in a moment", 503)
            if refusal:
                raise BodyRefused
            return message

        async def send_unless_refused(message: Message) -> None:
            nonlocal replied
            if replied or not refusal:  # else it is what the app made of BodyRefused: our refusal goes in its place
                replied = True
                await send(message)

        try:
            await self.app(scope, receive_counted, send_unless_refused)
        except Exception:
            if not refusal:
                raise
        finally:
            self.places += has_place
        if refusal and not replied:
            await refusal(scope, receive, send)


def _too_long(most: int) -> JSONResponse:
    return _refusal(f"the body of this request must be at most {most // 2**20} MB", 413)


def _refusal(detail: str, status: int) -> JSONResponse:
    return JSONResponse({"detail": detail}, status)


def middleware() -> list[Middleware]:
    """Return the middleware for `launch(app_kwargs={"middleware": ...})`."""
    return [Middleware(BodyLimit)]
