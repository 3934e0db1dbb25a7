"""`gan.training.penalties` against closed forms and finite differences."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from gan.training.penalties import PENALTIES, squared_gradient


def test_values_of_every_penalty_for_known_lengths():
    squared = torch.tensor([4.0, 16.0, 0.0, 36.0])
    assert PENALTIES["none"] is None
    assert PENALTIES["r1"](squared) == PENALTIES["r2"](squared) == 7
    assert PENALTIES["r1+r2"](squared) == 14  # (20 + 36) / 2 / 2: half the mean of each part, added up
    assert PENALTIES["gp"](squared).item() == pytest.approx((1 + 9 + 1 + 25) / 4, rel=1e-5)


@pytest.mark.parametrize("name", [n for n in PENALTIES if PENALTIES[n]])
def test_a_critic_without_slope_has_a_finite_penalty_and_gradient(name):
    squared = torch.zeros(4, requires_grad=True)
    value = PENALTIES[name](squared)
    assert value.item() == pytest.approx(1 if name == "gp" else 0, abs=1e-5)
    assert torch.autograd.grad(value, squared)[0].isfinite().all()


def test_penalty_of_a_linear_critic_is_its_squared_weight_norm():
    w = torch.randn(3, 4, 4, dtype=torch.float64)
    x = torch.randn(5, 3, 4, 4, dtype=torch.float64, requires_grad=True)
    penalty = squared_gradient((x * w).flatten(1).sum(1) + 7, x)
    torch.testing.assert_close(penalty, w.square().sum().expand(5).to(penalty.dtype))


def test_penalty_of_a_quadratic_critic():
    """D(x) = x'Ax/2 + b'x has gradient Ax + b."""
    a = torch.randn(6, 6)
    a, b = a + a.T, torch.randn(6)
    x = torch.randn(4, 6, requires_grad=True)
    penalty = squared_gradient(((x @ a) * x).sum(1) / 2 + x @ b, x)
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
            parts.append(squared_gradient(critic(x).squeeze(1), x))
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
    penalty = squared_gradient(critic(x).squeeze(1), x).mean()
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
        squared_gradient(torch.randn(2, 3, requires_grad=True).sum(1), x)
