"""Spread what is said of each pixel to those beside it that look alike, as far as no edge is between them.

What a head says of single pixels is full of gaps. Parts are areas whose colours change little, so each pixel asks its
four neighbours, the more the more they look like it (a random walk, Grady 2006, doi:10.1109/TPAMI.2006.233).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

ALIKE = 0.5  # difference of two colours at which neighbours still listen to each other, in deviations of the picture
PULL = 30.0  # of a neighbour that is the same, beside a pixel's own say: reaches about its root in pixels
ROUNDS = 40


@torch.no_grad()
def spread(shares: Tensor, pictures: Tensor, pull: float = PULL) -> Tensor:
    """Return how likely each pixel shows each part, (N, P, R, R), after asking around in pictures (N, C, R, R).

    shares (N, P, R, R): the same as told of single pixels. Sums over parts stay as they are.
    """
    unlike = 2 * ALIKE**2 * pictures.var((2, 3), correction=0, keepdim=True).sum(1, keepdim=True).clamp_min(1e-6)
    beside, below = (pull * torch.exp(-pictures.diff(dim=dim).square().sum(1, keepdim=True) / unlike) for dim in (3, 2))
    total = 1 + _to_both(beside, beside, 3) + _to_both(below, below, 2)
    found = shares
    for _ in range(ROUNDS):
        left, right = beside * found[..., :-1], beside * found[..., 1:]
        above, under = below * found[..., :-1, :], below * found[..., 1:, :]
        found = (shares + _to_both(right, left, 3) + _to_both(under, above, 2)) / total
    return found


def _to_both(to_first: Tensor, to_second: Tensor, dim: int) -> Tensor:
    """Return what both pixels of all pairs of neighbours along a dimension get, summed: one longer than the pairs."""
    after, before = ((0, 1), (1, 0)) if dim == 3 else ((0, 0, 0, 1), (0, 0, 1, 0))
    return F.pad(to_first, after) + F.pad(to_second, before)
