"""`NETWORKS`: pairs of a generator and a critic (discriminator). A new pair is one file here and one line in the dict.

`POINT_NETWORKS` holds the pairs for points of a 2-D distribution, `TRANSLATORS` those of the task translate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from torch import nn

from gan.config import LARGE_RESOLUTIONS, RESOLUTIONS, Config
from gan.errors import ConfigError
from gan.networks import (
    borrowed,
    cyclegan,
    dcgan,
    informed,
    light,
    mlp,
    modulated,
    palette,
    patches,
    points,
    resnet,
    unet,
)
from gan.networks.layers import spectral_norm_
from gan.networks.translation import Critics, Translators


@dataclass(frozen=True)
class NetworkPair:
    """Constructors of a generator and a critic (discriminator), and what they support.

    conditional           both read class weights
    convolutional         both run faster with channels last in memory
    generator_batch_norm  the generator contains batch normalisation
    critic_batch_norm     the critic can be built with batch normalisation
    uses_width            `Config.width` sets their size
    reads_classes         the critic can be built to tell classes, from `Config.read_classes`
    reads_conditions      the critic can be built to be told `Config.conditions`
    extends               the pair of which it has all layers, under the same names; its own begin at nothing
    large                 both can be built for `LARGE_RESOLUTIONS`
    """

    generator: Callable[[Config], nn.Module]
    critic: Callable[[Config], nn.Module]
    conditional: bool = False
    convolutional: bool = False
    generator_batch_norm: bool = False
    critic_batch_norm: bool = False
    uses_width: bool = False
    reads_classes: bool = False
    reads_conditions: bool = False
    extends: str = ""
    large: bool = False


_RESNET = NetworkPair(
    resnet.Generator,
    resnet.Critic,
    conditional=True,
    convolutional=True,
    uses_width=True,
    reads_conditions=True,
    large=True,
)
NETWORKS: dict[str, NetworkPair] = {
    "mlp": NetworkPair(mlp.Generator, mlp.Critic, critic_batch_norm=True),
    "dcgan": NetworkPair(
        dcgan.Generator,
        dcgan.Critic,
        conditional=True,
        convolutional=True,
        generator_batch_norm=True,
        critic_batch_norm=True,
    ),
    "resnet": _RESNET,
    "modulated": replace(_RESNET, generator=modulated.Generator, critic=modulated.Critic, extends="resnet"),
    "light": NetworkPair(
        light.Generator,
        light.Critic,
        convolutional=True,
        generator_batch_norm=True,
        uses_width=True,
        reads_classes=True,
    ),
}
POINT_NETWORKS: dict[str, NetworkPair] = {
    "points": NetworkPair(points.Generator, points.Critic, uses_width=True),
    "points-fourier": NetworkPair(points.Generator, points.FourierCritic, uses_width=True),
}


_UNET = NetworkPair(
    lambda config: Translators(config, unet.Translator),
    lambda config: Critics(config, resnet.Critic),
    conditional=True,
    convolutional=True,
    uses_width=True,
)
TRANSLATORS: dict[str, NetworkPair] = {  # the pair of one direction, see `gan.networks.translation`
    "unet": _UNET,
    "unet-palette": replace(_UNET, generator=lambda config: Translators(config, palette.Translator)),
    "unet-borrowed": replace(_UNET, generator=lambda config: Translators(config, borrowed.Translator)),
    "unet-informed": replace(
        _UNET,
        generator=lambda config: Translators(config, informed.Translator, borrowed.Translator),
        extends="unet-borrowed",
    ),
    "unet-patches": replace(_UNET, critic=lambda config: Critics(config, patches.Critic)),
    "cyclegan": NetworkPair(
        lambda config: Translators(config, cyclegan.Translator),
        lambda config: Critics(config, cyclegan.Critic),
        convolutional=True,
        uses_width=True,
    ),
}


def networks_for(task: str) -> Mapping[str, NetworkPair]:
    """Return the pairs for a task, by name."""
    return TRANSLATORS if task == "translate" else NETWORKS | POINT_NETWORKS


def find_pair(config: Config) -> NetworkPair:
    """Return the pair that a config names, for its task. Raises ConfigError, with the choices, if unknown."""
    known = networks_for(config.task)
    if config.network not in known:
        raise ConfigError(f"network must be one of {', '.join(known)}, got {config.network!r}")
    return known[config.network]


def check_critic_norm(config: Config) -> None:
    """Raise ConfigError if `critic_norm` is a normalisation that the pair's critic cannot be built with."""
    if config.critic_norm != "batch" or find_pair(config).critic_batch_norm:
        return
    supported = " or ".join(name for name, pair in NETWORKS.items() if pair.critic_batch_norm)
    other = "" if config.network not in NETWORKS else f"network to {supported}, or "
    raise ConfigError(
        f"critic_norm is batch, which the critic of {config.network} does not support: set {other}critic_norm to none "
        "or spectral"
    )


def check_resolution(config: Config) -> None:
    """Raise ConfigError if `resolution` is too large for the pair."""
    if config.resolution in LARGE_RESOLUTIONS and not find_pair(config).large:
        able = " or ".join(name for name, pair in NETWORKS.items() if pair.large)
        raise ConfigError(
            f"network {config.network} draws pictures of up to {RESOLUTIONS[-1]} pixels, got resolution "
            f"{config.resolution}: set network to {able}, or resolution to {RESOLUTIONS[-1]} or less"
        )


def build(config: Config) -> tuple[nn.Module, nn.Module]:
    """Build (generator, critic) for a config with `resolution` and `channels` set.

    Raises ConfigError as `find_pair`, `check_critic_norm` and `check_resolution` do.
    """
    pair = find_pair(config)
    check_critic_norm(config)
    check_resolution(config)
    generator, critic = pair.generator(config), pair.critic(config)
    return generator, spectral_norm_(critic) if config.critic_norm == "spectral" else critic
