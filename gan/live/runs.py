"""A bound on how many runs train at once, the queue of those that wait, and an end for runs that nobody watches."""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from gan.live.run import Run

AT_ONCE = 2  # runs that train at the same time, unless LATENT_LAB_RUNS says otherwise
QUEUE = 16  # runs that may wait
IDLE = 20.0  # seconds without a request after which a run counts as unwatched
CAP = 900.0  # seconds that one run may train
RETENTION = 600.0  # seconds for which an ended run can still be viewed
ENDED_PER_PLACE = 2  # ended runs kept for each place; the oldest is dropped first
CHECK_EVERY = 1.0  # seconds between two checks of all runs


class QueueFull(RuntimeError):
    """Raised when the queue is as long as it may be."""


@dataclass
class TrackedRun:
    """One visitor's run and its times on the clock of `Runs`.

    last_seen: its last request. started, ended: when it began and stopped to hold a place. end_reason: for the visitor,
    None where the run finished or was stopped on request.
    """

    run: Run
    last_seen: float
    started: float | None = None
    ended: float | None = None
    end_reason: str | None = None

    @property
    def waiting(self) -> bool:
        """Return True while it is in the queue."""
        return self.started is None and self.ended is None

    @property
    def training(self) -> bool:
        """Return True while it holds a place."""
        return self.started is not None and self.ended is None

    def trained_for(self, now: float) -> float:
        """Return the seconds since it got its place, 0 before."""
        return 0.0 if self.started is None else now - self.started

    def ended_for(self, now: float) -> float:
        """Return the seconds since it ended, 0 before."""
        return 0.0 if self.ended is None else now - self.ended


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

    def begin(self, run: Run) -> str:
        """Queue a run, start it when a place is free, and return its name. `QueueFull` when too many wait."""
        with self._lock:
            self._update()
            if sum(tracked.waiting for tracked in self._runs.values()) >= QUEUE:
                raise QueueFull("too many people are waiting to train: please try again in a few minutes")
            name = secrets.token_urlsafe(16)
            self._runs[name] = TrackedRun(run, self._clock())
            self._update()
            if self._supervisor is None:
                self._supervisor = threading.Thread(target=self._supervise, name="live-supervisor", daemon=True)
                self._supervisor.start()
        return name

    def find(self, name: object) -> TrackedRun:
        """Return the run of that name and note that it was asked for; KeyError for an unknown or dropped one."""
        with self._lock:
            if not isinstance(name, str) or name not in self._runs:
                raise KeyError("this run is no longer available: start a new one")
            tracked = self._runs[name]
            tracked.last_seen = self._clock()
            return tracked

    def queue_position(self, name: str) -> int:
        """Return 1 for the next run to start, 2 for the one after, ...; 0 for a run that trains or has ended."""
        with self._lock:
            waiting = [k for k, tracked in self._runs.items() if tracked.waiting]
            return waiting.index(name) + 1 if name in waiting else 0

    def end(self, name: str, reason: str | None = None) -> None:
        """Stop a run; its record stays for a while."""
        with self._lock:
            if tracked := self._runs.get(name):
                self._end(tracked, reason)
                self._update()

    def forget(self, name: str) -> None:
        """Stop a run and drop its record."""
        with self._lock:
            if tracked := self._runs.pop(name, None):
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
        self._evict(now)
        self._start_waiting(now)

    def _end_finished(self, now: float) -> None:
        """End runs that are done, unwatched or over their time."""
        for tracked in self._runs.values():
            if tracked.training and tracked.run.done:
                self._end(tracked, None)
            elif now - tracked.last_seen > self.idle:
                self._end(tracked, "nobody was watching")
            elif tracked.trained_for(now) > self.cap:
                self._end(tracked, f"a run may take {self.cap / 60:g} minutes here")

    def _evict(self, now: float) -> None:
        """Drop ended runs that are too old or too many, the newest arrivals last."""
        ended = [name for name, tracked in self._runs.items() if tracked.ended is not None]
        for i, name in enumerate(reversed(ended)):
            if self._runs[name].ended_for(now) > self.retention or i >= ENDED_PER_PLACE * self.at_once:
                del self._runs[name]

    def _start_waiting(self, now: float) -> None:
        """Give free places to the runs that came first."""
        free = self.at_once - self.training
        for tracked in [t for t in self._runs.values() if t.waiting][: max(free, 0)]:
            tracked.started = now
            tracked.run.start()

    def _end(self, tracked: TrackedRun, reason: str | None) -> None:
        if tracked.ended is None:
            tracked.run.stop()
            tracked.ended, tracked.end_reason = self._clock(), reason

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
