"""Outlines of pictures whose regions are known, as a hand might draw them: strokes that vary, wobble and have gaps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

WOBBLE = 0.6  # pixels of 64 that a stroke strays, as a standard deviation
GAPS = 0.06  # share of the area in which strokes are missing
COARSE = 8  # cells a side of the fields that wobble, gaps and widths follow


def sketch(coverage: np.ndarray, seeds: Sequence[int]) -> Tensor:
    """Draw the borders of regions, black on white: uint8 (N, 3, H, H).

    coverage: uint8 (N, K, H, H), as `faces.coverage` gives it. seeds: one a picture, of all that is random in it.
    """
    lines = _edges(torch.from_numpy(coverage).float() / 255)
    noise = torch.stack([torch.randn(4, COARSE, COARSE, generator=_source(seed)) for seed in seeds])
    fields = F.interpolate(noise, size=lines.shape[-2:], mode="bicubic", align_corners=False)
    shift, gap, width = fields[:, :2] * (WOBBLE * 2 / 64), fields[:, 2:3], fields[:, 3:4]
    thick = F.max_pool2d(lines, 3, 1, 1)
    share = (width * 0.35 + 0.05).clamp(0, 0.7)  # of the thicker stroke, which fills what is small
    lines = torch.lerp(lines, thick, share) * (gap < _quantile(1 - GAPS)).float()
    identity = torch.eye(2, 3).expand(len(lines), -1, -1)
    grid = F.affine_grid(identity, list(lines.shape), align_corners=False) + shift.permute(0, 2, 3, 1)
    strokes = F.grid_sample(lines, grid, "bilinear", "border", align_corners=False)
    return ((1 - strokes.clamp(0, 1)) * 255).round().to(torch.uint8).expand(-1, 3, -1, -1).contiguous()


def _edges(regions: Tensor) -> Tensor:
    """Return how much of a border each pixel has, (N, 1, H, H) in [0, 1]: the largest step to the right or down."""
    right = F.pad((regions[..., 1:] - regions[..., :-1]).abs(), (0, 1))
    down = F.pad((regions[..., 1:, :] - regions[..., :-1, :]).abs(), (0, 0, 0, 1))
    return torch.maximum(right, down).amax(1, keepdim=True)


def _quantile(share: float) -> float:
    return float(torch.special.ndtri(torch.tensor(share)))


def _source(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(int(seed) * 7919 + 17)
