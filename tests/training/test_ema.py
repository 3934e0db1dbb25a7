"""`gan.training.ema` against the closed form of an exponential average."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from gan.training import ema


def nets() -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(0)
    live = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
    average = copy.deepcopy(live).requires_grad_(False)
    return average, live


def test_closed_form_after_n_steps():
    """After n steps at decay d the average is d^n start + (1 - d) sum d^(n-1-i) value_i."""
    average, live = nets()
    start, decay, values = live[0].weight.detach().clone(), 0.9, []
    for _ in range(12):
        with torch.no_grad():
            live[0].weight.copy_(torch.randn(4, 3))
        values.append(live[0].weight.detach().clone())
        ema.update(average, live, decay)
    expected = decay**12 * start + sum((1 - decay) * decay ** (11 - i) * v for i, v in enumerate(values))
    torch.testing.assert_close(average[0].weight, expected)


def test_half_life_means_half():
    average, live = nets()
    with torch.no_grad():
        average[0].weight.fill_(1.0)
        live[0].weight.fill_(0.0)
    for _ in range(50):  # of 20 images: one half-life of 1,000
        ema.update(average, live, ema.decay_for(1000, shown=10**9, batch=20))
    torch.testing.assert_close(average[0].weight, torch.full((4, 3), 0.5))


@pytest.mark.parametrize(("shown", "effective"), [(100, 10), (5_000, 500), (10_000, 1000), (10**9, 1000)])
def test_half_life_grows_with_the_run_up_to_its_full_length(shown, effective):
    assert ema.decay_for(1000, shown, 20) == pytest.approx(0.5 ** (20 / effective))


def test_the_first_step_forgets_the_random_start():
    assert ema.decay_for(32_000, 0, 64) == 0
    assert ema.decay_for(32_000, 64, 64) < 0.002


@pytest.mark.parametrize("decay", [0.0, 0.3, 1.0])
def test_every_parameter_and_float_buffer_is_averaged_and_counters_copied(decay):
    average, live = nets()
    live(torch.randn(8, 3) * 5 + 2)
    with torch.no_grad():
        for p in live.parameters():
            p.add_(1)
    before = {k: v.clone() for k, v in average.state_dict().items()}
    ema.update(average, live, decay)
    for name, value in average.state_dict().items():
        new = live.state_dict()[name]
        if value.is_floating_point():
            torch.testing.assert_close(value, decay * before[name] + (1 - decay) * new)
            assert decay == 1 or not torch.equal(value, before[name]), name
        else:
            assert name == "1.num_batches_tracked" and value.item() == new.item() == 1


def test_the_live_network_is_left_alone_and_nothing_is_recorded():
    average, live = nets()
    before = copy.deepcopy(live.state_dict())
    ema.update(average, live, 0.5)
    assert all(torch.equal(v, before[k]) for k, v in live.state_dict().items())
    assert all(p.grad_fn is None for p in average.parameters())
