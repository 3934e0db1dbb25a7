"""`NETWORKS`: pairs of generator and critic. A new pair is one file here and one line in the dict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from gan.config import Config, ConfigError
from gan.networks import dcgan, mlp, resnet


@dataclass(frozen=True)
class Pair:
    """How to build a generator and a critic from a config, and whether they read class weights."""

    generator: Callable[[Config], nn.Module]
    critic: Callable[[Config], nn.Module]
    conditional: bool
    convolutional: bool


NETWORKS: dict[str, Pair] = {
    "mlp": Pair(mlp.Generator, mlp.Critic, conditional=False, convolutional=False),
    "dcgan": Pair(dcgan.Generator, dcgan.Critic, conditional=False, convolutional=True),
    "resnet": Pair(resnet.Generator, resnet.Critic, conditional=True, convolutional=True),
}


def build(config: Config) -> tuple[nn.Module, nn.Module]:
    """(generator, critic) for a config whose `resolution` and `channels` are set; ConfigError for an unknown name."""
    if config.network not in NETWORKS:
        raise ConfigError(f"network must be one of {', '.join(NETWORKS)}, got {config.network!r}")
    pair = NETWORKS[config.network]
    return pair.generator(config), pair.critic(config)
