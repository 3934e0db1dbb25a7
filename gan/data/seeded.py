"""Attributes of drawn pictures that follow from a seed: integers alone, so the same on every machine.

A table names the attributes of a data set and what each can be. A number is drawn for each by its name and the seed, so
that a new attribute leaves the others as they were.
"""

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gan.errors import DataError


@dataclass(frozen=True)
class Choice:
    """An attribute with names. weights: how often each is drawn, relative to the others. Values: indices into names."""

    names: tuple[str, ...]
    weights: tuple[int, ...]


@dataclass(frozen=True)
class Range:
    """An attribute that changes continuously, drawn evenly from the integers low to high.

    unit: of the values. circular: high is next to low, as in a circle of hues.
    """

    low: int
    high: int
    unit: str
    circular: bool = False


Table = Mapping[str, Choice | Range]
Values = dict[str, np.ndarray]  # for every attribute int64 (N,): an index into a choice's names, or a range's value


def check_seeds(seeds: Sequence[int] | np.ndarray) -> np.ndarray:
    """Return seeds as uint64 (N,), a copy. Raises DataError where they are no whole numbers from 0 on."""
    rows = np.asarray(seeds)
    if rows.ndim != 1 or (len(rows) and (rows.dtype.kind not in "iu" or rows.min() < 0)):
        raise DataError(f"seeds must be a list of whole numbers from 0 on, got {str(seeds)[:80]}")
    return rows.astype(np.uint64)


def mix_bits(x: np.ndarray) -> np.ndarray:
    """Return 64 bits that depend on all 64 of x, uint64 (N,): the finaliser of SplitMix64 (Steele and others, 2014)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58_476D_1CE4_E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D0_49BB_1331_11EB)
    return x ^ (x >> np.uint64(31))


def named_bits(seeds: np.ndarray, name: str) -> np.ndarray:
    """Return 64 bits for each seed, uint64 (N,), that are others for every name."""
    return mix_bits(mix_bits(seeds * np.uint64(0x9E37_79B9_7F4A_7C15)) ^ np.uint64(zlib.crc32(name.encode())))


def draw(
    table: Table,
    seeds: np.ndarray,
    refused: Callable[[Values], np.ndarray],
    fixed: Mapping[str, np.ndarray] | None = None,
) -> Values:
    """Return the attributes of a table that seeds, uint64 (N,), have.

    `refused` marks, bool (M,), which of M pictures may not be; it is told their attributes and those of `fixed`. They
    are drawn again, as often as needed, from other random numbers.
    """
    fixed, rows = fixed or {}, seeds
    found, wrong = _draw_once(table, rows), np.arange(len(rows))
    while len(wrong := wrong[refused({name: values[wrong] for name, values in {**fixed, **found}.items()})]):
        rows = rows.copy()
        rows[wrong] = mix_bits(rows[wrong] + np.uint64(1))
        again = _draw_once(table, rows[wrong])
        for name, values in found.items():
            values[wrong] = again[name]
    return found


def change(table: Table, found: Values, changes: Mapping[str, Any], n: int) -> None:
    """Set attributes of n pictures, to a name of a choice or a number of a range, one for all or one a picture.

    Raises DataError, with what there is, for an unknown attribute and for a wrong value.
    """
    for name, wanted in changes.items():
        if name not in table:
            raise DataError(f"unknown attribute {name!r}: there are {', '.join(table)}")
        if np.ndim(wanted) == 0:
            found[name] = np.full(n, value_of(table, name, wanted), np.int64)
        elif len(wanted) != n:
            raise DataError(f"{name} must be one value or {n}, got {len(wanted)}")
        else:
            found[name] = np.array([value_of(table, name, v) for v in wanted], np.int64)


def value_of(table: Table, name: str, value: Any) -> int:
    """Return the number that stands for an attribute's value. Raises DataError, with what there is, for a wrong one."""
    attribute = table[name]
    if isinstance(attribute, Choice) and value in attribute.names:
        return attribute.names.index(value)
    low, high = (attribute.low, attribute.high) if isinstance(attribute, Range) else (0, len(attribute.names) - 1)
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or not low <= value <= high:
        wanted = f"one of {', '.join(attribute.names)}" if isinstance(attribute, Choice) else f"in [{low}, {high}]"
        raise DataError(f"{name} must be {wanted}, got {value!r}"[:400])
    return int(value)


def have_all(found: Values, table: Table, combination: Mapping[str, Iterable[str]]) -> np.ndarray:
    """Mark the pictures, bool (N,), that have one of the values for every attribute of a combination."""
    return np.logical_and.reduce(
        [np.isin(found[name], [value_of(table, name, v) for v in values]) for name, values in combination.items()]
    )


def _draw_once(table: Table, seeds: np.ndarray) -> Values:
    found = {}
    for name, attribute in table.items():
        number = (named_bits(seeds, name) >> np.uint64(32)).astype(np.int64)
        if isinstance(attribute, Range):
            found[name] = attribute.low + (number * (attribute.high - attribute.low + 1) >> 32)
        else:
            ends = np.cumsum(attribute.weights)
            found[name] = np.searchsorted(ends, number * ends[-1] >> 32, side="right").astype(np.int64)
    return found
