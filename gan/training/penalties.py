"""`PENALTIES`: gradient penalties of the critic (discriminator). A new one is a line in the dict, or a class too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


class Penalty(Protocol):
    """A function of the gradient of the critic (discriminator) on its input.

    gradient_at: the inputs at which the gradient is taken: "real", "fake" or "mix", a random point on the line from a
    real picture to a fake one.
    """

    @property
    def gradient_at(self) -> tuple[str, ...]: ...

    def __call__(self, squared: Tensor) -> Tensor:
        """Return the scalar that gamma multiplies, from squared gradient lengths (P · N,), one input after another."""
        ...


@dataclass(frozen=True)
class ZeroCentred:
    """Half the mean squared gradient, summed over the inputs: R1 on real, R2 on fake pictures (arXiv:1801.04406)."""

    gradient_at: tuple[str, ...]

    def __call__(self, squared: Tensor) -> Tensor:
        return squared.mean() * (len(self.gradient_at) / 2)


@dataclass(frozen=True)
class OneCentred:
    """WGAN-GP: mean squared distance of the gradient's length from 1 (arXiv:1704.00028, equation 3)."""

    gradient_at: tuple[str, ...] = ("mix",)

    def __call__(self, squared: Tensor) -> Tensor:
        # The square root has no finite slope at 0, which is the gradient of a new critic with zero weights.
        return ((squared + 1e-12).sqrt() - 1).square().mean()


PENALTIES: dict[str, Penalty | None] = {
    "none": None,
    "r1": ZeroCentred(("real",)),
    "r2": ZeroCentred(("fake",)),
    "r1+r2": ZeroCentred(("real", "fake")),
    "gp": OneCentred(),
}


def squared_gradient(logits: Tensor, pictures: Tensor) -> Tensor:
    """Return the squared length (N,) of the critic's gradient on each picture, differentiable.

    logits (N,) must come from pictures (N, ...), which must require grad. Real and fake pictures in one batch cost one
    pass, because each logit depends on its own picture only.
    """
    (gradient,) = torch.autograd.grad(logits.sum(), pictures, create_graph=True)
    return gradient.float().square().flatten(1).sum(1)
