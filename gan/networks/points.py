"""Small fully connected networks for 2-D points: a plain critic, and one that also sees Fourier features."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.config import Config
from gan.networks.layers import GAIN, SLOPE, scaled_

LAYERS = 4  # hidden, of each player, 2 · width wide
WAVES = 16  # plane waves that the sharper critic sees, in as many directions, evenly over half a turn
_TURN = torch.arange(WAVES) * (math.pi / WAVES)
# (2, WAVES), by turns 1.5 and 3 radians over one unit of the plane; no weight, and so in no file.
_SLOPES = torch.stack([_TURN.cos(), _TURN.sin()]) * torch.tensor([1.5, 3.0]).repeat(WAVES // 2)


class Generator(nn.Module):
    """z (N, z_dim) -> points (N, 2); y is not used."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.layers = nn.ModuleList(_layers(config.z_dim, 2 * config.width, 2))

    def features(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """First feature layer, (N, 2 · width)."""
        return F.leaky_relu(self.layers[0](z), SLOPE)

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        h = self.features(z)
        for layer in self.layers[1:-1]:
            h = F.leaky_relu(layer(h), SLOPE)
        return self.layers[-1](h)


class Critic(nn.Module):
    """Points (N, 2) -> logits (N,); y is not used."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.layers = nn.ModuleList(_layers(2, 2 * config.width, 1))

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        for layer in self.layers[:-1]:
            x = F.leaky_relu(layer(x), SLOPE)
        return self.layers[-1](x).squeeze(1)


class FourierCritic(Critic):
    """As `Critic`, which also sees the sine and cosine of plane waves at each point (arXiv:2006.10739).

    A plain critic learns slow changes long before quick ones; modes that are narrow beside their distances need both.
    """

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.layers = nn.ModuleList(_layers(2 + 2 * WAVES, 2 * config.width, 1))

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        slopes = _SLOPES.to(x.device)
        phase = x[:, :1] * slopes[0] + x[:, 1:] * slopes[1]  # a product of matrices would be rounded under autocast
        return super().forward(torch.cat([x, phase.sin(), phase.cos()], 1))


def _layers(inputs: int, hidden: int, outputs: int) -> list[nn.Linear]:
    sizes = (inputs, *[hidden] * LAYERS, outputs)
    layers = [scaled_(nn.Linear(a, b), GAIN) for a, b in zip(sizes, sizes[1:], strict=False)]
    scaled_(layers[-1], 1.0)
    return layers
