"""`LOSSES`: what critic and generator minimise. A new loss is a class and a dict line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import torch.nn.functional as F
from torch import Tensor


class Loss(Protocol):
    """What a loss offers: each method takes logits of real and fake pictures, (N,) and (N,), and returns a scalar.

    customary: the `Config` settings its paper uses with it; a command line that names the loss gets them too, unless
    it says otherwise. pairs: whether the generator's loss reads the real logits; where it does not they are not made.
    """

    customary: Mapping[str, Any]
    pairs: bool

    def critic(self, real: Tensor, fake: Tensor) -> Tensor:
        """What the critic minimises."""
        ...

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        """What the generator minimises."""
        ...


class Minimax:
    """The zero-sum game as first published, the generator minimising log(1 - D(fake)) (arXiv:1406.2661, equation 1).

    Saturating: the generator's gradient on a logit is -sigma(fake), which vanishes when the critic is certain.
    """

    customary: Mapping[str, Any] = {"penalty": "none"}
    pairs = False

    def critic(self, real: Tensor, fake: Tensor) -> Tensor:
        """Logits (N,), (N,) -> scalar: -log sigma(real) - log(1 - sigma(fake)), averaged."""
        return F.softplus(-real).mean() + F.softplus(fake).mean()

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Logits (N,), (N,) -> scalar: log(1 - sigma(fake)), averaged; `real` is not read."""
        return -F.softplus(fake).mean()


class NonSaturating(Minimax):
    """Binary cross-entropy on logits, the generator maximising log D(fake) (arXiv:1406.2661, section 3).

    softplus keeps the gradient exact where log(sigmoid(x)) would round to log(0).
    """

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Logits (N,), (N,) -> scalar: -log sigma(fake), averaged; `real` is not read."""
        return F.softplus(-fake).mean()


class LeastSquares:
    """Real logits at 1, fake ones at 0; the generator wants 1 (LSGAN, arXiv:1611.04076, equation 9)."""

    customary: Mapping[str, Any] = {"penalty": "none"}
    pairs = False

    def critic(self, real: Tensor, fake: Tensor) -> Tensor:
        """Logits (N,), (N,) -> scalar: half of (real - 1)² + fake², averaged."""
        return ((real - 1).square().mean() + fake.square().mean()) / 2

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Logits (N,), (N,) -> scalar: half of (fake - 1)², averaged; `real` is not read."""
        return (fake - 1).square().mean() / 2


class Wasserstein:
    """Difference of mean scores; the critic's weights are clipped so that its slope is bounded (arXiv:1701.07875)."""

    customary: Mapping[str, Any] = {"penalty": "none", "clip": 0.01, "critic_steps": 5}
    pairs = False

    def critic(self, real: Tensor, fake: Tensor) -> Tensor:
        """Scores (N,), (N,) -> scalar: mean(fake) - mean(real)."""
        return fake.mean() - real.mean()

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Scores (N,), (N,) -> scalar: -mean(fake); `real` is not read."""
        return -fake.mean()


class WassersteinGP(Wasserstein):
    """The same difference, the slope held at 1 between real and fake by a penalty (arXiv:1704.00028, equation 3)."""

    customary: Mapping[str, Any] = {"penalty": "gp", "gamma": 10.0, "critic_steps": 5}


class Hinge:
    """Real logits above 1, fake ones below -1, no further (arXiv:1705.02894; SNGAN, arXiv:1802.05957, equation 16)."""

    customary: Mapping[str, Any] = {"penalty": "none", "critic_norm": "spectral"}
    pairs = False

    def critic(self, real: Tensor, fake: Tensor) -> Tensor:
        """Logits (N,), (N,) -> scalar: max(0, 1 - real) + max(0, 1 + fake), averaged."""
        return F.relu(1 - real).mean() + F.relu(1 + fake).mean()

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Logits (N,), (N,) -> scalar: -mean(fake); `real` is not read."""
        return -fake.mean()


class Relativistic:
    """Each fake is judged against a real one (RpGAN, arXiv:1807.00734; R3GAN, arXiv:2501.05441, equation 2).

    A generator can then not satisfy the critic with one good mode, because every real picture counts.
    """

    customary: Mapping[str, Any] = {"penalty": "r1+r2"}
    pairs = True

    def critic(self, real: Tensor, fake: Tensor) -> Tensor:
        """Logits (N,), (N,) -> scalar: softplus(fake - real), averaged over pairs."""
        return F.softplus(fake - real).mean()

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Logits (N,), (N,) -> scalar: softplus(real - fake), averaged over pairs."""
        return F.softplus(real - fake).mean()


LOSSES: dict[str, type[Loss]] = {
    "minimax": Minimax,
    "nonsaturating": NonSaturating,
    "lsgan": LeastSquares,
    "wgan": Wasserstein,
    "wgan-gp": WassersteinGP,
    "hinge": Hinge,
    "relativistic": Relativistic,
}
