"""The numbers that a run reports: results of single steps, collected on the device and read once in a while."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from time import perf_counter

from torch import Tensor

from gan.errors import Diverged
from gan.training.alarms import AlarmMonitor, alarmed
from gan.training.events import Event, Stepped
from gan.training.snapshot import in_words
from gan.training.step import CriticResult, GeneratorResult
from gan.training.trainer import Trainer

NUMBERS = [f.name for f in dataclasses.fields(Stepped) if f.name not in ("shown", "seconds", "images_per_second")]


class Reporter:
    """Turns results of steps into `Stepped` events and alarms.

    every: least seconds between two reports. latest: the last report, if any.
    """

    def __init__(self, trainer: Trainer, monitor: AlarmMonitor, every: float) -> None:
        self.trainer, self.monitor, self.every = trainer, monitor, every
        self._reported_at = 0.0
        self.restart(None)

    def restart(self, latest: Stepped | None) -> None:
        """Begin again from the trainer's present state, as after a rollback. latest: the report of that state."""
        self.latest = latest
        self._start_shown, self._start_seconds = self.trainer.shown, self.trainer.seconds
        self._accuracy_sum: Tensor | float = 0.0  # on the device
        self._accuracy_steps = 0

    def add(self, critic: CriticResult | None) -> None:
        """Take in the result of a step; waits for no device."""
        if critic:
            self._accuracy_sum = self._accuracy_sum + critic.critic_accuracy
            self._accuracy_steps += 1

    def due(self, move: str) -> bool:
        """Return whether it is time to report: after a while, at the end, and after a move of one player alone."""
        finished = self.trainer.shown >= self.trainer.config.images
        return perf_counter() - self._reported_at >= self.every or finished or move != "both"

    def report(self, numbers: dict[str, float], move: str) -> Iterator[Event]:
        """Yield the report of the step just made, and an alarm if the critic (discriminator) has won.

        numbers: from `read_numbers`. Raises Diverged, in all processes alike, if one of the players that moved is not
        finite in any process.
        """
        trainer = self.trainer
        bad = [name for name in NUMBERS if _belongs_to(name, move) and not math.isfinite(numbers[name])]
        if trainer.processes.any(bool(bad)):
            raise Diverged(trainer.shown, in_words(bad) or "losses of another process")
        rate = (trainer.shown - self._start_shown) / max(trainer.seconds - self._start_seconds, 1e-9)
        self.latest, self._reported_at = Stepped(trainer.shown, trainer.seconds, rate, **numbers), perf_counter()
        yield self.latest
        if self._accuracy_steps:
            accuracy, images = float(self._accuracy_sum) / self._accuracy_steps, self._accuracy_steps
            if alarm := self.monitor.check_accuracy(accuracy, images * trainer.config.batch_size):
                yield alarmed(trainer.shown, *alarm, trainer.config)
        self._accuracy_sum, self._accuracy_steps = 0.0, 0


def read_numbers(critic: CriticResult | None, generator: GeneratorResult | None) -> dict[str, float]:
    """Read a step's results, which waits for the device; NaN for a player that did not move."""
    numbers = dict.fromkeys(NUMBERS, math.nan)
    results = (critic._asdict() if critic else {}) | (generator._asdict() if generator else {})
    numbers |= {name: float(value) for name, value in results.items()}
    return numbers


def _belongs_to(name: str, move: str) -> bool:
    # Numbers without a player's name come from the critic's step.
    of_generator = name.startswith("generator_")
    return move == "both" or of_generator == (move == "generator")
