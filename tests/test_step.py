"""`gan.step`: one step against closed forms and against the same arithmetic spelt out."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import Tensor, nn

from gan.config import Config
from gan.losses import LOSSES, NonSaturating, Relativistic
from gan.networks import NETWORKS, build
from gan.step import train_step

OFF = torch.autocast("cpu", torch.bfloat16, enabled=False)
RATE = 0.1


class LinearCritic(nn.Module):
    """D(x) = w·x + b."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight.clone())
        self.bias = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return (x.flatten(1) * self.weight).sum(1) + self.bias


class Shift(nn.Module):
    """G(z) = z + offset, as pictures (N, 1, 2, 2); counts its calls."""

    def __init__(self) -> None:
        super().__init__()
        self.offset = nn.Parameter(torch.tensor([0.1, -0.2, 0.3, 0.0]))
        self.seen: list[tuple[Tensor, Tensor | None]] = []

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        self.seen.append((z, y))
        return (z + self.offset).view(-1, 1, 2, 2)


def sgd(module: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.SGD(module.parameters(), RATE)


def linear(gamma: float, loss=None, y: Tensor | None = None):
    """One step of the linear pair; (result, generator, critic, starting weight, real, z of both halves)."""
    torch.manual_seed(3)
    weight, real, z = torch.randn(4), torch.randn(6, 1, 2, 2), torch.randn(2, 6, 4)
    generator, critic = Shift(), LinearCritic(weight)
    result = train_step(
        generator, critic, loss or Relativistic(), sgd(generator), sgd(critic), real, y, z[0], z[1], gamma, OFF
    )
    return result, generator, critic, weight, real, z


@pytest.mark.parametrize("gamma", [0.0, 0.7])
def test_linear_pair_in_closed_form(gamma):
    result, generator, critic, w, real, z = linear(gamma)
    offset, x = torch.tensor([0.1, -0.2, 0.3, 0.0]), real.flatten(1)
    gap = z[0] + offset - x
    margin = gap @ w
    torch.testing.assert_close(result.critic_loss, torch.nn.functional.softplus(margin).mean())
    # R1 + R2 of a linear critic is twice |w|², so gamma / 2 of it pulls w back by 2 gamma w.
    torch.testing.assert_close(result.penalty, 2 * w.square().sum() * (gamma > 0))
    slope = (margin.sigmoid()[:, None] * gap).mean(0) + 2 * gamma * w
    w1 = w - RATE * slope
    torch.testing.assert_close(critic.weight.detach(), w1)
    assert critic.bias.abs() < 1e-6
    # The generator steps against the critic that has just moved, with latents of its own.
    margin = (x - z[1] - offset) @ w1
    torch.testing.assert_close(result.generator_loss, torch.nn.functional.softplus(margin).mean())
    torch.testing.assert_close(generator.offset.detach(), offset + RATE * margin.sigmoid().mean() * w1)


def test_logits_are_those_of_the_critic_before_it_moved():
    result, _, _, w, real, z = linear(1.0)
    torch.testing.assert_close(result.real_logit, (real.flatten(1) @ w).mean())
    torch.testing.assert_close(result.fake_logit, ((z[0] + torch.tensor([0.1, -0.2, 0.3, 0.0])) @ w).mean())


def test_nonsaturating_generator_in_closed_form():
    _, generator, critic, _, _, z = linear(0.0, NonSaturating())
    w1, offset = critic.weight.detach(), torch.tensor([0.1, -0.2, 0.3, 0.0])
    logit = (z[1] + offset) @ w1 + critic.bias.detach()
    torch.testing.assert_close(generator.offset.detach(), offset + RATE * (-logit).sigmoid().mean() * w1)


def test_penalty_is_mean_r1_plus_mean_r2():
    """D(x) = |x|²/2 has gradient x, so R1 is the mean of |real|² and R2 that of |fake|²."""

    class Bowl(LinearCritic):
        def forward(self, x, y=None):
            return x.flatten(1).square().sum(1) / 2 + 0 * super().forward(x)

    torch.manual_seed(0)
    generator, critic = Shift(), Bowl(torch.zeros(4))
    real, z = 3 * torch.randn(5, 1, 2, 2), torch.randn(2, 5, 4)
    fake = generator(z[0]).detach()
    result = train_step(
        generator, critic, Relativistic(), sgd(generator), sgd(critic), real, None, z[0], z[1], 1.0, OFF
    )
    expected = real.flatten(1).square().sum(1).mean() + fake.flatten(1).square().sum(1).mean()
    torch.testing.assert_close(result.penalty, expected)


def test_both_halves_get_the_same_classes_and_their_own_latents():
    y = torch.eye(3)[[0, 1, 2, 0, 1, 2]]
    _, generator, _, _, _, z = linear(0.0, y=y)
    assert len(generator.seen) == 2
    for (given, classes), mine in zip(generator.seen, z, strict=True):
        assert torch.equal(given, mine) and torch.equal(classes, y)


@pytest.mark.parametrize("gamma", [0.0, 1.0])
@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("network", NETWORKS)
def test_every_pair_and_loss_takes_a_step(network, name, gamma):
    torch.manual_seed(0)
    classes = ("a", "b") if NETWORKS[network].conditional else ()
    generator, critic = build(Config(network=network, resolution=28, channels=1, width=16, classes=classes))
    before = copy.deepcopy((generator.state_dict(), critic.state_dict()))
    y = torch.eye(2)[[0, 1, 1, 0]] if classes else None
    result = train_step(
        generator, critic, LOSSES[name](), sgd(generator), sgd(critic),
        torch.rand(4, 1, 28, 28) * 2 - 1, y, torch.randn(4, 100), torch.randn(4, 100), gamma, OFF,
    )  # fmt: skip
    for value in result:
        assert value.ndim == 0 and not value.requires_grad and value.isfinite()
    assert (result.penalty > 0) == (gamma > 0)
    for module, old in zip((generator, critic), before, strict=True):
        assert any(not torch.equal(v, old[k]) for k, v in module.state_dict().items())


def test_no_gradient_leaks_from_one_half_into_the_other():
    result, generator, critic, w, real, z = linear(0.7)
    gap = z[0] + torch.tensor([0.1, -0.2, 0.3, 0.0]) - real.flatten(1)
    expected = ((gap @ w).sigmoid()[:, None] * gap).mean(0) + 2 * 0.7 * w
    torch.testing.assert_close(critic.weight.grad, expected)  # nothing added by the generator's half
    margin = (real.flatten(1) - z[1] - torch.tensor([0.1, -0.2, 0.3, 0.0])) @ critic.weight.detach()
    torch.testing.assert_close(generator.offset.grad, -margin.sigmoid().mean() * critic.weight.detach())


def test_gradients_of_the_step_before_do_not_add_up():
    torch.manual_seed(0)
    real, z = torch.randn(6, 1, 2, 2), torch.randn(2, 6, 4)
    generator, critic = Shift(), LinearCritic(torch.randn(4))
    twin = copy.deepcopy((generator, critic))
    for p in (*generator.parameters(), *critic.parameters()):
        p.grad = torch.full_like(p, 100.0)
    for g, c in ((generator, critic), twin):
        train_step(g, c, Relativistic(), sgd(g), sgd(c), real, None, z[0], z[1], 1.0, OFF)
    assert torch.equal(critic.weight, twin[1].weight)
    assert torch.equal(generator.offset, twin[0].offset)


def test_critic_stands_still_for_the_generator_and_wakes_for_its_own_step():
    _, generator, critic, _, real, z = linear(1.0)
    assert not any(p.requires_grad for p in critic.parameters())
    assert all(p.requires_grad for p in generator.parameters())
    before = critic.weight.detach().clone()
    train_step(generator, critic, Relativistic(), sgd(generator), sgd(critic), real, None, z[0], z[1], 1.0, OFF)
    assert not torch.equal(critic.weight, before)


def test_inputs_are_left_alone():
    torch.manual_seed(0)
    real, z = torch.randn(6, 1, 2, 2), torch.randn(2, 6, 4)
    copies = real.clone(), z.clone()
    generator, critic = Shift(), LinearCritic(torch.randn(4))
    train_step(generator, critic, Relativistic(), sgd(generator), sgd(critic), real, None, z[0], z[1], 1.0, OFF)
    assert torch.equal(real, copies[0]) and torch.equal(z, copies[1])
    assert not real.requires_grad


def test_penalty_falls_when_it_is_trained_on():
    torch.manual_seed(0)
    generator, critic = Shift(), LinearCritic(torch.randn(4))
    optimizers = sgd(generator), sgd(critic)
    real, z = torch.zeros(6, 1, 2, 2), torch.zeros(2, 6, 4)
    values = [
        train_step(generator, critic, Relativistic(), *optimizers, real, None, z[0], z[1], 1.0, OFF).penalty.item()
        for _ in range(10)
    ]
    assert values[-1] < values[0] / 10
