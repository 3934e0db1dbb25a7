"""`gan.evaluation.metrics.kernel`: the kernel distance against its definition, and that it has no bias."""

from __future__ import annotations

import pytest
import torch

from gan.evaluation.metrics.kernel import kernel_distance


def normal(n: int, d: int = 3, seed: int = 0, shift: float = 0.0) -> torch.Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) + shift


def by_definition(a: torch.Tensor, b: torch.Tensor) -> float:
    def kernel(x, y):
        return float(x @ y / len(x) + 1) ** 3

    def others(rows):
        pairs = [(i, j) for i in range(len(rows)) for j in range(len(rows)) if i != j]
        return sum(kernel(rows[i], rows[j]) for i, j in pairs) / len(pairs)

    return others(a) + others(b) - 2 * sum(kernel(x, y) for x in a for y in b) / (len(a) * len(b))


def test_it_is_what_the_paper_says():
    a, b = normal(6), normal(6, seed=1, shift=0.5)
    assert kernel_distance(a, b) == pytest.approx(by_definition(a, b))
    assert kernel_distance(a, b) == pytest.approx(kernel_distance(b, a))
    assert kernel_distance(a, b, block=3) == pytest.approx(
        (by_definition(a[:3], b[:3]) + by_definition(a[3:], b[3:])) / 2
    )


def test_its_mean_is_zero_for_equal_distributions_however_few_rows():
    values = torch.tensor([kernel_distance(normal(8, seed=i), normal(8, seed=1000 + i)) for i in range(300)])
    assert abs(float(values.mean())) < 3 * float(values.std()) / 300**0.5
    assert kernel_distance(normal(200), normal(200, seed=1, shift=1.0)) > 10 * float(values.std())


@pytest.mark.parametrize(("a", "b"), [(normal(1), normal(5)), (normal(5), normal(5, d=4)), (normal(5) / 0, normal(5))])
def test_other_rows_are_refused(a, b):
    with pytest.raises(ValueError):
        kernel_distance(a, b)
