"""`gan.training.step`: one step against closed forms and against the same arithmetic spelt out."""

from __future__ import annotations

import copy
import itertools

import pytest
import torch
from step_players import RATE, LinearCritic, Shift, players
from torch import Tensor, nn

from gan.config import Config
from gan.networks import NETWORKS, POINT_NETWORKS, build
from gan.training.losses import LOSSES, NonSaturating, Relativistic
from gan.training.penalties import PENALTIES
from gan.training.step import Batch, Players, critic_step, generator_step


class Result:
    """The fields of both results together."""

    def __init__(self, *parts) -> None:
        self.values = [v for part in parts for v in part]
        for part in parts:
            self.__dict__.update(part._asdict())


def batch(real: Tensor, y: Tensor | None, z: Tensor, mix: Tensor | None = None) -> Batch:
    return Batch(real, y, z, torch.zeros(len(real)) if mix is None else mix, torch.zeros(2, len(real), 0))


def both(p: Players, real: Tensor, y: Tensor | None, z: Tensor, gamma: float) -> Result:
    """A critic step and a generator step on the same real pictures; z (2, N, z_dim)."""
    return Result(critic_step(p, [batch(real, y, z[0])], gamma), generator_step(p, [batch(real, y, z[1])]))


def linear(gamma: float, loss=None, y: Tensor | None = None):
    """One step of the linear pair; (result, generator, critic, starting weight, real, z of both halves)."""
    torch.manual_seed(3)
    weight, real, z = torch.randn(4), torch.randn(6, 1, 2, 2), torch.randn(2, 6, 4)
    generator, critic = Shift(), LinearCritic(weight)
    result = both(players(generator, critic, loss), real, y, z, gamma)
    return result, generator, critic, weight, real, z


@pytest.mark.parametrize("gamma", [0.0, 0.7])
def test_linear_pair_in_closed_form(gamma):
    result, generator, critic, w, real, z = linear(gamma)
    offset, x = torch.tensor([0.1, -0.2, 0.3, 0.0]), real.flatten(1)
    gap = z[0] + offset - x
    margin = gap @ w
    torch.testing.assert_close(result.critic_loss, torch.nn.functional.softplus(margin).mean())
    # R1 + R2 of a linear critic is twice |w|² / 2, so gamma of it pulls w back by 2 gamma w.
    torch.testing.assert_close(result.penalty, w.square().sum() * (gamma > 0))
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


def test_penalty_is_half_mean_r1_plus_half_mean_r2():
    """D(x) = |x|²/2 has gradient x, so R1 is the mean of |real|² and R2 that of |fake|²."""

    class Bowl(LinearCritic):
        def forward(self, x, y=None):
            return x.flatten(1).square().sum(1) / 2 + 0 * super().forward(x)

    torch.manual_seed(0)
    generator, critic = Shift(), Bowl(torch.zeros(4))
    real, z = 3 * torch.randn(5, 1, 2, 2), torch.randn(2, 5, 4)
    fake = generator(z[0]).detach()
    result = both(players(generator, critic), real, None, z, 1.0)
    expected = (real.flatten(1).square().sum(1).mean() + fake.flatten(1).square().sum(1).mean()) / 2
    torch.testing.assert_close(result.penalty, expected)


def test_both_halves_get_the_same_classes_and_their_own_latents():
    y = torch.eye(3)[[0, 1, 2, 0, 1, 2]]
    _, generator, _, _, _, z = linear(0.0, y=y)
    assert len(generator.seen) == 2
    for (given, classes), mine in zip(generator.seen, z, strict=True):
        assert torch.equal(given, mine) and torch.equal(classes, y)


@pytest.mark.parametrize("network", [*NETWORKS, *POINT_NETWORKS])
def test_every_pair_and_loss_takes_a_step(network):
    torch.manual_seed(0)
    classes = ("a", "b") if network in NETWORKS and NETWORKS[network].conditional else ()
    built = build(Config(network=network, resolution=28, channels=1, width=16, classes=classes))
    shape = (4, 2) if network in POINT_NETWORKS else (4, 1, 28, 28)
    y = torch.eye(2)[[0, 1, 1, 0]] if classes else None
    for name, gamma in itertools.product(LOSSES, (0.0, 1.0)):
        generator, critic = copy.deepcopy(built)
        pair = players(generator, critic, LOSSES[name]())
        result = both(pair, torch.rand(shape) * 2 - 1, y, torch.randn(2, 4, 100), gamma)
        for value in result.values:
            assert value.ndim == 0 and not value.requires_grad and value.isfinite(), (name, gamma)
        assert (result.penalty > 0) == (gamma > 0), (name, gamma)
        for module, old in zip((generator, critic), built, strict=True):
            before = old.state_dict()
            assert any(not torch.equal(v, before[k]) for k, v in module.state_dict().items()), (name, gamma)


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
        both(players(g, c), real, None, z, 1.0)
    assert torch.equal(critic.weight, twin[1].weight)
    assert torch.equal(generator.offset, twin[0].offset)


def test_critic_stands_still_for_the_generator_and_wakes_for_its_own_step():
    _, generator, critic, _, real, z = linear(1.0)
    assert not any(p.requires_grad for p in critic.parameters())
    assert all(p.requires_grad for p in generator.parameters())
    before = critic.weight.detach().clone()
    both(players(generator, critic), real, None, z, 1.0)
    assert not torch.equal(critic.weight, before)


def test_inputs_are_left_alone():
    torch.manual_seed(0)
    real, z = torch.randn(6, 1, 2, 2), torch.randn(2, 6, 4)
    copies = real.clone(), z.clone()
    generator, critic = Shift(), LinearCritic(torch.randn(4))
    both(players(generator, critic), real, None, z, 1.0)
    assert torch.equal(real, copies[0]) and torch.equal(z, copies[1])
    assert not real.requires_grad


def test_penalty_falls_when_it_is_trained_on():
    torch.manual_seed(0)
    generator, critic = Shift(), LinearCritic(torch.randn(4))
    pair = players(generator, critic)
    real, z = torch.zeros(6, 1, 2, 2), torch.zeros(2, 6, 4)
    values = [both(pair, real, None, z, 1.0).penalty.item() for _ in range(10)]
    assert values[-1] < values[0] / 10


def test_lengths_of_gradients_are_those_of_the_weights():
    result, generator, critic, *_ = linear(0.7)
    for length, module in ((result.critic_gradient, critic), (result.generator_gradient, generator)):
        torch.testing.assert_close(
            length, torch.stack([p.grad.square().sum() for p in module.parameters()]).sum().sqrt()
        )
        assert length > 0.01


def test_accuracy_is_the_share_of_pairs_in_which_real_scores_higher():
    critic = LinearCritic(torch.tensor([1.0, 0, 0, 0]))
    generator = Shift()
    nn.init.zeros_(generator.offset)
    real, z = torch.zeros(4, 1, 2, 2), torch.zeros(4, 4)
    z[:, 0] = torch.tensor([-1.0, -2.0, 3.0, -4.0])  # scores of the fakes; the real ones score 0
    assert critic_step(players(generator, critic), [batch(real, None, z)], 0.0).critic_accuracy == 0.75


@pytest.mark.parametrize("name", [n for n in PENALTIES if PENALTIES[n]])
def test_penalty_of_the_step_equals_one_spelt_out_with_a_pass_for_each_part(name):
    """A critic with curvature, so that where the gradient is taken matters."""

    class Bent(LinearCritic):
        def forward(self, x, y=None):
            return (x.flatten(1).square() * self.weight).sum(1) + 0 * self.bias

    torch.manual_seed(0)
    generator, weight = Shift(), torch.randn(4)
    critic, twin = Bent(weight), Bent(weight)
    real, z, mix = torch.randn(5, 1, 2, 2), torch.randn(5, 4), torch.rand(5)
    fake = generator(z).detach()
    at = {"real": real, "fake": fake, "mix": real + mix.view(-1, 1, 1, 1) * (fake - real)}
    squared = []
    for part in PENALTIES[name].gradient_at:
        x = at[part].clone().requires_grad_()
        (g,) = torch.autograd.grad(twin(x).sum(), x, create_graph=True)
        squared.append(g.square().flatten(1).sum(1))
    zero_centred = sum(s.mean() / 2 for s in squared)
    expected = (squared[0].sqrt() - 1).square().mean() if name == "gp" else zero_centred
    (Relativistic().critic(twin(real), twin(fake)) + 0.3 * expected).backward()
    result = critic_step(players(generator, critic, penalty=name), [batch(real, None, z, mix)], 0.3)
    torch.testing.assert_close(result.penalty, expected.detach())
    torch.testing.assert_close(critic.weight.grad, twin.weight.grad)
    torch.testing.assert_close(result.real_logit, (real.flatten(1).square() @ weight).mean())


@pytest.mark.parametrize("name", PENALTIES)
def test_a_batch_in_parts_gives_the_gradient_of_the_whole(name):
    torch.manual_seed(0)
    real, z, mix, weight = torch.randn(6, 1, 2, 2), torch.randn(6, 4), torch.rand(6), torch.randn(4)
    whole, parts = Batch(real, None, z, mix, torch.zeros(2, 6, 0)), []
    for i in (0, 2, 4):
        parts.append(Batch(real[i : i + 2], None, z[i : i + 2], mix[i : i + 2], torch.zeros(2, 2, 0)))
    pairs = [(Shift(), LinearCritic(weight)) for _ in range(2)]
    results = []
    for (generator, critic), batches in zip(pairs, ([whole], parts), strict=True):
        p = players(generator, critic, penalty=name)
        results.append([*critic_step(p, batches, 0.5), *generator_step(p, batches)])
    torch.testing.assert_close(results[0], results[1])
    torch.testing.assert_close(pairs[0][0].offset, pairs[1][0].offset)
    torch.testing.assert_close(pairs[0][1].weight, pairs[1][1].weight)


def test_clip_bounds_the_critics_weights_after_its_step_and_not_the_generators():
    generator, critic = Shift(), LinearCritic(torch.tensor([1.0, -1.0, 0.001, 0.0]))
    critic_step(
        players(generator, critic, penalty="none", clip=0.01),
        [batch(torch.zeros(2, 1, 2, 2), None, torch.zeros(2, 4))],
        0,
    )
    assert critic.weight.abs().max() <= 0.01 and critic.weight[0] == 0.01 and critic.weight[1] == -0.01
    assert generator.offset[2] == 0.3


def test_gradients_are_averaged_before_they_move_anything():
    seen = []

    def zero(parameters):
        seen.append(len(parameters))
        for p in parameters:
            p.grad.zero_()

    generator, critic = Shift(), LinearCritic(torch.ones(4))
    both(players(generator, critic, average_gradients=zero), torch.randn(3, 1, 2, 2), None, torch.randn(2, 3, 4), 1.0)
    assert seen == [2, 1]
    assert torch.equal(critic.weight, torch.ones(4)) and torch.equal(generator.offset, Shift().offset)


@pytest.mark.parametrize("split", [True, False])
def test_batch_normalisation_sees_real_and_fake_separately(split):
    torch.manual_seed(0)
    seen = []

    class Watching(LinearCritic):
        def forward(self, x, y=None):
            seen.append(len(x))
            return super().forward(x, y)

    generator, critic = Shift(), Watching(torch.randn(4))
    real, z = torch.randn(3, 1, 2, 2), torch.randn(3, 4)
    result = critic_step(players(generator, critic, penalty="none", split_real_fake=split), [batch(real, None, z)], 0.0)
    assert seen == ([3, 3] if split else [6])
    assert result.real_logit != result.fake_logit


def test_a_step_can_end_before_each_of_its_parts():
    torch.manual_seed(3)
    weight, real, z = torch.randn(4), torch.randn(6, 1, 2, 2), torch.randn(6, 4)
    parts = [batch(real, None, z)] * 3
    p, asked = players(Shift(), LinearCritic(weight)), []

    def ask() -> None:
        asked.append(1)
        if len(asked) == 5:
            raise InterruptedError

    p.before_part = ask
    critic_step(p, parts, 0.0)
    before = p.generator.offset.detach().clone()
    with pytest.raises(InterruptedError):
        generator_step(p, parts)
    assert len(asked) == 5 and torch.equal(p.generator.offset, before)
