"""`gan.training.rng`: pictures and random numbers are functions of the seed and a position in the run."""

from __future__ import annotations

import pytest
import torch

from gan.training.rng import epoch_generator, shuffled_indices, step_generator


@pytest.mark.parametrize("n", [1, 7, 100])
def test_every_epoch_is_a_permutation_of_its_own(n):
    shown = shuffled_indices(seed=3, n=n, start=0, count=5 * n).view(5, n)
    for epoch in shown:
        assert sorted(epoch.tolist()) == list(range(n))
    if n == 100:
        assert len({tuple(epoch.tolist()) for epoch in shown}) == 5


def test_order_is_a_function_of_seed_and_position():
    whole = shuffled_indices(3, 50, 0, 400)
    torch.manual_seed(99)  # the global generator plays no part
    for start, count in ((0, 1), (49, 2), (37, 200), (150, 50), (399, 1)):
        assert torch.equal(shuffled_indices(3, 50, start, count), whole[start : start + count])
    assert not torch.equal(shuffled_indices(4, 50, 0, 50), whole[:50])
    assert whole.dtype == torch.int64


def test_random_numbers_of_steps_epochs_and_seeds_are_unrelated():
    generators = [step_generator(0, 0), step_generator(0, 1), step_generator(1, 0), epoch_generator(0, 0)]
    drawn = [torch.randn(4, generator=generator) for generator in generators]
    assert len({tuple(row.tolist()) for row in drawn}) == 4
    assert torch.equal(torch.randn(4, generator=step_generator(0, 1)), drawn[1])
