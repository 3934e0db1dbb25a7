"""`gan.training.loop`: events and their order, and the folders that a run writes."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import PLANE, assert_same, small
from PIL import Image
from runs import MODEL, final, stop_after

from gan.config import Config
from gan.data.points import DISTRIBUTIONS
from gan.errors import ConfigError, DataError
from gan.models.image_grid import grid_image
from gan.models.model import load
from gan.models.weights import read_config
from gan.networks import NETWORKS, POINT_NETWORKS
from gan.training import loop, report
from gan.training.control import Control
from gan.training.events import Alarmed, Changed, Done, Measured, Published, Sampled, Started, Stepped, Ticked
from gan.training.loop import run, train
from gan.training.losses import LOSSES
from gan.training.trainer import Trainer
from gan.training.validation import prepare

pytestmark = pytest.mark.usefixtures("read_once")


def test_seed_and_settings_decide_the_weights_and_grids_do_not(tmp_path):
    config = small(images=32)
    first = final(tmp_path / "a", config)
    torch.manual_seed(12345)
    assert_same(final(tmp_path / "b", dataclasses.replace(config, sample_images=16, checkpoint_images=16)), first)
    other = final(tmp_path / "c", dataclasses.replace(config, seed=1))
    assert not torch.equal(other["generator.dense.weight"], first["generator.dense.weight"])


def test_events_come_in_order(tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "REPORT_SECONDS", 0.0)
    out = tmp_path / "run"
    events = list(train(small(images=96, sample_images=32, checkpoint_images=48), out))
    names = [(type(e).__name__, e.shown) for e in events]
    assert names == [
        ("Started", 0), ("Stepped", 16), ("Stepped", 32), ("Sampled", 32), ("Measured", 32),
        ("Stepped", 48), ("Checkpointed", 48),
        ("Stepped", 64), ("Sampled", 64), ("Measured", 64), ("Stepped", 80), ("Stepped", 96), ("Sampled", 96),
        ("Measured", 96), ("Checkpointed", 96),
        ("Done", 96),
    ]  # fmt: skip
    started, done = events[0], events[-1]
    assert isinstance(started, Started) and isinstance(done, Done)
    assert (started.pictures, started.device, started.config.classes) == (10_000, "cpu", tuple("0123456789"))
    assert started.config == read_config(out)
    assert (done.folder, done.stopped) == (out, False)
    for event in events:
        if isinstance(event, Measured):
            assert 0 < event.diversity < 2
        if isinstance(event, Stepped):
            assert all(math.isfinite(v) for v in dataclasses.astuple(event))
            assert event.images_per_second > 0 and event.penalty > 0
        if isinstance(event, Sampled):
            assert event.pictures.shape == (64, 28, 28, 1) and event.pictures.dtype == np.uint8
            with Image.open(event.path) as image:
                assert np.array_equal(np.asarray(image), np.asarray(grid_image(event.pictures, 8)))
            assert event.path == out / "samples" / f"{event.shown:010d}.png"


@pytest.mark.parametrize("steps", [None, 2])
def test_folder_is_complete_after_done_and_after_stop(steps, tmp_path):
    out, config = tmp_path / "run", small(images=48)
    events = list(train(config, out, control=stop_after(steps) if steps is not None else Control()))
    shown = 48 if steps is None else 16 * steps
    assert events[-1].shown == shown and events[-1].stopped == (steps is not None)
    assert {p.name for p in out.iterdir()} >= MODEL
    assert not [p for p in out.rglob("*") if p.suffix == ".new"]
    model = load(out, "cpu")
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["images"] == shown
    assert metrics["generator_parameters"] == sum(p.numel() for p in model.generator.parameters())
    assert metrics["critic_parameters"] == sum(p.numel() for p in model.critic.parameters())
    assert ("critic_loss" in metrics) == (shown > 0)
    sheet = np.asarray(Image.open(out / "samples.png")).astype(int)
    expected = np.asarray(grid_image(model.sample(range(64)), 8)).astype(int)
    assert sheet.shape == expected.shape and np.abs(sheet - expected).max() <= 1
    assert sheet.std() > 1


def test_tiny_colour_folder_shows_what_it_samples(tiny_emoji_folder):
    model = load(tiny_emoji_folder, "cpu")
    sheet = np.asarray(Image.open(tiny_emoji_folder / "samples.png")).astype(int)
    assert np.abs(sheet - np.asarray(grid_image(model.sample(range(64)), 8)).astype(int)).max() <= 1


def test_model_is_the_average_and_not_the_live_generator(tmp_path):
    out = tmp_path / "run"
    state = final(out, small(images=64, ema_images=10**6, learning_rate=1e-2))
    held = load(out, "cpu").generator.state_dict()
    assert all(torch.equal(v, state[f"average.{k}"]) for k, v in held.items())
    assert any(not torch.equal(v, state[f"generator.{k}"]) for k, v in held.items())


def write_pictures(folder: Path, n: int, side: int = 40) -> None:
    folder.mkdir(parents=True)
    random = np.random.default_rng(0)
    for i in range(n):
        Image.fromarray(random.integers(0, 256, (side, side, 3), np.uint8)).save(folder / f"{i}.png")


def test_a_folder_of_20_pictures_trains_without_classes(tmp_path):
    write_pictures(tmp_path / "mine", 20)
    started, *_ = list(train(small(dataset=str(tmp_path / "mine")), tmp_path / "run"))
    assert started.pictures == 20 and started.config.classes == ()
    assert any("only 20 pictures" in note for note in started.notes)
    model = load(tmp_path / "run", "cpu")
    assert model.sample([0, 1]).shape == (2, 32, 32, 3)
    assert model.class_weights([0]) is None
    assert "the licence of the folder's owner" in (tmp_path / "run" / "README.md").read_text()


def test_a_folder_of_folders_trains_with_classes(tmp_path):
    for name in ("cats", "dogs"):
        write_pictures(tmp_path / "mine" / name, 10)
    list(train(small(dataset=str(tmp_path / "mine"), resolution=28), tmp_path / "run"))
    model = load(tmp_path / "run", "cpu")
    assert model.classes == ("cats", "dogs")
    assert model.sample([0], "dogs").shape == (1, 28, 28, 3)


@pytest.mark.parametrize("field", ["network", "loss"])
def test_unknown_name_is_refused_with_the_choices(field, tmp_path):
    known = ", ".join({"network": NETWORKS | POINT_NETWORKS, "loss": LOSSES}[field])
    with pytest.raises(ConfigError, match=f"{field} must be one of {known}, got 'new'"):
        next(train(small(**{field: "new"}), tmp_path / "run"))
    assert not (tmp_path / "run").exists()


def test_unknown_data_is_refused_with_the_choices(tmp_path):
    with pytest.raises(DataError, match="unknown data set 'new': pass one of emoji"):
        next(train(small(dataset="new"), tmp_path / "run"))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"loss": "minimax", "penalty": "none", "gamma": 5.0}, "--gamma will do nothing without a penalty"),
        ({"loss": "hinge", "penalty": "none", "penalty_every": 4}, "--penalty-every will do nothing"),
        ({"loss": "hinge", "penalty": "none"}, ""),
        ({"penalty": "r1", "gamma": 5.0, "penalty_every": 4}, ""),
    ],
)
def test_settings_of_a_penalty_that_is_not_there_are_noted(settings, words, monkeypatch):
    monkeypatch.setattr(loop, "faster_precision", lambda device: "bf16")  # whichever machine this is
    started = next(train(small(**settings), None))
    assert bool(started.notes) == bool(words) and words in " ".join(started.notes)


def test_stopped_before_the_first_step_leaves_no_model(tmp_path):
    events = list(train(small(), tmp_path / "run", control=stop_after(0)))
    assert [type(e) for e in events] == [Started, Done] and events[-1].stopped
    assert {p.name for p in (tmp_path / "run").iterdir()} == {"log.jsonl"}


def test_single_steps_are_reported_with_nothing_for_the_player_that_stood_still(tmp_path):
    control = Control(paused=True)
    events = train(small(images=160), tmp_path / "run", control=control)
    next(events)
    reports = {}
    for move in ("critic", "generator"):
        control.step(move)
        reports[move] = next(e for e in events if isinstance(e, Stepped))
    assert math.isnan(reports["critic"].generator_loss) and math.isfinite(reports["critic"].critic_loss)
    assert math.isnan(reports["generator"].critic_loss) and math.isfinite(reports["generator"].generator_loss)
    control.stop()
    assert list(events)[-1].stopped
    lines = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert [line["generator_loss"] for line in lines if line["event"] == "stepped"][0] is None


@pytest.mark.parametrize("settings", [{}, {"critic_norm": "spectral"}], ids=str)
def test_parts_of_a_batch_change_nothing_but_rounding(settings, tmp_path):
    config = small(images=48, precision="fp32", augment="color,translation", optimizer="sgd", **settings)
    whole = final(tmp_path / "whole", config)
    parts = final(tmp_path / "parts", dataclasses.replace(config, accumulate=4))
    for name, value in whole.items():
        torch.testing.assert_close(parts[name], value, atol=2e-4, rtol=1e-3, msg=lambda m, name=name: f"{name}: {m}")


@pytest.mark.parametrize("loss", LOSSES)
def test_points_train_without_a_folder(loss):
    for distribution in DISTRIBUTIONS:
        config = Config(
            dataset=distribution, network="points", images=640, batch_size=64, width=16, z_dim=2, precision="fp32",
            loss=loss, sample_images=320, checkpoint_images=320, device="cpu", **LOSSES[loss].customary,
        )  # fmt: skip
        events = list(train(config, None))
        done = events[-1]
        assert isinstance(done, Done) and done.shown == 640 and done.folder is None, distribution
        (first, second) = [e.pictures for e in events if isinstance(e, Sampled)]
        assert first.shape == (1000, 2) and first.dtype == np.float32, distribution
        assert not np.array_equal(first, second), distribution


def test_the_loop_yields_changes_refusals_and_every_step():
    config, dataset = prepare(Config(**PLANE, images=16 * 6))
    control, events = Control(), []
    for event in run(Trainer(config, dataset), 1, (), None, control, report=1e9, ticks=True):
        events.append(event)
        if isinstance(event, Ticked) and event.shown == 32:
            control.change({"gamma": 0.5})
            control.change({"batch_size": 32})
        if isinstance(event, Ticked) and event.shown == 64:
            control.change({"loss": "nope"})
    assert [e.shown for e in events if isinstance(e, Ticked)] == [16, 32, 64, 96]
    (changed,) = [e for e in events if isinstance(e, Changed)]
    assert changed.shown == 32 and (changed.config.gamma, changed.config.batch_size) == (0.5, 32)
    (refused,) = [e for e in events if isinstance(e, Alarmed)]
    assert refused.kind == "refused" and "loss must be one of" in refused.message


def test_the_rate_does_not_count_the_time_a_run_was_paused(monkeypatch):
    clock, advance = [100.0], Trainer.advance

    def quarter_of_a_second(self, move="both"):
        clock[0] += 0.25
        return advance(self, move)

    monkeypatch.setattr(Trainer, "advance", quarter_of_a_second)
    for module in (loop, report):
        monkeypatch.setattr(module, "perf_counter", lambda: clock[0])
    config, dataset = prepare(Config(**PLANE, images=16 * 8))
    rates = []
    for event in run(Trainer(config, dataset), 1, (), None, Control(), report=0.0):
        if isinstance(event, Stepped):
            rates.append(event.images_per_second)
            clock[0] += 1000.0  # between two steps
    assert rates == [pytest.approx(16 / 0.25)] * 8


def test_a_model_to_publish_comes_with_a_checkpoint_and_changes_nothing(tmp_path):
    plain = list(train(small(), tmp_path / "plain"))
    events = list(train(small(), tmp_path / "shown", publish_images=16))
    published = [e for e in events if isinstance(e, Published)]
    assert [e.shown for e in published] == [16, 32, 48]  # at the end the folder itself is there
    assert not any(isinstance(e, Published) for e in plain)
    kinds = [type(e).__name__ for e in events]
    assert all(kinds[i - 1] == "Checkpointed" for i, kind in enumerate(kinds) if kind == "Published")
    (tmp_path / "model").mkdir()
    published[1].write(tmp_path / "model")
    assert json.loads((tmp_path / "model/metrics.json").read_text())["images"] == 32
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("plain", "shown", "model")]
    assert weights[0] == weights[1] != weights[2]
    assert '{"event": "published", "shown": 16}' in (tmp_path / "shown/log.jsonl").read_text()
