"""`LOSSES`: what critic and generator minimise, and the gradient penalty. A new loss is a class and a dict line."""

from __future__ import annotations

from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor


class Loss(Protocol):
    """What a loss offers: each method takes logits of real and fake pictures, (N,) and (N,), and returns a scalar."""

    def critic(self, real: Tensor, fake: Tensor) -> Tensor:
        """What the critic minimises."""
        ...

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        """What the generator minimises."""
        ...


class NonSaturating:
    """Binary cross-entropy on logits, the generator maximising log D(fake) (arXiv:1406.2661, section 3).

    softplus keeps the gradient exact where log(sigmoid(x)) would round to log(0).
    """

    def critic(self, real: Tensor, fake: Tensor) -> Tensor:
        """Logits (N,), (N,) -> scalar: -log sigma(real) - log(1 - sigma(fake)), averaged."""
        return F.softplus(-real).mean() + F.softplus(fake).mean()

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Logits (N,), (N,) -> scalar: -log sigma(fake), averaged; `real` is not used."""
        return F.softplus(-fake).mean()


class Relativistic:
    """Each fake is judged against a real one (RpGAN, arXiv:1807.00734; R3GAN, arXiv:2501.05441, equation 2).

    A generator can then not satisfy the critic with one good mode, because every real picture counts.
    """

    def critic(self, real: Tensor, fake: Tensor) -> Tensor:
        """Logits (N,), (N,) -> scalar: softplus(fake - real), averaged over pairs."""
        return F.softplus(fake - real).mean()

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Logits (N,), (N,) -> scalar: softplus(real - fake), averaged over pairs."""
        return F.softplus(real - fake).mean()


LOSSES: dict[str, type[Loss]] = {
    "nonsaturating": NonSaturating,
    "relativistic": Relativistic,
}


def gradient_penalty(logits: Tensor, pictures: Tensor) -> Tensor:
    """Squared length of the critic's gradient, (N,), differentiable. R1 on real pictures, R2 on fake ones.

    logits (N,) must come from pictures (N, ...), which must require grad. Real and fake in one batch cost one pass,
    because each logit depends on its own picture only (arXiv:1801.04406, equation 9).
    """
    (gradient,) = torch.autograd.grad(logits.sum(), pictures, create_graph=True)
    return gradient.float().square().flatten(1).sum(1)
