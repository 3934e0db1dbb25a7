"""`gan.live.views`: the numbers beside a moment."""

from __future__ import annotations

import math
from types import SimpleNamespace

import torch

from gan.live.views import PointViewer


def measured(points: torch.Tensor) -> dict:
    trainer = SimpleNamespace(average=lambda z: points, config=SimpleNamespace(z_dim=2))
    return PointViewer("ring").measure(trainer)


def test_how_even_no_points_at_all_are_is_not_a_number():
    """Infinite becomes null in JSON, which the page shows as unknown; 99, as it once was, looks measured."""
    numbers = measured(torch.full((1000, 2), 9.0))
    assert (numbers["modes"], numbers["quality"]) == (0, 0.0) and math.isinf(numbers["kl"])


def test_perfectly_even_points_are_not_better_than_that():
    centres = PointViewer("ring").mixture.centres
    numbers = measured(centres.repeat(125, 1))
    assert (numbers["modes"], numbers["quality"]) == (8, 1.0) and 0 <= numbers["kl"] < 1e-9
