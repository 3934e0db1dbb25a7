"""A run that translates: the same loop, events, checkpoints and folders as one that generates."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
import torch
from conftest import assert_same, translation
from PIL import Image
from runs import FINISHED, final, read_state, train_parts
from torch import nn

import gan
from gan import data
from gan.data import PAIRS
from gan.data.domains import Domains
from gan.errors import ConfigError, FolderError
from gan.evaluation.commands import command
from gan.models import model
from gan.models.translator import Translator
from gan.networks import TRANSLATORS
from gan.training.events import Done, Measured, Sampled, Stepped
from gan.training.loop import train
from gan.training.objectives import OBJECTIVES, Reading
from gan.training.trainer import Trainer
from gan.training.validation import prepare


@pytest.mark.parametrize(("objective", "network"), [*((name, "unet") for name in OBJECTIVES), ("cycle", "cyclegan")])
def test_interrupted_and_resumed_equals_uninterrupted_bit_for_bit(objective, network, tmp_path):
    config = translation(objective=objective, network=network, anneal=0.5, mirror=True, augment="color", accumulate=2)
    whole = final(tmp_path / "whole", config)
    assert any(k.startswith("generator_optimizer") and v.any() for k, v in whole.items())
    assert train_parts(tmp_path / "parts", config, (1,)) == [8, 24]
    assert_same(read_state(tmp_path / "parts"), whole)
    for name in ("model.safetensors", "critic.safetensors", "samples.png"):
        assert (tmp_path / "parts" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


OPTIONS = [
    {"loss": "wgan-gp", "penalty": "gp", "critic_steps": 2, "objective": "paired"},
    {"augment": "translation,cutout", "augment_target": 0.01, "augment_images": 64, "source": "mnist-10k",
     "dataset": "fashion-mnist-10k"},
    {"objective": "removal", "attribute_weight": 2.0, "critic_steps": 2, "accumulate": 2, "mirror": True},
    {"objective": "paired", "attribute_weight": 2.0, "critic_norm": "spectral"},
    {"loss": "hinge", "penalty": "none", "critic_norm": "spectral", "optimizer": "rmsprop", "cycle_noise": 0.0},
]  # fmt: skip


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_every_option_of_generation_serves_and_resumes_bit_for_bit(options, tmp_path):
    config = translation(**options)
    whole = final(tmp_path / "whole", config)
    train_parts(tmp_path / "parts", config, (1,))
    assert_same(read_state(tmp_path / "parts"), whole)
    assert all(v.isfinite().all() for v in whole.values())


@pytest.mark.parametrize(("objective", "rows"), [("cycle", 6), ("removal", 6), ("contrastive", 8), ("paired", 8)])
def test_a_run_reports_samples_and_writes_a_folder_that_translates(objective, rows, tmp_path):
    out = tmp_path / "run"
    config = translation(objective=objective, sample_images=16)
    events = list(train(config, out))
    (stepped,) = [e for e in events if isinstance(e, Stepped)][-1:]
    assert np.isfinite([stepped.generator_content, stepped.critic_loss, stepped.penalty]).all()
    sampled = next(e for e in events if isinstance(e, Sampled))
    assert sampled.pictures.shape == (64, 28, 28, 3)
    assert Image.open(sampled.path).size == (2 * 8 * 28, 2 * rows * 28)
    assert 0 < next(e for e in events if isinstance(e, Measured)).diversity < 4
    assert isinstance(events[-1], Done) and {p.name for p in out.iterdir()} - {"samples", "curve.png"} == FINISHED
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["grid"] == [rows, 8] and metrics["generator_content"] == stepped.generator_content
    translator = gan.load(out, "cpu")
    both_ways = "back" in OBJECTIVES[objective].parts
    assert isinstance(translator, Translator) and translator.sides == (("b", "a") if both_ways else ("b",))
    pictures = PAIRS["tiny"].load(out, 28, "test", print).a.permute(0, 2, 3, 1).numpy()
    made = translator.translate(pictures)
    assert made.dtype == np.uint8 and made.shape == pictures.shape and not np.array_equal(made, pictures)
    text = (out / "README.md").read_text()
    assert "pipeline_tag: image-to-image" in text and f"{objective} objective" in text and "directions" not in text
    assert "--task translate --dataset tiny" in text and "CC0-1.0" in text


def test_a_sheet_shows_pictures_what_they_become_and_what_comes_back(tmp_path):
    trainer = Trainer(*prepare(translation()))
    rows = trainer.preview().reshape(6, 8, 28, 28, 3)
    a, to_b, back, b, to_a, back_b = rows
    known_a, known_b = ({p.tobytes() for p in side.permute(0, 2, 3, 1).numpy()} for side in _sides(trainer))
    assert all(p.tobytes() in known_a for p in a) and all(p.tobytes() in known_b for p in b)
    assert np.array_equal(to_b, a) and np.array_equal(back, a) and np.array_equal(to_a, b)  # still the identity
    trainer.advance()
    translator = trainer.model()
    there, again = translator.there_and_back(a)
    assert np.array_equal(trainer.preview().reshape(rows.shape)[1], there)
    assert np.array_equal(trainer.preview().reshape(rows.shape)[2], again) and not np.array_equal(there, a)


def _sides(trainer: Trainer) -> tuple[torch.Tensor, torch.Tensor]:
    return trainer.batches.inputs.pictures, trainer.pictures


def test_pairs_come_as_pairs_and_unpaired_sides_share_none():
    paired = Trainer(*prepare(translation(objective="paired", mirror=True)))
    parts = paired.batches.draw(paired.config, (), torch.Generator().manual_seed(0), 16)
    for part in parts:
        torch.testing.assert_close(part.real - part.z, torch.full_like(part.z, 100 / 127.5))
    unpaired = Trainer(*prepare(translation()))
    a, b = _sides(unpaired)
    assert len(a) == len(b) == 20
    assert not {p.numpy().tobytes() for p in a + 100} & {p.numpy().tobytes() for p in b}


@pytest.mark.parametrize("objective", ["paired", "removal"])
def test_attributes_come_with_their_pictures_and_emphasis_is_mirrored_along(objective):
    """Each square is told by its pixels: those of A are 100 levels darker than those of B."""
    config, dataset = prepare(translation(objective=objective, mirror=True, attribute_weight=2.0))
    assert config.conditions == 4 and config.network_parts == OBJECTIVES[objective].parts
    trainer = Trainer(config, dataset)
    whole = data.load_pairs("tiny", 28, split="train")
    (batch,) = trainer.batches.draw(config, (), torch.Generator().manual_seed(0), 16)
    side = {"wished": batch.z, "before": batch.z, "conditions": batch.real - 200 / 255}
    for name, pictures in side.items():
        told = getattr(batch, name)
        for picture, row in zip(pictures, told, strict=True):
            levels = ((picture + 1) * 127.5).round().to(torch.uint8)
            same = [(whole.a == one).flatten(1).all(1) for one in (levels, levels.flip(2))]
            number = int((same[0] | same[1]).nonzero())
            torch.testing.assert_close(row, whole.codes.condition(torch.tensor([number]))[0])
    assert (batch.emphasis is None) == (objective == "removal")
    if objective == "paired":
        assert batch.emphasis.shape == (8, 1, 28, 28) and batch.emphasis.unique().tolist() == [1, 3]


def test_a_reader_learns_from_real_pictures_and_translations_are_to_be_read_as_wished():
    config, dataset = prepare(translation(objective="removal", attribute_weight=2.0))
    trainer = Trainer(config, dataset)
    p, (batch,) = trainer.players, trainer.batches.draw(config, (), torch.Generator().manual_seed(0), 16)
    assert isinstance(p.game, Reading) and p.critic.reader.out.out_features == 4
    judging = {name for name, _ in p.critic.named_parameters() if not name.startswith("reader.")}
    plain = Trainer(*prepare(translation(objective="removal")))
    assert judging == {name for name, _ in plain.players.critic.named_parameters()}

    torch.nn.init.normal_(p.critic.reader.out.weight, std=0.1)
    of = {name: getattr(batch, name) for name in ("conditions", "wished", "before")}
    error = {
        name: (p.critic.read(picture) - of[name]).square().mean()
        for name, picture in (("conditions", batch.real), ("before", batch.z), ("wished", p.generator(batch.z)))
    }
    first, *_ = p.game.matches(p, batch)
    torch.testing.assert_close(first.besides(), 2 * (error["conditions"] + error["before"]))
    _, content = p.game.play(p, batch)
    _, without = p.game.game.play(p, batch)
    torch.testing.assert_close(content - without, 2 * error["wished"], atol=1e-4, rtol=1e-4)
    first, *_ = p.game.matches(p, batch._replace(before=None))
    torch.testing.assert_close(first.besides(), 2 * error["conditions"])


def test_conditions_reach_translator_and_critic_beside_their_picture(tmp_path):
    config = translation(objective="paired", conditional=True, accumulate=2)
    trainer = Trainer(*prepare(config))
    assert trainer.config.classes == ("x", "y")
    pairs = PAIRS["tiny"].load(tmp_path, 28, "train", print)
    told = {p.numpy().tobytes(): y for p, y in zip(pairs.a, pairs.conditions, strict=True)}
    for part in trainer.batches.draw(trainer.config, (), torch.Generator().manual_seed(0), 0):
        rows = part.z.add(1).mul(127.5).round().to(torch.uint8)
        assert all(torch.equal(told[p.numpy().tobytes()], y) for p, y in zip(rows, part.y, strict=True))
    whole = final(tmp_path / "whole", config)
    train_parts(tmp_path / "parts", config, (1,))
    assert_same(read_state(tmp_path / "parts"), whole)
    model = gan.load(tmp_path / "whole", "cpu")
    assert model.condition_names == ("x", "y")
    nn.init.normal_(model.generator.towards["b"].to_change.weight)
    pictures = pairs.a[:2].permute(0, 2, 3, 1).numpy()
    one, other = model.translate(pictures, conditions=[0, 0]), model.translate(pictures, conditions=[[0, 0], [1, 1]])
    assert np.array_equal(one[0], other[0]) and not np.array_equal(one[1], other[1])
    assert np.array_equal(model.translate(pictures), model.translate(pictures, conditions=[0.5, 0.5]))
    assert len(model.critic_score(pictures, inputs=pictures, conditions=[0.1, 1])) == 2
    for bad, message in (
        ([1, 2, 3], "must be 2 numbers"),
        ([0, 2], r"must be in \[0, 1\]: x, y"),
        ("red", "must be 2 numbers"),
    ):
        with pytest.raises(ValueError, match=message):
            model.translate(pictures, conditions=bad)
    assert "Conditions, numbers in [0, 1]: x, y." in (tmp_path / "whole" / "README.md").read_text()


@pytest.mark.parametrize("objective", ["cycle", "contrastive"])
def test_without_pairs_a_translation_is_told_of_the_real_picture_beside_it(tmp_path, objective):
    trainer = Trainer(*prepare(translation(objective=objective, conditional=True)))
    pairs = PAIRS["tiny"].load(tmp_path, 28, "train", print)
    told = {p.numpy().tobytes(): y for p, y in zip(pairs.b, pairs.conditions, strict=True)}
    (batch,) = trainer.batches.draw(trainer.config, (), torch.Generator().manual_seed(0), 0)
    rows = batch.real.add(1).mul(127.5).round().to(torch.uint8)
    assert all(torch.equal(told[p.numpy().tobytes()], y) for p, y in zip(rows, batch.y, strict=True))
    first, *rest = trainer.players.game.matches(trainer.players, batch)
    assert torch.equal(first.y, batch.y) and all(match.y is None for match in rest)
    *_, done = train(translation(objective=objective, conditional=True, images=8), tmp_path / "run")
    assert done.shown == 8 and gan.load(tmp_path / "run", "cpu").condition_names == ("x", "y")


def test_a_model_without_conditions_takes_none(tmp_path):
    model = Trainer(*prepare(translation(objective="paired"))).model()
    with pytest.raises(ValueError, match="has no conditions: leave them out"):
        model.translate(np.zeros((1, 28, 28, 3), np.uint8), conditions=[1.0])


def test_sides_of_different_size_are_shown_in_orders_of_their_own():
    source = torch.Generator().manual_seed(0)
    a, b = (torch.randint(0, 255, (n, 1, 28, 28), dtype=torch.uint8, generator=source) for n in (17, 24))
    config, data = prepare(translation(batch_size=8, images=48), dataset=Domains("x", a, b, False))
    trainer, shown_a, shown_b = Trainer(config, data), [], []
    for _ in range(51):
        (part,) = trainer.batches.draw(config, (), torch.Generator(), 8 * len(shown_a))
        shown_a.append(part.z)
        shown_b.append(part.real)
    for shown, n in ((shown_a, 17), (shown_b, 24)):
        rows = [p.numpy().tobytes() for p in torch.cat(shown)]
        assert {rows.count(row) for row in set(rows)} == {51 * 8 // n}
    noise = part.noise
    assert noise.shape == (2, 8, 1, 28, 28) and abs(float(noise.std()) - 1) < 0.05


def test_a_checkpoint_of_other_inputs_is_refused(tmp_path, monkeypatch):
    list(train(translation(images=8), tmp_path / "run"))
    other = dataclasses.replace(PAIRS["tiny"], load=lambda *args: _inverted(PAIRS_TINY(*args)))
    PAIRS_TINY = PAIRS["tiny"].load
    monkeypatch.setitem(PAIRS, "tiny", other)
    with pytest.raises(FolderError, match="made from other pictures"):
        next(train(translation(images=16), tmp_path / "run", resume=True))


def _inverted(pairs):
    return dataclasses.replace(pairs, a=255 - pairs.a)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"network": "resnet"},
            f"network must be one of {', '.join(TRANSLATORS)}",
        ),
        ({"objective": "magic"}, "objective must be one of cycle, removal, contrastive, paired, got 'magic'"),
        ({"source": "tiny"}, "source and dataset are both tiny"),
        ({"dataset": "ring", "source": "emoji"}, "points are not translated"),
        ({"critic_norm": "batch"}, "set critic_norm to none or spectral"),
        ({"task": "generate", "network": "resnet", "source": "emoji"}, "set task to translate"),
    ],
    ids=str,
)
def test_contradictions_are_refused_with_the_cure(changes, message):
    with pytest.raises(ConfigError, match=message):
        prepare(translation(**changes))


def test_objective_and_sides_cannot_change_in_a_resumed_run_but_weights_can(tmp_path):
    list(train(translation(images=8), tmp_path / "run"))
    for change in ({"objective": "contrastive"}, {"source": "emoji"}, {"dataset": "beard"}):
        with pytest.raises((ConfigError, ValueError)):
            next(train(translation(images=16, **change), tmp_path / "run", resume=True))
    *_, done = train(translation(images=16, content=5.0), tmp_path / "run", resume=True)
    assert done.shown == 16
    segments = json.loads((tmp_path / "run" / "metrics.json").read_text())["segments"]
    assert [part["content"] for part in segments] == [10.0, 5.0]


def test_a_generator_is_no_translator_and_says_so(tmp_path, tiny_folder):
    list(train(translation(images=8), tmp_path / "run"))
    with pytest.raises(FolderError, match="translates pictures and generates none"):
        model.load(tmp_path / "run", "cpu")
    from gan.models.translator import load_translator

    with pytest.raises(FolderError, match="generates pictures and translates none"):
        load_translator(tiny_folder, "cpu")


def test_settings_of_translations_are_not_in_a_generators_command():
    assert "--objective" not in command(translation(task="generate")) and "--objective" in command(translation())
