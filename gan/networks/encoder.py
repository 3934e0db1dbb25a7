"""The encoder: from a picture to the latent with which a generator makes it, and to the classes that it shows."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.config import Config
from gan.networks.layers import GAIN, SLOPE, ResidualBlock, concat_classes, init_normal_

WIDTHS = (32, 64)  # channels at half of the picture's size, and below that
COARSEST = 8  # pixels a side, at most, of the last maps
THIN = 32  # channels of the maps that the dense layer reads
HIDDEN = 160


class Encoder(nn.Module):
    """Encoder: pictures (N, C, R, R) in [-1, 1] -> latents (N, z_dim), and logits of classes (N, K).

    Smaller than the critic (discriminator), less than a megabyte in half precision: it is where a search begins, and
    what it leaves open is found by the search. The latent depends on the class that the picture is taken for.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        fine, coarse = WIDTHS
        side = config.resolution // 2
        layers: list[nn.Module] = [_convolution(4 * config.channels, fine, 1)]
        channels = fine
        while side > COARSEST:
            side = (side + 1) // 2
            layers += [nn.LeakyReLU(SLOPE), _convolution(channels, coarse, 2)]
            channels = coarse
        self.maps = nn.Sequential(*layers, ResidualBlock(channels), nn.LeakyReLU(SLOPE))
        self.thin = init_normal_(nn.Conv2d(channels, THIN, 1), GAIN)
        self.dense = init_normal_(nn.Linear(THIN * side**2, HIDDEN), GAIN)
        self.classes = init_normal_(nn.Linear(HIDDEN, len(config.classes)), 0.1) if config.classes else None
        self.latent = init_normal_(nn.Linear(HIDDEN + len(config.classes), config.z_dim), 0.5)

    def read(self, x: Tensor) -> Tensor:
        """Return the features (N, F) of pictures, which `classify` and `place` go on with."""
        x = F.pixel_unshuffle(x, 2).contiguous(memory_format=torch.channels_last)
        return F.leaky_relu(self.dense(F.leaky_relu(self.thin(self.maps(x)), SLOPE).flatten(1)), SLOPE)

    def classify(self, features: Tensor) -> Tensor:
        """Return logits (N, K) of classes; (N, 0) for a model without."""
        return features[:, :0] if self.classes is None else self.classes(features)

    def place(self, features: Tensor, y: Tensor | None) -> Tensor:
        """Return latents (N, z_dim) of pictures taken for those of class weights y (N, K)."""
        return self.latent(concat_classes(features, y))

    def forward(self, x: Tensor, y: Tensor | None = None) -> tuple[Tensor, Tensor]:
        features = self.read(x)
        return self.place(features, y), self.classify(features)


def _convolution(before: int, after: int, stride: int) -> nn.Conv2d:
    return init_normal_(nn.Conv2d(before, after, 3, stride, 1), GAIN)
