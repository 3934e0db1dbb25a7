"""`OPTIMIZERS`: how gradients move a network. A new one is a dict line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

Parameters = Iterable[nn.Parameter]


@dataclass(frozen=True)
class Kind:
    """How to build a torch optimiser from (parameters, rate, beta1, beta2), and what it remembers of a parameter.

    slots: names of its state's tensors; "step" is a scalar, the others have the parameter's shape.
    decay: the group's entry that beta2 goes to.
    """

    build: Callable[[Parameters, float, float, float], torch.optim.Optimizer]
    slots: tuple[str, ...]
    decay: str | None


def _adam(parameters: Parameters, rate: float, beta1: float, beta2: float) -> torch.optim.Optimizer:
    return torch.optim.Adam(parameters, rate, (beta1, beta2), fused=True)


# torch has no fused RMSprop.
def _rmsprop(parameters: Parameters, rate: float, beta1: float, beta2: float) -> torch.optim.Optimizer:
    return torch.optim.RMSprop(parameters, rate, alpha=beta2, momentum=beta1)


def _sgd(parameters: Parameters, rate: float, beta1: float, beta2: float) -> torch.optim.Optimizer:
    return torch.optim.SGD(parameters, rate, momentum=beta1, fused=True)


OPTIMIZERS: dict[str, Kind] = {
    "adam": Kind(_adam, ("exp_avg", "exp_avg_sq", "step"), "betas"),
    "rmsprop": Kind(_rmsprop, ("square_avg", "momentum_buffer", "step"), "alpha"),
    "sgd": Kind(_sgd, ("momentum_buffer",), None),
}


def schedule(optimizer: torch.optim.Optimizer, kind: Kind, rate: float, beta2: float) -> None:
    """Set the learning rate, and beta2 where the optimiser has one, for the next step."""
    for group in optimizer.param_groups:
        group["lr"] = rate
        if kind.decay == "betas":
            group["betas"] = (group["betas"][0], beta2)
        elif kind.decay:
            group[kind.decay] = beta2


def state_of(optimizer: torch.optim.Optimizer, kind: Kind) -> dict[str, Tensor]:
    """What the optimiser remembers, by "index.slot"; zeros for what it has not met, which means the same to it."""
    out = {}
    for i, p in enumerate(_parameters(optimizer)):
        held = optimizer.state.get(p, {})
        for slot in kind.slots:
            value = held.get(slot)
            out[f"{i}.{slot}"] = value if value is not None else _zero(p, slot)
    return out


def restore(optimizer: torch.optim.Optimizer, kind: Kind, state: dict[str, Tensor]) -> None:
    """Remember what `state_of` gave, each tensor in its parameter's own memory layout."""
    for i, p in enumerate(_parameters(optimizer)):
        optimizer.state[p] = {slot: _zero(p, slot).copy_(state[f"{i}.{slot}"]) for slot in kind.slots}


def _parameters(optimizer: torch.optim.Optimizer) -> list[nn.Parameter]:
    return [p for group in optimizer.param_groups for p in group["params"]]


def _zero(parameter: nn.Parameter, slot: str) -> Tensor:
    # A step count is float32; fused optimisers want it beside the parameter, the others on the CPU accept it there too.
    return torch.zeros((), device=parameter.device) if slot == "step" else torch.zeros_like(parameter.detach())
