"""What is kept of a run: moments, some with the state to go on from; the more there are, the thinner they lie."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from gan.config import Config
from gan.live.views import View
from gan.training.trainer import Snapshot

FRAMES = 120  # moments kept; every other one goes when there are more
STATES = 128 * 2**20  # bytes of the full states kept among them

States = tuple[tuple[Config, Snapshot], ...]  # one a side


@dataclass(frozen=True)
class Moment:
    """What was seen at one moment. number: counts up through the run; sides: a view each; states: to fork from."""

    number: int
    shown: int
    steps: int
    seconds: float
    sides: tuple[View, ...]
    states: States | None = None


class History:
    """The kept moments, oldest first; the caller sees to it that one thread at a time is here.

    latest: the newest moment, kept or not. curve: of those kept {"number", "shown", "sides": [numbers, ...]}.
    """

    def __init__(self) -> None:
        self.latest: Moment | None = None
        self.moments: list[Moment] = []
        self.curve: list[dict[str, Any]] = []
        self._every, self._states_every = 1, 1  # of the moments: which are kept, which with their state

    def due(self, number: int) -> tuple[bool, bool]:
        """Whether it is a moment's turn to be kept, and to be kept with its state."""
        kept = number % self._every == 0
        return kept, kept and number % self._states_every == 0

    def add(self, moment: Moment, keep: bool) -> None:
        """Take in the next moment. keep: whether for longer than until the one after it."""
        self.latest = moment
        if keep:
            self.moments.append(moment)
            sides = [view.numbers for view in moment.sides]
            self.curve.append({"number": moment.number, "shown": moment.shown, "sides": sides})
            self._thin()

    def all(self) -> list[Moment]:
        """Those kept and, last, the newest."""
        if self.latest is None or (self.moments and self.moments[-1].number >= self.latest.number):
            return list(self.moments)
        return [*self.moments, self.latest]

    def before(self, number: int) -> Moment | None:
        """The last moment with a state that is not after this one."""
        kept = [m for m in self.moments if m.states is not None and m.number <= number]
        return kept[-1] if kept else None

    def _thin(self) -> None:
        # Every other one goes, the first one stays.
        if len(self.moments) > FRAMES:
            self._every *= 2
            last = self.moments[-1].number
            self.moments = [m for m in self.moments if m.number % self._every == 0 or m.number == last]
            self.curve = [c for c in self.curve if c["number"] % self._every == 0 or c["number"] == last]
        self._states_every = max(self._states_every, self._every)
        while sum(_size(m.states) for m in self.moments) > STATES and self._states_every < 2**30:
            self._states_every *= 2
            self.moments = [
                m if m.number % self._states_every == 0 or m is self.moments[-1] else replace(m, states=None)
                for m in self.moments
            ]


def _size(states: States | None) -> int:
    return sum(t.numel() * t.element_size() for _, state in states or () for t in state.tensors.values())
