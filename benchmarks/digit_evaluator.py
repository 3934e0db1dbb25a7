"""Frechet distance between generated digits and the test split of MNIST."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from gan.evaluation.metrics.classifier import load_classifier
from gan.evaluation.metrics.frechet import frechet_distance
from gan.evaluation.metrics.reference import Reference


class DigitEvaluator:
    """Frechet distances in the features of the shipped MNIST classifier, to the compared pictures of a reference.

    floor: the distance of the reference's real pictures for the floor. samples: the number of pictures compared.
    """

    def __init__(self, reference: Reference) -> None:
        self.classifier = load_classifier("mnist")
        self.samples = len(reference.compared.images)
        self._real = self._features(reference.compared.images.permute(0, 2, 3, 1))
        self.floor = frechet_distance(self._features(reference.floor.images.permute(0, 2, 3, 1)), self._real)

    def evaluate(self, pictures: np.ndarray) -> tuple[float, Tensor]:
        """Return the distance of pictures uint8 (N, 28, 28, 1), and the digit seen in each, int64 (N,)."""
        features = self._features(pictures)
        return frechet_distance(features, self._real), self.classifier.predict(features.float())

    def _features(self, pictures: np.ndarray | Tensor) -> Tensor:
        return self.classifier.features(pictures).double()
