"""Mode coverage of a 2-D mixture by generated points: the published protocol of ring and grid."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from gan.data.points import Mixture
from gan.evaluation.metrics.distances import pairwise

RADIUS = 3.0  # standard deviations around a centre within which a point is a hit
SAMPLES = 2_500


@dataclass(frozen=True)
class Coverage:
    """Hits around the centres of a mixture.

    modes    centres with at least one hit
    of       centres
    quality  share of points that are a hit, in [0, 1]
    kl       KL divergence of the hits' distribution over centres from the uniform one, in nats; infinite without hits
    """

    modes: int
    of: int
    quality: float
    kl: float


def coverage(points: Tensor, distribution: Mixture) -> Coverage:
    """Measure the coverage of a mixture by points (N, 2), N >= 1; ValueError for another shape.

    After VEEGAN (arXiv:1705.07761) and PacGAN (arXiv:1712.04086, section 4.1).
    """
    if points.ndim != 2 or points.shape[1] != 2 or not len(points):
        raise ValueError(f"points must be of shape (N, 2), N at least 1, got {tuple(points.shape)}")
    of = len(distribution.centres)
    distance, nearest = pairwise(points.double(), distribution.centres.double()).min(1)
    hits = nearest[distance <= RADIUS * distribution.sd].bincount(minlength=of).double()
    if not hits.sum():
        return Coverage(0, of, 0.0, math.inf)
    share = hits / hits.sum()
    kl = torch.special.xlogy(share, share * of).sum()
    return Coverage(int((hits > 0).sum()), of, float(hits.sum() / len(points)), float(kl))
