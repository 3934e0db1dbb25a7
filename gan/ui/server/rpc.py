"""The fast path: functions the browser calls straight, past Gradio's queue, with pictures as base64 pixels.

Raw pixels beat PNG here: 64x64 RGB is 16 kB of base64 that costs no encoder on the server and no asynchronous
decoder in the browser, so a reply can be painted in the frame it arrives in.

Every function takes one untrusted payload and returns a JSON object: what was asked for, `{"busy": true}` when too
many renders are under way (the browser keeps its newest wish and asks again), or `{"error": "one sentence"}`.
"""

from __future__ import annotations

import base64
import functools
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gan.ui.server import controls
from gan.ui.server.limits import Busy

if TYPE_CHECKING:
    import numpy as np

    from gan.ui.server.model_registry import ModelRegistry

Payload = dict[str, Any]
log = logging.getLogger(__name__)


def pixels(pictures: np.ndarray) -> Payload:
    """uint8 (N, H, W, C) as {n, h, w, c, p}, where p is base64 of the bytes in that order."""
    n, h, w, c = pictures.shape
    return {"n": n, "h": h, "w": w, "c": c, "p": base64.b64encode(pictures.tobytes()).decode("ascii")}


def download(name: str, mime: str, data: bytes) -> Payload:
    """A file for the browser to save as {name, mime, data}, the last in base64."""
    return {"name": name, "mime": mime, "data": base64.b64encode(data).decode("ascii")}


def answer(function: Callable[[Payload], Payload]) -> Callable[[Any], Payload]:
    """Make a function fit for the open internet: any payload in, a JSON object out, never a traceback."""

    @functools.wraps(function)
    def guarded(payload: Any = None) -> Payload:
        if not isinstance(payload, dict):
            return {"error": "expected a JSON object"}
        try:
            return function(payload)
        except Busy:
            return {"busy": True}
        except ValueError as error:
            return {"error": str(error)}
        except Exception:  # the visitor gets a sentence, the operator the traceback
            log.exception("%s failed", function.__name__)
            return {"error": "something went wrong on the server; please try other settings"}

    return guarded


def functions(registry: ModelRegistry) -> list[Callable[[Any], Payload]]:
    """`describe`, `picture`, `grid` and `warm`, for `gr.HTML(server_functions=...)`."""

    @answer
    def describe(payload: Payload) -> Payload:
        return dict(registry.describe(payload.get("model")))

    @answer
    def picture(payload: Payload) -> Payload:
        image = registry.picture(payload.get("model"), **{"seed": None, **controls.requested(payload)})
        return pixels(image[None])

    @answer
    def grid(payload: Payload) -> Payload:
        images = registry.grid(
            payload.get("model"),
            payload.get("seeds"),
            label=payload.get("label"),
            truncation=payload.get("truncation", 1.0),
        )
        return pixels(images)

    @answer
    def warm(payload: Payload) -> Payload:
        registry.warm()
        return {}

    return [describe, picture, grid, warm]
