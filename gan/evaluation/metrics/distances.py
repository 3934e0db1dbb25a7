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


def squared_distances(a: Tensor, b: Tensor, size: int = SLICE) -> Iterator[tuple[slice, Tensor]]:
    """Yield, for each slice of b (M, D), the slice and the squared distances (N, slice) of a (N, D) to it, >= 0.

    |x|^2 + |y|^2 - 2 x y, a matrix product, with a's mean as the origin, where rounding errors are least. The error is
    a few epsilons of |x|^2 + |y|^2: equal rows get 0 or a little more, depending on the processor.
    """
    middle = a.mean(0)
    a, b = a - middle, b - middle
    squares = a.square().sum(1, keepdim=True)
    for i in range(0, len(b), size):
        part = b[i : i + size]
        yield slice(i, i + len(part)), torch.addmm(squares + part.square().sum(1), a, part.T, alpha=-2).clamp_min_(0)
