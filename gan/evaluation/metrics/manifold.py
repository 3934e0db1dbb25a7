"""Precision, recall, density, coverage: how far generated pictures lie among real ones, and real among generated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from gan.evaluation.metrics.distances import check_pair, check_rows, inside_balls, pairwise, squared_distances

if TYPE_CHECKING:
    from gan.evaluation.metrics.comparison import Comparison

NEAREST = 5  # k, as in both papers' code


def precision(comparison: Comparison, role: str) -> float:
    """Return `Manifold.precision` of a role's pictures against the compared real ones, in the classifier's features."""
    return comparison.once(_of_role, role).precision


def recall(comparison: Comparison, role: str) -> float:
    """Return `Manifold.recall`, otherwise as `precision`."""
    return comparison.once(_of_role, role).recall


def density(comparison: Comparison, role: str) -> float:
    """Return `Manifold.density`, otherwise as `precision`."""
    return comparison.once(_of_role, role).density


def coverage(comparison: Comparison, role: str) -> float:
    """Return `Manifold.coverage`, otherwise as `precision`."""
    return comparison.once(_of_role, role).coverage


def neighbours_used(comparison: Comparison, role: str) -> int:
    """Return k, the neighbour whose distance is a ball's radius."""
    return NEAREST


def _of_role(comparison: Comparison, role: str) -> Manifold:
    return manifold(comparison.features("compared").double(), comparison.features(role).double())


@dataclass(frozen=True)
class Manifold:
    """Four measures of two sets of points, in [0, 1] except density, which is >= 0 and about 1 for equal distributions.

    A set's manifold is the union of balls around its points, each reaching to its point's k-th nearest neighbour.

    precision  share of generated points within the real manifold (arXiv:1904.06991, equation 2)
    recall     share of real points within the generated manifold (arXiv:1904.06991, equation 3)
    density    mean number of real balls that hold a generated point, over k (arXiv:2002.09797, equation 3)
    coverage   share of real balls that hold a generated point (arXiv:2002.09797, equation 4)
    """

    precision: float
    recall: float
    density: float
    coverage: float


def radii(rows: Tensor, k: int = NEAREST) -> Tensor:
    """Return the distance (N,) of each row (N, D) to its k-th nearest other row.

    ValueError unless 1 <= k < N.
    """
    check_rows("rows", rows)
    if isinstance(k, bool) or not isinstance(k, int) or not 1 <= k < len(rows):
        raise ValueError(f"k must be a whole number in [1, {len(rows) - 1}], fewer than there are rows, got {k!r}")
    out = torch.empty(len(rows), dtype=rows.dtype)
    for part, squares, _ in squared_distances(rows, rows):
        own = torch.arange(part.start, part.stop)
        squares[own, own - part.start] = torch.inf  # a row is not its own neighbour; an equal row elsewhere is
        nearest = squares.topk(k, dim=0, largest=False).indices.T
        out[part] = pairwise(rows[part, None], rows[nearest]).amax((1, 2))
    return out


def manifold(real: Tensor, generated: Tensor, k: int = NEAREST) -> Manifold:
    """Measure features real (N, D) and generated (M, D), on the CPU, of one dtype.

    The result depends on N and M: compare only values of the same. Points on a ball's edge are outside, as in the
    authors' code, and exactly so: copies of real pictures lie on edges. ValueError for other shapes, values that are
    not finite, or k not in [1, min(N, M)).
    """
    check_pair("real", real, "generated", generated)
    around_real, around_generated = radii(real, k), radii(generated, k)
    inside_real = pairs = 0
    recalled, covered = (torch.zeros(len(real), dtype=torch.bool) for _ in range(2))
    for _, in_real, in_generated in inside_balls(real, around_real, generated, around_generated):
        inside_real += int(in_real.any(0).sum())
        pairs += int(in_real.sum())
        covered |= in_real.any(1)
        recalled |= in_generated.any(1)
    return Manifold(
        precision=inside_real / len(generated),
        recall=float(recalled.double().mean()),
        density=pairs / (k * len(generated)),
        coverage=float(covered.double().mean()),
    )
