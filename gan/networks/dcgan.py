"""DCGAN, the classic convolutional pair (arXiv:1511.06434), in the small form taught on MNIST.

Classes, if the data has them, are appended to the latent and enter the critic as a projection (arXiv:1802.05637).
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from gan.config import Config
from gan.networks.layers import SLOPE, Dropout, class_projection, concat_classes


class Generator(nn.Module):
    """Generator: z (N, z_dim), y (N, K) or None -> pictures (N, C, R, R) in [-1, 1].

    Dense to R/4 x R/4 x 256, then 5x5 transposed convolutions to 128, 64 and C channels, the last two doubling the
    size. BatchNorm: train and eval mode differ.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        base = config.resolution // 4
        self.base = (base, base, 256)  # channels last, as the convolutions like it in memory
        self.dense = nn.Linear(config.z_dim + len(config.classes), 256 * base * base, bias=False)
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
        """Return the first feature layer, (N, F)."""
        return F.leaky_relu(self.norm(self.dense(concat_classes(z, y))), SLOPE)

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        return self.draw(self.unfold(z, y), z, y)

    def unfold(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """Return the first feature map (N, 256, R/4, R/4); `draw` goes on with it."""
        return self.features(z, y).unflatten(1, self.base).permute(0, 3, 1, 2)

    def draw(self, maps: Tensor, z: Tensor, y: Tensor | None = None) -> Tensor:
        """Return the pictures (N, C, R, R) of first feature maps; z and y have done all they do there."""
        return self.stages(maps)

    def pyramid(self, maps: Tensor, z: Tensor, y: Tensor | None = None) -> list[Tensor]:
        """Return all feature maps that follow from first ones, coarse to fine."""
        found = []
        for stage in self.stages[:-2]:
            maps = stage(maps)
            if isinstance(stage, nn.LeakyReLU):
                found.append(maps)
        return found


class Critic(nn.Module):
    """Critic (discriminator): pictures (N, C, R, R) in [-1, 1], y (N, K) or None -> logits (N,); higher is more real.

    Dropout, and BatchNorm if `critic_norm` is batch: train and eval mode differ.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        base = config.resolution // 4
        batch = config.critic_norm == "batch"
        self.stages = nn.Sequential(
            nn.Conv2d(config.channels, 64, 5, stride=2, padding=2),
            nn.LeakyReLU(SLOPE),
            Dropout(0.3),
            nn.Conv2d(64, 128, 5, stride=2, padding=2, bias=not batch),
            *([nn.BatchNorm2d(128)] if batch else []),
            nn.LeakyReLU(SLOPE),
            Dropout(0.3),
        )
        features = 128 * base * base
        self.logit = nn.Linear(features, 1)
        self.embed = nn.Linear(len(config.classes), features, bias=False) if config.classes else None

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        h = self.maps(x).permute(0, 2, 3, 1).flatten(1)  # as it lies in memory: no copy
        out = self.logit(h).squeeze(1)
        return out if self.embed is None else out + class_projection(self.embed, h, y)

    def maps(self, x: Tensor) -> Tensor:
        """Return the last feature maps (N, 128, R/4, R/4) of pictures, which no class has entered yet."""
        return self.stages(x)
