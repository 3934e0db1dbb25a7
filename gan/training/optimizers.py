"""`OPTIMIZERS`: the update rules of both networks. A new one is a line in the dict."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

Parameters = Iterable[nn.Parameter]


@dataclass(frozen=True)
class OptimizerSpec:
    """Constructor of a torch optimiser from (parameters, learning rate, beta1, beta2), and the layout of its state.

    slots: names of its state's tensors for each parameter; "step" is a scalar, the others have the parameter's shape.
    decay: the entry of a parameter group that beta2 sets; None if there is none.
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


OPTIMIZERS: dict[str, OptimizerSpec] = {
    "adam": OptimizerSpec(_adam, ("exp_avg", "exp_avg_sq", "step"), "betas"),
    "rmsprop": OptimizerSpec(_rmsprop, ("square_avg", "momentum_buffer", "step"), "alpha"),
    "sgd": OptimizerSpec(_sgd, ("momentum_buffer",), None),
}


def set_rates(optimizer: torch.optim.Optimizer, spec: OptimizerSpec, rate: float, beta2: float) -> None:
    """Set the learning rate, and beta2 if the optimiser has one, for the next step."""
    for group in optimizer.param_groups:
        group["lr"] = rate
        if spec.decay == "betas":
            group["betas"] = (group["betas"][0], beta2)
        elif spec.decay:
            group[spec.decay] = beta2


def state_tensors(optimizer: torch.optim.Optimizer, spec: OptimizerSpec) -> dict[str, Tensor]:
    """Return the optimiser's state by "index.slot"; zeros, which mean the same, for parameters it has not moved yet."""
    tensors = {}
    for i, p in enumerate(_parameters(optimizer)):
        state = optimizer.state.get(p, {})
        for slot in spec.slots:
            value = state.get(slot)
            tensors[f"{i}.{slot}"] = value if value is not None else _zero(p, slot)
    return tensors


def load_state_tensors(optimizer: torch.optim.Optimizer, spec: OptimizerSpec, tensors: dict[str, Tensor]) -> None:
    """Restore what `state_tensors` returned, each tensor in its parameter's own memory layout."""
    for i, p in enumerate(_parameters(optimizer)):
        optimizer.state[p] = {slot: _zero(p, slot).copy_(tensors[f"{i}.{slot}"]) for slot in spec.slots}


def _parameters(optimizer: torch.optim.Optimizer) -> list[nn.Parameter]:
    return [p for group in optimizer.param_groups for p in group["params"]]


def _zero(parameter: nn.Parameter, slot: str) -> Tensor:
    # A step count is float32. Fused optimisers need it on the parameter's device; the others accept it there too.
    return torch.zeros((), device=parameter.device) if slot == "step" else torch.zeros_like(parameter.detach())
