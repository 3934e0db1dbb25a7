"""Parts of pictures that visitors have painted: heads taught in a second, and the colours that follow a slider.

A head is kept as long as there is room; a browser has what it was taught from, so one that is gone is taught again.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import Field, PlainValidator, ValidationInfo

from gan.live.shares import holding_most
from gan.ui.server import drawing
from gan.ui.server.edit_requests import found_state, unpacked
from gan.ui.server.request import Request, refusal

if TYPE_CHECKING:
    from gan.editing.known_parts import TellsParts
    from gan.editing.parts import Parts
    from gan.models.model import Model
    from gan.ui.server.visitor import Visitor

MOST_PAINTED, MOST_NAMES, LONGEST = 10, 8, 24  # pictures; parts, and letters of the name of one
MOST_COLOURED = 12  # pictures in one request
KEPT = 32  # heads, of all visitors together, .1 MB each
STEPS = 80  # of teaching: .5 s of processor for three digits, 1.3 for three faces


def _names(value: Any, info: ValidationInfo[Any]) -> tuple[str, ...]:
    right = isinstance(value, list) and 2 <= len(value) <= MOST_NAMES
    if not right or not all(isinstance(one, str) and 0 < len(one) <= LONGEST for one in value):
        raise refusal("names", f"a list of 2 to {MOST_NAMES} names of at most {LONGEST} letters", value)
    return tuple(value)


class TeachRequest(Request):
    """Painted pictures, each what `edit_requests.found_state` takes and labels, and the names of the parts."""

    names: Annotated[tuple[str, ...], PlainValidator(_names)]
    painted: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MOST_PAINTED)]


class ColourRequest(Request):
    """Pictures to be coloured, each what `edit_requests.found_state` takes."""

    states: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MOST_COLOURED)]


def taught(model: Model, request: TeachRequest) -> Parts:
    """Return what has learnt from the painted pictures. ValueError, with what is wrong, for such as teach nothing."""
    from gan.editing.parts import UNPAINTED, Painted, teach

    side, count = model.resolution, len(request.names)
    expected = f"base64 of {side} x {side} pixels of 1 byte, each below {count}, or {UNPAINTED} where nobody painted"
    labels = []
    for one in request.painted:
        text = one.get("labels")
        own = np.frombuffer(unpacked(text, side * side, "labels", expected), np.uint8).reshape(side, side)
        if ((own >= count) & (own != UNPAINTED)).any():
            raise refusal("labels", expected, text)
        labels.append(own)
    z, y, _ = drawing.found_inputs(model, [found_state(one, model) for one in request.painted])
    return teach(model, Painted(z, y, np.stack(labels), request.names), steps=STEPS)


def colour(parts: TellsParts, states: Sequence[Mapping[str, Any]]) -> list[np.ndarray]:
    """Return the part that each pixel shows, uint8 (R, R), of pictures as `found_state` returns them."""
    z, y, offsets = drawing.found_inputs(parts.model, states)
    return list(parts.of(z, y, offsets if parts.saw_offsets else None))


class Heads:
    """The heads that are kept: of visitors under names that cannot be guessed, and of known parts under their model's.

    Any thread may call.
    """

    def __init__(self, most: int = KEPT) -> None:
        self._most, self._lock = most, threading.Lock()
        self._kept: dict[str, tuple[Parts, Visitor]] = {}  # oldest first
        self._known: dict[Model, TellsParts | None] = {}

    def add(self, parts: Parts, owner: Visitor) -> str:
        """Keep a head and return its name; the oldest of whoever holds most makes room."""
        name = secrets.token_urlsafe(9)
        with self._lock:
            self._kept[name] = parts, owner
            while len(self._kept) > self._most:
                most = holding_most((other, 1) for _, other in self._kept.values())
                del self._kept[next(key for key, (_, other) in self._kept.items() if other == most)]
        return name

    def find(self, name: object, model: Model) -> Parts | None:
        """Return the head of that name if it is of this model; None where it is not kept (any more)."""
        found = self._kept.get(name) if isinstance(name, str) else None
        return found[0] if found and found[0].model is model else None

    def known(self, model: Model, make: bool = True) -> TellsParts | None:
        """Return what knows a model's parts without painting; None for other models.

        It is made on first use, or, without `make`, None is returned until it is there.
        """
        if not make:
            return self._known.get(model)
        from gan.editing.known_parts import known_parts

        with self._lock:
            if model not in self._known:
                self._known[model] = known_parts(model)
            return self._known[model]
