"""`Metric`: one entry of `gan.evaluation.metrics.registry.METRICS`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Value = float | int | list[float] | dict[str, float]


@dataclass(frozen=True)
class Metric:
    """One value that `gan.evaluation.evaluate` measures, stored in metrics.json under its name in the registry.

    measure     (comparison, role) -> value of the pictures of that role, "generated" or a role of `Reference`; None
                where the metric does not apply, and then nothing is stored
    floor       name under which the value of real pictures is stored, "" for none
    floor_role  role of those real pictures
    ratio       name under which value / floor is stored, null where the floor is 0; "" for none
    row         True for a row of the card's table, which is also an entry of its front matter
    sentence    the card's explanation; metrics may share one, which is printed once
    trains      True for a metric that trains networks, which takes minutes: it can be skipped
    """

    measure: Callable[[Any, str], Value | None]
    floor: str = ""
    floor_role: str = ""
    ratio: str = ""
    row: bool = True
    sentence: str = ""
    trains: bool = False

    def keys(self, name: str) -> set[str]:
        """Return every key of metrics.json that the metric called `name` may write."""
        return {name, self.floor, self.ratio} - {""}

    def record(self, name: str, comparison: Any) -> dict[str, Value | None]:
        """Measure generated and real pictures; return what is stored, by key."""
        value = self.measure(comparison, "generated")
        floor = self.measure(comparison, self.floor_role) if self.floor else None
        result: dict[str, Value | None] = {}
        if value is not None:
            result[name] = value
        if floor is not None:
            result[self.floor] = floor
        if self.ratio and isinstance(value, (int, float)) and isinstance(floor, (int, float)):
            result[self.ratio] = value / floor if floor else None
        return result
