"""`gan.training.rng`: which pictures and random numbers belong to which step."""

from __future__ import annotations

import pytest
import torch

from gan.training.rng import shuffled_indices


@pytest.mark.parametrize("n", [1, 7, 100])
def test_every_epoch_is_a_permutation_of_its_own(n):
    shown = shuffled_indices(seed=3, n=n, start=0, count=5 * n).view(5, n)
    for epoch in shown:
        assert sorted(epoch.tolist()) == list(range(n))
    if n == 100:
        assert len({tuple(epoch.tolist()) for epoch in shown}) == 5


def test_order_is_a_function_of_seed_and_position():
    whole = shuffled_indices(3, 50, 0, 400)
    torch.manual_seed(99)
    for start, count in ((0, 1), (49, 2), (37, 200), (150, 50), (399, 1)):
        assert torch.equal(shuffled_indices(3, 50, start, count), whole[start : start + count])
    assert not torch.equal(shuffled_indices(4, 50, 0, 50), whole[:50])
    assert whole.dtype == torch.int64


def test_streams_of_steps_epochs_and_seeds_are_unrelated():
    first = [torch.randn(4, generator=stream(*key)).tolist() for key in ((0, 0, 0), (0, 1, 0), (1, 0, 0), (0, 0, 1))]
    assert len({tuple(row) for row in first}) == 4
    assert torch.equal(torch.randn(4, generator=stream(0, 1, 0)), torch.tensor(first[1]))
