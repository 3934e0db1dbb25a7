"""Generated pictures beside real ones: what all metrics are computed from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from gan.evaluation.metrics.classifier import Classifier
from gan.evaluation.metrics.reference import SEED, Reference
from gan.models.model import Model

T = TypeVar("T")


class Comparison:
    """Pictures by role: "generated", and the roles of `Reference` ("train", "compared", "floor", "fit_on", "test_on").

    As many pictures are generated as `real.compared` holds. They are those of seeds 0, 1, 2, ...; their classes are
    those of training pictures drawn at random, so classes are as frequent as in training.

    of_real: what `once` has computed of the real pictures, where other models were compared with the same before.
    """

    def __init__(
        self,
        model: Model,
        classifier: Classifier,
        real: Reference,
        progress: Callable[[str], None] = lambda line: None,
        of_real: dict[Any, Any] | None = None,
    ) -> None:
        self.model, self.classifier, self.real, self.progress = model, classifier, real, progress
        self.samples = len(real.compared.images)
        self._of_generated: dict[Any, Any] = {}
        self._of_real = {} if of_real is None else of_real
        progress(f"generating {self.samples:,} pictures")
        self._generated, self._labels = self._sample(range(self.samples))

    def images(self, role: str) -> Tensor:
        """Return the pictures of a role, uint8 (N, H, W, C)."""
        return self._generated if role == "generated" else getattr(self.real, role).images.permute(0, 2, 3, 1)

    def labels(self, role: str) -> Tensor | None:
        """Return the classes of a role's pictures, as `Dataset.labels`; None for those of an unconditional model."""
        return self._labels if role == "generated" else getattr(self.real, role).labels

    def features(self, role: str) -> Tensor:
        """Return the classifier's features of a role's pictures, float32 (N, D), on the CPU."""
        return self.once(_features, role)

    def predicted(self, role: str) -> Tensor:
        """Return the classes that the classifier sees in a role's pictures, in the form of `Dataset.labels`."""
        return self.classifier.predict(self.features(role))

    def once(self, function: Callable[[Comparison, str], T], role: str) -> T:
        """Return function(self, role), computed at the first call only: several metrics share costly parts."""
        computed = self._of_generated if role == "generated" else self._of_real
        if (function, role) not in computed:
            computed[function, role] = function(self, role)
        return computed[function, role]

    def generate(self, count: int) -> tuple[Tensor, Tensor | None]:
        """Return `count` generated pictures, uint8 (N, H, W, C), and their classes; those of "generated" come first."""
        if count <= self.samples:
            return self._generated[:count], None if self._labels is None else self._labels[:count]
        self.progress(f"generating {count - self.samples:,} more pictures")
        more, labels = self._sample(range(self.samples, count))
        images = torch.cat([self._generated, more])
        return images, None if self._labels is None or labels is None else torch.cat([self._labels, labels])

    def _sample(self, seeds: range) -> tuple[Tensor, Tensor | None]:
        if not self.model.classes:
            return torch.from_numpy(np.ascontiguousarray(self.model.sample(seeds))), None
        known = self.real.train.labels
        drawn = known[torch.randperm(len(known), generator=torch.Generator().manual_seed(SEED))]
        labels = drawn[torch.tensor(seeds) % len(drawn)]
        wishes = [set(row.nonzero()[:, 0].tolist()) for row in labels] if labels.ndim == 2 else labels.tolist()
        return torch.from_numpy(np.ascontiguousarray(self.model.sample(seeds, label=wishes))), labels


def _features(comparison: Comparison, role: str) -> Tensor:
    return comparison.classifier.features(comparison.images(role))
