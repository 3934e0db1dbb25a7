"""`gan.evaluation.metrics.classifier`: the shipped weights, what they see, and files that are not believed."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from gan import data
from gan.errors import DataError, FolderError
from gan.evaluation.metrics.classifier import BATCH, FEATURES, SAME, WEIGHTS, Network, fit_size, known, load_classifier
from gan.evaluation.metrics.fit import RECIPES, accuracy
from gan.evaluation.metrics.reference import choose, hold_out

SHIPPED = sorted(p.stem for p in WEIGHTS.glob("*.json"))
BUNDLED = {"mnist": "mnist-10k", "fashion-mnist": "fashion-mnist-10k", "emoji": "emoji"}
LEAST = {"mnist": 0.993, "fashion-mnist": 0.925, "emoji": 0.6}


def about(name: str) -> dict:
    return json.loads((WEIGHTS / f"{name}.json").read_text(encoding="utf-8"))


def test_every_recipe_has_weights():
    assert sorted(RECIPES) == SHIPPED == sorted(LEAST)
    assert set(known()) == set(SHIPPED) | set(SAME) <= set(data.DATASETS)


@pytest.mark.parametrize("name", SHIPPED)
def test_weights_are_small_and_say_how_they_were_made(name):
    facts = about(name)
    assert (WEIGHTS / f"{name}.safetensors").stat().st_size < 1_000_000
    assert facts["command"] == f"python -m gan.evaluation.metrics.train_classifier {name}"
    assert facts["recipe"] == {**vars(RECIPES[name]), "seed": 0}
    assert facts["accuracy"] >= LEAST[name]
    assert facts["parameters"] == sum(p.numel() for p in load_classifier(name).network.parameters())
    pictures = data.load(BUNDLED[name]).images
    assert (facts["resolution"], facts["channels"]) == (pictures.shape[2], pictures.shape[1])


@pytest.mark.parametrize("name", SHIPPED)
def test_it_knows_its_pictures(name):
    """On bundled pictures, most of which it learnt from: at least as good as where it did not."""
    dataset, classifier = data.load(BUNDLED[name]), load_classifier(BUNDLED[name])
    assert classifier.name == name and classifier.classes == dataset.classes
    some = choose(dataset, torch.arange(0, len(dataset.images), 5))
    logits = classifier.logits(classifier.features(some.images.permute(0, 2, 3, 1)))
    assert float((logits.argmax(1) == some.labels).double().mean()) >= LEAST[name]
    assert accuracy(classifier.network, some.images, some.labels) == pytest.approx(
        float((logits.argmax(1) == some.labels).double().mean())
    )


def test_emoji_accuracy_is_that_of_the_pictures_held_out():
    full = data.load("emoji")
    held = hold_out(full.labels)
    facts = about("emoji")
    assert int(held.sum()) == facts["test_samples"] and int((~held).sum()) == facts["train_samples"]
    own = choose(full, held)
    assert accuracy(load_classifier("emoji").network, own.images, own.labels) == pytest.approx(
        facts["accuracy"], abs=0.011
    )


@pytest.mark.parametrize("name", SHIPPED)
def test_features_are_what_the_logits_are_made_of(name):
    classifier = load_classifier(name)
    side, channels = classifier.resolution, classifier.channels
    images = np.random.default_rng(0).integers(0, 256, (BATCH + 3, side, side, channels), np.uint8)
    features = classifier.features(images)
    logits = classifier.logits(features)
    assert features.shape == (BATCH + 3, FEATURES) and features.dtype == logits.dtype == torch.float32
    assert (features >= 0).all() and features.std() > 0
    assert torch.equal(classifier.network.head(features), logits)
    assert torch.equal(classifier.predict(features), logits.argmax(1))
    alone = classifier.features(images[5:6])
    assert torch.allclose(alone[0], features[5], atol=1e-4)
    assert classifier.features(images[:0]).shape == (0, FEATURES)
    assert len(classifier.predict(features[:0])) == 0
    assert torch.allclose(
        classifier.features(torch.from_numpy(images[::-1][:4].copy())), features.flip(0)[:4], atol=1e-4
    )


@pytest.mark.parametrize("name", ["mnist-10k", "fashion-mnist-10k", "emoji"])
@pytest.mark.parametrize("resolution", [28, 32, 64])
def test_pictures_of_other_sizes_are_seen_as_at_their_own(name, resolution):
    classifier = load_classifier(name)
    own, other = data.load(name), data.load(name, resolution)
    some = torch.arange(0, len(own.images), 10)
    got = fit_size(other.images[some], classifier.resolution)
    assert got.shape == own.images[some].shape
    if (name, resolution) in (("mnist-10k", 32), ("fashion-mnist-10k", 32)):
        assert torch.equal(got, own.images[some])
    same = classifier.predict(classifier.features(other.images[some].permute(0, 2, 3, 1))) == own.labels[some]
    assert float(same.double().mean()) > (0.6 if resolution == 28 and name == "emoji" else 0.85)


@pytest.mark.parametrize(
    ("images", "says"),
    [
        (np.zeros((2, 28, 28, 1), np.float32), "float32"),
        (np.zeros((2, 28, 28), np.uint8), r"\(2, 28, 28\)"),
        (np.zeros((2, 28, 28, 3), np.uint8), r"\(2, 28, 28, 3\)"),
        (np.zeros((2, 28, 32, 1), np.uint8), r"\(2, 28, 32, 1\)"),
        (np.zeros((2, 29, 29, 1), np.uint8), r"\(2, 29, 29, 1\)"),
        ([1, 2], "list"),
    ],
)
def test_other_pictures_are_refused(images, says):
    with pytest.raises(ValueError, match=says):
        load_classifier("mnist").features(images)


@pytest.mark.parametrize("name", ["cats", "", "../weights/mnist", "mnist.json", "MNIST", "no\0name"])
def test_an_unknown_name_tells_the_cure(name):
    with pytest.raises(DataError, match="only of emoji, fashion-mnist.*RECIPES"):
        load_classifier(name)


@pytest.fixture
def copy(tmp_path):
    for file in WEIGHTS.glob("mnist.*"):
        shutil.copy(file, tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"classes": 5}, "TypeError"),
        ({"classes": ["one"]}, "2 to 1000"),
        ({"classes": list("0123456789a")}, "shape"),
        ({"classes": [0] * 10}, "names"),
        ({"resolution": 64}, "28 or 32"),
        ({"resolution": "28"}, "28 or 32"),
        ({"channels": 2}, "1 or 3"),
        ({"channels": 3}, "shape"),
        ({"accuracy": 2.0}, "accuracy"),
        ({"accuracy": None}, "accuracy"),
    ],
)
def test_a_file_that_lies_is_refused(copy, changes, says):
    (copy / "mnist.json").write_text(json.dumps(about("mnist") | changes))
    with pytest.raises(FolderError, match=says):
        load_classifier("mnist", folder=copy)


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", "3"])
def test_a_file_that_says_nothing_is_refused(copy, text):
    (copy / "mnist.json").write_text(text)
    with pytest.raises(FolderError, match="mnist.json"):
        load_classifier("mnist", folder=copy)


def damage(tensors: dict, how: str) -> dict:
    if how == "missing":
        del tensors["head.bias"]
    elif how == "unexpected":
        tensors["more"] = torch.zeros(1)
    elif how == "shape":
        tensors["head.bias"] = torch.zeros(11)
    else:
        tensors["head.bias"][0] = torch.nan
    return tensors


@pytest.mark.parametrize("how", ["missing", "unexpected", "shape", "not finite"])
def test_weights_that_do_not_fit_are_refused(copy, how):
    path = copy / "mnist.safetensors"
    save_file(damage(load_file(path), how), path)
    with pytest.raises(FolderError, match=how):
        load_classifier("mnist", folder=copy)


@pytest.mark.parametrize("size", [28, 32])
def test_both_sizes_become_one_width(size):
    assert Network(3, 7)(torch.zeros(2, 3, size, size)).shape == (2, 7)
