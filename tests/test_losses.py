"""`gan.losses` against closed forms, and where naive formulas fail."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from gan.losses import LOSSES, NonSaturating, Relativistic, gradient_penalty


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
    (wish,) = torch.autograd.grad(loss.generator(real, fake), fake)
    assert (wish < 0).all()


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


@pytest.mark.parametrize("certain", [-30.0, -100.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", LOSSES)
def test_generator_still_learns_when_the_critic_is_certain(name, certain, dtype):
    fake = torch.tensor([certain], dtype=dtype, requires_grad=True)
    value = LOSSES[name]().generator(torch.zeros(1, dtype=dtype), fake)
    assert value.item() == pytest.approx(-certain, rel=1e-6)
    assert torch.autograd.grad(value, fake)[0].item() == pytest.approx(-1, abs=1e-6)


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


def test_penalty_of_a_linear_critic_is_its_squared_weight_norm():
    w = torch.randn(3, 4, 4, dtype=torch.float64)
    x = torch.randn(5, 3, 4, 4, dtype=torch.float64, requires_grad=True)
    penalty = gradient_penalty((x * w).flatten(1).sum(1) + 7, x)
    torch.testing.assert_close(penalty, w.square().sum().expand(5).to(penalty.dtype))


def test_penalty_of_a_quadratic_critic():
    """D(x) = x'Ax/2 + b'x has gradient Ax + b."""
    a = torch.randn(6, 6)
    a, b = a + a.T, torch.randn(6)
    x = torch.randn(4, 6, requires_grad=True)
    penalty = gradient_penalty(((x @ a) * x).sum(1) / 2 + x @ b, x)
    torch.testing.assert_close(penalty, (x @ a + b).square().sum(1), rtol=1e-5, atol=1e-5)
    # Its own gradient is 2 A (A x + b): the second derivative is there.
    (second,) = torch.autograd.grad(penalty.sum(), x)
    torch.testing.assert_close(second, 2 * (x @ a + b) @ a, rtol=1e-4, atol=1e-4)


def critic_like(dtype: torch.dtype) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 3, 3, padding=1), nn.Tanh(), nn.Flatten(), nn.Linear(3 * 16, 1)).to(dtype)


def test_one_pass_over_both_equals_a_pass_each():
    critic = critic_like(torch.float32)
    real, fake = torch.randn(4, 1, 4, 4), torch.randn(4, 1, 4, 4)

    def run(*batches):
        critic.zero_grad()
        parts = []
        for x in batches:
            x = x.clone().requires_grad_()
            parts.append(gradient_penalty(critic(x).squeeze(1), x))
        penalty = torch.cat(parts)
        penalty.mean().backward()
        return penalty.detach(), [p.grad.clone() for p in critic.parameters() if p.grad is not None]

    fused, fused_grads = run(torch.cat([real, fake]))
    twice, twice_grads = run(real, fake)
    torch.testing.assert_close(fused, twice)
    torch.testing.assert_close(fused_grads, twice_grads)
    assert fused.shape == (8,) and fused.dtype == torch.float32
    assert max(g.abs().max() for g in fused_grads) > 1e-4


def test_penalty_is_differentiable_in_the_weights_like_finite_differences():
    critic = critic_like(torch.float64)
    x = torch.randn(3, 1, 4, 4, dtype=torch.float64, requires_grad=True)
    penalty = gradient_penalty(critic(x).squeeze(1), x).mean()
    penalty.backward()
    weight = critic[0].weight
    for index in ((0, 0, 1, 1), (2, 0, 0, 2)):
        values = []
        for step in (1e-2, -1e-2):
            with torch.no_grad():
                weight[index] += step
            (g,) = torch.autograd.grad(critic(x).sum(), x)
            values.append(g.square().flatten(1).sum(1).mean().item())
            with torch.no_grad():
                weight[index] -= step
        assert weight.grad[index].item() == pytest.approx((values[0] - values[1]) / 2e-2, rel=1e-3)


def test_gradcheck_of_the_gradient_that_is_penalised():
    critic = critic_like(torch.float64)

    def gradient(x):
        return torch.autograd.grad(critic(x).sum(), x, create_graph=True)[0]

    x = torch.randn(2, 1, 4, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(gradient, (x,))
    assert torch.autograd.gradgradcheck(lambda x: critic(x).squeeze(1), (x,))


def test_penalty_needs_pictures_that_the_logits_come_from():
    x = torch.randn(2, 3, requires_grad=True)
    with pytest.raises(RuntimeError):
        gradient_penalty(torch.randn(2, 3, requires_grad=True).sum(1), x)
