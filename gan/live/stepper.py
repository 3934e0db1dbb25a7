"""One configuration of a live run, trained step by step with the same loop as `train.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from time import perf_counter
from typing import Any

from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks

from gan.training.control import Control, StepAbandoned
from gan.training.events import Alarmed, Changed, Event, Stepped, Ticked, record
from gan.training.loop import run
from gan.training.snapshot import Snapshot
from gan.training.trainer import Trainer

SLOW = 0.1  # seconds: a step that may take longer is interrupted within its parts too

OF_AUGMENTATION = ("overfitting", "augment_probability")  # numbers that are told where pictures are augmented


class Stepper:
    """A trainer that goes step by step, as its control asks.

    report: least seconds between two sets of numbers. steps: made so far. numbers: of the last step that gave any.
    measured: room for the caller's measurements. finished: nothing is left to do. slow: whether the last step took, or
    the first one may take, more than `SLOW` seconds.
    """

    def __init__(self, trainer: Trainer, control: Control, report: float) -> None:
        self.trainer, self.control, self._report = trainer, control, report
        self.steps, self.finished, self.slow = 0, False, True
        self.numbers: dict[str, Any] = {}
        self.measured: dict[str, Any] = {}
        trainer.players.before_part = control.check
        self._events = self._loop()

    def advance(self) -> Iterator[Alarmed | Changed]:
        """Make one step, waiting for it while paused, and yield its events.

        Raises what the loop raises, and `StepAbandoned` where a stop does not wait for the end of the step.
        """
        while event := self._next_event():
            if isinstance(event, Ticked):
                self.steps += 1
                return
            if isinstance(event, Stepped):
                left_out = {"event"} if self.trainer.players.augmentations else {"event", *OF_AUGMENTATION}
                self.numbers = {k: v for k, v in record(event).items() if k not in left_out}
            elif isinstance(event, Alarmed | Changed):
                yield event
        self.finished = True

    def measure(self, how: Callable[[Trainer], dict[str, Any]]) -> None:
        """Measure the trainer, and take the result as `measured`; a stop may end that early."""
        check = self.trainer.average.register_forward_pre_hook(lambda *_: self.control.check())
        try:
            self.measured = how(self.trainer)
        except StepAbandoned:
            pass  # between two steps the state is whole
        finally:
            check.remove()

    def jump_to(self, state: Snapshot) -> None:
        """Go on from another state of this run; a later rollback leads there."""
        self.trainer.rewind(state)
        self._events = self._loop()

    def _next_event(self) -> Event | None:
        begun = perf_counter()
        with _interruptible(self.control.check) if self.slow else nullcontext():
            event = next(self._events, None)
        if isinstance(event, Ticked):
            self.slow = perf_counter() - begun > SLOW
        return event

    def _loop(self) -> Iterator[Any]:
        return run(self.trainer, len(self.trainer.pictures), (), None, self.control, report=self._report, ticks=True)


def _interruptible(check: Callable[[], None]) -> AbstractContextManager[Any]:
    """Call `check` in this thread whenever a forward pass keeps a tensor and a backward pass takes one up again."""

    def keep(tensor: Tensor) -> Tensor:
        check()
        return tensor.detach()  # the tensor itself would hold on to the pass that holds on to it

    def take_up(tensor: Tensor) -> Tensor:
        check()
        return tensor

    return saved_tensors_hooks(keep, take_up)
