"""The classic convolutional pair (DCGAN, arXiv:1511.06434), in the small form taught on MNIST."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from gan.config import Config
from gan.layers import SLOPE


class Generator(nn.Module):
    """z (N, z_dim) -> pictures (N, C, R, R) in [-1, 1]; y is not used. BatchNorm: train and eval mode differ.

    Dense to R/4 x R/4 x 256, then 5x5 transposed convolutions to 128, 64 and C channels, the last two doubling.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        base = config.resolution // 4
        self.base = (256, base, base)
        self.dense = nn.Linear(config.z_dim, 256 * base * base, bias=False)
        self.norm = nn.BatchNorm1d(256 * base * base)
        self.stages = nn.Sequential(
            nn.ConvTranspose2d(256, 128, 5, stride=1, padding=2, bias=False),
            nn.BatchNorm2d(128),
            nn.LeakyReLU(SLOPE),
            nn.ConvTranspose2d(128, 64, 5, stride=2, padding=2, output_padding=1, bias=False),
            nn.BatchNorm2d(64),
            nn.LeakyReLU(SLOPE),
            nn.ConvTranspose2d(64, config.channels, 5, stride=2, padding=2, output_padding=1),
            nn.Tanh(),
        )

    def features(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """First feature layer, (N, F)."""
        return F.leaky_relu(self.norm(self.dense(z)), SLOPE)

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        return self.stages(self.features(z).unflatten(1, self.base))


class Critic(nn.Module):
    """Pictures (N, C, R, R) in [-1, 1] -> logits (N,); y is not used. Dropout: train and eval mode differ."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        base = config.resolution // 4
        self.stages = nn.Sequential(
            nn.Conv2d(config.channels, 64, 5, stride=2, padding=2),
            nn.LeakyReLU(SLOPE),
            nn.Dropout(0.3),
            nn.Conv2d(64, 128, 5, stride=2, padding=2),
            nn.LeakyReLU(SLOPE),
            nn.Dropout(0.3),
            nn.Flatten(),
            nn.Linear(128 * base * base, 1),
        )

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return self.stages(x).squeeze(1)
