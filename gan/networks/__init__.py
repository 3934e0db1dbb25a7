"""`NETWORKS`: pairs of generator and critic. A new pair is one file here and one line in the dict.

Pairs for points of a 2-D world instead of pictures are in `POINT_NETWORKS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from gan.config import Config, ConfigError
from gan.layers import spectral_
from gan.networks import dcgan, mlp, points, resnet


@dataclass(frozen=True)
class Pair:
    """How to build a generator and a critic from a config, whether they read class weights, and whether the critic has
    a place for batch normalisation."""

    generator: Callable[[Config], nn.Module]
    critic: Callable[[Config], nn.Module]
    conditional: bool
    convolutional: bool
    batch_norm: bool


NETWORKS: dict[str, Pair] = {
    "mlp": Pair(mlp.Generator, mlp.Critic, conditional=False, convolutional=False, batch_norm=True),
    "dcgan": Pair(dcgan.Generator, dcgan.Critic, conditional=True, convolutional=True, batch_norm=True),
    "resnet": Pair(resnet.Generator, resnet.Critic, conditional=True, convolutional=True, batch_norm=False),
}
POINT_NETWORKS: dict[str, Pair] = {
    "points": Pair(points.Generator, points.Critic, conditional=False, convolutional=False, batch_norm=False),
    "points-fourier": Pair(
        points.Generator, points.FourierCritic, conditional=False, convolutional=False, batch_norm=False
    ),
}


def pair_of(config: Config) -> Pair:
    """The pair that a config names, of either kind; ConfigError, listing the choices, for an unknown name."""
    if config.network not in NETWORKS | POINT_NETWORKS:
        raise ConfigError(f"network must be one of {', '.join(NETWORKS)}, got {config.network!r}")
    return (NETWORKS | POINT_NETWORKS)[config.network]


def build(config: Config) -> tuple[nn.Module, nn.Module]:
    """(generator, critic) for a config whose `resolution` and `channels` are set.

    ConfigError for an unknown name, or a normalisation that the pair's critic has no place for.
    """
    pair = pair_of(config)
    if config.critic_norm == "batch" and not pair.batch_norm:
        have = " or ".join(name for name, other in NETWORKS.items() if other.batch_norm)
        raise ConfigError(
            f"critic_norm is batch, which the critic of {config.network} has no place for: set network to {have}, or "
            "critic_norm to none or spectral"
        )
    generator, critic = pair.generator(config), pair.critic(config)
    return generator, spectral_(critic) if config.critic_norm == "spectral" else critic
