"""Filters for noisy pictures, to compare with: a median, and non-local means."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def median(x: Tensor, side: int = 3) -> Tensor:
    """Return the median over squares of `side` pixels, odd, around each pixel of pictures (N, C, H, W)."""
    reach = side // 2
    around = F.pad(x, (reach,) * 4, mode="reflect").unfold(2, side, 1).unfold(3, side, 1)
    return around.flatten(4).median(4).values


def non_local_means(x: Tensor, deviation: float, side: int = 5, search: int = 6, strength: float = 0.6) -> Tensor:
    """Return means over pixels whose surroundings look alike (Buades, Coll and Morel, 2005), (N, C, H, W).

    deviation: of the noise. side: of the surroundings, in pixels. search: how far to look. strength: of the filter, in
    deviations. The difference of two surroundings counts from what noise alone makes of it.
    """
    h, w = x.shape[2:]
    pad, reach = search + side // 2, side // 2
    wide = F.pad(x, (pad,) * 4, mode="reflect") if pad < min(h, w) else F.pad(x, (pad,) * 4, mode="replicate")
    total, weights = torch.zeros_like(x), torch.zeros_like(x[:, :1])
    centre = wide[:, :, search : search + h + 2 * reach, search : search + w + 2 * reach]
    for down in range(2 * search + 1):
        for across in range(2 * search + 1):
            moved = wide[:, :, down : down + h + 2 * reach, across : across + w + 2 * reach]
            distance = F.avg_pool2d((moved - centre).square().mean(1, keepdim=True), side, 1)
            weight = torch.exp(-(distance - 2 * deviation**2).clamp_min(0) / (strength * deviation) ** 2)
            total += weight * moved[:, :, reach : reach + h, reach : reach + w]
            weights += weight
    return total / weights
