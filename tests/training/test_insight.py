"""`gan.training.insight`: a translator is taught to tell what its pictures all but hide."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from conftest import assert_same, translation

import gan
from gan.config import Config
from gan.data.attribute_codes import AttributeCodes
from gan.data.pairs import PAIRS, Pairs, PairSource
from gan.data.seeded import Choice, Range
from gan.networks.informed import Insight
from gan.training import insight as module
from gan.training.loop import train
from gan.training.validation import prepare

TABLE = {"mouth": Choice(("left", "right", "both"), (1, 1, 1)), "height": Range(0, 9, "pixels")}


def hidden(count: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Return noise (count, 3, 28, 28) and which of three faint marks is in it; the third is the other two."""
    source = torch.Generator().manual_seed(seed)
    pictures = torch.randint(90, 160, (count, 3, 28, 28), generator=source)
    which = torch.randint(3, (count,), generator=source)
    for number, columns in enumerate((slice(9, 11), slice(17, 19))):
        pictures[:, :, 12:16, columns] += 60 * ((which == number) | (which == 2))[:, None, None, None]
    return pictures.to(torch.uint8), which


def pairs(split: str) -> Pairs:
    images, which = hidden(64, seed=int(split == "test"))
    values = {"mouth": which.numpy(), "height": np.zeros(64, np.int64)}
    return Pairs("marks", images, 255 - images, before=AttributeCodes(TABLE, values))


@pytest.fixture
def marks(monkeypatch):
    """Make `pairs` a data set of that name."""
    source = PairSource(lambda root, resolution, split, progress: pairs(split), 28, "marks; without", "CC0-1.0")
    monkeypatch.setitem(PAIRS, "marks", source)


def fresh() -> Insight:
    torch.manual_seed(0)
    return Insight(Config(task="translate", network="unet-informed", resolution=28, channels=3, width=16))


def test_what_is_all_but_hidden_is_told_also_of_pictures_that_were_not_shown(monkeypatch):
    monkeypatch.setattr(module, "WARM", 320)
    # A mirror turns left to right, so only whether there are two marks is asked.
    (taught, which), (others, whose) = hidden(400), hidden(200, seed=1)
    insight, two = fresh(), (whose == 2).long()
    module.teach(insight, taught, (which == 2).long(), 6_400)
    assert module.right(insight, others, two) > 0.9
    assert module.right(fresh(), others, two) < 0.8


def test_the_same_arguments_give_the_same_insight_and_another_seed_another():
    taught, which = hidden(40)
    found = []
    for seed in (0, 0, 1):
        insight = fresh()
        module.teach(insight, taught, which, 64, seed=seed)
        found.append(dict(insight.state_dict()))
    assert_same(found[0], found[1])
    assert not torch.equal(found[0]["down.0.weight"], found[2]["down.0.weight"])


def test_pictures_move_by_whole_pixels_and_their_border_goes_on():
    x = torch.arange(28 * 28).float().view(1, 1, 28, 28)
    assert torch.equal(module._moved(x, (module.SHIFT, module.SHIFT)), x)
    moved = module._moved(x, (0, 4))
    assert torch.equal(moved[:, :, 2:, :26], x[:, :, :26, 2:])
    assert torch.equal(moved[0, 0, 0], moved[0, 0, 2]) and torch.equal(moved[0, 0, :, 26], moved[0, 0, :, 27])


def test_the_command_writes_a_translator_that_translates_as_before_and_a_run_begins_with(tmp_path, marks, capsys):
    old, out = tmp_path / "old", tmp_path / "out"
    borrowed = {"network": "unet-borrowed", "objective": "removal", "dataset": "marks"}
    list(train(translation(images=8, **borrowed), old))
    assert module.main([str(old), str(out), "--images", "64"]) == 0
    printed = capsys.readouterr()
    assert set(json.loads(printed.out)) == {"mouth"} and "64 images: told right" in printed.err
    before, after = gan.load(old, "cpu"), gan.load(out, "cpu")
    assert after.config.network == "unet-informed"
    pictures = np.random.default_rng(0).integers(0, 256, (3, 28, 28, before.channels), np.uint8)
    assert np.array_equal(before.translate(pictures), after.translate(pictures))
    first = dict(after.generator.state_dict())
    torch.rand(1)  # nothing but the seed decides
    assert module.main([str(old), str(tmp_path / "again"), "--images", "64"]) == 0
    assert_same(dict(gan.load(tmp_path / "again", "cpu").generator.state_dict()), first)
    assert module.main([str(out), str(tmp_path / "more"), "--images", "64", "--seed", "1"]) == 0  # it learns on
    more = dict(gan.load(tmp_path / "more", "cpu").generator.state_dict())
    assert {name for name in first if not torch.equal(first[name], more[name])} <= {n for n in first if "insight" in n}
    assert not torch.equal(first["towards.b.insight.down.0.weight"], more["towards.b.insight.down.0.weight"])
    config, _ = prepare(translation(images=24, init=str(out), **{**borrowed, "network": "unet-informed"}))
    list(train(config, tmp_path / "run"))
    run = dict(gan.load(tmp_path / "run", "cpu").generator.state_dict())
    taught = {name for name in first if ".insight." in name}
    assert_same({name: run[name] for name in taught}, {name: first[name] for name in taught})
    assert not torch.equal(run["towards.b.from_insight.weight"], first["towards.b.from_insight.weight"])


def test_what_cannot_be_taught_is_told_in_a_sentence_and_nothing_is_written(tmp_path, marks, capsys, monkeypatch):
    old, out = tmp_path / "old", tmp_path / "out"
    list(train(translation(images=8, network="unet-borrowed", objective="removal", dataset="marks"), old))
    plain = tmp_path / "plain"
    list(train(translation(images=8, objective="removal", dataset="marks"), plain))
    for arguments, sentence in (
        (
            [str(old), str(out), "--attribute", "height"],
            "height is not known of the pictures of marks: take",
        ),
        ([str(old), str(out), "--images", "31"], "images must be in [32, 10**9], got 31"),
        ([str(old), str(out), "--learning-rate", "0"], "learning rate must be in (0, 1], got 0.0"),
        ([str(plain), str(out)], "does not fit: its layer"),
        ([str(tmp_path / "none"), str(out)], "no such folder"),
    ):
        assert module.main(arguments) == 1
        assert sentence in capsys.readouterr().err
    assert not out.exists()
    out.write_text("a file")
    monkeypatch.setattr(module, "teach", lambda *_: pytest.fail("taught for nothing"))
    assert module.main([str(old), str(out), "--images", "32"]) == 1
    assert str(out) in capsys.readouterr().err
