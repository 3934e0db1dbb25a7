"""One configuration of a live run, trained step by step with the same loop as `train.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gan.training.control import Control
from gan.training.events import Alarmed, Changed, Stepped, Ticked, record
from gan.training.loop import run
from gan.training.snapshot import Snapshot
from gan.training.trainer import Trainer


class Stepper:
    """A trainer that goes step by step, as its control asks.

    report: least seconds between two sets of numbers. steps: made so far. numbers: of the last step that gave any.
    measured: room for the caller's measurements. finished: nothing is left to do.
    """

    def __init__(self, trainer: Trainer, control: Control, report: float) -> None:
        self.trainer, self.control, self._report = trainer, control, report
        self.steps, self.finished = 0, False
        self.numbers: dict[str, Any] = {}
        self.measured: dict[str, Any] = {}
        self._events = self._loop()

    def advance(self) -> Iterator[Alarmed | Changed]:
        """Make one step, waiting for it while paused, and yield its events. Raises what the loop raises."""
        for event in self._events:
            if isinstance(event, Ticked):
                self.steps += 1
                return
            if isinstance(event, Stepped):
                self.numbers = {k: v for k, v in record(event).items() if k != "event"}
            elif isinstance(event, Alarmed | Changed):
                yield event
        self.finished = True

    def jump_to(self, state: Snapshot) -> None:
        """Go on from another state of this run; a later rollback leads there."""
        self.trainer.rewind(state)
        self._events = self._loop()

    def _loop(self) -> Iterator[Any]:
        return run(self.trainer, len(self.trainer.pictures), (), None, self.control, report=self._report, ticks=True)
