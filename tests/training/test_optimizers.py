"""`gan.training.optimizers`: each spec moves as torch's does, and its memory survives being written down."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from gan.training.optimizers import OPTIMIZERS, load_state_tensors, set_rates, state_tensors


def net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(2, 16, 3), nn.Flatten(), nn.Linear(16 * 4, 1)).to(memory_format=torch.channels_last)


def steps(module, optimizer, numbers) -> None:
    for i in numbers:
        x = torch.randn(3, 2, 4, 4, generator=torch.Generator().manual_seed(i))
        optimizer.zero_grad()
        module(x).square().mean().backward()
        optimizer.step()


@pytest.mark.parametrize("momentum", [0.0, 0.5])
@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("before", [0, 3])
def test_state_written_and_restored_goes_on_bit_for_bit(name, momentum, before):
    spec, module = OPTIMIZERS[name], net()
    optimizer = spec.build(module.parameters(), 0.01, momentum, 0.9)
    steps(module, optimizer, range(before))
    state = {k: v.clone() for k, v in state_tensors(optimizer, spec).items()}
    assert set(state) == {f"{i}.{slot}" for i in range(4) for slot in spec.slots}
    twin = copy.deepcopy(module)
    other = spec.build(twin.parameters(), 0.01, momentum, 0.9)
    load_state_tensors(other, spec, state)
    steps(module, optimizer, range(10, 14))
    steps(twin, other, range(10, 14))
    for a, b in zip(module.parameters(), twin.parameters(), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_schedule_sets_rate_and_decay(name):
    spec, module = OPTIMIZERS[name], net()
    optimizer = spec.build(module.parameters(), 0.01, 0.3, 0.9)
    set_rates(optimizer, spec, 0.5, 0.95)
    (group,) = optimizer.param_groups
    assert group["lr"] == 0.5
    assert {"adam": group.get("betas"), "rmsprop": group.get("alpha"), "sgd": None}[name] == {
        "adam": (0.3, 0.95), "rmsprop": 0.95, "sgd": None,
    }[name]  # fmt: skip
    assert (group["momentum"] if name != "adam" else group["betas"][0]) == 0.3


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_spec_descends(name):
    spec, module = OPTIMIZERS[name], net()
    x = torch.randn(8, 2, 4, 4)
    optimizer = spec.build(module.parameters(), 0.01, 0.0, 0.9)
    before = module(x).square().mean().item()
    for _ in range(50):
        optimizer.zero_grad()
        module(x).square().mean().backward()
        optimizer.step()
    assert module(x).square().mean().item() < before / 2
