"""`metrics.manifold` and `distances`: against brute force in numpy, and against the authors' published values."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from gan.evaluation.metrics.distances import inside_balls, pairwise, squared_distances
from gan.evaluation.metrics.manifold import manifold, radii


def brute_force(real: np.ndarray, generated: np.ndarray, k: int) -> list[float]:
    """[precision, recall, density, coverage], word for word as both papers define them."""

    def far(x: np.ndarray, y: np.ndarray) -> float:
        return float(np.sqrt(((x - y) ** 2).sum()))

    def radius(rows: np.ndarray, i: int) -> float:
        return sorted(far(rows[i], rows[j]) for j in range(len(rows)) if j != i)[k - 1]

    r_real = [radius(real, i) for i in range(len(real))]
    r_generated = [radius(generated, j) for j in range(len(generated))]
    hits = np.array([[far(x, y) < r for y in generated] for x, r in zip(real, r_real, strict=True)])
    back = np.array([[far(x, y) < r for y, r in zip(generated, r_generated, strict=True)] for x in real])
    return [hits.any(0).mean(), back.any(1).mean(), hits.sum() / (k * len(generated)), hits.any(1).mean()]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    ("n", "m", "k", "shift"), [(40, 40, 5, 0.0), (60, 25, 3, 1.0), (20, 50, 1, 0.5), (12, 9, 8, 0.0)]
)
def test_agrees_with_brute_force(n, m, k, shift, dtype):
    random = np.random.default_rng(n)
    real, generated = random.normal(size=(n, 4)), random.normal(size=(m, 4)) * 0.8 + shift
    got = manifold(torch.tensor(real, dtype=dtype), torch.tensor(generated, dtype=dtype), k)
    assert list(dataclasses.astuple(got)) == pytest.approx(brute_force(real, generated, k), abs=1e-12)


@pytest.mark.slow
def test_the_authors_published_figures():
    """N(0, I), 10,000 x 1,000, k = 5 (clovaai/generative-evaluation-prdc, README; its seed is not known)."""
    random = np.random.default_rng(0)
    real, generated = (torch.from_numpy(random.standard_normal((10_000, 1_000), np.float32)) for _ in range(2))
    got = manifold(real, generated, 5)
    assert got.precision == pytest.approx(0.4772, abs=0.03)
    assert got.recall == pytest.approx(0.4705, abs=0.03)
    assert got.density == pytest.approx(1.0555, abs=0.06)
    assert got.coverage == pytest.approx(0.9735, abs=0.01)


def test_slices_are_all_distances_whatever_their_size():
    random = torch.Generator().manual_seed(0)
    a, b = torch.randn(17, 3, generator=random), torch.randn(23, 3, generator=random) + 100
    want = (a[:, None] - b[None]).square().sum(2)
    for size in (1, 5, 23, 1000):
        parts = list(squared_distances(a, b, size))
        assert all(squares.shape[1] <= size for _, squares, _ in parts)
        assert [i for where, *_ in parts for i in range(where.start, where.stop)] == list(range(23))
        assert torch.allclose(torch.cat([squares for _, squares, _ in parts], 1), want, rtol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("width", [1, 3, 64, 784])
def test_equal_pairs_have_equal_distances_and_equal_rows_none(width, dtype):
    random = torch.Generator().manual_seed(0)
    rows = (torch.randn(40, width, generator=random) + 0.1).to(dtype)
    all_at_once = pairwise(rows, rows.clone())
    assert torch.equal(all_at_once, all_at_once.T) and not all_at_once.diagonal().any()
    assert torch.equal(pairwise(rows[:, None], rows[9:10, None])[:, 0, 0], all_at_once[9])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("width", "middle"), [(1, 0), (1, 5), (64, 0), (64, 1000), (784, 0)])
def test_squares_are_within_their_errors(width, middle, dtype):
    random = torch.Generator().manual_seed(width)
    a, b = (torch.randn(200, width, generator=random).mul(scale).add(middle).to(dtype) for scale in (1, 3))
    (_, squares, error), = squared_distances(a, torch.cat([a[:50], b]))  # fmt: skip
    want = pairwise(a.double(), torch.cat([a[:50], b]).double()).square()
    assert ((squares.double() - want).abs() <= error).all() and (error < 1e-2 * want.mean()).all()


@pytest.mark.parametrize("size", [3, 1000])
def test_whoever_is_inside_is_decided_without_rounding(size):
    random = torch.Generator().manual_seed(0)
    a = torch.randn(60, 5, generator=random).double() + 2
    b = torch.cat([a[:20], torch.randn(30, 5, generator=random).double() * 3])
    distances = pairwise(a, b)
    radii_a, radii_b = distances[:, 7], distances[9]  # each is the distance to one of the rows: a tie
    parts = list(inside_balls(a, radii_a, b, radii_b, size))
    assert torch.equal(torch.cat([inside for _, inside, _ in parts], 1), distances < radii_a[:, None])
    assert torch.equal(torch.cat([inside for *_, inside in parts], 1), distances < radii_b)


def test_distances_stay_exact_far_from_zero():
    random = torch.Generator().manual_seed(0)
    a, b = torch.randn(20, 3, generator=random) + 4096, torch.randn(20, 3, generator=random) + 4096
    want = (a.double()[:, None] - b.double()[None]).square().sum(2)
    (_, got, _), = squared_distances(a, b)  # fmt: skip
    assert torch.allclose(got.double(), want, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("size", [3, 7, 64])
def test_the_slices_size_changes_nothing(monkeypatch, size):
    random = torch.Generator().manual_seed(1)
    real, generated = torch.randn(50, 3, generator=random).double(), torch.randn(30, 3, generator=random).double()
    want = manifold(real, generated, 3)
    for function in (squared_distances, inside_balls):
        monkeypatch.setattr(function, "__defaults__", (size,))
    assert manifold(real, generated, 3) == want


def test_radius_is_the_distance_to_the_kth_other():
    rows = torch.tensor([[0.0], [1.0], [3.0], [7.0]])
    assert radii(rows, 1).tolist() == [1, 1, 2, 4]
    assert radii(rows, 2).tolist() == [3, 2, 3, 6]
    assert radii(rows, 3).tolist() == [7, 6, 4, 7]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_twin_is_a_neighbour_at_no_distance(dtype):
    assert radii(torch.tensor([[0.1], [0.1], [5.1]], dtype=dtype), 1)[:2].tolist() == [0, 0]


@pytest.mark.parametrize("k", [1, 4])
@pytest.mark.parametrize("width", [2, 64])
def test_copies_of_real_points_lie_on_the_edges_of_balls_and_so_outside(width, k):
    """A ball then holds the copy of its own point, and of all nearer ones than the k-th: k of them."""
    real = torch.randn(300, width, generator=torch.Generator().manual_seed(0)) + 3
    other = torch.randperm(300, generator=torch.Generator().manual_seed(1))
    assert dataclasses.astuple(manifold(real, real[other], k)) == (1, 1, 1, 1)
    far = torch.cat([real[other], torch.full((1, width), 1e4)])  # moves the mean of the generated ones
    assert manifold(real, far, k).density == 300 / 301


def test_the_edge_of_a_ball_is_outside():
    real, generated = torch.tensor([[0.0], [2.0]]).double(), torch.tensor([[-2.0], [4.0]]).double()
    assert manifold(real, generated, 1).density == 0
    assert manifold(real, generated * 0.99, 1).density > 0


def test_a_generator_that_drops_half_loses_recall_not_precision():
    random = torch.Generator().manual_seed(2)
    real = torch.randn(400, 2, generator=random)
    real[200:] += 100
    generated = torch.randn(400, 2, generator=random)
    got = manifold(real, generated)
    assert got.precision > 0.95 and 0.4 < got.recall < 0.52 and 0.4 < got.coverage < 0.52


def test_a_generator_of_noise_loses_precision():
    random = torch.Generator().manual_seed(3)
    got = manifold(torch.randn(300, 2, generator=random), torch.randn(300, 2, generator=random) + 1000)
    assert (got.precision, got.recall, got.density, got.coverage) == (0, 0, 0, 0)


def test_one_outlier_fools_precision_but_not_density():
    """The case for density, arXiv:2002.09797 figure 2: many generated points about one stray real one."""
    random = torch.Generator().manual_seed(4)
    real = torch.randn(100, 2, generator=random)
    real[0] = 30
    generated = torch.randn(100, 2, generator=random) + 30
    got = manifold(real, generated)
    assert got.precision == 1 and got.density < 0.5


ROWS = torch.randn(10, 3, generator=torch.Generator().manual_seed(5))


@pytest.mark.parametrize(
    ("real", "generated", "k", "says"),
    [
        (ROWS, ROWS, 0, r"k must be a whole number in \[1, 9\]"),
        (ROWS, ROWS, 10, "got 10"),
        (ROWS, ROWS[:4], 5, r"\[1, 3\]"),
        (ROWS, ROWS, 2.0, "got 2.0"),
        (ROWS, ROWS, True, "got True"),
        (ROWS, ROWS[:, :2], 3, "one width"),
        (ROWS, ROWS.double(), 3, "dtype"),
        (ROWS[:0], ROWS, 3, "at least 1 rows"),
        (ROWS * torch.nan, ROWS, 3, "real must be finite"),
        (ROWS, ROWS / 0, 3, "generated must be finite"),
        (ROWS.int(), ROWS, 3, "int32"),
        (ROWS.numpy(), ROWS, 3, "ndarray"),
    ],
)
def test_bad_input_is_refused(real, generated, k, says):
    with pytest.raises(ValueError, match=says):
        manifold(real, generated, k)
