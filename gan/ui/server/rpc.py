"""Functions that the browser calls directly, past Gradio's queue: JSON in, JSON out, pictures as base64 pixels.

Raw pixels beat PNG here: 64x64 RGB is 16 kB of base64 that costs no encoder on the server and no asynchronous decoder
in the browser, so a reply can be painted in the frame it arrives in.

A function answers with what was asked for, with `{"busy": true, "after": seconds}` when too much is under way (the
browser keeps its newest request and sends it again, not before so many seconds), or with `{"error": "one sentence"}`.
"""

from __future__ import annotations

import base64
import functools
import inspect
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, cast

from gan.ui.server.limits import Busy

if TYPE_CHECKING:
    import numpy as np

Payload = dict[str, Any]
Function = Callable[[Payload], Payload] | Callable[[Payload], Awaitable[Payload]]  # an async one must not block
Endpoint = Callable[[Any], Payload] | Callable[[Any], Awaitable[Payload]]
log = logging.getLogger(__name__)


def pixels(pictures: np.ndarray) -> Payload:
    """Return uint8 (N, H, W, C) as {n, h, w, c, p}, where p is base64 of the bytes in that order."""
    n, h, w, c = pictures.shape
    return {"n": n, "h": h, "w": w, "c": c, "p": base64.b64encode(pictures.tobytes()).decode("ascii")}


def download(name: str, mime: str, data: bytes) -> Payload:
    """Return a file for the browser to save as {name, mime, data}, the last in base64."""
    return {"name": name, "mime": mime, "data": base64.b64encode(data).decode("ascii")}


def endpoint(function: Function) -> Endpoint:
    """Make a function fit for the open internet: any payload in, a JSON object out, never a traceback.

    ValueError becomes the error's sentence and `Busy` the busy reply; any other exception is logged, and its text kept
    from the visitor.
    """

    def refusal(error: Exception) -> Payload:
        if isinstance(error, Busy):
            return {"busy": True, "after": error.after}
        if isinstance(error, ValueError):
            return {"error": str(error)}
        log.error("%s failed", function.__name__, exc_info=error)
        return {"error": "something went wrong on the server; please try other settings"}

    @functools.wraps(function)
    def guarded(payload: Any = None) -> Payload:
        if not isinstance(payload, dict):
            return {"error": "expected a JSON object"}
        try:
            return cast(Payload, function(payload))
        except Exception as error:
            return refusal(error)

    @functools.wraps(function)
    async def guarded_async(payload: Any = None) -> Payload:
        if not isinstance(payload, dict):
            return {"error": "expected a JSON object"}
        try:
            return await cast(Awaitable[Payload], function(payload))
        except Exception as error:
            return refusal(error)

    return guarded_async if inspect.iscoroutinefunction(function) else guarded


def endpoints(*functions: Function) -> list[Endpoint]:
    """Return functions for `gr.HTML(server_functions=...)`, which the page calls as `server.NAME`."""
    return [endpoint(function) for function in functions]
