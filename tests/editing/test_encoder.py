"""`gan.editing.encoder` and its command: an encoder learns from pictures, and lies beside the model it is for."""

from __future__ import annotations

import json
import shutil

import pytest
import torch
from small_models import untrained

from gan.config import ClassGroup
from gan.editing import train_encoder
from gan.editing.encoder import own_pictures, teach
from gan.models.model import load
from gan.models.taught_on import ENCODER


def test_an_encoder_learns_and_the_same_twice():
    model = untrained(encoder=False)
    pictures = own_pictures(model, 64)
    before = [p.clone() for p in model.generator.parameters()]
    taught = teach(model, pictures, images=640)
    again = teach(model, pictures, images=32)
    assert all(torch.equal(p, old) for p, old in zip(model.generator.parameters(), before, strict=True))
    x = pictures.images.float().div(127.5).sub(1)

    def error(encoder) -> float:
        z, _ = encoder(x, pictures.rows)
        return float((model.generator(z, pictures.rows) - x).square().mean())

    assert error(taught) < 0.95 * error(again)
    other = teach(model, pictures, images=32)
    assert all(torch.equal(a, b) for a, b in zip(again.parameters(), other.parameters(), strict=True))


def test_models_without_classes_and_with_several_in_a_picture_and_colour():
    groups = (ClassGroup("one", 2, 1), ClassGroup("two", 2, 2))
    for model in (untrained((), channels=3), untrained(("a", "b", "c", "d"), class_groups=groups, resolution=32)):
        assert teach(model, own_pictures(model, 16), images=32) is not None


def test_the_command_adds_an_encoder_to_a_folder(tiny_folder, tmp_path, monkeypatch, capsys, read_once):
    folder = shutil.copytree(tiny_folder, tmp_path / "digits")
    assert load(folder, "cpu").encoder is None
    monkeypatch.setattr("gan.editing.found.PICTURES", 2)
    monkeypatch.setattr(
        train_encoder, "measure", lambda model, pictures: {"latent": 1.5, "pictures": len(pictures.images)}
    )
    assert train_encoder.main([str(folder), "--images", "32"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["bytes"] == (folder / ENCODER).stat().st_size < 1e6 and told["held_out"] in (0, 1)
    first = load(folder, "cpu").encoder
    assert first.figures["latent"] == 1.5

    begun = []
    monkeypatch.setattr(train_encoder, "teach", lambda *values: begun.append(values[-1]) or teach(*values))
    for flags in (["--init", str(folder)], []):
        assert train_encoder.main([str(folder), "--images", "16", "--seed", "9", *flags]) == 0
    assert begun[1] is None
    assert all(torch.equal(a, b) for a, b in zip(begun[0].parameters(), first.network.parameters(), strict=True))


def test_an_encoder_goes_on_from_another_which_stays_as_it_is():
    model = untrained(encoder=False)
    pictures = own_pictures(model, 64)
    first = teach(model, pictures, images=640)
    kept = [p.clone() for p in first.parameters()]
    further, fresh = teach(model, pictures, images=16, begin=first), teach(model, pictures, images=16)
    assert all(torch.equal(p, old) for p, old in zip(first.parameters(), kept, strict=True))
    x = pictures.images.float().div(127.5).sub(1)
    errors = [
        float((model.generator(encoder(x, pictures.rows)[0], pictures.rows) - x).square().mean())
        for encoder in (further, fresh)
    ]
    assert errors[0] < 0.97 * errors[1]
    with pytest.raises(ValueError, match="another network, size or classes"):
        teach(untrained((), channels=3, encoder=False), pictures, images=16, begin=first)


def test_the_command_says_what_is_wrong(tiny_folder, capsys, read_once):
    for flags, message in (
        ([str(tiny_folder), "--images", "3"], "images must be in"),
        ([str(tiny_folder) + "/nothing"], "no such folder"),
        ([str(tiny_folder), "--dataset", "emoji"], "does not fit"),
        ([str(tiny_folder), "--init", str(tiny_folder)], "it has no encoder of its weights"),
    ):
        assert train_encoder.main(flags) == 1
        assert message in capsys.readouterr().err
