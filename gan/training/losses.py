"""`LOSSES`: objectives of generator and critic (discriminator). A new loss is a class and a line in the dict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import torch.nn.functional as F
from torch import Tensor


class Loss(Protocol):
    """A loss: each method takes logits (N,) of real and logits (N,) of fake pictures, and returns a scalar.

    customary: the penalty, clipping, normalisation and critic steps of its paper, as `Config` settings; a command line
    that names the loss gets them too, unless it says otherwise. generator_reads_real: whether the generator's loss
    depends on the real logits; where it does not, they are not computed.
    """

    customary: Mapping[str, Any]
    generator_reads_real: bool

    def critic(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return what the critic (discriminator) minimises."""
        ...

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return what the generator minimises."""
        ...


class Minimax:
    """The zero-sum game as first published, the generator minimising log(1 - D(fake)) (arXiv:1406.2661, equation 1).

    Saturating: the generator's gradient on a logit is -sigma(fake), which vanishes when the critic (discriminator) is
    certain.
    """

    customary: Mapping[str, Any] = {"penalty": "none"}
    generator_reads_real = False

    def critic(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return the mean of -log sigma(real) - log(1 - sigma(fake))."""
        return F.softplus(-real).mean() + F.softplus(fake).mean()

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return the mean of log(1 - sigma(fake))."""
        return -F.softplus(fake).mean()


class NonSaturating(Minimax):
    """Binary cross-entropy on logits, the generator maximising log D(fake) (arXiv:1406.2661, section 3).

    softplus keeps the gradient exact where log(sigmoid(x)) would round to log(0).
    """

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return the mean of -log sigma(fake)."""
        return F.softplus(-fake).mean()


class LeastSquares:
    """LSGAN: real logits are drawn to 1, fake ones to 0; the generator wants 1 (arXiv:1611.04076, equation 9)."""

    customary: Mapping[str, Any] = {"penalty": "none"}
    generator_reads_real = False

    def critic(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return half the mean of (real - 1)² + fake²."""
        return ((real - 1).square().mean() + fake.square().mean()) / 2

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return half the mean of (fake - 1)²."""
        return (fake - 1).square().mean() / 2


class Wasserstein:
    """WGAN: difference of mean scores; clipped weights bound the critic's slope (arXiv:1701.07875).

    The paper trains with RMSprop at 5e-5, `--optimizer rmsprop --learning-rate 5e-5 --beta1 0`.
    """

    customary: Mapping[str, Any] = {"penalty": "none", "clip": 0.01, "critic_steps": 5}
    generator_reads_real = False

    def critic(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return mean(fake) - mean(real)."""
        return fake.mean() - real.mean()

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return -mean(fake)."""
        return -fake.mean()


class WassersteinGP(Wasserstein):
    """WGAN-GP: the same difference, with a penalty that draws the slope to 1 (arXiv:1704.00028, equation 3)."""

    customary: Mapping[str, Any] = {"penalty": "gp", "gamma": 10.0, "critic_steps": 5}


class Hinge:
    """Hinge loss: real logits above 1, fake ones below -1 (arXiv:1705.02894; SNGAN, arXiv:1802.05957, equation 16)."""

    customary: Mapping[str, Any] = {"penalty": "none", "critic_norm": "spectral"}
    generator_reads_real = False

    def critic(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return the mean of max(0, 1 - real) + max(0, 1 + fake)."""
        return F.relu(1 - real).mean() + F.relu(1 + fake).mean()

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return -mean(fake)."""
        return -fake.mean()


class Relativistic:
    """RpGAN: each fake is compared with a real one (arXiv:1807.00734; R3GAN, arXiv:2501.05441, equation 2).

    The generator cannot satisfy the critic (discriminator) with one good mode, because every real picture counts.
    """

    customary: Mapping[str, Any] = {"penalty": "r1+r2"}
    generator_reads_real = True

    def critic(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return the mean of softplus(fake - real) over pairs."""
        return F.softplus(fake - real).mean()

    def generator(self, real: Tensor, fake: Tensor) -> Tensor:
        """Return the mean of softplus(real - fake) over pairs."""
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
