"""MLP, the classic fully connected pair (arXiv:1406.2661): no convolution, no classes."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from gan.config import Config
from gan.networks.layers import SLOPE, Dropout


class Generator(nn.Module):
    """Generator: z (N, z_dim) -> pictures (N, C, R, R) in [-1, 1]; y is not used.

    Layers z_dim-128-256-512-1024-1024-C·R·R, which is 100-...-784 on 28 x 28 digits.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.image_shape = (config.channels, config.resolution, config.resolution)
        self.first = nn.Linear(config.z_dim, 128)
        sizes = (128, 256, 512, 1024, 1024)
        hidden = [m for a, b in zip(sizes, sizes[1:], strict=False) for m in (nn.Linear(a, b), nn.LeakyReLU(SLOPE))]
        self.rest = nn.Sequential(*hidden, nn.Linear(1024, config.channels * config.resolution**2), nn.Tanh())

    def features(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """Return the first feature layer, (N, 128)."""
        return F.leaky_relu(self.first(z), SLOPE)

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        return self.rest(self.features(z)).unflatten(1, self.image_shape)


class Critic(nn.Module):
    """Critic (discriminator): pictures (N, C, R, R) in [-1, 1] -> logits (N,), higher is more real; y is not used.

    Layers C·R·R-1024-512-256-1 with dropout, and with BatchNorm after each hidden layer but the first if `critic_norm`
    is batch: train and eval mode differ.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        sizes = (config.channels * config.resolution**2, 1024, 512, 256)
        hidden: list[nn.Module] = []
        for i, (a, b) in enumerate(zip(sizes, sizes[1:], strict=False)):
            norm = [nn.BatchNorm1d(b)] if i and config.critic_norm == "batch" else []
            hidden += [nn.Linear(a, b), *norm, nn.LeakyReLU(SLOPE), Dropout(0.3)]
        self.layers = nn.Sequential(nn.Flatten(), *hidden, nn.Linear(256, 1))

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return self.layers(x).squeeze(1)
