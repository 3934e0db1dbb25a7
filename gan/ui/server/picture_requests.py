"""Requests for pictures, walks and films: one model a call, which checks type, range and length before any rendering.

A request for one picture has a field for each of `controls.CONTROLS`, in the range that is declared there.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Protocol

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, ValidationInfo, create_model

from gan.config import ClassGroup, check_wish
from gan.ui.server import controls
from gan.ui.server.controls import Control
from gan.ui.server.request import WHOLE, Request, choice, one_of, quoted, refusal, whole

MAX_GRID = 64  # seeds in one grid
MAX_KEYFRAMES = 8  # seeds on one walk
MAX_FRAMES = 240  # frames of one walk: 10 s at 24 a second

# As in `gan.models.latent` and `gan.models.model`, which need torch; a test compares them.
SEEDS = int(controls.by_name()["seed"].high) + 1  # seeds are in [0, SEEDS)
TRUNCATION = controls.by_name()["truncation"].high
MODES = ("slerp", "lerp")


OneLabel = int | frozenset[int] | None


class Bounds(Protocol):
    """The limits that depend on the model asked for, as `gan.models.model.Model` has them."""

    @property
    def classes(self) -> Sequence[str]: ...

    @property
    def groups(self) -> Sequence[ClassGroup]: ...

    @property
    def z_dim(self) -> int: ...

    @property
    def directions(self) -> Any: ...

    @property
    def named(self) -> Any: ...


def label(value: object, model: Bounds) -> OneLabel:
    """Return a class index, from an index or a name; None leaves the class to the seed.

    Of a model whose classes are in groups also a set of indices, from a list of those: the groups of which none is
    named, and all of them where the list is empty, are left to the seed.
    """
    if value is None:
        return None
    classes = model.classes
    if not classes:
        raise ValueError(f"label must be null for a model without classes, got {quoted(value)}")
    if not model.groups or not isinstance(value, (list, tuple)):
        return _index(value, classes)
    if len(value) > len(classes):
        raise refusal("label", f"a list of at most {len(classes)} classes", value)
    chosen = frozenset(_index(one, classes) for one in value)
    check_wish(chosen, classes, model.groups)
    return chosen or None


def _index(value: object, classes: Sequence[str]) -> int:
    if isinstance(value, str):
        return list(classes).index(choice(value, "label", classes))
    return whole(value, "label", 0, len(classes) - 1)


def _label(value: Any, info: ValidationInfo[Any]) -> OneLabel:
    return label(value, info.context)


def _labels(value: Any, info: ValidationInfo[Any]) -> OneLabel | list[OneLabel]:
    """Return one label for a whole walk, or a list with one for each seed; None where all are left to the seeds.

    Of classes in groups, a list of classes is one label; a list with one for each seed holds lists, or null.
    """
    if not isinstance(value, (list, tuple)):
        return _label(value, info)
    if info.context.groups and not any(one is None or isinstance(one, (list, tuple)) for one in value):
        return _label(value, info)
    if "seeds" in info.data and len(value) != (count := len(info.data["seeds"])):
        raise refusal("label", f"one label, or a list of {count} as there are seeds", value)
    labels = [_label(item, info) for item in value]
    return None if all(item is None for item in labels) else labels


def _edits(value: Any, info: ValidationInfo[Any]) -> list[dict[str, Any] | None] | None:
    if value is None:
        return None
    seeds = info.data.get("seeds", ())
    if not isinstance(value, (list, tuple)) or len(value) != len(seeds):
        raise refusal("edits", f"a list of {len(seeds)} as there are seeds", value)
    if wrong := [one for one in value if not isinstance(one, dict | None)]:
        raise refusal("edits", "a list of objects and nulls", wrong[0])
    checked = [
        None if one is None else picture({**controls.requested(one), "seed": seed}, info.context)
        for seed, one in zip(seeds, value, strict=True)
    ]
    return checked if any(checked) else None


def _at_most(limit: str) -> BeforeValidator:
    """Return a validator of a list that is at most as long as the model's `limit`, before its items are looked at."""

    def check(value: Any, info: ValidationInfo) -> Any:
        bound = getattr(info.context, limit)
        most = bound if isinstance(bound, int) else len(bound)
        if not isinstance(value, (list, tuple)) or len(value) > most:
            raise refusal(str(info.field_name), f"a list of at most {most} numbers", value)
        return value

    return BeforeValidator(check)


def _without_trailing_zeros(values: list[float]) -> list[float]:
    while values and math.isclose(values[-1], 0.0, abs_tol=1e-9):
        values.pop()
    return values


def _frames(value: Any, info: ValidationInfo) -> int:
    return whole(value, "frames", len(info.data.get("seeds", (0, 0))), MAX_FRAMES)


_TRUNCATION = controls.by_name()["truncation"]
Seed = Annotated[int, Field(ge=0, le=SEEDS - 1, title="seed"), WHOLE]
Label = Annotated[OneLabel, PlainValidator(_label)]
Truncation = Annotated[float, Field(ge=_TRUNCATION.low, le=_TRUNCATION.high)]


class GridRequest(Request):
    """One picture for each seed."""

    seeds: Annotated[list[Seed], Field(strict=False, min_length=1, max_length=MAX_GRID)]
    label: Label
    truncation: Truncation


class Keyframes(Request):
    """The seeds of a walk, and over how many frames it goes: no fewer than there are seeds."""

    seeds: Annotated[list[Seed], Field(strict=False, min_length=2, max_length=MAX_KEYFRAMES)]
    frames: Annotated[int, PlainValidator(_frames)]


class WalkRequest(Keyframes):
    """A walk from seed to seed.

    label: one for the whole walk, or a list with one, or None, for each seed. edits: for each seed the values of a
    picture, as `picture` returns them, or None; they take the place of label and truncation there. None where no
    keyframe has any.
    """

    mode: Annotated[str, one_of(lambda: MODES)]
    loop: bool
    label: Annotated[OneLabel | list[OneLabel], PlainValidator(_labels)]
    truncation: Truncation
    edits: Annotated[list[dict[str, Any] | None] | None, PlainValidator(_edits)] = None


def picture(values: Mapping[str, Any], model: Bounds) -> dict[str, Any]:
    """Return a value for each control, checked, in the types that rendering needs; missing ones are at their defaults.

    seed: int. label: as `label` returns it. Sliders: float. Lists of sliders: list of float without trailing zeros.
    ValueError, one sentence, for the first fault.
    """
    return dict(_picture_request(controls.CONTROLS).parse(values, model))


@functools.cache
def _picture_request(declared: tuple[Control, ...]) -> type[Request]:
    fields: dict[str, Any] = {control.name: _field(control) for control in declared}
    return create_model("PictureRequest", __base__=Request, **fields)


def _field(control: Control) -> tuple[Any, Any]:
    """Return type and default of a control's field."""
    value = Annotated[float, Field(ge=control.low, le=control.high)]
    match control.kind:
        case "seed" | "partner":
            whole_number = Annotated[int, Field(ge=int(control.low), le=int(control.high)), WHOLE]
            return whole_number, ... if control.kind == "seed" else control.default
        case "class":
            return Label, None
        case "slider" | "border":
            return value, control.default
        case "named" | "directions" | "coordinates":
            limit = "z_dim" if control.kind == "coordinates" else control.kind
            shape = _at_most(limit), Field(strict=False), AfterValidator(_without_trailing_zeros)
            return Annotated[list[value], *shape], []
