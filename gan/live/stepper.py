"""One configuration of a run: its trainer, the engine's loop over it, and what the loop last told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gan.training.control import Control
from gan.training.events import Alarmed, Changed, Stepped, Ticked, record
from gan.training.loop import run
from gan.training.trainer import Snapshot, Trainer


class Stepper:
    """A trainer that goes step by step, as its control asks.

    report: least seconds between two sets of numbers. steps: made so far; numbers: of the last step that told any;
    measured: room for whoever measures; over: whether there is nothing left to do.
    """

    def __init__(self, trainer: Trainer, control: Control, report: float) -> None:
        self.trainer, self.control, self._report = trainer, control, report
        self.steps, self.over = 0, False
        self.numbers: dict[str, Any] = {}
        self.measured: dict[str, Any] = {}
        self._events = self._loop()

    def advance(self) -> Iterator[Alarmed | Changed]:
        """One step, and what is told of it; waits while paused. Raises what the loop raises."""
        for event in self._events:
            if isinstance(event, Ticked):
                self.steps += 1
                return
            if isinstance(event, Stepped):
                self.numbers = {k: v for k, v in record(event).items() if k != "event"}
            elif isinstance(event, Alarmed | Changed):
                yield event
        self.over = True

    def leap(self, state: Snapshot) -> None:
        """Go on from another state of this run, which is then where a rollback leads to."""
        self.trainer.rewind(state)
        self._events = self._loop()

    def _loop(self) -> Iterator[Any]:
        return run(self.trainer, len(self.trainer.pictures), (), None, self.control, report=self._report, ticks=True)
