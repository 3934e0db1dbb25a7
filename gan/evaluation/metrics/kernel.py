"""Kernel distance between two sets of features (KID, arXiv:1801.01401): unbiased, also where pictures are few."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from gan.evaluation.metrics.distances import check_pair

if TYPE_CHECKING:
    from gan.evaluation.metrics.comparison import Comparison

BLOCK = 1_000  # rows compared with each other at once, as in the paper: time grows with N, not with its square

SENTENCE = (
    "Kernel distance (KID): like the Frechet distance, but its mean does not depend on the number of pictures. Real "
    "pictures score about 0, and now and then a little less."
)


def measure(comparison: Comparison, role: str) -> float:
    """Return `kernel_distance` of a role's pictures to the compared real ones, in the features of the comparison."""
    return kernel_distance(comparison.features(role).double(), comparison.features("compared").double())


def kernel_distance(a: Tensor, b: Tensor, block: int = BLOCK) -> float:
    """Return the squared maximum mean discrepancy of features a (N, D) and b (M, D), estimated without bias.

    The kernel is (x y / D + 1)^3; the mean over blocks of at most about `block` rows of each. ValueError for other
    shapes or values, and fewer than two rows.
    """
    check_pair("a", a, "b", b, least=2)
    n = min(len(a), len(b))
    blocks = max(1, n // block)
    pairs = zip(a[:n].double().chunk(blocks), b[:n].double().chunk(blocks), strict=True)
    return float(torch.stack([_discrepancy(x, y) for x, y in pairs]).mean())


def _discrepancy(x: Tensor, y: Tensor) -> Tensor:
    return _mean_of_others(x) + _mean_of_others(y) - 2 * _kernel(x, y).mean()


def _kernel(x: Tensor, y: Tensor) -> Tensor:
    return (x @ y.T / x.shape[1] + 1).pow(3)


def _mean_of_others(x: Tensor) -> Tensor:
    """Return the kernel's mean over pairs of two different rows."""
    values = _kernel(x, x)
    return (values.sum() - values.trace()) / (len(x) * (len(x) - 1))
