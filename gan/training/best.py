"""The best model of a run: the average is measured along the way, and the nearest to real pictures is kept.

The distance is that of `python -m gan.evaluate`, of fewer samples. The best is a part of the run's state, so a resumed
run keeps what the uninterrupted one would have kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from gan.config import Config
from gan.data.dataset import Dataset
from gan.data.domains import TrainingSet
from gan.errors import DataError
from gan.evaluation.evaluate import load_evaluator
from gan.models.model import Model, pick_device
from gan.training.snapshot import Snapshot

SAMPLES = 2_000  # generated, and as many real ones: enough to tell models of one run apart, in seconds
MEASURED = ("frechet_distance", "precision", "recall")  # names in `METRICS`

Measure = Callable[[Model], dict[str, Any]]


@dataclass(frozen=True)
class Best:
    """The model with the smallest Frechet distance so far.

    images      real images shown when it was measured
    distance    its Frechet distance
    generator   tensors of the averaged generator, copies
    critic      tensors of the critic (discriminator) at that time, copies
    """

    images: int
    distance: float
    generator: Mapping[str, Tensor]
    critic: Mapping[str, Tensor]

    @staticmethod
    def of(state: Snapshot) -> Best | None:
        """Return the best that a state holds, None if nothing had been measured."""
        if not state.best_images:
            return None
        return Best(state.best_images, state.best_distance, state.part("best_generator"), state.part("best_critic"))

    def tensors(self) -> dict[str, Tensor]:
        """Return the tensors by their names in a run's state."""
        parts = {"best_generator": self.generator, "best_critic": self.critic}
        return {f"{part}.{name}": tensor for part, tensors in parts.items() for name, tensor in tensors.items()}


def measurement(config: Config, dataset: TrainingSet) -> Measure:
    """Return a function that measures models of a run, with what does not change of it loaded once.

    config, dataset: as `gan.training.validation.prepare` returns them. DataError, with the cure, where pictures of this
    kind cannot be measured.
    """
    assert isinstance(dataset, Dataset), "validation refuses to measure points and translations"
    try:
        evaluator = load_evaluator(config, pick_device(config.device), config.data_root, SAMPLES, dataset)
    except DataError as error:
        raise DataError(f"measure_images needs a measure of these pictures, or must be 0: {error}") from None
    return lambda model: evaluator.measure(model, MEASURED)
