"""Rollbacks: a run in which a loss or a weight is not finite goes back to its last good state.

The good state is that of the latest checkpoint, or of the start, in which every number was finite. Each rollback halves
the learning rate for the rest of the run. A run gives up instead of making one more than `MAX_ROLLBACKS`, unless
`HEALTHY_IMAGES` images went by since the last one: then earlier ones are forgotten, and only the learning rate stays
lowered. The counters are in the checkpoint, so stopping and resuming renews nothing.
"""

from __future__ import annotations

from gan.errors import Diverged
from gan.training.events import Stepped
from gan.training.snapshot import Snapshot
from gan.training.trainer import Trainer

MAX_ROLLBACKS = 3
HEALTHY_IMAGES = 500_000
RATE_FACTOR = 0.5  # of the learning rate, with each rollback


def finite_snapshot(trainer: Trainer) -> Snapshot:
    """Copy the run's state. Raises Diverged, in all processes alike, unless it is finite in each of them."""
    try:
        state = trainer.snapshot()
    except Diverged:
        trainer.processes.any(True)
        raise
    if trainer.processes.any(False):
        raise Diverged(trainer.shown, "weights of another process")
    return state


class RollbackPolicy:
    """The last good state of a run, and the rules of going back to it.

    state: where a rollback leads; report: the latest losses at that time, if any were reported.
    """

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer
        self.state: Snapshot = finite_snapshot(trainer)
        self.report: Stepped | None = None

    def keep(self, state: Snapshot, report: Stepped | None) -> None:
        """Make this the state that a rollback leads to."""
        self.state, self.report = state, report

    @property
    def exhausted(self) -> bool:
        """Return whether the run has been rolled back as often as it may be."""
        return self.trainer.rollbacks >= MAX_ROLLBACKS and not self._healthy

    @property
    def _healthy(self) -> bool:
        return self.trainer.shown - self.trainer.last_rollback >= HEALTHY_IMAGES

    def roll_back(self, where: str) -> str:
        """Go back to the good state with a lower learning rate, and return a message. where: what was not finite."""
        trainer, failed_at = self.trainer, self.trainer.shown
        rate_scale = trainer.rate_scale * RATE_FACTOR
        rollbacks = 1 if self._healthy else min(trainer.rollbacks, MAX_ROLLBACKS - 1) + 1
        trainer.rewind(self.state)
        trainer.rate_scale, trainer.rollbacks, trainer.last_rollback = rate_scale, rollbacks, failed_at
        return (
            f"{where} not finite after {failed_at:,} images: back to image {self.state.shown:,}, with {rate_scale:g} "
            f"times the learning rate from here on (rollback {rollbacks} of {MAX_ROLLBACKS})"
        )

    def give_up(self, error: Diverged) -> str:
        """Return the message with which a run ends that may not be rolled back again."""
        return (
            f"{error.trouble} (gave up after {MAX_ROLLBACKS} rollbacks; the last good state is of image "
            f"{self.state.shown:,})"
        )
