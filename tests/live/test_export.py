"""`gan.live.export`: downloads made of a run."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest
import torch

import gan
from gan import train
from gan.live.export import film, write_folder, zip_folder
from gan.live.lessons import config_of
from gan.live.run import Run

SMALL = {"width": 16, "batch_size": 16, "images": 16 * 20}


@pytest.fixture(scope="module", params=["ring", "mnist-10k"])
def run(request):
    run = Run([config_of("modern", request.param, SMALL)])
    run.start()
    run.join(120)
    assert run.error is None
    return run


@pytest.mark.slow
def test_a_zip_is_a_model_and_a_checkpoint_that_training_goes_on_from(run, tmp_path, capsys):
    (config,), (state,), shown = run.fork(10**9)
    write_folder(config, state, run.data, tmp_path / "run")
    with zipfile.ZipFile(io.BytesIO(zip_folder(tmp_path / "run", "mine"))) as archive:
        archive.extractall(tmp_path / "home")
    model = gan.load(tmp_path / "home" / "mine")
    assert model.config == config and shown == 320
    average = {k.removeprefix("average."): v for k, v in state.tensors.items() if k.startswith("average.")}
    assert all(torch.equal(v, average[k]) for k, v in model.generator.state_dict().items())
    assert train.main(["--resume", str(tmp_path / "home" / "mine"), "--images", "352"]) == 0
    assert "done: 352 images" in capsys.readouterr().out


def test_a_film_has_a_frame_a_moment(run):
    frames = film(run.moments(), run.backdrop)
    assert frames.dtype == np.uint8 and len(frames) == len(run.moments()) and frames.ndim == 4
    assert frames[0].std() > 5 and not np.array_equal(frames[0], frames[-1])
    if "pictures" in run.moments()[0].sides[0].arrays:
        first = run.moments()[0].sides[0].arrays["pictures"]
        assert np.array_equal(frames[0][28:56, :28], first[6])


def test_a_film_of_nothing_is_refused():
    with pytest.raises(ValueError, match="nothing to film yet"):
        film([], None)


def test_a_film_shows_points_where_they_are():
    from gan.live.export import FAKES, SIDE
    from gan.live.history import Moment
    from gan.live.views import View

    view = View({"heat": np.full((32, 32), 128, np.uint8), "points": np.array([[16_000, 16_000]], np.int16)})
    other = View({"heat": np.full((32, 32), 128, np.uint8), "points": np.array([[0, -16_000]], np.int16)})
    backdrop = View({"real": np.zeros((0, 2), np.int16)})
    (frame,) = film([Moment(0, 0, 0, 0.0, (view, other))], backdrop)
    assert frame.shape == (SIDE, 2 * SIDE, 3)
    assert tuple(frame[SIDE // 4, SIDE * 3 // 4]) == FAKES[0]
    assert tuple(frame[SIDE * 3 // 4, SIDE + SIDE // 2]) == FAKES[1], "a duel's second side has a colour of its own"
    assert [(np.abs(frame.astype(int) - colour).sum(2) == 0).sum() for colour in FAKES] == [4, 4]
