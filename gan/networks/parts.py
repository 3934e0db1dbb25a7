"""A small U-Net that finds parts: which of them each pixel of a picture shows."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WIDTHS = (16, 32, 48, 64)  # channels at the picture's size, a half, a quarter and an eighth of it


class PartsNetwork(nn.Module):
    """Pictures (N, channels, R, R) in [-1, 1] to logits (N, parts, R, R).

    The first and the last map are as large as the picture: at half its size a mouth is a pixel, and is not found.
    """

    def __init__(self, channels: int, parts: int) -> None:
        super().__init__()
        sizes = list(zip((channels, *WIDTHS), WIDTHS, strict=False))
        self.down = nn.ModuleList(_block(a, b, 1 if i == 0 else 2) for i, (a, b) in enumerate(sizes))
        pairs = list(zip(WIDTHS[:0:-1], WIDTHS[-2::-1], strict=True))
        self.up = nn.ModuleList(_block(coarse + fine, fine) for coarse, fine in pairs)
        self.head = nn.Conv2d(WIDTHS[0], parts, 1)

    def forward(self, x: Tensor) -> Tensor:
        maps = []
        for block in self.down:
            x = block(x)
            maps.append(x)
        for block, fine in zip(self.up, maps[-2::-1], strict=True):
            x = block(torch.cat([F.interpolate(x, fine.shape[2:]), fine], 1))
        return self.head(x)


def _block(before: int, after: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU(),
    )  # fmt: skip
