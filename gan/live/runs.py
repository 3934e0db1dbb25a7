"""A bound on how many runs train at once, the queue of those that wait, and an end for runs that nobody watches.

Who began a run counts: turns go around visitors, and where something must go to make room it is of whoever has most.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gan.live.run import Run
from gan.live.shares import NOBODY, Owner, holding_most

AT_ONCE = 2  # runs that train at the same time, unless LATENT_LAB_RUNS says otherwise
QUEUE = 16  # runs that may wait
IDLE = 20.0  # seconds without a request after which a run counts as unwatched
CAP = 900.0  # seconds that one run may train
RETENTION = 600.0  # seconds for which an ended run that nobody looks at can still be viewed
ENDED_PER_PLACE = 2  # ended runs kept for each place
ENDED_BYTES = 192 * 2**20  # of history and data of all ended runs together
ENDED_STATE_BYTES = 48 * 2**20  # of the states of one of them, unless the last one alone is larger
EMPTY = 32  # ended runs kept that have nothing to view
CHECK_EVERY = 0.5  # seconds between two checks of all runs


class QueueFull(RuntimeError):
    """Raised when the queue is as long as it may be."""


@dataclass
class TrackedRun:
    """One visitor's run and its times on the clock of `Runs`.

    owner: who began it. last_seen: its last request. started: when it got a place. stopped: when it was stopped, or
    found to be done; its thread may still be at work. end_reason: for the visitor, None where the run finished or was
    stopped on request. forgotten: nobody can view it any more. size: bytes, once its thread has ended.
    """

    run: Run
    owner: Owner
    last_seen: float
    started: float | None = None
    stopped: float | None = None
    end_reason: str | None = None
    forgotten: bool = False
    size: int | None = None

    @property
    def waiting(self) -> bool:
        """Return True while it is in the queue."""
        return self.started is None and self.stopped is None

    @property
    def training(self) -> bool:
        """Return True while it holds a place: until its thread has ended, whatever was asked of it."""
        return self.started is not None and self.run.alive

    @property
    def ended(self) -> bool:
        """Return True once nothing is left of it but its record."""
        return self.stopped is not None and not self.training

    def trained_for(self, now: float) -> float:
        """Return the seconds since it got its place, 0 before."""
        return 0.0 if self.started is None else now - self.started

    def unseen_for(self, now: float) -> float:
        """Return the seconds since it was stopped and last looked at, 0 before."""
        return 0.0 if self.stopped is None else now - max(self.stopped, self.last_seen)


class Runs:
    """All runs of this machine, each under a name that cannot be guessed. Methods may be called from any thread.

    at_once: how many train at the same time; None for LATENT_LAB_RUNS, or 2. clock: seconds, for tests.
    ValueError for a bad LATENT_LAB_RUNS.
    """

    def __init__(
        self,
        at_once: int | None = None,
        idle: float = IDLE,
        cap: float = CAP,
        retention: float = RETENTION,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.at_once = _places_from_environment() if at_once is None else at_once
        self.idle, self.cap, self.retention, self._clock = idle, cap, retention, clock
        self._runs: dict[str, TrackedRun] = {}  # in the order in which they came
        self._lock = threading.RLock()
        self._supervisor: threading.Thread | None = None

    def begin(self, run: Run, owner: Owner = NOBODY, fork_of: str | None = None) -> str:
        """Queue a run, start it when a place is free, and return its name.

        fork_of: the run that it was forked from. That gives up its place where there is no other and nobody waits; it
        can still be viewed. `QueueFull` where too many wait, unless another visitor has more of them: then the newest
        of those has to leave.
        """
        with self._lock:
            self._update()
            self._make_room_in_queue(owner)
            name = secrets.token_urlsafe(16)
            self._runs[name] = TrackedRun(run, owner, self._clock())
            self._update()
            if fork_of in self._runs and self._line() == [name]:
                self._end(self._runs[fork_of], "a fork of it took its place")
            if self._supervisor is None:
                self._supervisor = threading.Thread(target=self._supervise, name="live-supervisor", daemon=True)
                self._supervisor.start()
        return name

    def find(self, name: object) -> TrackedRun:
        """Return the run of that name and note that it was asked for; KeyError for an unknown or dropped one."""
        with self._lock:
            if not isinstance(name, str) or name not in self._runs or self._runs[name].forgotten:
                raise KeyError("this run is no longer available: start a new one")
            tracked = self._runs[name]
            tracked.last_seen = self._clock()
            return tracked

    def queue_position(self, name: str) -> int:
        """Return 1 for the next run to start, 2 for the one after, ...; 0 for a run that trains or has ended."""
        with self._lock:
            line = self._line()
            return line.index(name) + 1 if name in line else 0

    def longest_wait(self, name: str) -> float:
        """Return the seconds after which a run in the queue has a place at the latest; 0 for one that is not in it.

        Most leave earlier: a run that is done, or that nobody watches.
        """
        with self._lock:
            place, now = self.queue_position(name), self._clock()
            left = sorted(self.cap - one.trained_for(now) for one in self._runs.values() if one.training)
        if not place:
            return 0.0
        rounds, nth = divmod(place - 1, max(1, self.at_once))
        return max(0.0, (left[nth] if nth < len(left) else 0.0) + rounds * self.cap)

    def end(self, name: str, reason: str | None = None) -> None:
        """Stop a run; its record stays for a while."""
        with self._lock:
            if tracked := self._runs.get(name):
                self._end(tracked, reason)
                self._update()

    def forget(self, name: str) -> None:
        """Stop a run and drop its record."""
        with self._lock:
            if tracked := self._runs.get(name):
                tracked.forgotten = True
                self._end(tracked, None)
                self._update()

    def close(self) -> None:
        """Stop and drop all runs, and wait up to two seconds for each that trains."""
        with self._lock:
            training = [tracked.run for tracked in self._runs.values() if tracked.training]
            for name in list(self._runs):
                self.forget(name)
        for run in training:
            run.join(2.0)

    @property
    def training(self) -> int:
        """Return how many hold a place now."""
        with self._lock:
            return sum(tracked.training for tracked in self._runs.values())

    def _update(self) -> None:
        """Bring all runs up to date; the caller holds the lock."""
        now = self._clock()
        self._end_finished(now)
        self._drop_unseen(now)
        self._drop_surplus()
        self._start_waiting(now)

    def _end_finished(self, now: float) -> None:
        """End runs that are done, unwatched or over their time."""
        for tracked in self._runs.values():
            if tracked.started is not None and tracked.run.done:
                self._end(tracked, None)
            elif now - tracked.last_seen > self.idle:
                self._end(tracked, "nobody was watching")
            elif tracked.trained_for(now) > self.cap:
                self._end(tracked, f"a run may take {self.cap / 60:g} minutes here")

    def _drop_unseen(self, now: float) -> None:
        """Drop ended runs that nobody has looked at for long; those with nothing to view after a moment."""
        for name, tracked in list(self._runs.items()):
            patience = self.retention if tracked.run.viewable else self.idle
            if tracked.ended and (tracked.forgotten or tracked.unseen_for(now) > patience):
                del self._runs[name]

    def _drop_surplus(self) -> None:
        """Drop ended runs that are too many or too large, the oldest first of whoever has most."""
        ended = [name for name, tracked in self._runs.items() if tracked.ended]
        for name in ended:
            tracked = self._runs[name]
            if tracked.size is None:
                tracked.run.history.limit_states(ENDED_STATE_BYTES)
                tracked.size = tracked.run.size
        worth = [name for name in ended if self._runs[name].run.viewable]
        self._drop_down_to(EMPTY, [name for name in ended if name not in worth], lambda tracked: 1)
        worth = self._drop_down_to(ENDED_PER_PLACE * self.at_once, worth, lambda tracked: 1)
        self._drop_down_to(ENDED_BYTES, worth, lambda tracked: tracked.size or 0)

    def _drop_down_to(self, most: float, names: Sequence[str], weight: Callable[[TrackedRun], float]) -> list[str]:
        """Drop runs until their weights add up to `most`, and return the names of the others."""
        left = {name: self._runs[name] for name in names}
        while sum(map(weight, left.values())) > most and len(left) > 1:
            owner = holding_most((tracked.owner, weight(tracked)) for tracked in left.values())
            oldest = next(name for name, tracked in left.items() if tracked.owner == owner)
            del left[oldest], self._runs[oldest]
        return list(left)

    def _line(self) -> list[str]:
        """Return the names of the runs that wait, in the order in which they will start.

        Next is who has fewest, at the address that has fewest; among equals who came first.
        """
        held = [tracked.owner for tracked in self._runs.values() if tracked.training]
        addresses, owners = Counter(owner[0] for owner in held), Counter(held)
        waiting = {name: tracked.owner for name, tracked in self._runs.items() if tracked.waiting}
        line = []
        while waiting:
            name = min(waiting, key=lambda name: (addresses[waiting[name][0]], owners[waiting[name]]))
            owner = waiting.pop(name)
            addresses[owner[0]] += 1
            owners[owner] += 1
            line.append(name)
        return line

    def _make_room_in_queue(self, owner: Owner) -> None:
        waiting = {name: tracked.owner for name, tracked in self._runs.items() if tracked.waiting}
        if len(waiting) < QUEUE:
            return
        most = holding_most((other, 1) for other in [owner, *waiting.values()])
        if most == owner:
            raise QueueFull("too many people are waiting to train: please try again in a few minutes")
        newest = [name for name, other in waiting.items() if other == most][-1]
        self._end(self._runs[newest], "too many people are waiting to train, and you had several runs in line")

    def _start_waiting(self, now: float) -> None:
        """Give free places to the runs that are first in line."""
        for name in self._line()[: max(self.at_once - self.training, 0)]:
            self._runs[name].started = now
            self._runs[name].run.start()

    def _end(self, tracked: TrackedRun, reason: str | None) -> None:
        if tracked.stopped is None:
            tracked.run.stop()
            tracked.stopped, tracked.end_reason = self._clock(), reason

    def _supervise(self) -> None:
        """Update the runs again and again, until there are none."""
        while True:
            with self._lock:
                self._update()
                if not self._runs:
                    self._supervisor = None
                    return
            time.sleep(CHECK_EVERY)


def _places_from_environment() -> int:
    text = os.environ.get("LATENT_LAB_RUNS", str(AT_ONCE))
    if not text.isdecimal() or not 1 <= int(text) <= 64:
        raise ValueError(f"LATENT_LAB_RUNS must be a whole number in [1, 64], got {text!r}")
    return int(text)
