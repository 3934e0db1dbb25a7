"""Requests of the Edit tab: a visitor's picture at the model's own size, a mask over it, and what was found in it.

A browser opens and resizes pictures itself, as for translations: the server decodes no file.
"""

from __future__ import annotations

import base64
import binascii
import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import ConfigDict, Field, PlainValidator, ValidationInfo

from gan.ui.server import controls, picture_requests
from gan.ui.server.request import WHOLE, Request, choice, refusal
from gan.ui.server.translations import Picture

if TYPE_CHECKING:
    from torch import Tensor

    from gan.models.model import Model

TASKS = ("hole", "shrink", "noise", "grey")  # of `gan.editing.operators` that the tab offers
MOST_OFFSET = 1000.0  # of one number of a map; found ones are below 20
MOST_ROW = 2**31 - 1


def unpacked(value: Any, count: int, name: str, expected: str) -> bytes:
    """Return exactly so many bytes from base64; ValueError, which says what `name` must be, for anything else."""
    try:
        if not isinstance(value, str) or len(value) > 4 * (count // 3 + 1):
            raise ValueError
        data = base64.b64decode(value, validate=True)
        if len(data) != count:
            raise ValueError
    except (binascii.Error, ValueError):
        raise refusal(name, expected, value) from None
    return data


def _mask(value: Any, info: ValidationInfo[Any]) -> np.ndarray | None:
    """Return a mask uint8 (R, R), 1 where nothing is seen, from base64 of a byte a pixel; None for none."""
    if value is None:
        return None
    side = info.context.resolution
    data = unpacked(value, side * side, "mask", f"null or base64 of {side} x {side} pixels of 1 byte")
    return (np.frombuffer(data, np.uint8).reshape(side, side) != 0).astype(np.uint8)


def _task(value: Any, info: ValidationInfo[Any]) -> str:
    return choice(value, "task", tasks_of(info.context))


def tasks_of(model: Model) -> tuple[str, ...]:
    """Return those of `TASKS` that mean something for a model's pictures."""
    return tuple(task for task in TASKS if task != "grey" or model.channels == 3)


class FindRequest(Request):
    """A picture to be found, uint8 (R, R, 3)."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    picture: Picture


class RestoreRequest(FindRequest):
    """A picture, what it loses and, of a hole, where: a mask uint8 (R, R)."""

    task: Annotated[str, PlainValidator(_task)]
    mask: Annotated[np.ndarray | None, PlainValidator(_mask)]


class RowRequest(Request):
    """The number of a picture to begin with; those beyond the last begin anew."""

    row: Annotated[int, Field(ge=0, le=MOST_ROW), WHOLE]


def found_state(payload: Mapping[str, Any], model: Model) -> dict[str, Any]:
    """Return the values of a picture that was found, as `drawing.draw` takes them.

    They are those of any picture, as `picture_requests.picture` has them, and `offsets`: null, or float16 in base64, as
    many as the model's first feature map has. ValueError, one sentence, for the first fault.
    """
    values = picture_requests.picture({"seed": None, **controls.requested(payload)}, model)
    if values["border"] != 1:
        raise ValueError("border must be 1: what was found is crossed with nothing")
    return values | {"offsets": offsets(payload.get("offsets"), model)}


def offsets(value: Any, model: Model) -> Tensor | None:
    """Return offsets float32 (F, S, S) of the first feature map from base64 of float16; None for null."""
    if value is None:
        return None
    shape = _shape(model)
    if shape is None:
        raise ValueError(f"offsets must be null: the network of {model.name} has no map for them")
    expected = f"null or base64 of {' x '.join(map(str, shape))} finite numbers of 2 bytes"
    data = unpacked(value, 2 * int(np.prod(shape)), "offsets", expected)
    numbers = np.frombuffer(data, "<f2").astype(np.float32)
    if not (np.abs(numbers) <= MOST_OFFSET).all():  # nor NaN
        raise refusal("offsets", expected, value)
    import torch

    return torch.from_numpy(numbers.reshape(shape))


@functools.lru_cache(maxsize=32)
def _shape(model: Model) -> tuple[int, ...] | None:
    """Return the shape (F, S, S) of a model's first feature map, None for a network without one."""
    import torch

    unfold = getattr(model.generator, "unfold", None)
    if unfold is None:
        return None
    with torch.inference_mode():
        y = torch.zeros(1, len(model.classes)) if model.classes else None
        return tuple(unfold(torch.zeros(1, model.z_dim).to(model.device), y).shape[1:])
