"""Light, a small pair for learning classes from few labels: a dense generator, and a critic of four convolutions.

After arXiv:1606.03498, with convolutions and dropout in place of dense layers and Gaussian noise. What it generates is
poor; what the critic (discriminator) learns beside it is the aim (`gan.training.semi_supervised`).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gan.config import Config
from gan.networks.layers import GAIN, SLOPE, Dropout, init_normal_

HIDDEN, FEATURES = 500, 256


class Generator(nn.Module):
    """Generator: z (N, z_dim) -> pictures (N, C, R, R) in [-1, 1]; y is not used.

    Dense layers z_dim-500-500-C·R·R. BatchNorm: train and eval mode differ.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.image_shape = (config.channels, config.resolution, config.resolution)
        self.first = nn.Sequential(nn.Linear(config.z_dim, HIDDEN, bias=False), nn.BatchNorm1d(HIDDEN), nn.Softplus())
        self.second = nn.Sequential(nn.Linear(HIDDEN, HIDDEN, bias=False), nn.BatchNorm1d(HIDDEN), nn.Softplus())
        self.out = nn.Linear(HIDDEN, config.channels * config.resolution**2)

    def features(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """Return the first feature layer, (N, 500)."""
        return self.first(z)

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        return self.out(self.second(self.features(z))).tanh().unflatten(1, self.image_shape)


class UnitLength(nn.Module):
    """(N, F) to the same, each row divided by its root mean square: features that are matched keep their size."""

    def forward(self, x: Tensor) -> Tensor:
        return x * (x.float().square().mean(1, keepdim=True) + 1e-6).rsqrt().to(x.dtype)


class Critic(nn.Module):
    """Critic (discriminator): pictures (N, C, R, R) in [-1, 1] -> logits (N,), higher is more real; y is not used.

    Four 3x3 convolutions, down to R/8 x R/8 x w for a width of w, and a dense layer, with dropout: train and eval mode
    differ. With `config.read_classes` it tells classes too, and how real a picture looks is the log of the sum of their
    exponentials (arXiv:1606.03498, section 5).
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        c = config.width // 4
        sizes = ((config.channels, c, 2, 0.1), (c, 2 * c, 1, 0.0), (2 * c, 2 * c, 2, 0.2), (2 * c, 4 * c, 2, 0.3))
        layers: list[nn.Module] = [Dropout(0.1)]
        for before, after, stride, dropped in sizes:
            layers += [init_normal_(nn.Conv2d(before, after, 3, stride, 1), GAIN), nn.LeakyReLU(SLOPE)]
            layers += [Dropout(dropped)] if dropped else []
        places = ((config.resolution + 7) // 8) ** 2
        dense = init_normal_(nn.Linear(4 * c * places, FEATURES), GAIN)
        self.convolutions = nn.Sequential(*layers)
        self.dense = nn.Sequential(nn.Flatten(), dense, nn.LeakyReLU(SLOPE), UnitLength())
        self.logit = init_normal_(nn.Linear(FEATURES, 1), 0.1)
        count = len(config.read_classes)
        self.classes = init_normal_(nn.Linear(FEATURES, count), 1.0) if count else None

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        h = self.features(x)
        return self.logit(h).squeeze(1) if self.classes is None else torch.logsumexp(self.class_logits(h).float(), 1)

    def maps(self, x: Tensor) -> Tensor:
        """Return the last feature maps (N, w, R/8, R/8) of pictures."""
        return self.convolutions((x + 1) / 2)  # black is nothing: dropout leaves it as it is

    def features(self, x: Tensor) -> Tensor:
        """Return what classes are told from, (N, 256)."""
        return self.dense(self.maps(x))

    def class_logits(self, h: Tensor) -> Tensor:
        """Return the classes' logits (N, K) of features."""
        assert self.classes is not None, "this critic tells no classes"
        return self.classes(h) + self.logit(h)
