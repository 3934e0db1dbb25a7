"""`gan.evaluation.metrics.frechet`: against closed forms that share no code with it."""

from __future__ import annotations

import math

import pytest
import torch

from gan.evaluation.metrics.frechet import frechet_distance, gaussian_distance


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def covariance(d: int, seed: int) -> torch.Tensor:
    root = normal(d, d, seed=seed)
    return root @ root.T / d + 0.1 * torch.eye(d, dtype=torch.float64)


def test_diagonal_gaussians():
    """With diagonal covariances the distance is |m - m'|^2 + sum (s - s')^2."""
    mean_a, mean_b = normal(7, seed=1), normal(7, seed=2)
    deviation_a, deviation_b = normal(7, seed=3).abs(), normal(7, seed=4).abs()
    got = gaussian_distance(mean_a, deviation_a.square().diag(), mean_b, deviation_b.square().diag())
    want = (mean_a - mean_b).square().sum() + (deviation_a - deviation_b).square().sum()
    assert got == pytest.approx(float(want), rel=1e-10)


def test_covariances_that_commute():
    """One set of axes, turned: as diagonal."""
    axes, _ = torch.linalg.qr(normal(6, 6, seed=5))
    a, b = normal(6, seed=6).abs() + 0.1, normal(6, seed=7).abs() + 0.1
    zero = torch.zeros(6, dtype=torch.float64)
    got = gaussian_distance(zero, axes * a.square() @ axes.T, zero, axes * b.square() @ axes.T)
    assert got == pytest.approx(float((a - b).square().sum()), rel=1e-10)


@pytest.mark.parametrize("d", [2, 5, 20])
def test_covariances_that_do_not_commute(d):
    """tr (S T)^1/2 is the sum of the roots of the eigenvalues of S T itself, which is not symmetric."""
    a, b = covariance(d, 8), covariance(d, 9)
    assert not torch.allclose(a @ b, b @ a)
    cross = torch.linalg.eigvals(a @ b).real.sqrt().sum()
    zero = torch.zeros(d, dtype=torch.float64)
    assert gaussian_distance(zero, a, zero, b) == pytest.approx(float(a.trace() + b.trace() - 2 * cross), rel=1e-9)


def test_two_dimensions_have_a_closed_form():
    """tr (S T)^1/2 = sqrt(tr S T + 2 sqrt(det S T)) for 2 x 2."""
    a, b = covariance(2, 10), covariance(2, 11)
    cross = math.sqrt(float((a @ b).trace()) + 2 * math.sqrt(float(torch.linalg.det(a @ b))))
    zero = torch.zeros(2, dtype=torch.float64)
    assert gaussian_distance(zero, a, zero, b) == pytest.approx(float(a.trace() + b.trace()) - 2 * cross, rel=1e-9)


def test_moments_are_those_of_the_rows():
    """Features with exactly known mean and covariance: (+-1, 0), (0, +-2) have variances 2/3 and 8/3."""
    a = torch.tensor([[1.0, 0], [-1, 0], [0, 2], [0, -2]])
    b = a * 3 + torch.tensor([5.0, -1])
    want = 26 + (3 - 1) ** 2 * (2 / 3 + 8 / 3)
    assert frechet_distance(a, b) == pytest.approx(want, rel=1e-6)


@pytest.mark.parametrize("n", [5, 40, 500])
def test_zero_for_the_same_set_even_when_rank_is_short(n):
    a = normal(n, 40) * 10
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-4 if n <= 40 else 1e-9)
    assert frechet_distance(a, a.flip(0)) == pytest.approx(0, abs=1e-4 if n <= 40 else 1e-9)


def test_constant_features_are_allowed():
    assert frechet_distance(torch.zeros(5, 3), torch.full((4, 3), 2.0)) == pytest.approx(12)


@pytest.mark.parametrize("n", [6, 300])
def test_symmetric(n):
    a, b = normal(n, 12, seed=1), normal(n, 12, seed=2) @ covariance(12, 3) + 1
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a), rel=1e-6)


def test_samples_converge_to_the_gaussians_from_above():
    """The bias falls as 1 / N: four times the samples, about a quarter of it."""
    floor = [frechet_distance(normal(n, 8, seed=1), normal(n, 8, seed=2)) for n in (500, 2_000, 8_000)]
    assert floor[0] > 2 * floor[1] > 4 * floor[2] > 0
    mixed = covariance(8, 5)
    a, b = normal(50_000, 8, seed=3), normal(50_000, 8, seed=4) @ mixed + 1  # covariances I and mixed^2
    want = 8 + float((torch.linalg.eigvalsh(mixed) - 1).square().sum())
    assert frechet_distance(a, b) == pytest.approx(want, rel=0.02)


def test_float32_is_measured_in_float64():
    a, b = normal(200, 5).float(), normal(200, 5, seed=1).float() + 1000
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(a.double(), b.double()), rel=1e-12)


GOOD = torch.zeros(4, 3)


@pytest.mark.parametrize(
    ("a", "says"),
    [
        (torch.zeros(1, 3), "at least 2 rows, got 1"),
        (torch.zeros(0, 3), "at least 2 rows, got 0"),
        (torch.zeros(12), r"\(N, D\), got torch.float32 \(12,\)"),
        (torch.zeros(4, 0), r"\(4, 0\)"),
        (torch.zeros(4, 3, 1), r"\(4, 3, 1\)"),
        (torch.zeros(4, 3, dtype=torch.int64), "int64"),
        (torch.zeros(4, 2), "one width"),
        (torch.zeros(4, 3, dtype=torch.float64), "dtype"),
        (torch.full((4, 3), torch.nan), "finite"),
        (torch.full((4, 3), -torch.inf), "finite"),
        (None, "NoneType"),
    ],
)
def test_bad_features_are_refused(a, says):
    with pytest.raises(ValueError, match=says):
        frechet_distance(a, GOOD)
    with pytest.raises(ValueError, match=says):
        frechet_distance(GOOD, a)
