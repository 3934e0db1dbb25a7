"""The smallest generator and critic, whose step has a closed form."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gan.training.losses import Relativistic
from gan.training.penalties import PENALTIES
from gan.training.step import Players

OFF = torch.autocast("cpu", torch.bfloat16, enabled=False)
RATE = 0.1


class LinearCritic(nn.Module):
    """The critic D(x) = w·x + b."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight.clone())
        self.bias = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return (x.flatten(1) * self.weight).sum(1) + self.bias


class Shift(nn.Module):
    """The generator G(z) = z + offset, as pictures (N, 1, 2, 2); seen: the arguments of its calls."""

    def __init__(self) -> None:
        super().__init__()
        self.offset = nn.Parameter(torch.tensor([0.1, -0.2, 0.3, 0.0]))
        self.seen: list[tuple[Tensor, Tensor | None]] = []

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        self.seen.append((z, y))
        return (z + self.offset).view(-1, 1, 2, 2)


def sgd(module: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.SGD(module.parameters(), RATE)


def players(generator: nn.Module, critic: nn.Module, loss=None, penalty: str = "r1+r2", **rest) -> Players:
    return Players(
        generator, critic, sgd(generator), sgd(critic), loss or Relativistic(), PENALTIES[penalty], OFF, **rest
    )
