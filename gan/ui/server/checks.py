"""Arguments that arrive from a browser: believed only after type, range and length are checked.

Every function returns the value in the type the package wants, or raises ValueError naming the value and the cure.
`bool` is refused where a number is wanted, since JSON's `true` would otherwise pass for 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from gan.ui.server import controls

REACH = controls.by_name()["sliders"].high  # standard deviations a slider may go from the middle
GRID = 64  # seeds in one grid
STOPS = 8  # seeds on one walk
FRAMES = 240  # frames of one walk: 10 s at 24 a second

# As in `gan.models.latent` and `gan.models.model`, which need torch; a test compares them.
SEEDS = int(controls.by_name()["seed"].high) + 1  # seeds are in [0, SEEDS)
TRUNCATION = controls.by_name()["truncation"].high
MODES = ("slerp", "lerp")


def quoted(value: object) -> str:
    """A value as an error may quote it: its repr, cut to 40 characters, or its type when the repr could be huge."""
    if isinstance(value, str):
        return repr(value[:40])
    if value is None or isinstance(value, (bool, float)) or (isinstance(value, int) and abs(value) < 10**30):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return f"a list of {len(value)}"
    return f"a value of type {type(value).__name__}"


def integer(value: object, what: str, least: int, most: int) -> int:
    """A whole number in [least, most]; 3.0 counts as 3, because JavaScript knows one kind of number."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"{what} must be a whole number in [{least}, {most}], got {quoted(value)}")
    return value


def number(value: object, what: str, least: float, most: float) -> float:
    """A finite number in [least, most]."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
        raise ValueError(f"{what} must be in [{least:g}, {most:g}], got {quoted(value)}")
    return float(value)


def choice(value: object, what: str, options: Sequence[str]) -> str:
    """One of `options`."""
    if not isinstance(value, str) or value not in options:
        raise ValueError(f"{what} must be one of {', '.join(options)}, got {quoted(value)}")
    return value


def seed(value: object) -> int:
    """A seed in [0, 2**32)."""
    return integer(value, "seed", 0, SEEDS - 1)


def seeds(value: object, least: int, most: int) -> list[int]:
    """A list of `least` to `most` seeds."""
    if not isinstance(value, (list, tuple, range)) or not least <= len(value) <= most:
        raise ValueError(f"seeds must be a list of {least} to {most} whole numbers, got {quoted(value)}")
    return [seed(item) for item in value]


def truncation(value: object) -> float:
    """A truncation in [0, 2]."""
    return slider(value, "truncation")


def slider(value: object, name: str) -> float:
    """Return a number within the range that `controls.CONTROLS` declares under that name."""
    control = controls.by_name()[name]
    return number(value, name, control.low, control.high)


def label(value: object, classes: Sequence[str]) -> int | None:
    """A class index, from an index or a name; None leaves the class to the seed."""
    if value is None:
        return None
    if not classes:
        raise ValueError(f"label must be null for a model without classes, got {quoted(value)}")
    if isinstance(value, str):
        return list(classes).index(choice(value, "label", classes))
    return integer(value, "label", 0, len(classes) - 1)


def labels(value: object, classes: Sequence[str], count: int) -> int | None | list[int | None]:
    """One label for a whole walk, or a list of exactly `count` of them."""
    if not isinstance(value, (list, tuple)):
        return label(value, classes)
    if len(value) != count:
        raise ValueError(f"label must be one label, or a list of {count} as there are seeds, got {quoted(value)}")
    picked = [label(item, classes) for item in value]
    return None if all(item is None for item in picked) else picked


def steps(value: object, what: str, most: int) -> list[float]:
    """Return at most `most` numbers, each in the range declared for control `what`, trailing zeros dropped."""
    if not isinstance(value, (list, tuple)) or len(value) > most:
        raise ValueError(f"{what} must be a list of at most {most} numbers, got {quoted(value)}")
    control = controls.by_name()[what]
    out = [number(item, f"{what}[{i}]", control.low, control.high) for i, item in enumerate(value)]
    while out and math.isclose(out[-1], 0.0, abs_tol=1e-9):
        out.pop()
    return out
