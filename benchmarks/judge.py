"""How far generated digits are from the test split."""

from __future__ import annotations

import numpy as np
from torch import Tensor

from gan.evaluation.metrics.classifier import load_classifier
from gan.evaluation.metrics.frechet import frechet_distance
from gan.evaluation.metrics.reference import Reference


class Judge:
    """Frechet distances in the features of the shipped classifier of MNIST, to the reference's compared pictures.

    floor: what its real pictures for the floor score. samples: how many pictures are compared.
    """

    def __init__(self, real: Reference) -> None:
        self.classifier = load_classifier("mnist")
        self.samples = len(real.compared.images)
        self._real, floor = (self._rows(part.images.permute(0, 2, 3, 1)) for part in (real.compared, real.floor))
        self.floor = frechet_distance(floor, self._real)

    def __call__(self, pictures: np.ndarray) -> tuple[float, Tensor]:
        """Distance of pictures uint8 (N, 28, 28, 1), and the digit, int64 (N,), that each of them is taken for."""
        seen = self._rows(pictures)
        return frechet_distance(seen, self._real), self.classifier.predict(seen.float())

    def _rows(self, pictures: np.ndarray | Tensor) -> Tensor:
        return self.classifier.features(pictures).double()
