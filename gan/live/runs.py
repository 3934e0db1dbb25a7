"""Who may train when: a bound on runs, a line of those who wait, and an end for those nobody watches."""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from gan.live.run import Run

AT_ONCE = 2  # runs that train beside each other, unless LATENT_LAB_RUNS says otherwise
LINE = 16  # visitors who may wait
IDLE = 20.0  # seconds without a look after which nobody is thought to be there
CAP = 900.0  # seconds that one run may take
KEPT = 600.0  # seconds for which a run that has ended can still be looked at
KEPT_RUNS = 2  # of them, for each place; the oldest goes first
WATCH = 1.0  # seconds between two rounds of the watchman


class Full(RuntimeError):
    """Raised when the line is as long as it may be."""


@dataclass
class Entry:
    """One visitor's run. seen: when it was last looked at; begun, ended: when it began and ended to train."""

    run: Run
    seen: float
    begun: float | None = None
    ended: float | None = None
    why: str | None = None  # it was ended
    lock: threading.Lock = field(default_factory=threading.Lock)


class Runs:
    """All runs of this machine, each under a name that cannot be guessed. Methods may be called from any thread.

    at_once: how many train beside each other; None for LATENT_LAB_RUNS, or 2. clock: seconds, for tests.
    ValueError for a bad LATENT_LAB_RUNS.
    """

    def __init__(
        self,
        at_once: int | None = None,
        idle: float = IDLE,
        cap: float = CAP,
        kept: float = KEPT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.at_once = _at_once() if at_once is None else at_once
        self.idle, self.cap, self.kept, self._clock = idle, cap, kept, clock
        self._entries: dict[str, Entry] = {}
        self._changed = threading.Condition()
        self._watchman: threading.Thread | None = None

    def begin(self, run: Run) -> str:
        """Put a run in line and start it when its turn has come; its name. `Full` when too many wait."""
        with self._changed:
            self._round()
            if sum(e.begun is None and e.ended is None for e in self._entries.values()) >= LINE:
                raise Full("too many people are waiting to train: please try again in a few minutes")
            name = secrets.token_urlsafe(16)
            self._entries[name] = Entry(run, self._clock())
            self._round()
            if self._watchman is None:
                self._watchman = threading.Thread(target=self._watch, name="live-watchman", daemon=True)
                self._watchman.start()
        return name

    def find(self, name: object) -> Entry:
        """The entry of that name, seen now; KeyError when there is none, or none any more."""
        with self._changed:
            if not isinstance(name, str) or name not in self._entries:
                raise KeyError("this run is not here any more: start a new one")
            entry = self._entries[name]
            entry.seen = self._clock()
            return entry

    def place(self, name: str) -> int:
        """How many are before it in line: 0 once it trains or has."""
        with self._changed:
            waiting = [k for k, e in self._entries.items() if e.begun is None and e.ended is None]
            return waiting.index(name) + 1 if name in waiting else 0

    def end(self, name: str, why: str | None = None) -> None:
        """Stop a run; what was seen of it stays for a while."""
        with self._changed:
            if entry := self._entries.get(name):
                self._end(entry, why)
                self._round()

    def forget(self, name: str) -> None:
        """Stop a run and drop all that was seen of it."""
        with self._changed:
            if entry := self._entries.pop(name, None):
                self._end(entry, None)
                self._round()

    def close(self) -> None:
        """Stop and drop them all, and wait a moment for those that train."""
        with self._changed:
            going = [entry.run for entry in self._training()]
        for name in list(self._entries):
            self.forget(name)
        for run in going:
            run.join(2.0)

    @property
    def training(self) -> int:
        """How many hold a place now."""
        with self._changed:
            return len(self._training())

    def _training(self) -> list[Entry]:
        return [e for e in self._entries.values() if e.begun is not None and e.ended is None]

    def _end(self, entry: Entry, why: str | None) -> None:
        if entry.ended is None:
            entry.run.stop()
            entry.ended, entry.why = self._clock(), why

    def _round(self) -> None:
        """End what has to end, drop what is too old, start who is next."""
        now = self._clock()
        for entry in self._entries.values():
            if entry.ended is not None:
                continue
            if entry.begun is not None and entry.run.done:
                self._end(entry, None)
            elif now - entry.seen > self.idle:
                self._end(entry, "nobody was watching")
            elif entry.begun is not None and now - entry.begun > self.cap:
                self._end(entry, f"a run may take {self.cap / 60:g} minutes here")
        over = [k for k, e in self._entries.items() if e.ended is not None]
        for i, name in enumerate(reversed(over)):
            if now - self._entries[name].ended > self.kept or i >= KEPT_RUNS * self.at_once:
                del self._entries[name]
        for entry in self._entries.values():
            if len(self._training()) >= self.at_once:
                break
            if entry.begun is None and entry.ended is None:
                entry.begun = now
                entry.run.start()

    def _watch(self) -> None:
        while True:
            with self._changed:
                self._round()
                if not self._entries:
                    self._watchman = None
                    return
            time.sleep(WATCH)


def _at_once() -> int:
    text = os.environ.get("LATENT_LAB_RUNS", str(AT_ONCE))
    if not text.isdecimal() or not 1 <= int(text) <= 64:
        raise ValueError(f"LATENT_LAB_RUNS must be a whole number in [1, 64], got {text!r}")
    return int(text)
