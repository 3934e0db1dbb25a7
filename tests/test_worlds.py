"""`gan.data.worlds`: the published mixtures."""

from __future__ import annotations

import pytest
import torch

from gan.data import DataError
from gan.data.worlds import WORLDS, load_world


def test_ring_and_grid_are_the_published_ones():
    ring, grid = WORLDS["ring"], WORLDS["grid"]
    assert len(ring.centres) == 8 and ring.sd == 0.01
    torch.testing.assert_close(ring.centres.norm(dim=1), torch.ones(8))
    torch.testing.assert_close(ring.centres[2], torch.tensor([0.0, 1.0]))
    assert len(grid.centres) == 25 and grid.sd == 0.05
    assert {tuple(c) for c in grid.centres.tolist()} == {(x, y) for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 0, 2, 4)}


@pytest.mark.parametrize("name", WORLDS)
def test_points_lie_around_their_centres_evenly_and_with_the_right_width(name):
    world, points = WORLDS[name], load_world(name).images
    assert points.shape == (100_000, 2) and points.dtype == torch.float32
    distance, nearest = torch.cdist(points, world.centres).min(1)
    counts = nearest.bincount(minlength=len(world.centres)) / len(points) * len(world.centres)
    assert (counts - 1).abs().max() < 0.07
    assert distance.square().mean().sqrt() == pytest.approx(world.sd * 2**0.5, rel=0.01)
    assert torch.equal(points, load_world(name).images)


def test_unknown_world_is_refused_with_the_choices():
    with pytest.raises(DataError, match="choose ring, grid"):
        load_world("torus")
