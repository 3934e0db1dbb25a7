"""The start of a run from a trained model: its weights, fitted to other classes, and which of the critic's stay.

What decides the shapes of layers must agree (`SHAPES`). Classes may differ: those that both have, by name, keep their
weights, and new ones start as the mean of the model's, so that every class is a picture at once. A network that extends
the model's (`NetworkPair.extends`) begins as what the model is. A critic's reading of attributes begins anew.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from gan import networks
from gan.config import ClassGroup, Config
from gan.errors import ConfigError
from gan.models.model import Model
from gan.networks.layers import iterate_spectral_norm

SHAPES = ("network", "resolution", "width", "z_dim", "critic_norm")  # settings that decide the shapes of layers
READING = "reading."  # of the critic's layer that reads attributes, which begins anew
ITERATIONS = 15  # of the power iteration, where spectral normalisation is given other weights

Tensors = Mapping[str, Tensor]


def begin_with(model: Model, config: Config, generator: nn.Module, critic: nn.Module) -> None:
    """Load a model's generator and critic (discriminator) into those of a new run, as `networks.build` made them.

    Where the model has no classes and the run has, the weights of classes stay as they are. ConfigError, with the layer
    and what would fit, if another layer is missing or has another shape; then nothing was loaded.
    """
    pairs = ((model.generator, generator), (model.critic, critic))
    fitted = [_fitted(model, config, i, old.state_dict(), new.state_dict()) for i, (old, new) in enumerate(pairs)]
    for network, tensors in zip((generator, critic), fitted, strict=True):
        network.load_state_dict(tensors)
    for _ in range(ITERATIONS if config.critic_norm == "spectral" else 0):
        iterate_spectral_norm(critic)


def first_layers(critic: nn.Module, count: int) -> list[nn.Parameter]:
    """Return the parameters of a critic's (discriminator's) first `count` layers with weights, from the picture on.

    ConfigError unless that leaves one to train.
    """
    layers = [module for module in critic.modules() if isinstance(module, nn.Conv2d | nn.Linear)]
    if count >= len(layers):
        raise ConfigError(f"freeze_critic must be at most {len(layers) - 1} for this critic, got {count}")
    return [parameter for layer in layers[:count] for parameter in layer.parameters()]


def _fitted(model: Model, config: Config, player: int, before: Tensors, after: Tensors) -> dict[str, Tensor]:
    """Return the tensors of a run's generator (0) or critic (1), from those of a model and those it was built with."""
    by_class = _class_tensors(config, player)
    before = {name: tensor for name, tensor in before.items() if not name.startswith(READING)}
    _check_fit(model, config, player, before, after, by_class)
    out = {**after, **{name: tensor for name, tensor in before.items() if name not in by_class}}
    # concat_classes, of generators, multiplies classes by the square root of their number.
    scale = 1.0 if player else math.sqrt(max(len(model.classes), 1) / max(len(config.classes), 1))
    for name in sorted(by_class & before.keys() & after.keys()):
        if after[name].ndim < 2:  # an estimate of spectral normalisation, which `begin_with` improves
            continue
        rest, rows = _split(before[name].to(after[name].device), len(model.classes))
        fresh, _ = _split(after[name], len(config.classes))
        rest = rest if rest.shape == fresh.shape else fresh  # of other conditions
        if not model.classes:
            out[name] = torch.cat([rest, _split(after[name], len(config.classes))[1]], 1)
            continue
        out[name] = torch.cat([rest, _rows_of(model.config, config, rows * scale)], 1)
        bias = name.removesuffix("weight") + "bias"
        if not config.classes and bias in after:
            out[bias] = before[bias].to(rest.device) + _mean_of_classes(rows * scale, model.config.class_groups)
    return out


def _class_tensors(config: Config, player: int) -> frozenset[str]:
    """Return the names of the tensors, of the generator (0) or the critic (1), that grow with the number of classes."""
    shapes: list[dict[str, torch.Size]] = []
    for classes in ((), ("one",)):
        with torch.device("meta"):
            network = networks.build(dataclasses.replace(config, classes=classes, class_groups=()))[player]
        shapes.append({name: tensor.shape for name, tensor in network.state_dict().items()})
    return frozenset(name for name, shape in shapes[1].items() if shapes[0].get(name) != shape)


def _check_fit(
    model: Model, config: Config, player: int, before: Tensors, after: Tensors, by_class: frozenset[str]
) -> None:
    extends = networks.find_pair(config).extends == model.config.network
    for name in [*after, *(name for name in before if name not in after and name not in by_class)]:
        if name.startswith(READING):
            continue
        if name in by_class and (name not in before or after[name].ndim < 2) or extends and name not in before:
            continue
        shapes = [
            _shape(tensors.get(name), len(c.classes) + player * c.conditions if name in by_class else 0)
            for tensors, c in ((before, model.config), (after, config))
        ]
        if shapes[0] != shapes[1]:
            raise ConfigError(
                f"init: {model.name} does not fit: its layer {name} is {shapes[0]}, and this run's is {shapes[1]}; "
                f"{_cure(model.config, config)}"
            )


def _shape(tensor: Tensor | None, classes: int) -> str:
    if tensor is None:
        return "absent"
    *rest, last = tensor.shape or (1,)
    return " x ".join(map(str, (*rest, last - classes)))


def _cure(old: Config, new: Config) -> str:
    """Return which flags or pictures the model would fit."""
    differing = [name for name in SHAPES if getattr(old, name) != getattr(new, name)]
    flags = [f"--{name.replace('_', '-')} {getattr(old, name)}" for name in differing]
    if old.channels != new.channels:
        flags.append(f"{'grey pictures' if old.channels == 1 else 'pictures in colour'} as --dataset")
    return f"it fits a run with {' and '.join(flags)}" if flags else "choose another model"


def _split(tensor: Tensor, classes: int) -> tuple[Tensor, Tensor]:
    return tensor[:, : tensor.shape[1] - classes], tensor[:, tensor.shape[1] - classes :]


def _rows_of(old: Config, new: Config, rows: Tensor) -> Tensor:
    """Return the weights (F, K) of a run's classes, from those (F, J) of a model's."""
    fresh = _mean_of_classes(rows, old.class_groups) / max(len(new.class_groups), 1)
    chosen = [rows[:, old.classes.index(name)] if name in old.classes else fresh for name in new.classes]
    return torch.stack(chosen, 1) if chosen else rows[:, :0]


def _mean_of_classes(rows: Tensor, groups: tuple[ClassGroup, ...]) -> Tensor:
    """Return what the classes of a picture add on average, (F,), from the weights (F, K) of each."""
    sizes = [group.size for group in groups] or [rows.shape[1]]
    return torch.stack([part.mean(1) for part in rows.split(sizes, 1)]).sum(0)
