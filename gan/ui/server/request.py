"""Base of every request model: untrusted JSON becomes typed values, or one sentence that names the fault.

A request declares its fields once, with types and ranges. Types are strict: `true` is no number and `"3"` no 3. A whole
number may arrive as 3.0, because JavaScript has one kind of number.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, ValidationInfo, model_validator


class Request(BaseModel):
    """A call's values. A missing one counts as null; unknown entries are left out.

    In errors a field goes by its title, where one is declared, or by its place in the request, as in `sides[1].preset`;
    what it must be is its description, where one is declared, or follows from its type and range.
    """

    model_config = ConfigDict(
        strict=True, allow_inf_nan=False, frozen=True, extra="ignore", field_title_generator=lambda name, info: ""
    )

    @model_validator(mode="before")
    @classmethod
    def _absent_is_null(cls, values: Any) -> Any:
        return {**_required(cls), **values} if isinstance(values, dict) else values

    @classmethod
    def parse(cls, values: Mapping[str, Any], context: object = None) -> Self:
        """Return the checked request; ValueError, one sentence with name, range and value, for the first fault.

        context: what validators need to know besides the values, such as the model that is asked for.
        """
        try:
            return cls.model_validate(dict(values), context=context)
        except ValidationError as error:
            raise _sentence(cls, error) from None

    @classmethod
    def pick(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the entries that are this request's, unchecked."""
        return {name: values[name] for name in cls.model_fields if name in values}


def quoted(value: object) -> str:
    """Return a value as errors show it: its repr, cut to 40 characters, or its type where the repr may be huge."""
    if isinstance(value, str):
        return repr(value[:40])
    if value is None or isinstance(value, (bool, float)) or (isinstance(value, int) and abs(value) < 10**30):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return f"a list of {len(value)}"
    return f"a value of type {type(value).__name__}"


def refusal(name: str, expected: str, value: object) -> ValueError:
    """Return the error for a value that is not what was expected."""
    return ValueError(f"{name} must be {expected}, got {quoted(value)}")


# Ranges and choices that are known only when a call comes in, and arguments that come from Python.


def whole(value: object, name: str, low: int, high: int) -> int:
    """Return a whole number in [low, high] as int; ValueError for anything else."""
    value = _whole(value)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise refusal(name, _range(low, high, whole=True), value)
    return value


def number(value: object, name: str, low: float, high: float) -> float:
    """Return a finite number in [low, high] as float; ValueError for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise refusal(name, _range(low, high, whole=False), value)
    return float(value)


def choice(value: object, name: str, options: Iterable[str]) -> str:
    """Return one of `options`; ValueError for anything else."""
    options = tuple(options)
    if not isinstance(value, str) or value not in options:
        raise refusal(name, f"one of {', '.join(options)}", value)
    return value


# Validators for the fields of a request.


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE = BeforeValidator(_whole)  # of an int: 3.0 counts as 3


def one_of(options: Callable[[], Iterable[str]]) -> BeforeValidator:
    """Return a validator of a str that lets `options()`, asked at each call, through and nothing else."""

    def check(value: Any, info: ValidationInfo) -> str:
        return choice(value, str(info.field_name), options())

    return BeforeValidator(check)


# From pydantic's list of faults to one sentence.


def _sentence(cls: type[Request], error: ValidationError) -> ValueError:
    fault = error.errors(include_url=False)[0]
    if fault["type"] == "value_error":  # raised by a validator of ours
        return ValueError(str(fault["ctx"]["error"]))
    name, declared = _declared(cls, fault["loc"])
    return refusal(name, _expected(declared), fault["input"])


@functools.cache
def _required(cls: type[Request]) -> dict[str, None]:
    return {name: None for name, field in cls.model_fields.items() if field.is_required()}


@functools.cache
def _schema(cls: type[Request]) -> dict[str, Any]:
    return cls.model_json_schema()


def _declared(cls: type[Request], place: tuple[int | str, ...]) -> tuple[str, dict[str, Any]]:
    """Return the name of a place in a request, and the JSON schema of what belongs there."""
    schema = _schema(cls)
    name, node = "", schema
    for part in place:
        node = node["items"] if isinstance(part, int) else node["properties"][part]
        node = {**next((one for one in node.get("anyOf", ()) if one != {"type": "null"}), {}), **node}
        if "$ref" in node:  # a request inside a request
            node = {**schema["$defs"][node["$ref"].rpartition("/")[2]], "title": "", "description": "", **node}
        name = node.get("title") or (f"{name}[{part}]" if isinstance(part, int) else f"{name}.{part}".lstrip("."))
    return name, node


def _expected(schema: Mapping[str, Any]) -> str:
    """Return in words what a JSON schema asks for: the field's own description, or its type and range."""
    if schema.get("description"):
        return schema["description"]
    kind = schema.get("type")
    if kind in ("integer", "number"):
        return _range(schema["minimum"], schema["maximum"], whole=kind == "integer")
    if kind == "array":
        items = {"integer": "whole numbers", "number": "numbers"}.get(schema["items"].get("type"), "entries")
        low, high = schema.get("minItems"), schema.get("maxItems")
        return f"a list of {f'{low} to {high} ' if low is not None and high is not None else ''}{items}"
    return {"boolean": "true or false", "string": "text", "object": "an object"}.get(str(kind), "of another type")


def _range(low: float, high: float, whole: bool) -> str:
    return f"a whole number in [{low}, {high}]" if whole else f"in [{low:g}, {high:g}]"
