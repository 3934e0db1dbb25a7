"""`gan.data.points`: the published mixtures, the other distributions, and drawings, which their name describes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from conftest import drawing_name

from gan.config import Config
from gan.data.points import DISTRIBUTIONS, MIXTURES, distribution_of, is_points, load_points
from gan.errors import DataError


def test_ring_and_grid_are_the_published_ones():
    ring, grid = MIXTURES["ring"], MIXTURES["grid"]
    assert len(ring.centres) == 8 and ring.sd == 0.01
    torch.testing.assert_close(ring.centres.norm(dim=1), torch.ones(8))
    torch.testing.assert_close(ring.centres[2], torch.tensor([0.0, 1.0]))
    assert len(grid.centres) == 25 and grid.sd == 0.05
    assert {tuple(c) for c in grid.centres.tolist()} == {(x, y) for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 0, 2, 4)}


@pytest.mark.parametrize("name", MIXTURES)
def test_points_lie_around_their_centres_evenly_and_with_the_right_width(name):
    distribution, points = MIXTURES[name], load_points(name).images
    distance, nearest = torch.cdist(points, distribution.centres).min(1)
    counts = nearest.bincount(minlength=len(distribution.centres)) / len(points) * len(distribution.centres)
    assert (counts - 1).abs().max() < 0.07
    assert distance.square().mean().sqrt() == pytest.approx(distribution.sd * 2**0.5, rel=0.01)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_a_distribution_gives_the_same_points_within_its_extent(name):
    points = load_points(name).images
    assert points.shape == (100_000, 2) and points.dtype == torch.float32 and is_points(name)
    assert torch.equal(points, load_points(name).images)
    assert (points.abs() <= distribution_of(name).extent).all(1).float().mean() > 0.999
    assert points.abs().max() > distribution_of(name).extent / 3


def test_the_swiss_roll_winds_outwards():
    points = load_points("swiss-roll").images
    right = points[(points[:, 1].abs() < 0.05) & (points[:, 0] > 0)][:, 0]  # the positive axis is crossed after a turn
    turns = torch.histc(right, 24, 0, 1.2) > 30
    assert ((turns[1:] & ~turns[:-1]).sum() + turns[0]) == 2


def test_two_moons_are_the_same_curve_turned_about_the_middle():
    points = load_points("two-moons").images
    upper, lower = points[points[:, 1] > 0.25], points[points[:, 1] < -0.25]
    assert len(upper) == pytest.approx(len(lower), rel=0.03)
    torch.testing.assert_close(upper.mean(0), -lower.mean(0), atol=0.01, rtol=0)
    assert upper[:, 0].mean() < -0.2, "the upper one lies to the left"


def test_a_drawing_is_described_by_its_name_and_lies_where_it_was_drawn():
    cells = np.zeros((64, 64), bool)
    cells[4:8, 40:56] = True  # near the top, right of the middle
    name = drawing_name(cells)
    assert is_points(name) and Config(dataset=name).dataset == name
    points = load_points(name).images
    assert (points.min(0).values >= torch.tensor([0.25, 0.75])).all()
    assert (points.max(0).values <= torch.tensor([0.75, 0.875])).all()
    assert points.std(0)[0] == pytest.approx(0.5 / 12**0.5, rel=0.02)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("torus", "choose ring, grid"),
        ("ink:", "got 0 bytes"),
        ("ink:****", "got 0 bytes"),
        ("ink:" + "A" * 400, "got 300 bytes"),
        (drawing_name(np.zeros((64, 64), bool)), "got 0: draw more"),
        (drawing_name(np.eye(64, dtype=bool) & (np.arange(64) < 7)), "got 7: draw more"),
    ],
)
def test_what_is_no_distribution_is_refused_with_the_cure(name, words):
    with pytest.raises(DataError, match=words):
        load_points(name)
