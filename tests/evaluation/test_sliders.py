"""`gan.evaluation.sliders`: a generator of bars, of whose latent is known what each coordinate does."""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace

import pytest
import torch

from gan import evaluate as command
from gan.config import Config
from gan.evaluation import sliders
from gan.evaluation.attributes import Attributes
from gan.evaluation.card import card
from gan.evaluation.evaluate import record_sliders
from gan.evaluation.sliders import decorrelated, find_sliders, ridge
from gan.models.directions import read_directions
from gan.models.latent import class_rows, latents

D = 20


class Levels:
    """Pictures of four blocks: the first two follow mixed coordinates, the third the class, the last is noise in z."""

    name, z_dim, classes, channels, resolution = "levels", D, ("a", "b"), 1, 4
    config = Config(dataset="levels", channels=1, resolution=28, classes=("a", "b"), images=1)
    directions, variance = torch.eye(D)[:16], torch.full((16,), 1 / 16)

    def latents(self, seeds):
        return latents(seeds, D)

    def class_weights(self, seeds, label=None):
        return class_rows(seeds, 2)

    def render(self, z, y):
        flat = torch.stack(
            [z[:, 0], 0.6 * z[:, 0] + 0.8 * z[:, 1], 5 * y[:, 1] - 2 + z[:, 0], (9 * z).sin().prod(1)], 1
        )
        return (
            (flat * 20 + 128).round().clamp(0, 255).to(torch.uint8).repeat_interleave(4, 1).reshape(-1, 4, 4, 1).numpy()
        )


def block(i: int):
    return lambda pictures: pictures[:, i, 0].astype(float)


@pytest.fixture
def known(monkeypatch):
    found = tuple(Attributes((f"block{i}",), block(i), 1) for i in range(4))
    monkeypatch.setattr(sliders, "attributes_of", lambda config: found if config.channels == 1 else ())
    return found


def test_each_slider_changes_its_own_attribute_alone(known, monkeypatch):
    monkeypatch.setattr(sliders, "attributes_of", lambda config: known[:2])
    found = find_sliders(Levels(), 600, 200)
    assert [s.name for s in found.sliders] == ["block0", "block1"]
    for slider, row, wanted in zip(found.sliders, found.named, ([0.8, -0.6], [0.0, 1.0]), strict=True):
        assert slider.r2 > 0.95 and slider.effect > 2 and slider.cross < 0.1, slider
        torch.testing.assert_close(row[:2] / row.norm(), torch.tensor(wanted), atol=0.05, rtol=0)
    at = SimpleNamespace(z=Levels().latents(range(50)), y=class_rows(range(50), 2))
    change = [sliders._change(Levels(), at, row) for row in found.named]
    assert change[0] == pytest.approx(change[1], rel=0.1), "equal travel changes the picture equally"


def test_what_the_latent_does_not_tell_has_no_slider_and_classes_are_no_attribute(known):
    found = find_sliders(Levels(), 600, 200)
    assert "block3" not in [s.name for s in found.sliders]
    assert found.beside[0] == "block0" and found.beside[1] == "block1" and not any(found.beside[2:])
    assert torch.equal(found.principal, Levels.directions)


def test_a_direction_that_changes_less_than_random_ones_is_not_offered(known, monkeypatch):
    monkeypatch.setattr(sliders, "LEAST_CHANGE", 1e6)
    found = find_sliders(Levels(), 300, 100)
    assert found.sliders == () and found.named.shape == (0, D)


def test_a_model_without_known_attributes_keeps_its_principal_directions(monkeypatch):
    monkeypatch.setattr(sliders, "attributes_of", lambda config: ())
    found = find_sliders(Levels(), 300, 100)
    assert found.sliders == found.beside == () and torch.equal(found.principal, Levels.directions)


def test_known_weights_are_found_and_their_rows_decorrelated():
    z = torch.randn(4000, 10, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    weights = torch.randn(10, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    found = ridge(z, z @ weights)
    torch.testing.assert_close(found, weights, atol=0.05, rtol=0)
    moved = decorrelated(weights).double() @ weights
    assert torch.allclose(moved, moved.diag().diag(), atol=1e-5) and (moved.diag() > 0).all()


def test_sliders_are_recorded_in_the_folder_and_stay_when_it_is_measured_again(known, tmp_path):
    found = find_sliders(Levels(), 300, 100)
    config = Levels.config
    about = record_sliders(tmp_path, config, found)
    assert json.loads((tmp_path / "metrics.json").read_text())["sliders"] == about
    read = read_directions(tmp_path / "directions.safetensors", D)
    assert read.sliders == found.sliders and torch.equal(read.named, found.named)
    text = (tmp_path / "README.md").read_text()
    assert "## Sliders" in text and f"| block0 | {found.sliders[0].r2:.2f} |" in text


@pytest.mark.parametrize("value", ["x", [1], [{"name": "<b>"}], [{"name": "a", "r2": "1", "effect": 1}], {}])
def test_a_card_of_sliders_that_are_none_has_no_table(value):
    assert "## Sliders" not in card(Levels.config, {"images": 1, "sliders": value}, "MIT")


def test_the_command_finds_sliders_without_data(known, tiny_folder, tmp_path, monkeypatch, capsys):
    import shutil

    folder = tmp_path / "m"
    shutil.copytree(tiny_folder, folder)
    monkeypatch.setattr(command, "find_sliders", lambda model, progress: find_sliders(model, 64, 32, progress))
    monkeypatch.setattr(sys, "argv", ["evaluate", str(folder), "--only-sliders", "--data-root", "/nowhere"])
    command.main()
    assert isinstance(json.loads(capsys.readouterr().out)["sliders"], list)
    assert "sliders" in json.loads((folder / "metrics.json").read_text())
