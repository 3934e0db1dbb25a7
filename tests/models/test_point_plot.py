"""`gan.models.point_plot`: points as pictures, and models of points as any other model."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import torch

from gan import load
from gan.config import Config
from gan.errors import FolderError
from gan.models.point_plot import BACKGROUND, CHANNELS, POINT_COLOUR, SIDE, PointPlot
from gan.networks import POINT_NETWORKS
from gan.training.loop import train


@pytest.fixture(scope="module", params=POINT_NETWORKS)
def ring(tmp_path_factory, request):
    """A folder of a ring, hardly trained."""
    folder = tmp_path_factory.mktemp("runs") / "ring"
    config = Config(
        dataset="ring", network=request.param, images=320, batch_size=16, width=16, z_dim=2, precision="fp32",
        device="cpu",
    )  # fmt: skip
    list(train(config, folder))
    return folder


def test_a_point_is_a_disc_where_it_lies():
    plane = PointPlot(torch.tensor([[-1.0, -1.0], [1.0, 1.0]]))
    assert plane.extent == pytest.approx(1.2)
    middle, upper_left = plane.draw(torch.tensor([[0.0, 0.0], [-0.6, 0.9]]))
    assert middle.shape == (SIDE, SIDE, CHANNELS) and middle.dtype == np.uint8
    assert tuple(middle[32, 32]) == tuple(middle[31, 31]) == POINT_COLOUR
    assert tuple(upper_left[int(64 * (1.2 - 0.9) / 2.4), int(64 * (1.2 - 0.6) / 2.4)]) == POINT_COLOUR
    orange = (np.abs(middle.astype(int) - POINT_COLOUR).sum(2) < 30).sum()
    assert 9 <= orange <= 25, "a disc, not a square or a line"
    assert tuple(middle[5, 5]) == BACKGROUND


def test_the_cloud_is_brighter_where_more_points_lie_and_nothing_breaks_on_strange_points():
    cloud = torch.cat([torch.zeros(90, 2), torch.full((10, 2), 0.5), torch.full((1, 2), float("nan"))])
    picture = PointPlot(cloud).draw(torch.tensor([[float("inf"), float("nan")]]))[0].astype(int)
    at = int(32 + 32 * 0.5 / 0.6)
    assert picture[32, 32].sum() > picture[63 - at, at].sum() > sum(BACKGROUND)
    assert picture.max() <= 255


def test_a_models_pictures_are_those_of_its_points(ring):
    model = load(ring)
    pictures = model.sample([3, 4])
    assert pictures.shape == (2, SIDE, SIDE, CHANNELS) and not np.array_equal(*pictures)
    assert np.array_equal(model.sample([4])[0], pictures[1])
    assert model.interpolate([3, 4], 5).shape == (5, SIDE, SIDE, CHANNELS)
    assert model.directions.shape == (2, 2)
    assert model.critic(torch.zeros(3, 2)).shape == (3,)
    with pytest.raises(ValueError, match="scores 2-D points, not pictures"):
        model.critic_score(pictures)


def test_a_folder_of_points_that_says_otherwise_is_refused(ring, tmp_path, subtests):
    for changed in [{"resolution": 28}, {"channels": 1}, {"classes": ["a"]}]:
        with subtests.test(changed=changed):
            folder = shutil.copytree(ring, tmp_path / next(iter(changed)))
            config = json.loads((folder / "config.json").read_text()) | changed
            (folder / "config.json").write_text(json.dumps(config))
            with pytest.raises(FolderError, match="points are drawn at resolution 64, with 3 channels and no classes"):
                load(folder)
