"""Outlines of pictures whose regions are known, as a pen might draw them: strokes that vary, wobble and have gaps.

Regions are enlarged before their borders are drawn, so that a stroke stays thin and dark where there are only a few
pixels, as a mouth has.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

WOBBLE = 0.6  # pixels of 64 that a stroke strays, as a standard deviation
GAPS = 0.06  # share of the area in which strokes are missing
COARSE = 8  # cells a side of the fields that wobble, gaps and widths follow
FINE = 2  # times as many pixels a side to draw on
THIN = 5  # of these pixels: what is narrower is one stroke where it may be
INK = 2.5  # darkness of such a stroke, over how much of a pixel the region covers
PRESSURE = 1.3  # darkness of a border as thick as a pixel
CLEAR = 7  # side, of the pixels to draw on, of the square around each of a region that is drawn alone
SEEN = 0.25  # how much of one such a region covers at least


def sketch(
    coverage: np.ndarray,
    seeds: Sequence[int],
    strokes: Sequence[int] = (),
    alone: Sequence[int] = (),
    filled: np.ndarray | None = None,
) -> Tensor:
    """Draw the borders of regions, black on white: uint8 (N, 3, H, H).

    coverage: uint8 (N, K, H, H), as `faces.coverage` gives it. seeds: one a picture, of all that is random in it.
    strokes: regions, as indices, that are one stroke where they are thin, like a smile, and have no border there.
    alone: regions that no border of others comes close to, and that have no gaps: nobody draws a moustache across a
    mouth, or half a mouth. filled: uint8 (N, H, H), how much of each pixel is black besides.
    """
    size = FINE * coverage.shape[-1]
    noise = torch.stack([torch.randn(4, COARSE, COARSE, generator=_source(seed)) for seed in seeds])
    fields = F.interpolate(noise, size=(size, size), mode="bicubic", align_corners=False)
    shift, gap, width = fields[:, :2] * (WOBBLE * 2 / 64), fields[:, 2:3], fields[:, 3:4]
    places = F.affine_grid(torch.eye(2, 3).expand(len(seeds), -1, -1), [len(seeds), 1, size, size], align_corners=False)
    places = places + shift.permute(0, 2, 3, 1)
    regions = F.grid_sample(torch.from_numpy(coverage).float() / 255, places, "bilinear", "border", align_corners=False)
    if filled is not None:
        dark = torch.from_numpy(filled).float()[:, None] / 255
        filled_in = F.grid_sample(dark, places, "bilinear", "border", align_corners=False)
    close = [(region, _widest((regions[:, region : region + 1] > SEEN).float(), CLEAR)) for region in alone]
    ink = torch.zeros_like(gap) if filled is None else filled_in
    for region in strokes:
        thin = _thin(regions[:, region : region + 1])
        regions[:, region : region + 1] -= thin
        ink = torch.maximum(ink, (INK * thin).clamp(0, 1))
    drawn = (gap < _quantile(1 - GAPS)).float()
    largest = _largest(regions)
    lines = _borders(largest)
    for region, around in close:
        lines = torch.lerp(lines, _borders(largest == region), around)
        drawn = torch.maximum(drawn, around)
    share = (width * 0.35 + 0.35).clamp(0, 1)  # of the thicker stroke
    lines = torch.maximum(torch.lerp(lines, _widest(lines, 3), share), ink)
    lines = F.avg_pool2d(lines * drawn, FINE) * PRESSURE
    return ((1 - lines.clamp(0, 1)) * 255).round().to(torch.uint8).expand(-1, 3, -1, -1).contiguous()


def _largest(regions: Tensor) -> Tensor:
    """Return which of regions (N, K, H, H) is the largest, uint8 (N, 1, H, H); four times as fast as `argmax`."""
    most, which = regions[:, :1], torch.zeros_like(regions[:, :1], dtype=torch.uint8)
    for k in range(1, regions.shape[1]):
        other = regions[:, k : k + 1]
        which.masked_fill_(other > most, k)
        most = torch.maximum(most, other)
    return which


def _borders(labels: Tensor) -> Tensor:
    """Return where labels (N, 1, H, H) differ from the one to the right or below, as 0 and 1."""
    right = F.pad((labels[..., 1:] != labels[..., :-1]).float(), (0, 1))
    down = F.pad((labels[..., 1:, :] != labels[..., :-1, :]).float(), (0, 0, 0, 1))
    return torch.maximum(right, down)


def _thin(region: Tensor) -> Tensor:
    """Return what of a region (N, 1, H, H) in [0, 1] is narrower than `THIN`: all but its opening."""
    kept = 1 - _widest(1 - region, THIN)
    return region - torch.minimum(region, _widest(kept, THIN + 2))


def _widest(x: Tensor, side: int) -> Tensor:
    """Return the largest of the side x side values around each of x (N, 1, H, H), none below 0; faster than pooling."""
    for dim in (2, 3):
        size = x.shape[dim]
        padding = [side // 2, side // 2, 0, 0] if dim == 3 else [0, 0, side // 2, side // 2]
        wide = F.pad(x, padding)
        x = wide.narrow(dim, 0, size)
        for shift in range(1, side):
            x = torch.maximum(x, wide.narrow(dim, shift, size))
    return x


def _quantile(share: float) -> float:
    return float(torch.special.ndtri(torch.tensor(share)))


def _source(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(int(seed) * 7919 + 17)
