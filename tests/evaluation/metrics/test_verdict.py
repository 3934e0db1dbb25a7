"""`gan.evaluation.metrics.verdict`: classes in groups, from logits to what is right; and a classifier of them."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
import torch
from torch.nn import functional

from gan.config import ClassGroup
from gan.data.dataset import Dataset
from gan.errors import FolderError
from gan.evaluation.metrics import balance, classifier_accuracy, verdict
from gan.evaluation.metrics.classifier import Classifier, Network, load_classifier
from gan.evaluation.metrics.comparison import Comparison
from gan.evaluation.metrics.fit import Recipe, accuracy, fit
from gan.evaluation.metrics.reference import Reference, hold_out, subset
from gan.models.weights import write_tensors

GROUPS = (ClassGroup("place", 2), ClassGroup("animals", 3, 2))
CLASSES = ("sea", "snow", "cat", "dog", "mouse")
LOGITS = torch.tensor([[2.0, 1.0, -1.0, 3.0, 0.5], [-2.0, -1.0, -1.0, -3.0, -0.5]])
ROWS = torch.tensor([[1, 0, 0, 1, 1], [0, 1, 0, 0, 0]], dtype=torch.uint8)


def spots(n: int, seed: int = 0) -> Dataset:
    """Pictures brighter at the left or right (the place), with bright squares at the top for animals."""
    source = torch.Generator().manual_seed(seed)
    images = torch.randint(0, 60, (n, 1, 64, 64), generator=source, dtype=torch.uint8)
    rows = torch.zeros(n, 5, dtype=torch.uint8)
    for i in range(n):
        place = int(torch.randint(2, (), generator=source))
        animals = torch.randperm(3, generator=source)[: int(torch.randint(1, 3, (), generator=source))]
        images[i, 0, 40:, 32 * place : 32 * place + 32] += 100
        rows[i, place] = 1
        for animal in animals.tolist():
            images[i, 0, 5:25, 20 * animal + 4 : 20 * animal + 20] += 150
            rows[i, 2 + animal] = 1
    return Dataset("spots", images, rows, CLASSES, groups=GROUPS)


def test_one_of_a_group_or_each_that_is_likelier_than_not():
    assert torch.equal(verdict.seen(LOGITS, GROUPS), ROWS)
    assert torch.equal(verdict.seen(LOGITS), LOGITS.argmax(1))


def test_the_loss_is_softmax_where_one_is_possible_and_sigmoid_where_several_are():
    place = functional.cross_entropy(LOGITS[:, :2], torch.tensor([0, 1]))
    animals = functional.softplus(LOGITS[:, 2:]) - LOGITS[:, 2:] * ROWS[:, 2:]  # binary cross-entropy, written out
    assert torch.isclose(verdict.loss(LOGITS, ROWS, GROUPS), place + animals.sum(1).mean())
    labels = torch.tensor([3, 0])
    assert torch.equal(verdict.loss(LOGITS, labels), functional.cross_entropy(LOGITS, labels))


def test_right_is_every_class_and_no_other_one():
    found = torch.tensor([[1, 0, 0, 1, 1], [1, 0, 1, 0, 0], [0, 1, 1, 1, 0]], dtype=torch.uint8)
    wished = torch.tensor([[1, 0, 0, 1, 1], [1, 0, 1, 1, 0], [1, 0, 1, 1, 0]], dtype=torch.uint8)
    assert verdict.right(found, wished).tolist() == [True, False, False]
    assert verdict.right_by_group(found, wished, GROUPS).tolist() == [[True, True], [True, False], [False, True]]
    assert verdict.right(torch.tensor([1, 2]), torch.tensor([1, 3])).tolist() == [True, False]


def test_confidence_is_the_mean_probability_of_what_is_seen():
    logits = torch.tensor([[0.0, 0.0, 100.0, -100.0, 100.0]])
    assert verdict.confidence(logits, GROUPS) == pytest.approx((0.5 + 1) / 2)
    assert verdict.confidence(torch.zeros(3, 4)) == 0.25


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        (torch.zeros(2, dtype=torch.int64), r"shape \(2, 5\), got \(2,\)"),
        (torch.zeros(2, 4, dtype=torch.uint8), r"shape \(2, 5\), got \(2, 4\)"),
        (torch.full((2, 5), 2, dtype=torch.uint8), r"in \[0, 1\], got 2 to 2"),
    ],
)
def test_rows_that_do_not_fit_are_refused(labels, says):
    with pytest.raises(ValueError, match=says):
        fit(torch.zeros(2, 1, 28, 28, dtype=torch.uint8), labels, 5, Recipe(1), groups=GROUPS)


def test_a_tenth_of_each_combination_is_held_out():
    rows = torch.tensor([[1, 0, 1, 0, 0], [1, 0, 0, 1, 0], [0, 1, 1, 1, 0]], dtype=torch.uint8).repeat(40, 1)
    data = Dataset("many", torch.zeros(120, 1, 28, 28, dtype=torch.uint8), rows, CLASSES, groups=GROUPS)
    held = subset(data, hold_out(data.strata()))
    assert held.groups == GROUPS and held.strata().bincount().tolist() == [4, 4, 4]


class Drawn:
    """A model that draws what is wished, or `instead`."""

    name, device, classes, config = "drawn", torch.device("cpu"), CLASSES, SimpleNamespace(class_groups=GROUPS)

    def __init__(self, data: Dataset, instead: torch.Tensor | None = None) -> None:
        self.data, self.instead = data, instead

    def sample(self, seeds, label):
        rows = torch.zeros(len(label), 5, dtype=torch.uint8)
        for row, wish in zip(rows, label, strict=True):
            row[sorted(wish)] = 1
        rows = rows if self.instead is None else self.instead.expand_as(rows)
        where = [int((self.data.labels == row).all(1).nonzero()[0, 0]) for row in rows]
        return self.data.images[where].permute(0, 2, 3, 1).numpy()


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    data = spots(600)
    network = fit(data.images, data.labels, 5, Recipe(epochs=6, shift=0), groups=GROUPS)
    test = spots(100, seed=1)
    assert accuracy(network, test.images, test.labels, GROUPS) > 0.9
    return Classifier("spots", network, CLASSES, 64, 1, 0.9, GROUPS)


@pytest.mark.slow
def test_accuracy_of_wishes_in_all_and_by_group(classifier, monkeypatch):
    data = spots(200, seed=2)
    real = Reference("train", data, data, data, data, data)
    right = Comparison(Drawn(data), classifier, real)
    assert torch.equal(right.labels("generated").sort(0).values, data.labels.sort(0).values)  # as often as in training
    assert classifier_accuracy.conditional(right, "generated") > 0.9
    assert min(classifier_accuracy.conditional_by_group(right, "generated")) > 0.9
    same = Comparison(Drawn(data, torch.tensor([1, 0, 1, 0, 0], dtype=torch.uint8)), classifier, real)
    share = float((data.labels == torch.tensor([1, 0, 1, 0, 0])).all(1).double().mean())
    assert classifier_accuracy.conditional(same, "generated") == pytest.approx(share, abs=0.05)
    place, animals = classifier_accuracy.conditional_by_group(same, "generated")
    assert place == pytest.approx(0.5, abs=0.1) and animals < place
    assert balance.class_histogram(same, "generated") == pytest.approx([1, 0, 1, 0, 0], abs=0.1)
    assert balance.classes_covered(right, "generated") == 5
    for none in (balance.class_entropy, balance.class_entropy_relative, balance.class_kl):
        assert none(right, "generated") is None
    monkeypatch.setattr(classifier_accuracy, "RECIPES", {"spots": Recipe(1, shift=0)})
    monkeypatch.setattr(classifier_accuracy, "SHOWN", 6_000)  # 30 steps: a third of them left .53 on one processor
    assert classifier_accuracy.score(right, "generated") > 0.8


class Means:
    """Features that no classifier could read."""

    kind, about = "general", "means"

    def features(self, images):
        return images.float().mean((1, 2))


@pytest.mark.slow
def test_what_a_classifier_sees_does_not_depend_on_whose_features_are_measured(classifier):
    data = spots(60, seed=3)
    real = Reference("train", data, data, data, data, data)
    own, other = (Comparison(Drawn(data), classifier, real, extractor=one) for one in (None, Means()))
    for role in ("generated", "train"):
        assert other.features(role).shape == (60, 1) and own.features(role).shape == (60, 64)
        assert torch.equal(other.predicted(role), own.predicted(role))


def test_a_classifier_s_file_holds_its_groups(tmp_path):
    about = {
        "classes": list(CLASSES), "class_groups": GROUPS, "resolution": 64, "channels": 3, "accuracy": 0.5,
    }  # fmt: skip
    write_tensors(tmp_path / "scenes.safetensors", Network(3, 5, 64).state_dict())
    (tmp_path / "scenes.json").write_text(json.dumps(about))
    loaded = load_classifier("scenes", folder=tmp_path)
    assert loaded.groups == GROUPS and loaded.resolution == 64
    found = loaded.predict(loaded.features(torch.zeros(3, 64, 64, 3, dtype=torch.uint8)))
    assert found.shape == (3, 5) and found.dtype == torch.uint8 and bool((found[:, :2].sum(1) == 1).all())
    for bad in (GROUPS[:1], [["a", "b"]], [["a", 5, 9]], "x", {}):
        (tmp_path / "scenes.json").write_text(json.dumps(about | {"class_groups": bad}))
        with pytest.raises(FolderError, match="class_groups"):
            load_classifier("scenes", folder=tmp_path)


def test_one_class_a_picture_has_no_accuracy_by_group():
    comparison = SimpleNamespace(labels=lambda role: torch.zeros(3), classifier=SimpleNamespace(groups=()))
    assert classifier_accuracy.conditional_by_group(comparison, "generated") is None
