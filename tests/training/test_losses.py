"""`gan.training.losses` against closed forms, and where naive formulas fail."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from gan.config import Config
from gan.training.losses import LOSSES, NonSaturating, Relativistic
from gan.training.validation import check_options


def logits(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


@pytest.mark.parametrize("name", LOSSES)
def test_scalar_and_differentiable_for_every_loss(name):
    loss = LOSSES[name]()
    real, fake = logits(0.3, -1.0, 2.0), logits(0.1, 0.5, -0.2)
    for value in (loss.critic(real, fake), loss.generator(real, fake)):
        assert value.ndim == 0
        assert torch.autograd.grad(value, fake)[0].abs().min() > 0


@pytest.mark.parametrize("name", LOSSES)
def test_critic_wants_real_up_and_fake_down_and_the_generator_fake_up(name):
    loss = LOSSES[name]()
    real, fake = logits(0.3, -1.0), logits(0.1, 0.5)
    up, down = torch.autograd.grad(loss.critic(real, fake), (real, fake))
    assert (up < 0).all() and (down > 0).all()
    (gradient,) = torch.autograd.grad(loss.generator(real, fake), fake)
    assert (gradient < 0).all()


def test_undecided_critic_costs_log_4_or_log_2():
    zero = logits(0.0, 0.0)
    assert NonSaturating().critic(zero, zero).item() == pytest.approx(math.log(4), abs=1e-12)
    assert NonSaturating().generator(zero, zero).item() == pytest.approx(math.log(2), abs=1e-12)
    assert Relativistic().critic(zero, zero).item() == pytest.approx(math.log(2), abs=1e-12)
    assert Relativistic().generator(zero, zero).item() == pytest.approx(math.log(2), abs=1e-12)


def test_nonsaturating_is_cross_entropy():
    real, fake = (0.7, -2.0), (1.5, -0.4)
    expected = -sum(math.log(sigmoid(r)) for r in real) / 2 - sum(math.log(1 - sigmoid(f)) for f in fake) / 2
    assert NonSaturating().critic(logits(*real), logits(*fake)).item() == pytest.approx(expected, abs=1e-12)
    expected = -sum(math.log(sigmoid(f)) for f in fake) / 2
    assert NonSaturating().generator(logits(*real), logits(*fake)).item() == pytest.approx(expected, abs=1e-12)


def test_relativistic_is_cross_entropy_of_pairs():
    real, fake = (0.7, -2.0), (1.5, -0.4)
    expected = -sum(math.log(sigmoid(r - f)) for r, f in zip(real, fake, strict=True)) / 2
    assert Relativistic().critic(logits(*real), logits(*fake)).item() == pytest.approx(expected, abs=1e-12)
    expected = -sum(math.log(sigmoid(f - r)) for r, f in zip(real, fake, strict=True)) / 2
    assert Relativistic().generator(logits(*real), logits(*fake)).item() == pytest.approx(expected, abs=1e-12)


def log_sigmoid(x: float) -> float:
    return math.log(sigmoid(x))


# Each loss for one pair of logits, in plain arithmetic: (critic's, generator's).
CLOSED = {
    "minimax": (lambda r, f: -log_sigmoid(r) - log_sigmoid(-f), lambda r, f: log_sigmoid(-f)),
    "nonsaturating": (lambda r, f: -log_sigmoid(r) - log_sigmoid(-f), lambda r, f: -log_sigmoid(f)),
    "lsgan": (lambda r, f: ((r - 1) ** 2 + f**2) / 2, lambda r, f: (f - 1) ** 2 / 2),
    "wgan": (lambda r, f: f - r, lambda r, f: -f),
    "wgan-gp": (lambda r, f: f - r, lambda r, f: -f),
    "hinge": (lambda r, f: max(0, 1 - r) + max(0, 1 + f), lambda r, f: -f),
    "relativistic": (lambda r, f: -log_sigmoid(r - f), lambda r, f: -log_sigmoid(f - r)),
}


@pytest.mark.parametrize("name", CLOSED)
def test_a_published_loss_is_its_formula_averaged_over_pairs(name):
    real, fake = (0.7, -2.0, 3.0), (1.5, -0.4, -2.5)
    for i, method in enumerate(("critic", "generator")):
        expected = sum(CLOSED[name][i](r, f) for r, f in zip(real, fake, strict=True)) / 3
        value = getattr(LOSSES[name](), method)(logits(*real), logits(*fake))
        assert value.item() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("name", LOSSES)
def test_generator_reads_real_says_whether_the_generators_loss_reads_real_logits(name):
    loss, fake = LOSSES[name](), logits(1.5, -0.4, -2.5)
    values = {loss.generator(logits(*real), fake).item() for real in ((0.0, 0.0, 0.0), (5.0, -3.0, 1.0))}
    assert (len(values) == 2) == loss.generator_reads_real


@pytest.mark.parametrize("name", LOSSES)
def test_customary_settings_make_a_config_that_can_be_trained(name):
    config = Config(loss=name, **LOSSES[name].customary)
    check_options(config)
    assert config.penalty == LOSSES[name].customary["penalty"]


@pytest.mark.parametrize("name", LOSSES)
def test_generator_still_learns_when_the_critic_is_certain_but_for_minimax(name):
    for certain, dtype in itertools.product((-30.0, -100.0), (torch.float32, torch.float64)):
        fake = torch.tensor([certain], dtype=dtype, requires_grad=True)
        value = LOSSES[name]().generator(torch.zeros(1, dtype=dtype), fake)
        slope = torch.autograd.grad(value, fake)[0].item()
        expected = {"minimax": 0.0, "lsgan": certain - 1}.get(name, -1.0)
        assert slope == pytest.approx(expected, abs=1e-6), (certain, dtype)
        assert slope < 0, (certain, dtype)  # minimax vanishes, but log(1 - sigmoid) would give exactly 0


@pytest.mark.parametrize("name", LOSSES)
def test_extreme_logits_stay_finite(name):
    for real, fake in ((1e4, -1e4), (-1e4, 1e4)):
        r, f = logits(real), logits(fake)
        for value in (LOSSES[name]().critic(r, f), LOSSES[name]().generator(r, f)):
            assert value.isfinite()
            grads = torch.autograd.grad(value, (r, f), allow_unused=True)
            assert all(g.isfinite().all() for g in grads if g is not None)


@pytest.mark.parametrize("shift", [-50.0, 3.25, 1000.0])
def test_relativistic_ignores_what_is_added_to_every_logit(shift):
    real, fake = logits(0.7, -2.0, 0.0), logits(1.5, -0.4, 3.0)
    for value in (Relativistic().critic, Relativistic().generator):
        assert value(real + shift, fake + shift).item() == pytest.approx(value(real, fake).item(), abs=1e-9)
    assert Relativistic().generator(real, fake).item() == pytest.approx(Relativistic().critic(fake, real).item())
    assert NonSaturating().critic(real + shift, fake + shift).item() != pytest.approx(
        NonSaturating().critic(real, fake).item(), abs=1e-3
    )
