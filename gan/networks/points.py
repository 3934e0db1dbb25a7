"""Small fully connected pairs for 2-D points: one with a plain critic, one whose critic reads Fourier features.

The layers that make and read points are fp32 under autocast too: bf16 rounds coordinates by up to a mode's width.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.config import Config
from gan.networks.layers import GAIN, SLOPE, full_precision, init_normal_

LAYERS = 4  # hidden layers of each network, 2 · width wide
WAVES = 16  # plane waves of the Fourier features, each in a direction of its own, evenly spread over half a turn
_ANGLES = torch.arange(WAVES) * (math.pi / WAVES)
# (2, WAVES), alternately 1.5 and 3 radians per unit of the plane. A constant, so it is not saved with the weights.
_FREQUENCIES = torch.stack([_ANGLES.cos(), _ANGLES.sin()]) * torch.tensor([1.5, 3.0]).repeat(WAVES // 2)


class Generator(nn.Module):
    """Generator: z (N, z_dim) -> points (N, 2); y is not used."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.layers = nn.ModuleList(_layers(config.z_dim, 2 * config.width, 2))

    def features(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """Return the first feature layer, (N, 2 · width)."""
        return F.leaky_relu(self.layers[0](z), SLOPE)

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        h = self.features(z)
        for layer in self.layers[1:-1]:
            h = F.leaky_relu(layer(h), SLOPE)
        with full_precision(h.device):
            return self.layers[-1](h.float())


class Critic(nn.Module):
    """Critic (discriminator): points (N, 2) -> logits (N,), higher is more real; y is not used."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.layers = nn.ModuleList(_layers(2, 2 * config.width, 1))

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        with full_precision(x.device):
            h = F.leaky_relu(self.layers[0](x), SLOPE)
        for layer in self.layers[1:-1]:
            h = F.leaky_relu(layer(h), SLOPE)
        return self.layers[-1](h).squeeze(1)


class FourierCritic(Critic):
    """Critic (discriminator) that also reads the sine and cosine of plane waves at each point (arXiv:2006.10739).

    A plain critic learns slow changes long before quick ones; modes that are narrow beside their distances need both.
    """

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.layers = nn.ModuleList(_layers(2 + 2 * WAVES, 2 * config.width, 1))

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        frequencies = _FREQUENCIES.to(x.device)
        # Not a matrix product, which would be rounded under autocast.
        phase = x[:, :1] * frequencies[0] + x[:, 1:] * frequencies[1]
        return super().forward(torch.cat([x, phase.sin(), phase.cos()], 1))


def _layers(inputs: int, hidden: int, outputs: int) -> list[nn.Linear]:
    sizes = (inputs, *[hidden] * LAYERS, outputs)
    layers = [init_normal_(nn.Linear(a, b), GAIN) for a, b in zip(sizes, sizes[1:], strict=False)]
    init_normal_(layers[-1], 1.0)
    return layers
