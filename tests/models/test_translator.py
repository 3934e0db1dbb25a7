"""`gan.models.translator`: pictures of any size and kind in, uint8 out."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from conftest import translation
from PIL import Image

import gan
from gan.errors import FolderError
from gan.models.translator import load_translator
from gan.networks import TRANSLATORS
from gan.training.loop import train


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder of a translator both ways, hardly trained: 28 x 28 in colour."""
    from conftest import tiny_pairs

    from gan.data.pairs import PAIRS, PairSource

    out = tmp_path_factory.mktemp("models") / "both"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PAIRS, "tiny", PairSource(tiny_pairs, 28, "squares; brighter ones", "CC0-1.0"))
        list(train(translation(learning_rate=0.003, ema_images=1), out))
    return out


@pytest.fixture(scope="module")
def translator(folder):
    return gan.load(folder, "cpu")


def squares(count: int = 3) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 120, (count, 28, 28, 3), dtype=np.uint8)


def test_pictures_of_the_models_size_pass_as_they_are(translator):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = translator.translate(squares())
        assert made.shape == (3, 28, 28, 3) and made.dtype == np.uint8
        x = torch.from_numpy(squares()).permute(0, 3, 1, 2).float() / 127.5 - 1
        expected = translator.generator(x, "b").add(1).mul(127.5).round().clamp(0, 255)
        assert np.abs(made.astype(int) - expected.detach().permute(0, 2, 3, 1).numpy()).max() <= 1
        assert np.array_equal(translator.translate(squares())[:1], translator.translate(squares()[:1]))
        assert not np.array_equal(made, translator.translate(squares(), to="a"))
        assert translator.translate([]).shape == (0, 28, 28, 3)


def test_any_size_and_kind_is_fitted_with_a_warning(translator, tmp_path):
    rng = np.random.default_rng(1)
    kinds = [(40, 60), (40, 60, 1), (60, 40, 3), (90, 100, 4), (28, 28)]
    given = [rng.integers(0, 255, shape, dtype=np.uint8) for shape in kinds]
    with pytest.warns(
        UserWarning, match="pictures of 100x90, 40x60, 60x40 were cropped to a square and resized to 28x28"
    ):
        made = translator.translate(given)
    assert made.shape == (5, 28, 28, 3)
    Image.new("RGBA", (50, 20), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    (clear,) = translator.to_tensor([tmp_path / "clear.png"])
    assert (clear == 1).all()  # white where transparent
    grey = translator.to_tensor([np.full((28, 28), 51, np.uint8)])
    torch.testing.assert_close(grey, torch.full((1, 3, 28, 28), 51 / 127.5 - 1))


def test_there_and_back_goes_on_from_the_picture_that_is_seen(translator):
    there, back = translator.there_and_back(squares())
    assert np.array_equal(there, translator.translate(squares()))
    assert np.abs(back.astype(int) - translator.translate(there, "a").astype(int)).max() <= 1


def test_scores_are_those_of_the_sides_critic(translator):
    x = translator.to_tensor(squares())
    for side in ("a", "b"):
        expected = translator.critic(x, side).detach().numpy()
        np.testing.assert_allclose(translator.critic_score(squares(), side), expected, atol=1e-5)


@pytest.mark.parametrize(
    "bad", [np.zeros((28, 28, 3)), np.zeros((28, 28, 2), np.uint8), np.zeros((0, 3), np.uint8), 7, None]
)
def test_what_is_no_picture_is_refused(translator, bad):
    with pytest.raises(ValueError, match="each picture must be uint8"):
        translator.translate([bad])


def test_a_side_that_was_not_learnt_is_refused(translator, tmp_path):
    with pytest.raises(ValueError, match="to must be b or a for both, got 'c'"):
        translator.translate(squares(), to="c")
    list(train(translation(objective="paired", images=8), tmp_path / "one"))
    one = gan.load(tmp_path / "one", "cpu")
    with pytest.raises(ValueError, match="to must be b for one, got 'a': it translates one way"):
        one.translate(squares(), to="a")
    with pytest.raises(ValueError, match="looks at pairs: pass inputs too"):
        one.critic_score(squares())
    assert one.critic_score(squares(), inputs=squares()).shape == (3,)


def test_damaged_folders_are_refused(folder, tmp_path):
    import json
    import shutil

    shutil.copytree(folder, tmp_path / "copy")
    config = json.loads((folder / "config.json").read_text())
    for change, message in (
        ({"network_parts": ["back", "arms"]}, "unknown part of networks 'arms'"),
        ({"network_parts": []}, "unexpected tensor"),
        (
            {"network": "resnet"},
            f"unknown network 'resnet': known are {', '.join(TRANSLATORS)}",
        ),
        ({"width": 32}, "has shape"),
    ):
        (tmp_path / "copy" / "config.json").write_text(json.dumps(config | change))
        with pytest.raises(FolderError, match=message):
            load_translator(tmp_path / "copy", "cpu")
    with pytest.raises(FolderError, match="no such folder"):
        load_translator(tmp_path / "nothing", "cpu")
