"""`gan.evaluation.evaluate` of models of a folder of pictures, which has no classifier: by the general network."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from gan import data
from gan.config import Config
from gan.errors import DataError
from gan.evaluation import evaluate
from gan.evaluation.card import card
from gan.evaluation.metrics import general
from gan.evaluation.metrics.registry import CIRCUMSTANCES, METRICS, evaluated_by

# What can be measured without a classifier.
BY_CLASS = ("class", "conditional", "attribute", "new_combinations")
MEASURED = {key for key in evaluated_by(METRICS, CIRCUMSTANCES) if not key.startswith(BY_CLASS)}


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    """120 emoji, uint8 (120, 32, 32, 3)."""
    return data.load("emoji").images[100:220].permute(0, 2, 3, 1).numpy()


@pytest.fixture(scope="module")
def folder(pictures, tmp_path_factory):
    out = tmp_path_factory.mktemp("own") / "mine"
    out.mkdir()
    for i, picture in enumerate(pictures):
        Image.fromarray(picture).save(out / f"{i}.png")
    return out


@pytest.fixture(autouse=True)
def no_inception(monkeypatch, tmp_path):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))


class Mine:
    """A model trained on the folder, whose pictures the test chooses."""

    name, resolution, device = "mine", 32, torch.device("cpu")

    def __init__(self, folder, make, classes=(), channels=3) -> None:
        self.config = SimpleNamespace(
            dataset=str(folder), class_groups=(), classes=classes, channels=channels, resolution=32
        )
        self.make, self.classes = make, classes

    def sample(self, seeds, label=None):
        return self.make(list(seeds))


@pytest.fixture(scope="module")
def results(folder, pictures):
    """Results of a model that repeats training pictures, one that mixes them, and noise."""
    mixed = (pictures.astype(int) + np.roll(pictures, 7, 0)) // 2
    random = np.random.default_rng(0).integers(0, 256, (60, 32, 32, 3), np.uint8)
    made = {"copied": pictures[::2], "mixed": mixed.astype(np.uint8)[::2], "noise": random}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(general, "inception_file", lambda: None)
        return {
            name: evaluate.evaluate(Mine(folder, lambda seeds, own=own: own[seeds]), "none", 10_000)
            for name, own in made.items()
        }


def test_what_needs_no_classifier_is_measured(results):
    for result in results.values():
        assert set(result) == MEASURED
        assert result["evaluation_features"] == "general" and "a general network" in result["evaluation_classifier"]
        assert result["reference"] == "train" and result["frechet_samples"] == 60
    assert json.loads(json.dumps(results)) == results


def test_the_measures_tell_models_apart(results):
    copied, mixed, noise = (results[name] for name in ("copied", "mixed", "noise"))
    assert copied["frechet_ratio"] < mixed["frechet_ratio"] < noise["frechet_ratio"] / 2
    assert copied["kernel_distance"] < mixed["kernel_distance"] < noise["kernel_distance"] / 2
    assert abs(copied["kernel_floor"]) < noise["kernel_distance"] / 20
    assert copied["precision"] > 0.9 and noise["precision"] < 0.1
    assert copied["recall"] > 0.9 and noise["recall"] < 0.1
    assert copied["copied_features"] == copied["copied_pixels"] == 1 and copied["memorisation_features"] == 0
    assert mixed["copied_pixels"] < 0.3


def test_the_card_says_what_measured_it(results):
    text = card(Config(dataset="mine", resolution=32, channels=3), {"images": 1} | results["mixed"], "the owner's")
    assert "one network for all kinds of pictures (a general network, " in text
    assert "classifier of this data set" not in text and '", general network"' not in text
    assert "frechet distance, general network" in text and "| kernel distance |" in text
    named = results["mixed"] | {"evaluation_features": "inception", "evaluation_classifier": "Inception v3"}
    text = card(Config(dataset="mine", resolution=32, channels=3), {"images": 1} | named, "the owner's")
    assert "torchvision's Inception v3 (Inception v3 on pictures" in text and "frechet distance, Inception v3" in text


def test_few_pictures_are_told(folder, pictures):
    lines = []
    evaluate.evaluate(Mine(folder, lambda seeds: pictures[seeds]), "none", 10_000, progress=lines.append)
    assert lines[0] == "only 60 real pictures to compare with: small differences say little"


def test_pictures_that_were_moved_are_named(folder, pictures, tmp_path):
    moved = Mine(tmp_path / "gone", lambda seeds: pictures[seeds])
    with pytest.raises(DataError, match="neither a data set nor a folder here.*--dataset"):
        evaluate.evaluate(moved, "none", 20)
    assert evaluate.evaluate(moved, "none", 20, dataset=str(folder))["frechet_samples"] == 20


@pytest.mark.parametrize(
    ("classes", "channels", "dataset", "says"),
    [
        (("cat", "dog"), 3, "", r"classes of .*mine \(none\) are not the model's \(cat, dog\).*--dataset"),
        ((), 1, "", "in colour, the model's grey: pass others with --dataset"),
        ((), 1, "emoji", "called 'emoji', and their channels or classes are not those"),
        ((), 3, "ring", "are points"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_cure(folder, classes, channels, dataset, says):
    model = Mine(folder, None, classes, channels)
    with pytest.raises(DataError, match=says):
        evaluate.evaluate(model, "none", 20, dataset=dataset)
