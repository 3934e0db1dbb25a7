"""Bounds on the bodies of requests: how much may come, and how slowly.

Gradio's `max_file_size` bounds each file that is uploaded, but neither their number nor the JSON that the browser posts
to the page's functions. Here every body is bounded, by the length it announces and by what then really comes. A large
one must be made of long strings, as pictures in base64 are: 64 MB of `[],[],[]` would keep Python busy for many
seconds, in which nobody else is answered, and take 1.6 GB. And it must keep coming: one that rests or trickles would
hold its place for ever.
"""

from __future__ import annotations

import asyncio
import time
from functools import cached_property
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse

from gan.ui.server import visitor

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY = 2 * 2**20  # bytes of any body
MAX_FUNCTION_BODY = 64 * 2**20  # of one for a function of the page, which may hold pictures for training, in base64
FUNCTION_PATH = "/component_server"  # where Gradio listens for those
MAX_LARGE = 4  # bodies beyond `MAX_BODY` at once, because each is held in memory; one address gets all but one of them
MAX_PARTS = 100_000  # commas and opening brackets of a body beyond `MAX_BODY`; an upload has three a picture
IDLE = 20.0  # seconds without a byte
RESTS = 2.0  # seconds without a byte after which a body gives its place to one that comes
RATE = 32 * 2**10  # bytes a second that must come on average, after the first `IDLE` seconds: a slow mobile phone's


class BodyRefused(Exception):
    """Ends the reading of a body."""


class BodyLimit:
    """ASGI middleware: 413, with a sentence, for a request whose body is longer than its bound, 408 for one that comes
    too slowly, and 503 for a large one beside too many others. Replies pass untouched.

    most, function: bytes; large: bodies; parts: characters; idle: seconds; rate: bytes a second; as the constants
    `MAX_BODY`, `MAX_FUNCTION_BODY`, `MAX_LARGE`, `MAX_PARTS`, `IDLE` and `RATE`.
    """

    def __init__(
        self,
        app: ASGIApp,
        most: int = MAX_BODY,
        function: int = MAX_FUNCTION_BODY,
        large: int = MAX_LARGE,
        parts: int = MAX_PARTS,
        idle: float = IDLE,
        rate: float = RATE,
    ) -> None:
        self.app, self.most, self.function, self.large, self.parts = app, most, function, large, parts
        self.idle, self.rate = idle, rate
        self.holders: list[_Body] = []  # those that hold a place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        most = self.function if scope["path"].rstrip("/").endswith(FUNCTION_PATH) else self.most
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdecimal() or int(announced[:20]) > most:
            return await _too_long(most)(scope, receive, send)
        body = _Body(self, scope, receive, most)
        replied = False

        async def send_unless_refused(message: Message) -> None:
            nonlocal replied
            if replied or not body.refusal:  # else it is what the app made of BodyRefused: our refusal goes instead
                replied = True
                await send(message)

        try:
            await self.app(scope, body.receive, send_unless_refused)
        except Exception:
            if not body.refusal:
                raise
        finally:
            body.give_back()
        if body.refusal and not replied:
            await body.refusal(scope, receive, send)

    def take_place(self, body: _Body) -> bool:
        """Take one of the places for large bodies, from one that rests if there is no other; False where none is free.

        One address gets all but one of them.
        """
        own = [holder for holder in self.holders if holder.address == body.address]
        full = own if len(own) >= max(1, self.large - 1) else self.holders if len(self.holders) >= self.large else []
        if full:
            resting = max(full, key=_Body.rests)
            if resting.rests() < RESTS:
                return False
            resting.end()
        self.holders.append(body)
        return True


class _Body:
    """The body of one request, counted and timed as it comes. refusal: the reply to a body that is refused."""

    def __init__(self, limit: BodyLimit, scope: Scope, receive: Receive, most: int) -> None:
        self.limit, self.scope, self.next, self.most = limit, scope, receive, most
        self.begun = time.monotonic()
        self.received = self.parts = 0
        self.ended = False
        self.timer: asyncio.Timeout | None = None  # while the next part is waited for
        self.waits_since = 0.0
        self.refusal: JSONResponse | None = None

    async def receive(self) -> Message:
        """Return the next message of the connection; `BodyRefused` where the body is refused."""
        if self.ended:  # then this waits for the visitor to leave, and may wait as long as it likes
            return await self.next()
        try:
            self.waits_since = time.monotonic()
            async with asyncio.timeout(self._seconds_left()) as self.timer:
                message = await self.next()
        except TimeoutError:
            self.refusal = _refusal("the body of this request came too slowly: please try again", 408)
            raise BodyRefused from None
        finally:
            self.timer = None
        self.ended = not message.get("more_body", False)
        self._count(message.get("body", b""))
        if self.refusal:
            raise BodyRefused
        return message

    @cached_property
    def address(self) -> str:
        """The visitor's address, for which a place counts."""
        return visitor.of(Request(self.scope)).address

    def give_back(self) -> None:
        """Give back the place that a large body holds."""
        if self in self.limit.holders:
            self.limit.holders.remove(self)

    def rests(self) -> float:
        """Return for how many seconds nothing has come."""
        return time.monotonic() - self.waits_since if self.timer else 0.0

    def end(self) -> None:
        """Give the place back, and refuse a body that rests."""
        self.give_back()
        if self.timer:
            self.timer.reschedule(asyncio.get_running_loop().time())

    def _seconds_left(self) -> float:
        due = self.begun + self.limit.idle + self.received / self.limit.rate
        return max(0.0, min(self.limit.idle, due - time.monotonic()))

    def _count(self, data: bytes) -> None:
        self.received, self.parts = self.received + len(data), self.parts + sum(map(data.count, b",[{"))
        if self.received > self.most:
            self.refusal = _too_long(self.most)
        elif self.received > self.limit.most and self.parts > self.limit.parts:
            self.refusal = _refusal("the body of this request has too many parts", 413)
        elif self.received > self.limit.most and self not in self.limit.holders and not self.limit.take_place(self):
            self.refusal = _refusal("others are uploading: please try again in a moment", 503)


def _too_long(most: int) -> JSONResponse:
    return _refusal(f"the body of this request must be at most {most // 2**20} MB", 413)


def _refusal(detail: str, status: int) -> JSONResponse:
    return JSONResponse({"detail": detail}, status, {"connection": "close"} if status == 408 else None)


def middleware() -> list[Middleware]:
    """Return the middleware for `launch(app_kwargs={"middleware": ...})`."""
    return [Middleware(BodyLimit)]
