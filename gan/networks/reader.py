"""A reader of attributes beside the critics (discriminators) of a translation, which judge and do not name.

A critic of whole pictures need not look at a mouth of twenty pixels. What reads mouths must, and a translation has to
be read as it should be (arXiv:1610.09585).
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from gan.config import Config
from gan.networks.layers import GAIN, SLOPE, Downsample, ResidualBlock, init_normal_

WIDTH, HIDDEN = 16, 128  # channels at the picture's size, of features
MOST = 128  # channels of a map
SIDE = 5  # pixels a side, at most, of the last map


class Reader(nn.Module):
    """Pictures (N, C, R, R) in [-1, 1] -> what it reads of them (N, `Config.conditions`)."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        side, width = config.resolution, WIDTH
        layers: list[nn.Module] = [init_normal_(nn.Conv2d(config.channels, width, 3, padding=1), GAIN)]
        while side > SIDE:
            wider = min(2 * width, MOST)
            layers += [nn.LeakyReLU(SLOPE), Downsample(width, wider), ResidualBlock(wider)]
            side, width = side // 2, wider
        self.maps = nn.Sequential(*layers)
        self.dense = init_normal_(nn.Linear(width * side**2, HIDDEN), GAIN)
        self.out = init_normal_(nn.Linear(HIDDEN, config.conditions), 0.0)

    def forward(self, x: Tensor) -> Tensor:
        h = F.leaky_relu(self.maps(x), SLOPE).flatten(1)
        return self.out(F.leaky_relu(self.dense(h), SLOPE))
