"""Euclidean distances between two sets of rows, computed in slices that bound memory."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

SLICE = 1024  # rows of the second set at a time: 10,000 float64 distances each are 82 MB


def check_rows(name: str, rows: Tensor, least: int = 1) -> None:
    """Raise ValueError unless rows is floating-point (N, D), finite, N >= least and D >= 1."""
    if not isinstance(rows, Tensor) or not rows.is_floating_point() or rows.ndim != 2 or not rows.shape[1]:
        got = f"{rows.dtype} {tuple(rows.shape)}" if isinstance(rows, Tensor) else type(rows).__name__
        raise ValueError(f"{name} must be a tensor of floats, one row a picture (N, D), got {got}")
    if len(rows) < least:
        raise ValueError(f"{name} must have at least {least} rows, got {len(rows)}")
    if not torch.isfinite(rows).all():
        raise ValueError(f"{name} must be finite, got NaN or infinity: look for a network that diverged")


def check_pair(first: str, a: Tensor, second: str, b: Tensor, least: int = 1) -> None:
    """Raise ValueError unless both are rows as in `check_rows`, of one width and one dtype."""
    check_rows(first, a, least)
    check_rows(second, b, least)
    if a.shape[1] != b.shape[1] or a.dtype != b.dtype:
        shapes = f"{a.dtype} {tuple(a.shape)} and {b.dtype} {tuple(b.shape)}"
        raise ValueError(f"{first} and {second} must have rows of one width and dtype, got {shapes}")


def pairwise(a: Tensor, b: Tensor) -> Tensor:
    """Return the distances (..., N, M) of rows a (..., N, D) to rows b (..., M, D), each pair computed by itself.

    So equal pairs have equal distances and equal rows 0, bit for bit, on any processor; 4 to 70 times as slow as
    `squared_distances`.
    """
    return torch.cdist(a, b, compute_mode="donot_use_mm_for_euclid_dist")


def squared_distances(a: Tensor, b: Tensor, size: int = SLICE) -> Iterator[tuple[slice, Tensor, Tensor]]:
    """Yield, for each slice of b (M, D), the slice, squared distances (N, slice) of a (N, D) to it, and their errors.

    |x|^2 + |y|^2 - 2 x y, a matrix product, with a's mean as the origin, where rounding errors are least. They depend
    on the processor; the third item, (N, slice), is what they cannot exceed.
    """
    middle = a.mean(0)
    a, b = a - middle, b - middle
    squares = a.square().sum(1, keepdim=True)
    for i in range(0, len(b), size):
        part = b[i : i + size]
        sums = squares + part.square().sum(1)
        error = sums * (torch.finfo(a.dtype).eps * (2 * a.shape[1] + 8))
        yield slice(i, i + len(part)), torch.addmm(sums, a, part.T, alpha=-2).clamp_min_(0), error


def inside_balls(
    a: Tensor, radii_a: Tensor, b: Tensor, radii_b: Tensor, size: int = SLICE
) -> Iterator[tuple[slice, Tensor, Tensor]]:
    """Yield, for each slice of b, the slice and which rows are nearer to each other than the balls around them reach.

    Both bool (N, slice): less than the radius (N,) of the row of a (N, D), and than that (M,) of the row of b (M, D).
    As `pairwise` would decide, which is asked only where the squares leave it open.
    """
    for part, squares, error in squared_distances(a, b, size):
        inside = []
        for radii in (radii_a[:, None], radii_b[part]):
            excess = squares - radii.square()
            less = excess < 0
            i, j = (excess.abs_() <= error).nonzero(as_tuple=True)
            less[i, j] = pairwise(a[i, None], b[part][j, None]).view(-1) < radii.expand_as(less)[i, j]
            inside.append(less)
        yield part, inside[0], inside[1]
