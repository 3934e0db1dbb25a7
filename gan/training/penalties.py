"""`PENALTIES`: how the critic's slope is held down. A new one is a dict line, or a class and a dict line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


class Penalty(Protocol):
    """A function of the critic's gradient.

    parts: at which pictures it is taken: "real", "fake" or "mix", a random point on the line from a real to a fake one.
    """

    parts: tuple[str, ...]

    def __call__(self, squared: Tensor) -> Tensor:
        """Squared gradient lengths (P · N,), the parts one after another, to the scalar that gamma multiplies."""
        ...


@dataclass(frozen=True)
class ZeroCentred:
    """Half the mean squared length, summed over the parts: R1 on real, R2 on fake pictures (arXiv:1801.04406)."""

    parts: tuple[str, ...]

    def __call__(self, squared: Tensor) -> Tensor:
        return squared.mean() * (len(self.parts) / 2)


@dataclass(frozen=True)
class OneCentred:
    """Mean squared distance of the length from 1, which a 1-Lipschitz critic reaches (arXiv:1704.00028, equation 3)."""

    parts: tuple[str, ...] = ("mix",)

    def __call__(self, squared: Tensor) -> Tensor:
        # The root has no slope at 0, where a fresh critic with zero weights is.
        return ((squared + 1e-12).sqrt() - 1).square().mean()


PENALTIES: dict[str, Penalty | None] = {
    "none": None,
    "r1": ZeroCentred(("real",)),
    "r2": ZeroCentred(("fake",)),
    "r1+r2": ZeroCentred(("real", "fake")),
    "gp": OneCentred(),
}


def squared_gradient(logits: Tensor, pictures: Tensor) -> Tensor:
    """Squared length of the critic's gradient, (N,), differentiable.

    logits (N,) must come from pictures (N, ...), which must require grad. Real and fake in one batch cost one pass,
    because each logit depends on its own picture only.
    """
    (gradient,) = torch.autograd.grad(logits.sum(), pictures, create_graph=True)
    return gradient.float().square().flatten(1).sum(1)
