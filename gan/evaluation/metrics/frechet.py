"""Frechet distance between two sets of features, each modelled as a Gaussian."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from gan.evaluation.metrics.distances import check_pair

if TYPE_CHECKING:
    from gan.evaluation.metrics.comparison import Comparison


def measure(comparison: Comparison, role: str) -> float:
    """Return the Frechet distance of a role's pictures to the compared real ones, in the classifier's features."""
    return frechet_distance(comparison.features(role).double(), comparison.features("compared").double())


def frechet_distance(a: Tensor, b: Tensor) -> float:
    """Return the distance, >= 0, between the Gaussians fitted to features a (N, D) and b (M, D): squared, as FID is.

    |m_a - m_b|^2 + tr(S_a + S_b - 2 (S_a^1/2 S_b S_a^1/2)^1/2), arXiv:1706.08500 equation 6, in float64. Covariances
    may be singular: N and M must be at least 2, and may be less than D + 1. The estimate is biased upwards by a term
    that falls as 1 / N: compare only values of the same N and M. ValueError for other shapes or values.
    """
    check_pair("a", a, "b", b, least=2)
    return gaussian_distance(*_moments(a), *_moments(b))


def _moments(rows: Tensor) -> tuple[Tensor, Tensor]:
    rows = rows.double()
    mean = rows.mean(0)
    centred = rows - mean
    return mean, centred.T @ centred / (len(rows) - 1)


def gaussian_distance(mean_a: Tensor, cov_a: Tensor, mean_b: Tensor, cov_b: Tensor) -> float:
    """Return the same for two Gaussians: means (D,), covariances (D, D) symmetric positive semidefinite, float64.

    The product of two covariances is not symmetric, and its square root is unstable near rank deficiency: it turns
    complex. S_a^1/2 S_b S_a^1/2 has the same eigenvalues and is symmetric; its negative eigenvalues are rounding errors
    and count as 0.
    """
    values, vectors = torch.linalg.eigh(cov_a)
    root = (vectors * values.clamp_min(0).sqrt()) @ vectors.T
    product = root @ cov_b @ root
    cross = torch.linalg.eigvalsh((product + product.T) / 2).clamp_min(0).sqrt().sum()
    return max(0.0, float((mean_a - mean_b).square().sum() + cov_a.trace() + cov_b.trace() - 2 * cross))
