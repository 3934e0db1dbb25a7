"""The bounded record of a run: moments, some with the state to go on from. The more there are, the fewer are kept."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Any

from gan.config import Config
from gan.live.views import View
from gan.training.snapshot import Snapshot

MAX_MOMENTS = 120  # kept; when there are more, every other one is dropped
MAX_STATE_BYTES = 128 * 2**20  # of all the full states among them

States = tuple[tuple[Config, Snapshot], ...]  # one a side


@dataclass(frozen=True)
class Moment:
    """A run as it was shown at one moment.

    number: counts up from 0; shown: images so far; sides: a view each; states: to fork from.
    """

    number: int
    shown: int
    steps: int
    seconds: float
    sides: tuple[View, ...]
    states: States | None = None


class History:
    """The moments of one run. Methods may be called from any thread; one thread adds.

    latest: the newest moment, kept or not. moments: those kept, oldest first.
    curve: of those kept {"number", "shown", "sides": [numbers, ...]}. closed: no more will come.
    """

    def __init__(self) -> None:
        self.latest: Moment | None = None
        self.moments: list[Moment] = []
        self.curve: list[dict[str, Any]] = []
        self.closed = False
        self._most = MAX_STATE_BYTES
        self._every, self._states_every = 1, 1  # of the moments: which are kept, which with their state
        self._changed = threading.Condition()

    @property
    def count(self) -> int:
        """Return how many moments there have been: the number of the next one."""
        return 0 if self.latest is None else self.latest.number + 1

    def keeps(self, number: int) -> tuple[bool, bool]:
        """Return whether the moment of this number is to be kept, and whether with its state."""
        keep = number % self._every == 0
        return keep, keep and number % self._states_every == 0

    def add(self, moment: Moment, keep: bool) -> None:
        """Make this the newest moment. keep: beyond the next one."""
        with self._changed:
            self.latest = moment
            if keep:
                self.moments.append(moment)
                sides = [view.numbers for view in moment.sides]
                self.curve.append({"number": moment.number, "shown": moment.shown, "sides": sides})
                self._thin()
            self._changed.notify_all()

    def keep_latest(self) -> None:
        """Keep the newest moment, whatever else is dropped."""
        if self.latest is not None and not (self.moments and self.moments[-1].number == self.latest.number):
            self.add(self.latest, True)

    def close(self) -> None:
        """Say that no more moments will come, so that nobody waits for one."""
        with self._changed:
            self.closed = True
            self._changed.notify_all()

    def wait(self, after: int, timeout: float) -> Moment | None:
        """Return the newest moment if its number is above `after`, waiting up to `timeout` seconds; None otherwise."""
        with self._changed:
            self._changed.wait_for(lambda: self.closed or self.count - 1 > after, timeout)
            return self.latest if self.count - 1 > after else None

    def all(self) -> list[Moment]:
        """Return the kept moments and, last, the newest."""
        with self._changed:
            if self.latest is None or (self.moments and self.moments[-1].number >= self.latest.number):
                return list(self.moments)
            return [*self.moments, self.latest]

    def kept_curve(self) -> list[dict[str, Any]]:
        """Return a copy of `curve`."""
        with self._changed:
            return list(self.curve)

    @property
    def size(self) -> int:
        """Return the bytes of all views and states."""
        with self._changed:
            views = [array.nbytes for m in self.moments for view in m.sides for array in view.arrays.values()]
            return sum(views) + sum(_size(m.states) for m in self.moments)

    def limit_states(self, most: int) -> None:
        """Drop states until all together have at most so many bytes, or only the last one is left."""
        with self._changed:
            self._most = most
            self._thin()
            if sum(_size(m.states) for m in self.moments) > most:
                last = max((m.number for m in self.moments if m.states is not None), default=-1)
                self.moments = [m if m.number == last else replace(m, states=None) for m in self.moments]

    def before(self, number: int) -> Moment | None:
        """Return the last moment with a state whose number is at most this."""
        with self._changed:
            return next((m for m in reversed(self.moments) if m.states is not None and m.number <= number), None)

    def _thin(self) -> None:
        """Drop every other moment, but never the first, and then every other state, until the bounds hold."""
        if len(self.moments) > MAX_MOMENTS:
            self._every *= 2
            last = self.moments[-1].number
            self.moments = [m for m in self.moments if m.number % self._every == 0 or m.number == last]
            self.curve = [c for c in self.curve if c["number"] % self._every == 0 or c["number"] == last]
        self._states_every = max(self._states_every, self._every)
        while sum(_size(m.states) for m in self.moments) > self._most and self._states_every < 2**30:
            self._states_every *= 2
            self.moments = [
                m if m.number % self._states_every == 0 or m is self.moments[-1] else replace(m, states=None)
                for m in self.moments
            ]


def _size(states: States | None) -> int:
    """Return the bytes of all tensors of the states."""
    return sum(t.numel() * t.element_size() for _, state in states or () for t in state.tensors.values())
