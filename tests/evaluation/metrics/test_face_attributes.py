"""`metrics.face_attributes`: what the shipped network reads from faces, against the truth; and training it."""

from __future__ import annotations

import dataclasses
import json
import sys

import numpy as np
import pytest
import torch

from gan.data import faces
from gan.data.seeded import Choice
from gan.errors import FolderError
from gan.evaluation.metrics import face_attributes, train_face_attributes
from gan.evaluation.metrics.classifier import load_classifier
from gan.evaluation.metrics.frechet import frechet_distance

SEEDS = np.arange(1_500_000, 1_500_300)  # neither of the data set's splits, nor learnt from
ABOUT = json.loads(face_attributes.FILE.with_suffix(".json").read_text(encoding="utf-8"))
# What is small at 64 pixels is read less well: the least accuracy or R2 of all others is .9.
HARD = {"brow_height": 0.4, "mouth_size": 0.8, "eyes_mirrored": 0.88}


@pytest.fixture(scope="module")
def truth():
    return faces.attributes(SEEDS)


@pytest.fixture(scope="module")
def found():
    return face_attributes.read(faces.draw(SEEDS))


def test_the_file_tells_how_good_each_attribute_is_read():
    assert set(ABOUT["attributes"]) == set(faces.ATTRIBUTES)
    for name, score in ABOUT["attributes"].items():
        kind = "accuracy" if isinstance(faces.ATTRIBUTES[name], Choice) else "r2"
        assert list(score) == [kind] and HARD.get(name, 0.9) <= score[kind] <= 1, name
    assert min(ABOUT["held_out_accuracy"]) > 0.85 and len(ABOUT["held_out_accuracy"]) == len(faces.HELD_OUT)
    assert ABOUT["recipe"]["epochs"] == train_face_attributes.RECIPE.epochs
    assert ABOUT["parameters"] == sum(p.numel() for p in face_attributes.load().parameters())
    assert face_attributes.FILE.stat().st_size < 2_000_000


def test_it_learnt_from_other_faces_than_it_judges():
    taught = {seed for number in range(ABOUT["rounds"]) for seed in train_face_attributes.taught(number)}
    assert len(taught) == ABOUT["train_samples"] and not taught & {
        *range(50_000),
        *range(1_000_000, 1_010_000),
        *SEEDS.tolist(),
    }


@pytest.mark.parametrize("name", faces.ATTRIBUTES)
def test_new_faces_are_read_right(name, found, truth):
    score, attribute = next(iter(ABOUT["attributes"][name].values())), faces.ATTRIBUTES[name]
    there = train_face_attributes.shown(truth)[name].numpy() > 0
    wanted, got = truth[name][there], found[name].numpy()[there]
    if isinstance(attribute, Choice):
        assert got.shape == (there.sum(), len(attribute.names)) and np.allclose(got.sum(1), 1, atol=1e-4)
        assert (got.argmax(1) == wanted).mean() > score - 0.1
    else:
        error = (got - wanted + 180) % 360 - 180 if face_attributes.is_ring(attribute) else got - wanted
        assert 1 - np.square(error).mean() / wanted.var() > score - 0.15
        assert got.min() > attribute.low - (attribute.high - attribute.low)


def test_columns_are_what_is_read(found):
    names, rows = face_attributes.NAMES, face_attributes.measure(faces.draw(SEEDS[:20]))
    assert len(set(names)) == len(names) and all(name.isidentifier() and len(name) <= 32 for name in names)
    assert rows.shape == (20, len(names)) and rows.dtype == np.float32 and np.isfinite(rows).all()
    columns = dict(zip(names, rows.T, strict=True))
    smile = faces.ATTRIBUTES["mouth"].names.index("smile")
    for column, own in (
        (columns["mouth_smile"], found["mouth"][:20, smile]),
        (columns["beard"], 1 - found["beard"][:20, 0]),
        (columns["glasses_round"], found["glasses"][:20, 1]),
        (columns["hair_mirrored"], found["hair_mirrored"][:20, 1]),
        (columns["skin"], found["skin"][:20]),
        (columns["background_red"], found["background_hue"][:20].deg2rad().cos()),
        (columns["clothes_yellow"], found["clothes_hue"][:20].deg2rad().sin()),
    ):
        assert np.allclose(column, own.numpy(), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", ["skin", "tilt", "clothes_hue"])
def test_targets_and_values_are_inverse(name):
    attribute = faces.ATTRIBUTES[name]
    values = torch.arange(attribute.low, attribute.high + 1)
    targets = face_attributes.targets(name, values)
    assert torch.allclose(face_attributes.values(name, targets), values.float(), atol=0.05)
    assert float((targets - targets.mean(0)).square().sum(1).mean()) == pytest.approx(1, abs=0.02)


def test_pictures_of_other_sizes_are_read(found):
    small = torch.from_numpy(faces.draw(SEEDS[:50])).permute(0, 3, 1, 2).float()
    small = torch.nn.functional.interpolate(small, size=32, mode="area").round().to(torch.uint8).permute(0, 2, 3, 1)
    got = face_attributes.read(small)["hair"].argmax(1)
    assert float((got == found["hair"][:50].argmax(1)).double().mean()) > 0.5


def test_features_tell_what_the_classifier_of_hair_does_not_see():
    extractor, classifier = face_attributes.AttributeFeatures(), load_classifier("faces")
    compared, other = faces.draw(SEEDS), faces.draw(SEEDS + 300)
    bearded = faces.draw(SEEDS + 300, beard="full")
    ratios = []
    for maker in (extractor, classifier):
        real, floor, wrong = (maker.features(images).double() for images in (compared, other, bearded))
        ratios.append(frechet_distance(wrong, real) / frechet_distance(floor, real))
    assert ratios[0] > 2 > ratios[1]
    assert extractor.features(compared[:2]).shape == (2, face_attributes.FEATURES)
    assert extractor.kind == "attributes" and extractor.about.startswith("attributes of faces, ")


def test_no_picture_gives_no_row():
    assert face_attributes.measure(np.zeros((0, 64, 64, 3), np.uint8)).shape == (0, len(face_attributes.NAMES))


def test_a_damaged_file_is_named(tmp_path):
    with pytest.raises(FolderError, match=r"faces\.safetensors: missing"):
        face_attributes.load("cpu", tmp_path / "faces.safetensors")


def test_a_quarter_of_the_faces_have_hair_beard_and_glasses_independently():
    images, found = train_face_attributes.draw(range(2_000_000, 2_000_400))
    own = faces.attributes(np.arange(2_000_000, 2_000_400))
    assert images.shape == (400, 3, 64, 64) and images.dtype == torch.uint8
    free = np.arange(400) % 4 == 0
    for name in ("hair", "beard", "glasses"):
        assert (found[name] == own[name])[~free].all() and (found[name] != own[name])[free].any()
    bald = found["hair"] == 0
    assert not found["rear_hair"][bald].any()
    assert torch.equal(images[2], torch.from_numpy(faces.draw([2_000_002])).permute(0, 3, 1, 2)[0])
    assert not torch.equal(images[1], torch.from_numpy(faces.draw([2_000_001])).permute(0, 3, 1, 2)[0])


def test_the_command_writes_a_network_that_loads_and_goes_on_from_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(train_face_attributes, "ROUND", 200)
    monkeypatch.setattr(train_face_attributes, "COMBINED", 20)
    monkeypatch.setattr(train_face_attributes, "RECIPE", dataclasses.replace(train_face_attributes.RECIPE, epochs=2))
    monkeypatch.setattr(torch, "set_num_threads", lambda n: None)
    drawn, draw = [], train_face_attributes.draw
    monkeypatch.setattr(train_face_attributes, "draw", lambda seeds: (drawn.append(seeds), draw(seeds))[1])
    losses = []
    for words in ([], ["--more"]):
        face_attributes.load.cache_clear()
        monkeypatch.setattr(sys, "argv", ["x", "--out", str(tmp_path), *words])
        train_face_attributes.main()
        losses += [float(line.split()[-1]) for line in capsys.readouterr().out.splitlines() if "loss" in line]
    assert drawn == [range(2_000_000, 2_000_200), range(2_000_200, 2_000_400)]
    assert len(losses) == 4 and losses[2] < losses[0] and losses[3] < losses[1]
    about = json.loads((tmp_path / "faces.json").read_text())
    assert set(about) == set(ABOUT) and (about["rounds"], about["train_samples"]) == (2, 400)
    face_attributes.load.cache_clear()
    network = face_attributes.load("cpu", tmp_path / "faces.safetensors")
    assert train_face_attributes.scores(network, range(1_000_000, 1_000_200)) == about["attributes"]
