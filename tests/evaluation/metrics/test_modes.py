"""`gan.evaluation.metrics.modes` against counts made by hand."""

from __future__ import annotations

import math

import pytest
import torch

from gan.data.points import MIXTURES, Mixture
from gan.evaluation.metrics.modes import coverage

CROSS = Mixture(lambda *_: None, 10.0, "A cross", torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]]), 1.0)


def test_hits_modes_and_kl_by_hand():
    points = torch.tensor(
        [[0.0, 2.9], [0.1, 0.0], [2.0, 2.0], [10.0, 2.9], [0.0, 3.1], [5.0, 5.0], [13.1, 0.0], [7.5, 0]]
    )
    result = coverage(points, CROSS)
    assert (result.modes, result.of, result.quality) == (2, 3, 5 / 8)
    p = (3 / 5, 2 / 5)
    assert result.kl == pytest.approx(sum(q * math.log(3 * q) for q in p), abs=1e-12)


@pytest.mark.parametrize("name", MIXTURES)
def test_the_distribution_itself_is_covered(name):
    result = coverage(MIXTURES[name].draw(2500, torch.Generator().manual_seed(1)), MIXTURES[name])
    assert result.modes == result.of == len(MIXTURES[name].centres)
    assert result.quality == pytest.approx(1 - math.exp(-4.5), abs=0.006)  # 3 sd of a round Gaussian
    assert result.kl == pytest.approx((result.of - 1) / 2 / 2500, abs=0.004)


@pytest.mark.parametrize("name", MIXTURES)
def test_one_mode_alone_costs_log_of_their_number(name):
    distribution = MIXTURES[name]
    result = coverage(distribution.centres[:1].repeat(50, 1), distribution)
    assert (result.modes, result.quality) == (1, 1.0) and result.kl == pytest.approx(math.log(result.of))


def test_no_hit_at_all():
    result = coverage(torch.full((4, 2), 100.0), CROSS)
    assert (result.modes, result.quality, result.kl) == (0, 0.0, math.inf)


@pytest.mark.parametrize("points", [torch.zeros(0, 2), torch.zeros(3, 3), torch.zeros(3)], ids=str)
def test_other_shapes_are_refused(points):
    with pytest.raises(ValueError, match="points must be of shape"):
        coverage(points, CROSS)
