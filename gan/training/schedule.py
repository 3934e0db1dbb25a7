"""What changes along a run: from a start to a final value over the burn-in, and the anneal at the end."""

from __future__ import annotations

import math

from gan.config import Config


def burn_in(start: float, final: float, shown: int, length: int) -> float:
    """The value after `shown` images: along half a cosine from start to final over `length`, then final.

    After R3GAN (arXiv:2501.05441, section 4). A start of 0 stands for the final value; a length of 0 is over at once.
    """
    if not start or shown >= length:
        return final
    return final + (start - final) * (1 + math.cos(math.pi * shown / length)) / 2


def learning_rate(config: Config, shown: int) -> float:
    """The generator's: through the burn-in, then constant, then in a straight line to 0 over the last `anneal`."""
    rate = burn_in(config.learning_rate_start, config.learning_rate, shown, config.burn_in)
    left = (config.images - shown) / config.images
    return rate * (min(1.0, max(left, 0.0) / config.anneal) if config.anneal else 1.0)


def gamma(config: Config, shown: int) -> float:
    """Weight of the penalty."""
    return burn_in(config.gamma_start, config.gamma, shown, config.burn_in)


def penalty_due(config: Config, shown: int) -> bool:
    """Whether the critic's next step is penalised: the first, and every `penalty_every`-th from there on."""
    return shown // config.batch_size % config.penalty_every == 0


def penalty_weight(config: Config, shown: int) -> float:
    """Weight of the penalty in the critic's next step, gamma on the average over steps.

    Lazy regularisation, after StyleGAN2 (arXiv:1912.04958, section 3.1): K times gamma in every K-th step, else 0.
    """
    return gamma(config, shown) * config.penalty_every if penalty_due(config, shown) else 0.0


def greatest_gamma(config: Config) -> float:
    """The largest weight that the penalty has at any time of the run."""
    return max(config.gamma, config.gamma_start if config.burn_in else 0.0)


def beta2(config: Config, shown: int) -> float:
    """Second decay of the optimiser."""
    return burn_in(config.beta2_start, config.beta2, shown, config.burn_in)


def ema_images(config: Config, shown: int) -> float:
    """Half-life of the averaged generator, in images."""
    return burn_in(config.ema_images_start, config.ema_images, shown, config.burn_in)
