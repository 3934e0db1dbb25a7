"""`NETWORKS`: pairs of generator and critic. A new pair is one file here and one line in the dict.

Pairs for points of a 2-D distribution instead of pictures are in `POINT_NETWORKS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from gan.config import Config
from gan.errors import ConfigError
from gan.networks import dcgan, mlp, points, resnet
from gan.networks.layers import spectral_


@dataclass(frozen=True)
class Pair:
    """How to build a generator and a critic from a config, and what they are.

    conditional    they read class weights
    convolutional  they are quicker with channels last in memory
    batch_norm     the critic has a place for batch normalisation
    normalised     the generator has batch normalisation
    sized          the config's width says how large they are
    """

    generator: Callable[[Config], nn.Module]
    critic: Callable[[Config], nn.Module]
    conditional: bool = False
    convolutional: bool = False
    batch_norm: bool = False
    normalised: bool = False
    sized: bool = False


NETWORKS: dict[str, Pair] = {
    "mlp": Pair(mlp.Generator, mlp.Critic, batch_norm=True),
    "dcgan": Pair(
        dcgan.Generator, dcgan.Critic, conditional=True, convolutional=True, batch_norm=True, normalised=True
    ),
    "resnet": Pair(resnet.Generator, resnet.Critic, conditional=True, convolutional=True, sized=True),
}
POINT_NETWORKS: dict[str, Pair] = {
    "points": Pair(points.Generator, points.Critic, sized=True),
    "points-fourier": Pair(points.Generator, points.FourierCritic, sized=True),
}


def pair_of(config: Config) -> Pair:
    """The pair that a config names, of either kind; ConfigError, listing the choices, for an unknown name."""
    known = NETWORKS | POINT_NETWORKS
    if config.network not in known:
        raise ConfigError(f"network must be one of {', '.join(known)}, got {config.network!r}")
    return known[config.network]


def check_norm(config: Config) -> None:
    """ConfigError for a normalisation that the pair's critic has no place for."""
    if config.critic_norm != "batch" or pair_of(config).batch_norm:
        return
    have = " or ".join(name for name, other in NETWORKS.items() if other.batch_norm)
    other = "" if config.network in POINT_NETWORKS else f"network to {have}, or "
    raise ConfigError(
        f"critic_norm is batch, which the critic of {config.network} has no place for: set {other}critic_norm to none "
        "or spectral"
    )


def build(config: Config) -> tuple[nn.Module, nn.Module]:
    """(generator, critic) for a config whose `resolution` and `channels` are set; ConfigError as `check_norm`."""
    pair = pair_of(config)
    check_norm(config)
    generator, critic = pair.generator(config), pair.critic(config)
    return generator, spectral_(critic) if config.critic_norm == "spectral" else critic
