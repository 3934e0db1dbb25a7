"""Requests to a run while it trains: pause, play, a single step, other settings, stop. The loop obeys between steps."""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

MOVES = ("both", "critic", "generator")


class StepAbandoned(Exception):
    """Raised in the middle of a step that is given up: the networks are then between two states, and of no use."""


class Control:
    """Requests shared by the training thread and others; every method may be called from any thread.

    paused: begin by waiting for `play` or `step`. waiting: whether the loop does nothing until it is told to.
    """

    def __init__(self, paused: bool = False) -> None:
        self._changed = threading.Condition()  # its lock can be taken again by a signal handler of the same thread
        self._paused, self._stopped = paused, False
        self.waiting = False
        self._moves: deque[str] = deque()  # single steps that were asked for
        self._settings: dict[str, Any] = {}
        self._deadline = math.inf  # on the clock of `time.monotonic`, for the step under way

    def play(self) -> None:
        """Go on, step after step."""
        self._set(paused=False)

    def pause(self) -> None:
        """Wait after the current step."""
        self._set(paused=True)

    def step(self, move: str = "both") -> None:
        """Make one step of `both`, the `critic` or the `generator`, then wait. ValueError for any other move."""
        if move not in MOVES:
            raise ValueError(f"move must be one of {', '.join(MOVES)}, got {move!r}")
        with self._changed:
            self._moves.append(move)
            self._set(paused=True)

    def change(self, settings: Mapping[str, Any]) -> None:
        """Use other settings, fields of `Config` by name, from the next step on."""
        with self._changed:
            self._settings |= settings

    def stop(self, patience: float = math.inf) -> None:
        """End the run after the current step, with everything saved.

        patience: seconds after which a step that still goes on is given up, as `check` says.
        """
        self._deadline = min(self._deadline, time.monotonic() + patience)
        self._set(stopped=True)

    @property
    def paused(self) -> bool:
        """Return whether the run waits, or will after its current step."""
        return self._paused

    @property
    def free_running(self) -> bool:
        """Return whether nothing is requested of the run: it goes on, step after step, as it is."""
        with self._changed:
            return not (self._paused or self._stopped or self._moves or self._settings)

    @property
    def changing(self) -> bool:
        """Return whether settings wait to be used."""
        with self._changed:
            return bool(self._settings)

    def next(self, before_waiting: Callable[[], None] = lambda: None) -> str | None:
        """Return the next move, waiting for one while paused; None once stopped. For the loop.

        before_waiting: called once, in this thread, if there is nothing to do at the time of the call.
        """
        with self._changed:
            waiting = not self._has_next()
        if waiting:
            before_waiting()
        with self._changed:
            self.waiting = not self._has_next()
            self._changed.wait_for(self._has_next)
            self.waiting = False
            if self._stopped:
                return None
            return self._moves.popleft() if self._moves else "both"

    def _has_next(self) -> bool:
        return self._stopped or bool(self._moves) or not self._paused

    def check(self) -> None:
        """Raise `StepAbandoned` once a stop has been patient for long enough. For the step, between its parts."""
        if self._stopped and time.monotonic() >= self._deadline:
            raise StepAbandoned

    def settings(self) -> dict[str, Any]:
        """Return what `change` was given since the last call. For the loop."""
        with self._changed:
            settings, self._settings = self._settings, {}
            return settings

    def _set(self, paused: bool | None = None, stopped: bool = False) -> None:
        with self._changed:
            self._paused = self._paused if paused is None else paused
            self._stopped = self._stopped or stopped
            self._changed.notify_all()
