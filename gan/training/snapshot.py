"""The state of a run at one moment, in memory: what a checkpoint writes and what a rollback goes back to."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from gan.models.weights import is_finite


@dataclass(frozen=True, kw_only=True)
class Counters:
    """The numbers of a run's state. Defaults are those of checkpoints from before a number existed.

    shown           real images shown
    step            steps made
    seconds         of training, over all resumed parts
    rate_scale      factor of the learning rate, below 1 after a rollback
    rollbacks       rollbacks that still count, see `gan.training.rollback`
    last_rollback   images shown when the last of them began
    augment_probability, overfitting   see `gan.training.adaptive`
    best_images, best_distance         see `gan.training.best`; 0 images: nothing was measured
    """

    shown: int
    step: int
    seconds: float
    rate_scale: float = 1.0
    rollbacks: int = 0
    last_rollback: int = 0
    augment_probability: float = 0.0
    overfitting: float = 0.0
    best_images: int = 0
    best_distance: float = 0.0

    def counters(self) -> dict[str, Any]:
        """Return these numbers alone, by name."""
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(Counters)}


@dataclass(frozen=True, kw_only=True)
class Snapshot(Counters):
    """The state of a run at one moment. tensors: copies, named as in `Trainer.tensors`."""

    tensors: dict[str, Tensor]

    def part(self, name: str) -> dict[str, Tensor]:
        """Return the tensors of one network or optimiser by their names inside it."""
        prefix = f"{name}."
        return {k.removeprefix(prefix): v for k, v in self.tensors.items() if k.startswith(prefix)}

    def not_finite(self) -> set[str]:
        """Return the names of the networks and optimisers that hold a number which is not finite."""
        return {name.partition(".")[0] for name, v in self.tensors.items() if not is_finite(v)}


def in_words(names: Iterable[str]) -> str:
    """Join names of settings or numbers as words: "critic loss and penalty"."""
    return " and ".join(sorted(name.replace("_", " ") for name in names))
