"""`gan.evaluation.metrics.classifier`: the shipped weights, features and predictions, and files that are refused."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import torch
import warm
from safetensors.torch import load_file, save_file

from gan import data
from gan.errors import DataError, FolderError
from gan.evaluation.metrics import verdict
from gan.evaluation.metrics.classifier import BATCH, FEATURES, WEIGHTS, Network, available, fit_size, load_classifier
from gan.evaluation.metrics.fit import RECIPES, Recipe, accuracy
from gan.evaluation.metrics.reference import hold_out, subset

SHIPPED = sorted(p.stem for p in WEIGHTS.glob("*.json"))
# Bundled pictures of each, at most most of which it learnt from, and the least accuracy on those that it did not.
BUNDLED = {"mnist": "mnist-10k", "fashion-mnist": "fashion-mnist-10k", "emoji": "emoji", "emoji-styles": "emoji-styles",
           "faces": "faces-10k", "scenes": "scenes-10k"}  # fmt: skip
LEAST = {"mnist": 0.993, "fashion-mnist": 0.925, "emoji": 0.6, "emoji-styles": 0.57, "faces": 0.999, "scenes": 0.97}


def about(name: str) -> dict:
    return json.loads((WEIGHTS / f"{name}.json").read_text(encoding="utf-8"))


def test_every_recipe_has_weights():
    assert sorted(RECIPES) == SHIPPED == sorted(LEAST)
    assert available() == sorted({*SHIPPED, *BUNDLED.values()})
    assert set(available()) <= set(data.DATASETS)


@pytest.mark.parametrize("name", SHIPPED)
def test_weights_are_small_and_say_how_they_were_made(name, loaded):
    facts = about(name)
    assert (WEIGHTS / f"{name}.safetensors").stat().st_size < 1_000_000
    assert facts["command"] == f"python -m gan.evaluation.metrics.train_classifier {name}"
    seed, recipe = facts["recipe"].pop("seed"), Recipe(**facts["recipe"])
    assert (seed, recipe) == (0, RECIPES[name]), "a distortion that the file does not know of was left out"
    assert facts["accuracy"] >= LEAST[name]
    assert facts["parameters"] == sum(p.numel() for p in load_classifier(name).network.parameters())
    pictures = loaded(BUNDLED[name]).images
    assert (facts["resolution"], facts["channels"]) == (pictures.shape[2], pictures.shape[1])
    assert facts.get("class_groups", []) == [list(group) for group in load_classifier(name).groups]


@pytest.mark.parametrize("name", SHIPPED)
def test_it_knows_its_pictures(name, loaded):
    """On bundled pictures, most of which it learnt from: at least as good as where it did not."""
    dataset, classifier = loaded(BUNDLED[name]), load_classifier(BUNDLED[name])
    assert classifier.name == name and (classifier.classes, classifier.groups) == (dataset.classes, dataset.groups)
    some = subset(dataset, torch.arange(0, len(dataset.images), 5))
    right = verdict.right(classifier.predict(classifier.features(some.images.permute(0, 2, 3, 1))), some.labels)
    share = float(right.double().mean())
    assert share >= LEAST[name]
    assert accuracy(classifier.network, some.images, some.labels, some.groups) == pytest.approx(share)


def test_emoji_accuracy_is_that_of_the_pictures_held_out():
    full = data.load("emoji")
    held = hold_out(full.labels)
    facts = about("emoji")
    assert int(held.sum()) == facts["test_samples"] and int((~held).sum()) == facts["train_samples"]
    own = subset(full, held)
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
    assert torch.equal(classifier.predict(features), verdict.seen(logits, classifier.groups))
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
    with pytest.raises(DataError, match="only of emoji, emoji-styles, faces.*RECIPES"):
        load_classifier(name)


@pytest.fixture
def copy(tmp_path):
    for file in WEIGHTS.glob("mnist.*"):
        shutil.copy(file, tmp_path)
    return tmp_path


def test_a_file_with_a_wrong_field_is_refused(copy):
    for changes, words in (
        ({"classes": 5}, ["classes", "list", "got 5"]),
        ({"classes": ["one"]}, ["classes", "at least 2"]),
        ({"classes": ["x" * 99] * 1001}, ["classes", "at most 1000"]),
        ({"classes": list("0123456789a")}, ["shape"]),
        ({"classes": [0] * 10}, ["classes.0", "string", "got 0"]),
        ({"resolution": 48}, ["resolution", "28, 32 or 64", "got 48"]),
        ({"resolution": "28"}, ["resolution", "28, 32 or 64", "got '28'"]),
        ({"channels": 2}, ["channels", "1 or 3", "got 2"]),
        ({"channels": 3}, ["shape"]),
        ({"accuracy": 2.0}, ["accuracy", "less than or equal to 1", "got 2.0"]),
        ({"accuracy": -0.1}, ["accuracy", "greater than or equal to 0"]),
        ({"accuracy": float("nan")}, ["accuracy", "finite"]),
        ({"accuracy": None}, ["accuracy", "number", "got None"]),
        ({"accuracy": True}, ["accuracy", "number", "got True"]),
    ):
        (copy / "mnist.json").write_text(json.dumps(about("mnist") | changes))
        with pytest.raises(FolderError) as caught:
            load_classifier("mnist", folder=copy)
        missing = [word for word in ["mnist.", *words] if word not in str(caught.value)]
        assert not missing and len(str(caught.value)) < 300 + len(str(copy)), f"{changes}: {caught.value}"


def test_a_file_without_its_fields_is_refused(copy):
    for text in ("", "[]", "{}", "null", "3", '{"classes": ["a", "b"]}'):
        (copy / "mnist.json").write_text(text)
        with pytest.raises(FolderError, match=r"mnist\.json: not "):
            load_classifier("mnist", folder=copy)


def test_only_reading_a_classifier_needs_pydantic():
    code = (
        "import sys, gan.training.export_model, gan.training.loop, gan.train, gan.evaluation.evaluate; "
        "before = 'pydantic' in sys.modules; gan.evaluation.evaluate.load_classifier('mnist'); "
        "print(before, 'pydantic' in sys.modules)"
    )
    assert warm.run(["-c", code]) == (0, "False True\n", "")


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
