"""`gan.ui.server.request` and every request model: any value but a good one ends in one short sentence."""

from __future__ import annotations

import json
import math
from types import SimpleNamespace
from typing import Annotated, Any

import pytest
from pydantic import Field

from gan.ui.server import controls, picture_requests, train_requests, walk_api
from gan.ui.server.request import WHOLE, Request, _declared, _expected, choice, number, one_of, quoted, whole

MODEL = SimpleNamespace(classes=tuple("0123456789"), groups=(), directions=[None] * 12, named=[None] * 2, z_dim=16)
HOSTILE: list[Any] = [
    None, True, False, "", "3", "\ud800", "x" * 10_000, 1.5, -1, 2**64, 10**30, -(10**400), 1e308, math.nan, math.inf,
    -math.inf, [], [None], [[]], [[1.0]], [math.nan], ["3"], [True], [1] * 10_000, {}, {"0": 1}, {"\ud800": [[]]},
    b"3", (), object(),
]  # fmt: skip


class Other(Request):
    deep: Annotated[str, one_of(lambda: ("a", "b"))]


class Sample(Request):
    count: Annotated[int, Field(ge=1, le=60, title="frame rate"), WHOLE]
    share: Annotated[float, Field(ge=0, le=2)] = 1.0
    sure: bool = False
    numbers: Annotated[list[Annotated[float, Field(ge=-4, le=4)]], Field(min_length=1, max_length=3)] = [0]
    seeds: list[picture_requests.Seed] = []
    name: str | None = None
    others: Annotated[list[Other], Field(description="a list of others")] = []


def error(values: dict[str, Any], cls: type[Request] = Sample) -> str:
    with pytest.raises(ValueError) as caught:
        cls.parse({"count": 1, **values})
    return str(caught.value)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"count": 61}, "frame rate must be a whole number in [1, 60], got 61"),
        ({"count": None}, "frame rate must be a whole number in [1, 60], got None"),
        ({"count": True}, "frame rate must be a whole number in [1, 60], got True"),
        ({"count": 10**30}, "frame rate must be a whole number in [1, 60], got a value of type int"),
        ({"share": 9}, "share must be in [0, 2], got 9"),
        ({"share": math.nan}, "share must be in [0, 2], got nan"),
        ({"share": 10**400}, "share must be in [0, 2], got a value of type int"),
        ({"sure": 1}, "sure must be true or false, got 1"),
        ({"numbers": []}, "numbers must be a list of 1 to 3 numbers, got a list of 0"),
        ({"numbers": [0] * 9}, "numbers must be a list of 1 to 3 numbers, got a list of 9"),
        ({"numbers": [0, "5"]}, "numbers[1] must be in [-4, 4], got '5'"),
        ({"seeds": [1, "2"]}, "seed must be a whole number in [0, 4294967295], got '2'"),
        ({"name": 5}, "name must be text, got 5"),
        ({"others": 5}, "others must be a list of others, got 5"),
        ({"others": [5]}, "others[0] must be an object, got 5"),
        ({"others": [{"deep": "x" * 99}]}, f"deep must be one of a, b, got '{'x' * 40}'"),
        ({"others": [{}]}, "deep must be one of a, b, got None"),
    ],
)
def test_an_error_names_the_field_its_range_and_the_value(values: dict[str, Any], text: str) -> None:
    assert error(values) == text


def test_what_is_missing_counts_as_null_and_what_is_unknown_is_left_out() -> None:
    with pytest.raises(ValueError, match="frame rate must be a whole number in .* got None"):
        Sample.parse({"share": 1})
    assert Sample.parse({"count": 1, "unknown": 1}) == Sample.parse({"count": 1.0})
    assert Sample.pick({"count": 1, "unknown": 1}) == {"count": 1}


def test_javascript_has_one_kind_of_number() -> None:
    request = Sample.parse({"count": 3.0, "share": 1, "seeds": [2.0]})
    assert (request.count, request.share, request.seeds) == (3, 1.0, [2])
    assert type(request.count) is int and type(request.share) is float and type(request.seeds[0]) is int


def models() -> dict[type[Request], Any]:
    """Return every request model of the app, with the context that it is checked in."""
    modules = (picture_requests, train_requests, walk_api)
    found = {cls for module in modules for cls in vars(module).values() if isinstance(cls, type)}
    classes = {cls: 2 for cls in found if issubclass(cls, Request) and cls.model_fields}
    pictures = dict.fromkeys((picture_requests.GridRequest, picture_requests.WalkRequest), MODEL)
    return classes | pictures | {picture_requests._picture_request(controls.CONTROLS): MODEL}


def test_hostile_values_are_refused_in_one_short_sentence_or_make_a_good_request(subtests) -> None:
    for cls, context in models().items():
        for name in cls.model_fields:
            for value in HOSTILE:
                with subtests.test(request=cls.__name__, field=name, value=quoted(value)):
                    try:
                        cls.parse({name: value}, context)
                    except ValueError as error:
                        text = str(error)
                        assert " must be " in text or " is not " in text
                        assert len(text) < 250 and "\n" not in text
                        json.dumps(text).encode()


def test_every_number_in_a_request_has_a_range() -> None:
    for cls in models():
        for name in cls.model_fields:
            title, schema = _declared(cls, (name,))
            assert title and "None" not in _expected(schema), (cls, name)


def test_the_checks_of_single_values_refuse_the_same(subtests) -> None:
    checks_by_name = {
        "whole": lambda value: whole(value, "x", 0, 9),
        "number": lambda value: number(value, "x", 0, 9),
        "choice": lambda value: choice(value, "x", "ab"),
    }
    for name, check in checks_by_name.items():
        for value in HOSTILE:
            if name == "number" and value == 1.5 and not isinstance(value, bool):
                continue
            with subtests.test(check=name, value=quoted(value)), pytest.raises(ValueError, match="x must be "):
                check(value)


def test_a_new_control_is_checked_as_it_is_declared(monkeypatch) -> None:
    new = controls.Control("warmth", "warmth", "slider", "Warmth", "Warmer colours", -1, 1, 0.1, 0.5)
    monkeypatch.setattr(controls, "CONTROLS", (*controls.CONTROLS, new))
    assert picture_requests.picture({"seed": 1}, MODEL)["warmth"] == 0.5
    with pytest.raises(ValueError, match=r"warmth must be in \[-1, 1\], got 2"):
        picture_requests.picture({"seed": 1, "warmth": 2}, MODEL)
