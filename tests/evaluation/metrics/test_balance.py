"""`gan.evaluation.metrics.balance`: histograms and divergences against hand-made answers."""

from __future__ import annotations

import math

import pytest
import torch

from gan.evaluation.metrics.balance import covered, entropy, histogram, kl_divergence, relative_entropy


def shares(*values: float) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def test_histogram_counts():
    assert histogram(torch.tensor([2, 0, 2, 2]), 4).tolist() == [0.25, 0, 0.75, 0]


@pytest.mark.parametrize("k", [2, 10, 1000])
def test_uniform_has_the_most_entropy(k):
    uniform = torch.full((k,), 1 / k, dtype=torch.float64)
    assert entropy(uniform) == pytest.approx(math.log(k))
    assert relative_entropy(uniform) == pytest.approx(1)
    assert covered(uniform) == k


def test_one_class_has_none():
    one = shares(0, 1, 0)
    assert entropy(one) == 0 and relative_entropy(one) == 0 and covered(one) == 1


def test_entropy_is_in_nats():
    assert entropy(shares(0.5, 0.25, 0.25)) == pytest.approx(1.5 * math.log(2))


def test_kl_is_zero_for_the_same_and_is_not_symmetric():
    a, b = shares(0.5, 0.5), shares(0.9, 0.1)
    assert kl_divergence(a, a) == 0
    assert kl_divergence(a, b) == pytest.approx(0.5 * math.log(0.5 / 0.9) + 0.5 * math.log(0.5 / 0.1))
    assert kl_divergence(b, a) == pytest.approx(0.9 * math.log(0.9 / 0.5) + 0.1 * math.log(0.1 / 0.5))


def test_modes_lost_cost_log_of_the_share_that_is_left():
    """8 of 10 equal modes: KL = log(10 / 8), as in the benchmarks of mode collapse."""
    eight = shares(*[1 / 8] * 8, 0, 0)
    assert kl_divergence(eight, shares(*[0.1] * 10)) == pytest.approx(math.log(10 / 8))
    assert covered(eight) == 8


def test_a_class_that_does_not_exist_is_infinitely_wrong():
    assert kl_divergence(shares(0.5, 0.5), shares(1, 0)) == math.inf


def test_kl_of_samples_has_the_known_bias():
    """A perfect generator's KL is (K - 1) / 2N: about .0195 for Stacked-MNIST's 26,000 samples and 1,000 modes."""
    labels = torch.randint(1000, (26_000,), generator=torch.Generator().manual_seed(0))
    uniform = torch.full((1000,), 1e-3, dtype=torch.float64)
    assert kl_divergence(histogram(labels, 1000), uniform) == pytest.approx(0.0195, abs=0.0025)


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        (torch.tensor([0, 3]), r"\[0, 2\], got 0 to 3"),
        (torch.tensor([-1, 0]), "got -1"),
        (torch.tensor([], dtype=torch.int64), "at least one"),
        (torch.tensor([0.0]), "float32"),
        (torch.tensor([[0]]), r"\(1, 1\)"),
    ],
)
def test_bad_labels_are_refused(labels, says):
    with pytest.raises(ValueError, match=says):
        histogram(labels, 3)


@pytest.mark.parametrize(
    "bad", [shares(0.5, 0.6), shares(-0.5, 1.5), shares(math.nan, 1), shares(), shares(1)[None], torch.tensor([1])]
)
def test_what_is_no_histogram_is_refused(bad):
    for measure in (entropy, covered, lambda x: kl_divergence(x, shares(1)), lambda x: kl_divergence(shares(1), x)):
        with pytest.raises(ValueError, match="shares must"):
            measure(bad)


def test_other_refusals():
    with pytest.raises(ValueError, match="one length, got 1 and 2"):
        kl_divergence(shares(1), shares(0.5, 0.5))
    with pytest.raises(ValueError, match="two classes or more, got 1"):
        relative_entropy(shares(1))
