"""Settings that change during a run: a burn-in from a start to a final value, and the annealing at the end.

`shown` is the number of real images shown so far.
"""

from __future__ import annotations

import math

from gan.config import Config


def burn_in(start: float, final: float, shown: int, length: int) -> float:
    """Return the value after `shown` images: from start to final along half a cosine over `length`, then final.

    After R3GAN (arXiv:2501.05441, section 4). A start of 0 stands for the final value; one next to 0,
    such as an EMA of 1 image, begins with next to nothing. A length of 0 means no burn-in.
    """
    if not start or shown >= length:
        return final
    return final + (start - final) * (1 + math.cos(math.pi * shown / length)) / 2


def learning_rate(config: Config, shown: int) -> float:
    """Return the generator's learning rate: burn-in, then constant, then linear to 0 over the last `anneal` share."""
    rate = burn_in(config.learning_rate_start, config.learning_rate, shown, config.burn_in)
    left = (config.images - shown) / config.images
    return rate * (min(1.0, max(left, 0.0) / config.anneal) if config.anneal else 1.0)


def gamma(config: Config, shown: int) -> float:
    """Return the weight of the penalty."""
    return burn_in(config.gamma_start, config.gamma, shown, config.burn_in)


def max_gamma(config: Config) -> float:
    """Return the largest weight that the penalty has at any time of the run."""
    return max(config.gamma, config.gamma_start if config.burn_in else 0.0)


def penalty_due(config: Config, shown: int) -> bool:
    """Return whether the critic's next step takes the penalty: the first step and every `penalty_every`-th after it."""
    return shown // config.batch_size % config.penalty_every == 0


def penalty_weight(config: Config, shown: int) -> float:
    """Return the weight of the penalty in the critic's next step; its mean over steps is gamma.

    Lazy regularisation, after StyleGAN2 (arXiv:1912.04958, section 3.1): K times gamma in every K-th step, else 0.
    """
    return gamma(config, shown) * config.penalty_every if penalty_due(config, shown) else 0.0


def beta2(config: Config, shown: int) -> float:
    """Return the second decay of the optimiser."""
    return burn_in(config.beta2_start, config.beta2, shown, config.burn_in)


def ema_images(config: Config, shown: int) -> float:
    """Return the half-life of the averaged generator, in images."""
    return burn_in(config.ema_images_start, config.ema_images, shown, config.burn_in)
