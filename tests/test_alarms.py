"""`gan.alarms`: every alarm goes off when it should, once, and not before."""

from __future__ import annotations

import pytest
import torch

from gan.alarms import LATE, REPORTS, Watch, spread


def test_spread_is_the_mean_distance_of_pairs():
    points = torch.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 4.0]])
    assert spread(points) == pytest.approx((5 + 4 + 3) / 3)
    assert spread(points[:, :, None].to(torch.uint8)) == pytest.approx(4)
    assert spread(torch.ones(5, 3, 2, 2)) == 0


def test_a_critic_that_always_wins_is_reported_once_and_again_after_a_recovery():
    watch = Watch()
    said = [watch.accuracy(1.0) for _ in range(200)]
    kinds = [kind for kind, _ in filter(None, said)]
    assert kinds == ["critic-won"] and said[: REPORTS - 1] == [None] * (REPORTS - 1)
    assert "--gamma" in next(filter(None, said))[1]
    assert [watch.accuracy(0.6) for _ in range(20)] == [None] * 20
    assert [s[0] for s in filter(None, (watch.accuracy(1.0) for _ in range(200)))] == ["critic-won"]


def test_a_good_critic_is_no_alarm():
    watch = Watch()
    assert not any(watch.accuracy(share) for share in [1.0, 0.9375] * 100)


@pytest.mark.parametrize(
    ("shares", "alarms"),
    [
        ([0.1, 0.3, 0.6, 0.9, 1.0, 0.8], []),  # an ordinary run
        ([0.9, 1.0, 0.49, 0.4], [2]),  # collapse
        ([0.9, 0.2, 0.9, 0.2], [1, 3]),  # twice
        ([0.1] * 8, [2]),  # never spread at all, which counts from `LATE` on
    ],
)
def test_collapse_is_a_fall_from_the_best_or_never_rising(shares, alarms):
    watch = Watch()
    said = [watch.diversity(share, i * 25_000) for i, share in enumerate(shares)]
    assert [i for i, s in enumerate(said) if s] == alarms
    assert all(s[0] == "diversity" and "collapse" in s[1] for s in filter(None, said))
    assert LATE == 2 * 25_000


def test_what_is_flung_apart_is_an_alarm_of_its_own_once_and_no_collapse_when_it_comes_back():
    watch = Watch()
    said = [watch.diversity(share, 1000) for share in (0.9, 50.0, 60.0, 1.1, 0.9)]
    assert [s and s[0] for s in said] == [None, "exploded", None, None, None]
    assert "lower --learning-rate" in said[1][1]
    assert watch.diversity(0.2, 2000)[0] == "diversity"
