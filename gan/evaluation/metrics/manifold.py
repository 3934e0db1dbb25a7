"""Precision, recall, density, coverage: how far generated pictures lie among real ones, and real among generated."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gan.evaluation.metrics.distances import check_pair, check_rows, slices

NEAREST = 5  # k, as both papers' authors have it


@dataclass(frozen=True)
class Manifold:
    """Shares in [0, 1], but for density, which is >= 0, and 1 where both sets have one distribution.

    A set's manifold is the union of balls about its points, each reaching to its point's k-th nearest neighbour.

    precision  of generated points within the real manifold (arXiv:1904.06991, equation 2)
    recall     of real points within the generated manifold (arXiv:1904.06991, equation 3)
    density    how many real balls hold a generated point, on average, over k (arXiv:2002.09797, equation 3)
    coverage   of real balls that hold a generated point (arXiv:2002.09797, equation 4)
    """

    precision: float
    recall: float
    density: float
    coverage: float


def radii(rows: Tensor, k: int = NEAREST) -> Tensor:
    """Squared distance (N,) of each row (N, D) to its k-th nearest other row; ValueError unless 1 <= k < N."""
    check_rows("rows", rows)
    if isinstance(k, bool) or not isinstance(k, int) or not 1 <= k < len(rows):
        raise ValueError(f"k must be a whole number in [1, {len(rows) - 1}], fewer than there are rows, got {k!r}")
    out = torch.empty(len(rows), dtype=rows.dtype)
    for part, squares in slices(rows, rows):
        own = torch.arange(part.start, part.stop)
        squares[own, own - part.start] = torch.inf  # a row is not its own neighbour; its twin elsewhere is
        out[part] = squares.topk(k, dim=0, largest=False).values[-1]
    return out


def manifold(real: Tensor, generated: Tensor, k: int = NEAREST) -> Manifold:
    """Both pairs of measures of features real (N, D) and generated (M, D), on the CPU, of one dtype.

    They depend on N and M: compare only what was measured with the same. Points on a ball's edge are outside, as in the
    authors' code. ValueError for other shapes, values that are not finite, or k not in [1, min(N, M)).
    """
    check_pair("real", real, "generated", generated)
    around_real, around_generated = radii(real, k), radii(generated, k)
    precise = balls = 0
    recalled, covered = (torch.zeros(len(real), dtype=torch.bool) for _ in range(2))
    for part, squares in slices(real, generated):
        inside = squares < around_real[:, None]
        precise += int(inside.any(0).sum())
        balls += int(inside.sum())
        covered |= inside.any(1)
        recalled |= (squares < around_generated[part]).any(1)
    return Manifold(
        precision=precise / len(generated),
        recall=float(recalled.double().mean()),
        density=balls / (k * len(generated)),
        coverage=float(covered.double().mean()),
    )
