"""Requests for translations, and what answers them: pixels in, pixels out, and no decoder in between.

A browser opens and resizes a visitor's picture itself, and sends it at the model's own size.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import BeforeValidator, ConfigDict, Field, PlainValidator, ValidationInfo

from gan.pictures.picture_file import stack
from gan.pictures.reader import Budget, read_apart
from gan.ui.server.limits import Limit
from gan.ui.server.picture_requests import MAX_FRAMES
from gan.ui.server.request import WHOLE, Request, choice, one_of, refusal
from gan.ui.server.video import EXPORTS

if TYPE_CHECKING:
    from gan.models.translator import Translator

MAX_KEYS = 8  # pictures on one walk
MAX_FILE = 1_400_000  # bytes of a picture's file that is sent to the endpoint, whose requests have 2 MB at most
BUDGET = Budget(pictures=1, file_bytes=MAX_FILE, bytes=MAX_FILE, seconds=5, wait=30)
READERS = Limit(1, 8)


def _picture(value: Any, info: ValidationInfo[Any]) -> np.ndarray:
    """Return a picture uint8 (R, R, 3) at the size of the model that is asked, from base64 of its bytes."""
    side = info.context.resolution
    most = 3 * side * side
    try:
        if not isinstance(value, str) or len(value) > 4 * most:
            raise ValueError
        data = base64.b64decode(value, validate=True)
        return np.frombuffer(data, np.uint8).reshape(side, side, 3)
    except (binascii.Error, ValueError):
        raise refusal(str(info.field_name), f"base64 of {side} x {side} pixels of 3 bytes", value) from None


def _side(value: Any, info: ValidationInfo[Any]) -> str:
    return choice(value, "to", info.context.sides)


def _told(value: Any, info: ValidationInfo[Any]) -> list[float] | None:
    """Return a number in [0, 1] for each of the model's conditions; None where there are none, or none is given."""
    names = info.context.condition_names
    if value is None:
        return None
    numbers = isinstance(value, list) and len(value) == len(names)
    if not numbers or not all(type(one) in (int, float) and 0 <= one <= 1 for one in value):
        raise refusal("conditions", f"null or a list of {len(names)} numbers in [0, 1]", value)
    return [float(one) for one in value] or None


Picture = Annotated[np.ndarray, PlainValidator(_picture)]
Side = Annotated[str, BeforeValidator(_side)]
Told = Annotated[list[float] | None, PlainValidator(_told)]


def encoded(picture: np.ndarray) -> str:
    """Return a picture as requests hold it."""
    return base64.b64encode(picture.tobytes()).decode("ascii")


def sent_picture(text: object, side: int) -> np.ndarray:
    """Return the picture in a file that came as base64, uint8 (side, side, 3), read in a process of its own.

    ValueError where it is none, or beyond `BUDGET`.
    """
    expected = f"base64 of a picture's file of at most {MAX_FILE / 1e6:g} MB"
    if not isinstance(text, str) or len(text) > MAX_FILE * 4 // 3 + 4:
        raise refusal("picture", expected, text)
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise refusal("picture", expected, text) from None
    with READERS():
        reading = read_apart([("picture.png", data)], side, budget=BUDGET)
    if not reading.pictures:
        reason = reading.refused[0][1] if reading.refused else "it is empty"
        raise ValueError(f"picture cannot be used: {reason}")
    return stack(reading.pictures)[0]


class TranslationRequest(Request):
    """One picture to translate. to: a side of the model. conditions: as for `Translator.translate`."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    picture: Picture
    to: Side
    conditions: Told


class FilmRequest(Request):
    """A walk through pictures, from each to the next and, if loop, back to the first, as a film of both sides."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    pictures: Annotated[list[Picture], Field(strict=False, min_length=2, max_length=MAX_KEYS)]
    to: Side
    conditions: Told
    frames: Annotated[int, Field(ge=MAX_KEYS, le=MAX_FRAMES), WHOLE]
    loop: bool
    kind: Annotated[str, one_of(lambda: EXPORTS)]
    fps: Annotated[int, Field(ge=1, le=60, title="frame rate"), WHOLE]


def draw(model: Translator, requests: Sequence[TranslationRequest]) -> list[np.ndarray]:
    """Return the translation of each request, uint8 (R, R, C)."""
    made: dict[int, np.ndarray] = {}
    for side in model.sides:
        rows = [i for i, request in enumerate(requests) if request.to == side]
        if rows:
            pictures = [requests[i].picture for i in rows]
            told = _rows(model, [requests[i].conditions for i in rows])
            made |= dict(zip(rows, model.translate(pictures, side, told), strict=True))
    return [made[i] for i in range(len(requests))]


def _rows(model: Translator, told: Sequence[list[float] | None]) -> list[list[float]] | None:
    middle = [0.5] * len(model.condition_names)
    return [one or middle for one in told] if middle else None


def blends(keys: Sequence[np.ndarray], frames: int, loop: bool) -> np.ndarray:
    """Return pictures uint8 (frames, R, R, 3) that go evenly from each of the keys to the next."""
    stops = [*keys, keys[0]] if loop else keys
    at = np.linspace(0, len(stops) - 1, frames, endpoint=not loop)
    before = np.minimum(at.astype(int), len(stops) - 2)
    share = (at - before)[:, None, None, None]
    pictures = np.stack(stops).astype(np.float32)
    return np.rint(pictures[before] * (1 - share) + pictures[before + 1] * share).astype(np.uint8)
