"""`gan.training.adaptive`: a measure that knows no zero of the critic, and a probability that follows it."""

from __future__ import annotations

import pytest
import torch
from conftest import small
from step_players import LinearCritic, Shift, players
from torch import nn

from gan.errors import ConfigError
from gan.training.adaptive import WINDOW, AdaptiveProbability, overfitting
from gan.training.augment import AUGMENTATIONS, Augmentation, apply, draw, parse
from gan.training.step import Batch, critic_step
from gan.training.validation import check_options

CPU = torch.device("cpu")


def normal(count, mean, seed):
    return torch.randn(count, generator=torch.Generator().manual_seed(seed)) + mean


@pytest.mark.parametrize("shift", [0.0, -40.0, 7.0])
@pytest.mark.parametrize("scale", [1.0, 0.01])
def test_a_constant_or_a_factor_in_the_critic_changes_nothing(shift, scale):
    real, fake = normal(4000, 1.0, 0), normal(4000, -1.0, 1)
    measured = float(overfitting(real * scale + shift, fake * scale + shift))
    assert measured == pytest.approx(float(overfitting(real, fake)), abs=2e-3)
    # Centred, it is StyleGAN2-ADA's: of N(1, 1), 84 % are positive.
    assert measured == pytest.approx(float(real.sign().mean()), abs=0.03)
    assert measured == pytest.approx(0.683, abs=0.03)


def test_it_is_0_when_the_critic_cannot_tell_and_1_when_it_knows_every_picture():
    assert abs(float(overfitting(normal(4000, 3.0, 0), normal(4000, 3.0, 1)))) < 0.05
    assert float(overfitting(torch.full((8,), 2.0), torch.full((8,), -2.0))) == 1


class Memory(nn.Module):
    """A critic that has learnt pictures by heart: it knows those of its training set and no others."""

    def __init__(self, known) -> None:
        super().__init__()
        self.known, self.weight = known, nn.Parameter(torch.ones(()))

    def forward(self, x, y=None):
        return self.weight * (x.flatten(1)[:, None] == self.known).all(2).any(1).float()


def test_a_critic_that_knows_its_pictures_by_heart_is_told_from_one_that_judges_them():
    source = torch.Generator().manual_seed(0)
    real, z = torch.randn(256, 1, 2, 2, generator=source), torch.randn(256, 4, generator=source)
    batch = Batch(real, None, z, torch.zeros(256), torch.zeros(2, 256, 0))
    measured = []
    for critic in (Memory(real.flatten(1)), LinearCritic(torch.tensor([0.0, 0.0, 0.0, 1.0]))):
        generator = Shift()
        nn.init.zeros_(generator.offset)  # generated and real pictures are of one distribution
        measured.append(float(critic_step(players(generator, critic, penalty="none"), [batch], 0.0).overfitting))
    assert measured[0] == 1 and abs(measured[1]) < 0.15


def test_the_probability_follows_the_measure_and_stays_in_its_range():
    state = AdaptiveProbability(CPU)
    held = state.probability
    for _ in range(10):
        state.update(torch.tensor(1.0), WINDOW, 0.6, 10 * WINDOW)
    assert held is state.probability and float(held) == pytest.approx(1)
    state.update(torch.tensor(1.0), WINDOW, 0.6, 10 * WINDOW)
    assert float(held) == 1
    for expected in (0.9, 0.8):
        state.update(torch.tensor(0.5), WINDOW, 0.6, 10 * WINDOW)
        assert float(held) == pytest.approx(expected)
    for _ in range(20):
        state.update(torch.tensor(0.5), WINDOW, 0.6, 10 * WINDOW)
    assert float(held) == 0


def test_the_measure_is_smoothed_over_a_window_and_a_lost_one_does_not_stay():
    state = AdaptiveProbability(CPU)
    state.update(torch.tensor(1.0), WINDOW // 4, 0.0, 1000)
    assert float(state.measure) == 0.25 and float(state.probability) == 0
    state.update(torch.tensor(torch.nan), WINDOW // 4, 0.6, 1000)
    assert float(state.measure) == 0.25 * 0.75


@pytest.mark.parametrize("probability", [0.0, 0.3, 1.0])
def test_each_augmentation_happens_to_that_share_of_the_pictures(probability):
    def more(x, u):
        return x + 1

    def much_more(x, u):
        return x + 10

    policy = (Augmentation(2, more), Augmentation(1, much_more))
    numbers = draw(policy, 4000, torch.Generator().manual_seed(0), sometimes=True)
    assert numbers.shape == (4000, 5)
    out = apply(policy, torch.zeros(4000, 1, 1, 1), numbers, torch.tensor(probability)).flatten()
    first, second = out % 10 == 1, out >= 10
    for share, expected in ((first, probability), (second, probability), (first & second, probability**2)):
        assert float(share.float().mean()) == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_a_picture_is_changed_as_ever_or_not_at_all(name):
    policy, x = parse(name), torch.rand(64, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    numbers = draw(policy, 64, torch.Generator().manual_seed(0), sometimes=True)
    out = apply(policy, x, numbers, torch.tensor(0.5))
    happens = numbers[:, -1] < 0.5
    assert 0 < happens.sum() < 64
    assert torch.equal(out[~happens], x[~happens])
    assert torch.equal(out[happens], apply(policy, x, numbers[:, :-1])[happens])


def test_a_target_without_augmentations_is_refused():
    with pytest.raises(ConfigError, match="augment_target adapts augmentations, and there are none"):
        check_options(small(augment_target=0.6))
