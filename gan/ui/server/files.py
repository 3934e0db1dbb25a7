"""Files that a browser fetches once: their content's hash is their address, so whoever has one never asks again.

They are compressed when they are first asked for, and not again.
"""

from __future__ import annotations

import gzip
import hashlib
from functools import cached_property
from typing import TYPE_CHECKING

import brotli
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

PATHS = r"/files/\w+"
VERSION = 32  # hexadecimal digits
FOREVER = "max-age=31536000, immutable"
TEXTS = ("text/css", "text/javascript")  # worth compressing; pictures are compressed already
# Quality 9 takes 20 ms for all scripts of the page; 11 would take a second, for a tenth less.
ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda data: brotli.compress(data, quality=9),
    "gzip": lambda data: gzip.compress(data, 9, mtime=0),
}  # the better ones first


class File:
    """Content and its media type. version: tells it from every other content; it is an address that nobody guesses."""

    def __init__(self, data: bytes, kind: str) -> None:
        self.data, self.kind = data, kind
        self._packed: dict[str, bytes] = {}

    @cached_property
    def version(self) -> str:
        """Return the hash of what it holds, media type included."""
        return hashlib.sha256(self.kind.encode() + b"\0" + self.data).hexdigest()[:VERSION]

    def packed(self, encoding: str) -> bytes:
        """Return the content in an encoding of `ENCODERS`."""
        if encoding not in self._packed:
            self._packed[encoding] = ENCODERS[encoding](self.data)
        return self._packed[encoding]


class Files:
    """Files by version. Any thread may call."""

    def __init__(self) -> None:
        self._kept: dict[str, File] = {}

    def add(self, data: bytes, kind: str) -> str:
        """Keep a file for as long as this object lives; return its address, relative to the page's."""
        file = File(data, kind)
        self._kept.setdefault(file.version, file)
        return f"files/{file.version}"

    def find(self, version: str) -> File | None:
        """Return the file of a version, or None."""
        return self._kept.get(version)

    def routes(self) -> list[Route]:
        """Return the route for `launch(app_kwargs={"routes": ...})`."""

        async def file(request: Request) -> Response:
            found = self.find(request.path_params["version"])
            return respond(request, found, "public") if found else gone()

        return [Route("/files/{version}", file)]


def respond(request: Request, file: File, scope: str) -> Response:
    """Return a file, in the best encoding that the browser takes, or that it has it already. scope: of caches."""
    tag = f'"{file.version}"'
    headers = {"ETag": tag, "Cache-Control": f"{scope}, {FOREVER}", "X-Content-Type-Options": "nosniff"}
    known = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    encoding = ""
    if file.kind in TEXTS:
        headers["Vary"] = "Accept-Encoding"
        encoding = _accepted(request.headers.get("accept-encoding", ""))
    if tag in known:
        return Response(status_code=304, headers=headers)
    if encoding:
        headers["Content-Encoding"] = encoding
    return Response(file.packed(encoding) if encoding else file.data, media_type=file.kind, headers=headers)


def _accepted(header: str) -> str:
    """Return the first of `ENCODERS` that a browser takes, "" for none."""
    offered = {}
    for one in header.split(","):
        name, _, weight = one.partition(";")
        offered[name.strip().lower()] = weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return next((name for name in ENCODERS if offered.get(name)), "")


def gone() -> Response:
    """Return the answer to a version that is not kept, or not any more."""
    return PlainTextResponse("This has changed on the server: reload the page.", 404)
