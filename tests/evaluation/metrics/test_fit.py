"""`metrics.fit`, `reference` and `train_classifier`: training small classifiers, and which pictures for what."""

from __future__ import annotations

import dataclasses
import json
import sys

import pytest
import torch
from PIL import Image

from gan import data
from gan.data.dataset import Dataset
from gan.errors import DataError
from gan.evaluation.metrics import fit as fitting
from gan.evaluation.metrics import reference, train_classifier
from gan.evaluation.metrics.classifier import load_classifier, to_float
from gan.evaluation.metrics.fit import RECIPES, Recipe, accuracy, distort, fit
from gan.evaluation.metrics.reference import hold_out, load_reference, load_test

PLAIN = Recipe(epochs=10, shift=0)


def halves(n: int, seed: int = 0, size: int = 28) -> tuple[torch.Tensor, torch.Tensor]:
    """Noise, brighter on the left (class 0) or on the right (class 1): easy, but only with labels that fit."""
    source = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 128, (n, 1, size, size), generator=source, dtype=torch.uint8)
    labels = torch.randint(2, (n,), generator=source)
    for k in (0, 1):
        images[labels == k, :, :, k * size // 2 : (k + 1) * size // 2] += 60
    return images, labels


def test_it_learns_what_can_be_learnt():
    network = fit(*halves(512), 2, PLAIN)
    assert accuracy(network, *halves(200, seed=1)) > 0.97
    assert not network.training


def test_it_learns_nothing_where_labels_are_random():
    images, labels = halves(512)
    network = fit(images, labels[torch.randperm(512, generator=torch.Generator().manual_seed(3))], 2, PLAIN)
    assert 0.3 < accuracy(network, *halves(200, seed=1)) < 0.7


@pytest.mark.parametrize("recipe", [Recipe(2), Recipe(2, 1, 10, 0.1, True, 6)])
def test_the_same_seed_gives_the_same_weights(recipe):
    before = torch.random.get_rng_state()
    images, labels = halves(140)
    first, again, other = (fit(images, labels, 2, recipe, seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[k], again[k]) for k in first)
    assert not torch.equal(first["head.weight"], other["head.weight"])
    assert torch.equal(torch.random.get_rng_state(), before)  # the caller's random numbers stay as they were


def test_progress_is_told_once_an_epoch():
    lines = []
    fit(*halves(64), 2, PLAIN, progress=lines.append)
    assert len(lines) == 10 and lines[9].startswith("epoch 10 of 10: loss ")


def test_every_picture_is_shown_once_an_epoch_with_its_own_label(monkeypatch):
    images, labels = halves(256)
    images[:, 0, 0, 0], images[:, 0, 0, 1] = torch.arange(256).to(torch.uint8), 255 * labels.to(torch.uint8)
    shown, asked = [], []
    loss = fitting.functional.cross_entropy
    monkeypatch.setattr(fitting, "distort", lambda x, *_: (shown.append(x), x)[1])
    monkeypatch.setattr(fitting.functional, "cross_entropy", lambda y, t: (asked.append(t), loss(y, t))[1])
    fit(images, labels, 2, Recipe(3))
    x = torch.cat(shown).add(1).mul(127.5).round().long()
    assert torch.equal(x[:, 0, 0, 0].reshape(3, 256).sort(1).values, torch.arange(256).expand(3, -1))
    assert torch.equal(x[:, 0, 0, 1] // 255, torch.cat(asked))


def test_accuracy_counts():
    network = fit(*halves(256), 2, PLAIN)
    images, labels = halves(100, seed=1)
    right = network(to_float(images)).argmax(1) == labels
    assert accuracy(network, images, labels) == float(right.sum()) / 100
    assert accuracy(network, images, 1 - labels) == pytest.approx(1 - float(right.sum()) / 100)


@pytest.mark.parametrize(
    ("images", "labels", "says"),
    [
        (torch.zeros(1, 1, 28, 28, dtype=torch.uint8), torch.zeros(1, dtype=torch.int64), "two pictures"),
        (torch.zeros(4, 1, 28, 28, dtype=torch.uint8), torch.zeros(3, dtype=torch.int64), r"shape \(4,\), got \(3,\)"),
        (torch.zeros(4, 1, 28, 28, dtype=torch.uint8), torch.tensor([0, 1, 2, 0]), r"\[0, 1\], got 0 to 2"),
        (torch.zeros(4, 1, 28, 28, dtype=torch.uint8), torch.tensor([0, 1, -1, 0]), "got -1 to 1"),
    ],
)
def test_bad_input_is_refused(images, labels, says):
    with pytest.raises(ValueError, match=says):
        fit(images, labels, 2, PLAIN)


def picture(n: int = 64) -> torch.Tensor:
    return to_float(halves(n)[0])


def test_no_distortion_changes_nothing():
    x = picture()
    assert torch.allclose(distort(x, PLAIN, torch.Generator().manual_seed(0)), x, atol=1e-4)


def test_a_shift_is_of_whole_pixels_within_bounds_each_way():
    x = torch.full((300, 1, 28, 28), -1.0)
    x[:, :, 14, 14] = 1
    moved = distort(x, Recipe(1, shift=2), torch.Generator().manual_seed(0))
    assert torch.allclose(moved.sort().values.flatten(1).sort().values, x.flatten(1).sort().values, atol=1e-3)
    where = moved.flatten(1).argmax(1)
    rows, columns = where // 28 - 14, where % 28 - 14
    assert set(rows.tolist()) == set(columns.tolist()) == {-2, -1, 0, 1, 2}


def test_a_flip_is_of_half_of_the_pictures():
    x = picture(200)
    flipped = distort(x, Recipe(1, shift=0, flip=True), torch.Generator().manual_seed(0))
    same = (flipped - x).abs().flatten(1).amax(1) < 1e-3
    mirrored = (flipped - x.flip(3)).abs().flatten(1).amax(1) < 1e-3
    assert bool((same ^ mirrored).all()) and 70 < int(same.sum()) < 130


def test_erasing_leaves_a_grey_square():
    x = torch.full((200, 3, 28, 28), 1.0)
    erased = (distort(x, Recipe(1, shift=0, erase=6), torch.Generator().manual_seed(0)) == 0)[:, 0]
    rows, columns = erased.any(2).sum(1), erased.any(1).sum(1)
    assert torch.equal(erased.sum((1, 2)), rows * columns)
    assert int(rows.max()) == int(columns.max()) == 6 and int(rows.min()) >= 3


def bar() -> torch.Tensor:
    """200 times a bar, three pixels wide, from top to bottom; 1 on -1."""
    x = torch.full((200, 1, 28, 28), -1.0)
    x[..., 13:16] = 1
    return x


def middles(x: torch.Tensor) -> torch.Tensor:
    """The column about which each row's light lies, (N, 28)."""
    light = (x[:, 0] + 1).clamp_min(1e-6)
    return (light * torch.arange(28)).sum(2) / light.sum(2)


def test_a_slant_moves_rows_in_proportion_to_their_height():
    slanted = distort(bar(), Recipe(1, shift=0, slant=0.3), torch.Generator().manual_seed(0))
    middle = middles(slanted)
    slopes = (middle[:, 23] - middle[:, 4]) / 19
    assert float(slopes.min()) == pytest.approx(-0.3, abs=0.02) and float(slopes.max()) == pytest.approx(0.3, abs=0.02)
    assert float((middle[:, 9] - middle[:, 4] - 5 * slopes).abs().max()) < 0.15, "straight still"
    assert (middle[:, 13:15].mean(1) - 14).abs().max() < 0.15, "about the middle"


def test_a_bend_moves_places_apart_and_by_so_many_pixels_at_most():
    middle = middles(distort(bar(), Recipe(1, shift=0, bend=2), torch.Generator().manual_seed(0)))
    assert 1.5 < float((middle - 14).abs().max()) < 2.6  # bicubic: a little over between places
    straight = middle[:, :1] + (middle[:, -1:] - middle[:, :1]) * torch.linspace(0, 1, 28)
    assert float((middle - straight).abs().amax(1).median()) > 0.5


def test_a_stroke_grows_and_shrinks_by_a_pixel_a_side_at_most():
    light = (distort(bar(), Recipe(1, shift=0, stroke=1.0), torch.Generator().manual_seed(0)) + 1).sum((1, 2, 3)) / 56
    assert 1.0 <= float(light.min()) < 1.1 and 4.9 < float(light.max()) <= 5.0 and 80 < int((light > 3).sum()) < 120


# Which pictures play which part.


def test_a_tenth_of_each_class_is_held_out():
    labels = torch.tensor([0] * 100 + [1] * 35 + [2] * 4)
    held = hold_out(labels)
    assert [int((held & (labels == k)).sum()) for k in range(3)] == [10, 4, 0]
    assert torch.equal(held, hold_out(labels))


def tags(dataset: Dataset) -> list[bytes]:
    return [row.numpy().tobytes() for row in dataset.images]


@pytest.mark.parametrize("name", ["emoji", "mnist-10k"])
def test_without_a_test_split_halves_are_disjoint(name, tmp_path):
    real = load_reference(name, 28, tmp_path, 10_000)
    total = len(data.load(name).images)
    assert real.split == "train" and len(real.train.images) == total
    assert len(real.compared.images) == len(real.floor.images) == total // 2
    assert len(real.fit_on.images) + len(real.test_on.images) == total
    known = set(tags(real.train))
    assert set(tags(real.compared)) <= known
    if len(known) == total:  # no two pictures alike
        assert not set(tags(real.compared)) & set(tags(real.floor))
        assert not set(tags(real.fit_on)) & set(tags(real.test_on))
    few = load_reference(name, 28, tmp_path, 50)
    assert len(few.compared.images) == len(few.floor.images) == 50
    assert tags(few.compared) == tags(load_reference(name, 28, tmp_path, 50).compared)


def test_with_a_test_split_nothing_compared_was_learnt_from(monkeypatch):
    train, test = (Dataset("mnist", *halves(n, seed=n), tuple("0123456789")) for n in (120, 60))
    monkeypatch.setattr(data, "load", lambda name, *_, split="train", **__: train if split == "train" else test)
    real = load_reference("mnist", 28, "anywhere", 50)
    assert real.split == "test" and real.fit_on is real.train is train and real.test_on is test
    assert set(tags(real.compared)) < set(tags(test)) and set(tags(real.floor)) < set(tags(train))
    assert len(set(tags(real.compared))) == len(set(tags(real.floor))) == 50
    assert len(load_reference("mnist", 28, "anywhere", 500).floor.images) == 60


def test_a_subset_has_the_test_split_of_its_full_set_where_it_is_present(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(data, "load", lambda *words, **more: asked.append((words, more)))
    for file in data.DATASETS["mnist"].files:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    load_test("mnist-10k", 28, tmp_path)
    assert asked == [(("mnist", 28, tmp_path), {"split": "test"})]
    load_test("mnist", 28, tmp_path / "elsewhere")  # a full set may be downloaded
    load_test("fashion-mnist-10k", 28, tmp_path)
    assert asked[1:] == [(("mnist", 28, tmp_path / "elsewhere"), {"split": "test"})]


def test_nothing_is_downloaded_for_a_bundled_subset(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "load", lambda *_, **__: pytest.fail("looked for more"))
    assert all(load_test(name, 28, tmp_path) is None for name in ("emoji", "mnist-10k", "fashion-mnist-10k", "cats"))


def write_pictures(folder, images: torch.Tensor, start: int = 0) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for i, picture in enumerate(images, start):
        Image.fromarray(picture.permute(1, 2, 0).numpy()).save(folder / f"{i}.png")


@pytest.fixture
def pictures():
    return torch.randint(0, 256, (60, 3, 32, 32), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


def test_a_folder_is_halved_by_what_its_pictures_hold(tmp_path, pictures):
    write_pictures(tmp_path / "a", pictures)
    write_pictures(tmp_path / "a" / "again", pictures[:10])  # equal ones count once
    real = load_reference(str(tmp_path / "a"), 32, tmp_path, 10_000)
    assert real.split == "train" and len(real.train.images) == len(set(tags(real.train))) == 60
    assert len(real.compared.images) == len(real.floor.images) == 30
    assert not set(tags(real.compared)) & set(tags(real.floor))
    write_pictures(tmp_path / "b", pictures.flip(0)[:-1])  # other names, in another order, and one is gone
    other = load_reference(str(tmp_path / "b"), 32, tmp_path, 10_000)
    gone = pictures[0].numpy().tobytes()
    assert tags(other.train) == [tag for tag in tags(real.train) if tag != gone]
    assert len(load_reference(str(tmp_path / "a"), 32, tmp_path, 20).floor.images) == 20


def test_the_part_of_a_folder_that_is_held_out_is_what_is_compared_with(tmp_path, pictures):
    write_pictures(tmp_path / "train", pictures[:40])
    write_pictures(tmp_path / "val", pictures[35:])  # five of them were learnt from
    real = load_reference(str(tmp_path), 32, tmp_path, 10_000)
    assert real.split == "test" and len(real.train.images) == 40
    assert set(tags(real.compared)) == {picture.numpy().tobytes() for picture in pictures[40:]}
    assert len(real.floor.images) == 20 and set(tags(real.floor)) <= set(tags(real.train))


@pytest.mark.parametrize(
    ("train", "held_out", "says"),
    [
        (31, 0, "31 different pictures, at least 32 are needed to measure by: add pictures"),
        (40, 5, "5 readable pictures to be held out of training, at least 16 are needed: add"),
    ],
)
def test_too_few_pictures_of_a_folder_are_refused(tmp_path, pictures, train, held_out, says):
    write_pictures(tmp_path / "train", pictures[:train])
    write_pictures(tmp_path / "val", pictures[train : train + held_out])
    with pytest.raises(DataError, match=says):
        load_reference(str(tmp_path), 32, tmp_path, 10_000)


def test_pictures_held_out_but_learnt_from_are_none(tmp_path, pictures):
    write_pictures(tmp_path / "train", pictures)
    write_pictures(tmp_path / "val", pictures[:20])
    with pytest.raises(DataError, match="0 different pictures that are held out of training and not in it as well"):
        load_reference(str(tmp_path), 32, tmp_path, 10_000)


def test_samples_are_checked(tmp_path):
    with pytest.raises(DataError, match="at least 2, got 1"):
        load_reference("emoji", 32, tmp_path, 1)


# The command.


def test_the_command_writes_a_classifier_that_loads(tmp_path, monkeypatch, capsys):
    train, test = (Dataset("mnist", *halves(n, seed=n), ("left", "right")) for n in (512, 100))
    monkeypatch.setattr(data, "load", lambda name, *_, split="train", **__: train if split == "train" else test)
    monkeypatch.setitem(fitting.RECIPES, "mnist", PLAIN)
    monkeypatch.setattr(torch, "set_num_threads", lambda n: None)
    monkeypatch.setattr(sys, "argv", ["x", "mnist", "--out", str(tmp_path)])
    train_classifier.main()
    assert "of 100 pictures (the test split) correct" in capsys.readouterr().out
    about = json.loads((tmp_path / "mnist.json").read_text())
    assert about["train_samples"] == 512 and about["test_samples"] == 100 and about["classes"] == ["left", "right"]
    assert about["recipe"] == dataclasses.asdict(PLAIN) | {"seed": 0}
    classifier = load_classifier("mnist", folder=tmp_path)
    assert accuracy(classifier.network, test.images, test.labels) == classifier.accuracy == about["accuracy"] > 0.9
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mnist.json", "mnist.safetensors"]


def test_the_command_takes_the_names_of_recipes_only(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["x", "cats"])
    with pytest.raises(SystemExit):
        train_classifier.main()
    assert "invalid choice: 'cats'" in capsys.readouterr().err
    assert set(RECIPES) <= set(data.DATASETS)


def test_emoji_is_split_where_it_has_no_test_split(tmp_path):
    train, test, origin = train_classifier.splits("emoji", tmp_path)
    assert (len(train.images), len(test.images)) == (1720, 191) and "held out" in origin
    assert reference.SEED == train_classifier.SEED == 0
