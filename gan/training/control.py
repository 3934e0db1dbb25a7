"""What a listener asks of a run: pause, go on, one step, stop. The loop obeys between steps."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from typing import Any

MOVES = ("both", "critic", "generator")


class Control:
    """Shared by the thread that trains and those that watch; every method may be called from any thread.

    paused: begin by waiting for `play` or `step`.
    """

    def __init__(self, paused: bool = False) -> None:
        self._changed = threading.Condition()  # its lock can be taken again by a signal handler of the same thread
        self._paused, self._stopped = paused, False
        self._asked: deque[str] = deque()
        self._settings: dict[str, Any] = {}

    def play(self) -> None:
        """Go on, step after step."""
        self._set(paused=False)

    def pause(self) -> None:
        """Wait after the step that is under way."""
        self._set(paused=True)

    def step(self, move: str = "both") -> None:
        """One step of `both`, of the `critic` or of the `generator`, and then wait. ValueError for any other move."""
        if move not in MOVES:
            raise ValueError(f"move must be one of {', '.join(MOVES)}, got {move!r}")
        with self._changed:
            self._asked.append(move)
            self._set(paused=True)

    def change(self, settings: Mapping[str, Any]) -> None:
        """Other settings, fields of `Config` by name, from the next step on."""
        with self._changed:
            self._settings |= settings

    def stop(self) -> None:
        """End the run after the step that is under way; it saves all it has."""
        self._set(stopped=True)

    @property
    def paused(self) -> bool:
        """Whether the run waits, or will after its present step."""
        return self._paused

    @property
    def free(self) -> bool:
        """Whether nothing is asked of the run but to go on as it does."""
        with self._changed:
            return not (self._paused or self._stopped or self._asked or self._settings)

    def next(self) -> str | None:
        """The next move, waiting for one while paused; None once stopped. For the loop."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or self._asked or not self._paused)
            if self._stopped:
                return None
            return self._asked.popleft() if self._asked else "both"

    def settings(self) -> dict[str, Any]:
        """What `change` was given since the last call. For the loop."""
        with self._changed:
            settings, self._settings = self._settings, {}
            return settings

    def _set(self, paused: bool | None = None, stopped: bool = False) -> None:
        with self._changed:
            self._paused = self._paused if paused is None else paused
            self._stopped = self._stopped or stopped
            self._changed.notify_all()
