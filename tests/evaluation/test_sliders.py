"""`gan.evaluation.sliders`: a generator of blocks, of whose latent is known what each coordinate does."""

from __future__ import annotations

import dataclasses
import json
import shutil
import sys

import numpy as np
import pytest
import torch

from gan import evaluate as command
from gan.config import ClassGroup, Config
from gan.errors import ConfigError
from gan.evaluation import sliders
from gan.evaluation.attributes import Attributes
from gan.evaluation.card import card
from gan.evaluation.evaluate import record_sliders
from gan.evaluation.sliders import (
    _labels,
    _that_move,
    check_elsewhere,
    decorrelated,
    find_sliders,
    name_directions,
    ridge,
    sparse,
)
from gan.models.directions import Slider, read_directions, slider_entries
from gan.models.latent import class_rows, latents
from gan.models.model import load
from gan.models.named import Named

D = 20


class Levels:
    """Pictures of five blocks of one level each.

    block0, block1  follow mixed coordinates
    block2          follows the first coordinate, and the class far more
    block3          is not told by a straight line
    block4          follows the third coordinate in class a and the fourth in class b
    """

    name, z_dim, classes, groups, channels, resolution = "levels", D, ("a", "b"), (), 1, 4
    config = Config(dataset="levels", channels=1, resolution=28, classes=("a", "b"), images=1)
    directions, variance, beside = torch.eye(D)[:16], torch.full((16,), 1 / 16), ()
    sliders: tuple[Slider, ...] = ()
    named_rows = torch.empty(0, D)
    named = Named((), named_rows, classes)

    def latents(self, seeds):
        return latents(seeds, D)

    def class_weights(self, seeds, label=None):
        rows = class_rows(seeds, 2)
        return rows if label is None else torch.eye(2)[[self.classes.index(label)] * len(seeds)]

    def render(self, z, y):
        mixed, odd = 0.6 * z[:, 0] + 0.8 * z[:, 1], (9 * z).sin().prod(1)
        flat = torch.stack([z[:, 0], mixed, 5 * y[:, 1] - 2 + z[:, 0], odd, (y * z[:, 2:4]).sum(1)], 1)
        return (flat * 20 + 128).round().clamp(0, 255).to(torch.uint8).reshape(-1, 5, 1, 1).numpy()


def block(i: int):
    return lambda pictures: pictures[:, i, 0].astype(float)


KNOWN = tuple(Attributes((f"block{i}",), block(i), 1) for i in range(5))


@pytest.fixture
def known(monkeypatch):
    """Let the attributes of a model be those of the blocks named; all of a grey model's at first."""
    attributes = list(KNOWN)
    monkeypatch.setattr(sliders, "attributes_of", lambda config: attributes if config.channels == 1 else ())
    monkeypatch.setattr(sliders, "CLASS_SAMPLES", 400)

    def choose(*names: int, **settings) -> None:
        attributes[:] = [Attributes((f"block{i}",), block(i), 1, **settings) for i in names]

    return choose


def test_each_slider_changes_its_own_attribute_alone(known):
    known(0, 1)
    found = find_sliders(Levels(), 600)
    assert [s.name for s in found.sliders] == ["block0", "block1"]
    for slider, row, wanted in zip(found.sliders, found.named, ([0.8, -0.6], [0.0, 1.0]), strict=True):
        assert slider.r2 > 0.95 and slider.effect > 1.5 and slider.cross < 0.1, slider
        torch.testing.assert_close(row[:2] / row.norm(), torch.tensor(wanted), atol=0.05, rtol=0)


def test_steps_are_at_most_as_long_as_a_latents_deviation_and_change_the_picture_equally(known):
    known(0, 1)
    found = find_sliders(Levels(), 600)
    z, y = Levels().latents(range(50)), class_rows(range(50), 2)
    change = [sliders._change(Levels(), z, y, row) for row in found.named]
    assert change[0] == pytest.approx(change[1], rel=0.1)
    assert sorted(found.named.norm(dim=1).tolist())[1] == pytest.approx(1)
    assert found.named.norm(dim=1).min() >= sliders.SHORTEST


def test_what_the_latent_does_not_tell_has_no_slider_and_classes_are_no_attribute(known):
    known(0, 1, 2, 3)
    found = find_sliders(Levels(), 600)
    assert not {"block3"} & {s.name for s in found.sliders}
    for label in ("", "a", "b"):
        own = {s.name for s in found.sliders if s.label == label}
        assert "block1" in own and len(own) == 2  # block0 and block2 are one thing
    assert found.beside[0] in ("block0", "block2") and found.beside[1] == "block1" and not any(found.beside[2:])
    assert torch.equal(found.principal, Levels.directions)


def test_a_class_has_directions_of_its_own_where_those_of_all_do_not_suffice(known, monkeypatch):
    known(1, 4)
    monkeypatch.setattr(sliders, "LEAST_R2", 0.6)  # of all pictures, half of it is told by either coordinate
    found = find_sliders(Levels(), 600)
    by_label = {(s.label, s.name): row / row.norm() for s, row in zip(found.sliders, found.named, strict=True)}
    assert set(by_label) == {("", "block1"), *((c, b) for c in "ab" for b in ("block1", "block4"))}
    assert by_label["a", "block4"][2] > 0.98 and by_label["b", "block4"][3] > 0.98
    monkeypatch.setattr(Levels, "config", dataclasses.replace(Levels.config, attributes=True))
    assert {s.label for s in find_sliders(Levels(), 600).sliders} == {"", "a", "b"}, "other attributes were taught"
    known(1, 4, taught=True)
    assert {s.label for s in find_sliders(Levels(), 600).sliders} == {""}, "what was taught holds in every class"


def test_a_direction_that_changes_too_little_is_not_offered(known, monkeypatch):
    known(0, 1)
    monkeypatch.setattr(sliders, "LEAST_CHANGE", 1e6)
    found = find_sliders(Levels(), 300)
    assert found.sliders == () and found.named.shape == (0, D)
    known(0, 1, parts=frozenset({"block0"}))  # a part of the picture may change less
    assert {s.name for s in find_sliders(Levels(), 300).sliders} == {"block0"}
    monkeypatch.setattr(sliders, "LEAST_EFFECT", 1e6)
    assert find_sliders(Levels(), 300).sliders == ()


def test_an_attribute_that_is_there_or_not_may_be_told_by_its_accuracy(known, monkeypatch):
    def there(pictures):
        return (pictures[:, 0, 0] > 128).astype(float)

    found = (Attributes(("hat",), there, 1, switches=frozenset({"hat"})),)
    monkeypatch.setattr(sliders, "attributes_of", lambda config: found)
    monkeypatch.setattr(sliders, "LEAST_R2", 0.99)
    (hat,) = find_sliders(Levels(), 400).sliders
    assert hat.r2 < 0.99 and hat.accuracy > 0.9
    assert find_sliders(Levels(), 400).named.norm(dim=1).tolist() == pytest.approx([sliders.SWITCHING])
    monkeypatch.setattr(sliders, "LEAST_ACCURACY", 1.01)
    assert find_sliders(Levels(), 400).sliders == ()


def test_what_is_enough_once_others_have_gone_comes_back(known, monkeypatch):
    known(0, 1)
    enough, calls = sliders._Samples._enough, []

    def first_too_strict(self, moved, told, own=None):
        calls.append(list(told))
        return np.array([0.5, 1.0]) if len(calls) == 1 else enough(self, moved, told, own)

    monkeypatch.setattr(sliders._Samples, "_enough", first_too_strict)
    found = find_sliders(Levels(), 600)
    assert [s.name for s in found.sliders] == ["block1", "block0"] and calls[1:3] == [[1], [1, 0]]
    torch.testing.assert_close(found.named[1, :2] / found.named[1].norm(), torch.tensor([0.8, -0.6]), atol=0.05, rtol=0)


def test_what_a_slider_changes_elsewhere_is_measured_and_all_else_stays(known):
    known(0, 1, elsewhere=lambda name, before, after: float(np.abs(after[:, 2].astype(float) - before[:, 2]).mean()))
    found = find_sliders(Levels(), 600)
    block0, block1 = found.sliders
    assert block0.elsewhere > 10 > 3 > block1.elsewhere  # block2 follows the first coordinate
    bare = [dataclasses.replace(s, elsewhere=None) for s in found.sliders]
    again = check_elsewhere(Levels(), dataclasses.replace(found, sliders=tuple(bare)))
    assert again.sliders == found.sliders and again.named is found.named
    by_hand = dataclasses.replace(found, sliders=(Slider("smile", principal=1), bare[1]))
    assert [s.elsewhere for s in check_elsewhere(Levels(), by_hand).sliders] == [None, block1.elsewhere]
    text = card(Levels.config, {"images": 1, "sliders": slider_entries(found.sliders)}, "MIT")
    assert "| largest other change (sd) | elsewhere |\n" in text and f" {block0.elsewhere:.1f} |" in text


def test_of_attributes_that_go_together_the_weakest_go():
    weights = torch.eye(6, dtype=torch.float64)[:, [0, 0, 1]]
    weights[5, 0] = 0.05  # nearly the same as the second
    assert len(_that_move(weights, [0, 1, 2])) == 2 and 2 in _that_move(weights, [0, 1, 2])
    assert _that_move(weights * 0.1, [0, 1, 2]) == []


def test_a_model_without_known_attributes_keeps_its_principal_directions(monkeypatch):
    monkeypatch.setattr(sliders, "attributes_of", lambda config: ())
    found = find_sliders(Levels(), 300)
    assert found.sliders == found.beside == () and torch.equal(found.principal, Levels.directions)


def test_known_weights_are_found_and_their_rows_decorrelated():
    z = torch.randn(4000, 10, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    weights = torch.randn(10, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    found = ridge(z, z @ weights)
    torch.testing.assert_close(found, weights, atol=0.05, rtol=0)
    moved = decorrelated(weights).double() @ weights
    assert torch.allclose(moved, moved.diag().diag(), atol=1e-5) and (moved.diag() > 0).all()


def test_a_latent_with_coordinates_for_attributes_is_moved_along_those_alone(known, monkeypatch):
    rows = sparse(torch.tensor([[3.0, -0.8, 0.7, 0.0], [0.1, 1.0, -1.0, 0.2]]))
    kept = torch.tensor([[3.0, -0.8, 0, 0], [0, 1.0, -1.0, 0]])
    assert torch.allclose(rows, kept / kept.norm(dim=1, keepdim=True))
    monkeypatch.setattr(sliders, "_is_taught", lambda model, known: True)
    few = find_sliders(Levels(), 300).named
    monkeypatch.setattr(sliders, "sparse", lambda rows: torch.nn.functional.normalize(rows, dim=1))
    dense = find_sliders(Levels(), 300).named
    assert len(few) == len(dense) > 1 and (few == 0).any() and (dense != 0).all()
    monkeypatch.setattr(sliders, "sparse", lambda rows: torch.nn.functional.normalize(rows.flip(0), dim=1))
    assert torch.equal(find_sliders(Levels(), 300).named, dense), "what moves others more is not taken"


def test_a_name_that_means_some_kinds_leads_to_those_unless_that_moves_others(known, monkeypatch):
    monkeypatch.setattr(sliders, "_is_taught", lambda model, known: True)
    share = max(sliders.KINDS) / (1 + max(sliders.KINDS) ** 2) ** 0.5
    for kind, taken in ((19, True), (1, False)):  # nothing is told by the one, block1 by the other
        known(0, 1, meant=lambda name, width, kind=kind: torch.eye(width)[kind] if name == "block0" else None)
        first, second = find_sliders(Levels(), 600).named
        assert (first[19] / first.norm() == pytest.approx(share, abs=0.02)) is taken
        assert second[19] == 0 and (first[1] < 0)


def test_what_a_name_means_is_followed_as_far_as_others_stay(known, monkeypatch):
    monkeypatch.setattr(sliders, "_is_taught", lambda model, known: True)
    known(0, 1, meant=lambda name, width: torch.eye(width)[19] if name == "block0" else None)
    better, tried = sliders._Samples._better, []

    def strict(self, rows, wished, moved, told, most):
        """Refuse what goes farther than the second of `KINDS`."""
        tried.append(most)
        far = (wished / wished.norm(dim=1, keepdim=True))[:, 19] > sliders.KINDS[1] + 0.01
        return (rows, moved) if bool(far.any()) else better(self, rows, wished, moved, told, most)

    monkeypatch.setattr(sliders._Samples, "_better", strict)
    first, _ = find_sliders(Levels(), 600).named
    share = sliders.KINDS[1] / (1 + sliders.KINDS[1] ** 2) ** 0.5
    assert first[19] / first.norm() == pytest.approx(share, abs=0.01)
    assert tried == [sliders.AS_GOOD, *[sliders.WORTH] * len(sliders.KINDS)]
    assert sorted(sliders.KINDS) == [*sliders.KINDS]


def test_directions_by_class_are_of_the_largest_group_of_which_a_picture_has_one():
    model = Levels()
    assert list(_labels(model)) == ["a", "b"]
    model.classes = ("n", "t", "face", "cat", "flag", "x", "y", "z", "w")
    model.groups = (ClassGroup("style", 2), ClassGroup("kind", 3), ClassGroup("animals", 4, 2))
    assert list(_labels(model)) == ["face", "cat", "flag"]
    model.groups = (ClassGroup("animals", 9, 2),)
    assert list(_labels(model)) == []


def test_names_by_hand_are_added_taken_away_and_stay_when_sliders_are_found_again(known):
    model = Levels()
    named = name_directions(model, {3: "smile", -5: "hair_length"})
    assert [(s.name, s.principal) for s in named.sliders] == [("smile", 3), ("hair_length", -5)]
    assert torch.equal(named.named, torch.stack([model.directions[2], -model.directions[4]]))
    model.sliders, model.named_rows = named.sliders, named.named
    known(0)
    again = find_sliders(model, 300)
    assert [s.name for s in again.sliders] == ["smile", "hair_length", "block0"]
    assert torch.equal(again.named[:2], named.named)
    model.sliders, model.named_rows = again.sliders, again.named
    left = name_directions(model, {-3: "", 1: "nose"})
    assert [s.name for s in left.sliders] == ["hair_length", "block0", "nose"]
    for names, message in (
        ({17: "a"}, "numbers 1 to 16, got 17"),
        ({0: "a"}, "numbers 1 to 16"),
        ({1: "two words"}, "identifier of at most 32 letters, such as hair_length"),
        ({1: "block0"}, "a slider block0 already"),
        ({1: "a", 2: "a"}, "a slider a already"),
    ):
        with pytest.raises(ConfigError, match=message):
            name_directions(model, names)


def test_sliders_are_recorded_in_the_folder_with_their_facts(known, tmp_path):
    known(0, 1)
    found = find_sliders(Levels(), 300)
    sliders_ = (*found.sliders, Slider("smile", principal=-3), Slider("hat", 0.3, 1.2, label="a", accuracy=0.95))
    found = type(found)(found.principal, found.variance, torch.cat([found.named, torch.eye(D)[:2]]), sliders_)
    about = record_sliders(tmp_path, Levels.config, found)
    assert json.loads((tmp_path / "metrics.json").read_text())["sliders"] == about
    assert set(about[0]) == {"name", "r2", "effect", "cross", "affects", "change"} and about[-2]["principal"] == -3
    read = read_directions(tmp_path / "directions.safetensors", D, ("a", "b"))
    assert read.sliders == found.sliders and torch.equal(read.named, found.named)
    text = (tmp_path / "README.md").read_text()
    assert f"| block0 | all others | {found.sliders[0].r2:.2f} |" in text
    assert "| smile | all | -3 by hand |" in text and "| hat | a | 0.30, accuracy 0.95 | +1.2 | none |" in text


@pytest.mark.parametrize("value", ["x", [1], [{"name": "<b>"}], [{"name": "a", "r2": "1", "effect": 1}], {}])
def test_a_card_of_sliders_that_are_none_has_no_table(value):
    assert "## Sliders" not in card(Levels.config, {"images": 1, "sliders": value}, "MIT")


def test_the_command_finds_sliders_without_data_and_takes_names(known, tiny_folder, tmp_path, monkeypatch, capsys):
    folder = tmp_path / "m"
    shutil.copytree(tiny_folder, folder)
    monkeypatch.setattr(command, "find_sliders", lambda model, progress: find_sliders(model, 32, progress))
    monkeypatch.setattr(sliders, "_labels", lambda model: iter(()))
    monkeypatch.setattr(sliders, "RANDOM", 1)

    def run(*words: str) -> list[dict]:
        monkeypatch.setattr(sys, "argv", ["evaluate", str(folder), *words])
        command.main()
        return json.loads(capsys.readouterr().out)["sliders"]

    assert isinstance(run("--only-sliders", "--data-root", "/nowhere"), list)
    before = [p.read_bytes() for p in (folder / "directions.safetensors", folder / "metrics.json")]
    run("--check-sliders")  # of digits nothing is known
    assert [p.read_bytes() for p in (folder / "directions.safetensors", folder / "metrics.json")] == before
    assert run("--name-direction", "3=smile", "--name-direction", "5=-hair")[-2:] == [
        {"name": "smile", "principal": 3},
        {"name": "hair", "principal": -5},
    ]
    model = load(folder, "cpu")
    z = model.latents([1])
    torch.testing.assert_close(model.edit(z, smile=1, hair=2), z + model.directions[2] - 2 * model.directions[4])
    assert "smile" in [slider["name"] for slider in run("--only-sliders")]
    assert "smile" not in [slider["name"] for slider in run("--name-direction", "3=")]
    for words, message in (("smile", "such as 3=smile"), ("99=smile", "1 to 16"), ("1=a b", "identifier")):
        with pytest.raises(SystemExit, match=message):
            run("--name-direction", words)
    assert np.isfinite(model.render(z, model.class_weights([1]))).all()
