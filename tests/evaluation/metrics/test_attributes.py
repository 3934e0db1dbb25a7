"""`metrics.attributes`: shares of attributes and new combinations, of numbers that are known and of drawn faces."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from gan.data import faces
from gan.evaluation.metrics import attributes

BUN, SPIKY = (faces.ATTRIBUTES["hair"].names.index(name) for name in ("bun", "spiky"))


def test_a_choice_is_counted_by_its_names():
    train = torch.tensor([0, 0, 1, 1, 2, 2, 3, 3])
    assert attributes.largest_difference("glasses", train, train) == 0
    assert attributes.largest_difference("glasses", torch.tensor([0, 0, 0, 1]), train) == pytest.approx(50)


def test_a_range_is_counted_in_the_quarters_of_the_training_pictures():
    train = torch.arange(0, 1000).float()
    assert attributes.largest_difference("skin", train, train) == pytest.approx(0, abs=0.2)
    assert attributes.largest_difference("skin", train / 2, train) == pytest.approx(25, abs=0.2)
    assert attributes.largest_difference("skin", torch.full((5,), 1200.0), train) == pytest.approx(75, abs=0.2)


@pytest.mark.parametrize(
    ("hair", "beard", "made"),
    [
        ([BUN, BUN, 0, 0], [1, 0, 1, 0], 1.0),  # independent
        ([BUN, BUN, 0, 0], [0, 0, 1, 1], 0.0),  # never together
        ([BUN, BUN, 0, 0], [2, 5, 0, 0], 2.0),  # always
        ([0, 0, 0, 0], [1, 1, 0, 0], 0.0),  # no bun at all
    ],
)
def test_combinations_are_told_beside_independence(hair, beard, made):
    found = {"hair": torch.tensor(hair), "beard": torch.tensor(beard)}
    assert attributes.made(found, faces.HELD_OUT[0]) == made


def test_names_of_combinations_are_words():
    assert [attributes.name_of(c) for c in faces.HELD_OUT] == ["hair bun with beard", "hair spiky with glasses"]


class Faces:
    """A comparison whose generated faces have some things changed."""

    classifier, model = SimpleNamespace(name="faces"), SimpleNamespace(device=torch.device("cpu"))
    seeds = {"train": np.arange(400), "compared": np.arange(1_000_000, 1_000_400), "generated": np.arange(5000, 5400)}

    def __init__(self, **changes) -> None:
        self.changes, self.known, self.lines = changes, {}, []
        self.progress = self.lines.append

    def images(self, role):
        return torch.from_numpy(faces.draw(self.seeds[role], **(self.changes if role == "generated" else {})))

    def once(self, function, role):
        if role not in self.known:
            self.known[role] = function(self, role)
        return self.known[role]


def test_faces_like_those_of_the_data_differ_little_and_hold_no_new_combination():
    same = Faces()
    assert attributes.difference(same, "generated") < 15  # of 400: chance alone is worth some points
    assert attributes.rarest_combination(same, "generated") < 0.1
    assert set(attributes.differences(same, "generated")) == set(faces.ATTRIBUTES)
    assert same.lines == ["reading attributes of generated pictures", "reading attributes of real pictures"]


def test_what_is_changed_is_what_differs():
    changed = Faces(beard="full", hair=["bun", "spiky"] * 200, glasses=["none", "none", "round", "square"] * 100)
    found = attributes.differences(changed, "generated")
    assert found["beard"] == attributes.difference(changed, "generated") > 75
    assert found["hair"] > 25 and found["glasses"] > 10
    assert max(found[name] for name in ("skin", "tilt", "clothes", "background_hue", "mouth")) < 15
    made = attributes.combinations(changed, "generated")
    assert made["hair bun with beard"] == pytest.approx(1, abs=0.05)
    assert made["hair spiky with glasses"] == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("classifier", [None, SimpleNamespace(name="emoji")])
def test_other_pictures_have_no_such_attributes(classifier):
    comparison = SimpleNamespace(classifier=classifier)
    for measure in (
        attributes.difference, attributes.differences, attributes.combinations, attributes.rarest_combination,
    ):  # fmt: skip
        assert measure(comparison, "generated") is None
