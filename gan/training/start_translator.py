"""The start of a translation from a trained translator: its weights, layer by layer.

Nothing is fitted, for the layers of two translators differ only in what decides all of it: network, resolution, width,
objective, and how many numbers they are told. What the run lacks is left out, such as the way back; the projections of
`gan.networks.translation` begin anew where the model has none, and so does what a network that extends the model's
(`NetworkPair.extends`) has besides, which adds nothing at first.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

from gan import networks
from gan.config import Config
from gan.errors import ConfigError
from gan.models.translator import Translator

DECIDING = ("network", "resolution", "width", "critic_norm", "objective")  # settings that decide the layers
FOR_TRAINING = ("heads.", "reader.")  # of the projections and of the reader, which no translation needs


def begin_with_translator(model: Translator, config: Config, generator: nn.Module, critic: nn.Module) -> None:
    """Load a translator's networks into those of a new run, as `networks.build` made them.

    ConfigError, with the layer and what would fit, if one is missing or has another shape; then nothing was loaded.
    """
    if networks.find_pair(model.config).extends == config.network:
        raise ConfigError(
            f"init: {model.name} does not fit: its network has layers that this run's lacks; "
            f"{_cure(model.config, config)}"
        )
    pairs = ((model.generator, generator), (model.critic, critic))
    chosen = [_chosen(model, config, old.state_dict(), new.state_dict()) for old, new in pairs]
    for network, tensors in zip((generator, critic), chosen, strict=True):
        network.load_state_dict(tensors)


def _chosen(
    model: Translator, config: Config, before: Mapping[str, Tensor], after: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    extends = networks.find_pair(config).extends == model.config.network
    for name, tensor in after.items():
        there = before.get(name)
        if there is None and (extends or name.startswith(FOR_TRAINING)):
            continue
        if there is None or there.shape != tensor.shape:
            raise ConfigError(
                f"init: {model.name} does not fit: its layer {name} is {_shape(there)}, and this run's is "
                f"{_shape(tensor)}; {_cure(model.config, config)}"
            )
    return {name: before.get(name, tensor) for name, tensor in after.items()}


def _shape(tensor: Tensor | None) -> str:
    return "absent" if tensor is None else " x ".join(map(str, tensor.shape))


def _cure(old: Config, new: Config) -> str:
    """Return which flags, or which pictures, the model would fit."""
    differing = [name for name in DECIDING if getattr(old, name) != getattr(new, name)]
    flags = [f"--{name.replace('_', '-')} {getattr(old, name)}" for name in differing]
    if old.channels != new.channels:
        flags.append("two sets that are grey" if old.channels == 1 else "a set in colour")
    if len(old.classes) != len(new.classes):
        flags.append(f"{len(old.classes) or 'no'} conditions")
    return f"it fits a run with {' and '.join(flags)}" if flags else "choose another model"
