"""`gan.loop`: events, folders, rollbacks, and that a resumed run is the uninterrupted one, bit for bit."""

from __future__ import annotations

import dataclasses
import json
import math
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import PLANE, assert_same, small
from PIL import Image

from gan import loop, publish, trainer
from gan.card import grid_picture
from gan.checkpoint import FolderError, read_config, read_tensors
from gan.config import Config, ConfigError
from gan.control import Control
from gan.data import DataError
from gan.data.worlds import WORLDS
from gan.events import (
    Alarmed,
    Changed,
    Checkpointed,
    Done,
    Measured,
    Published,
    Sampled,
    Started,
    Stepped,
    Ticked,
)  # fmt: skip
from gan.failures import TrainingError
from gan.loop import run, train
from gan.losses import LOSSES
from gan.model import load
from gan.networks import NETWORKS, POINT_NETWORKS
from gan.options import prepare
from gan.trainer import Trainer

pytestmark = pytest.mark.usefixtures("read_once")

COMPLETE = {
    "config.json", "model.safetensors", "critic.safetensors", "directions.safetensors", "metrics.json", "samples.png",
    "README.md",
}  # fmt: skip


@pytest.fixture
def quick(monkeypatch):
    """Leave out the principal directions, which take longer than such a short training."""

    def flat(generator, z_dim, classes, samples):
        return torch.zeros(16, z_dim), torch.zeros(16)

    monkeypatch.setattr(publish, "principal_directions", flat)


class stop_after(Control):
    """Stops a run after some steps."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.left = steps

    def next(self) -> str | None:
        self.left -= 1
        return None if self.left < 0 else super().next()


def final(out: Path, config: Config, **kwargs) -> dict[str, torch.Tensor]:
    """All tensors of the run's last checkpoint, once trained."""
    events = list(train(config, out, **kwargs))
    assert isinstance(events[-1], Done)
    return read_state(out)


def read_state(out: Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    return load_file(out / "checkpoint" / "state.safetensors")


@pytest.mark.parametrize("network", NETWORKS)
def test_interrupted_and_resumed_equals_uninterrupted_bit_for_bit(network, tmp_path, quick):
    config = small(network=network, images=64, anneal=0.5)
    whole = final(tmp_path / "whole", config)
    assert any(k.startswith("generator_optimizer") and v.any() for k, v in whole.items())
    parts = tmp_path / "parts"
    assert train_parts(parts, config, (1, 2)) == [16, 48, 64]
    assert_same(read_state(parts), whole)
    for name in ("model.safetensors", "critic.safetensors", "samples.png"):
        assert (parts / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def train_parts(out: Path, config: Config, lengths: tuple[int, ...]) -> list[int]:
    """Train in parts of so many steps, then to the end; images shown at the end of each."""
    ends = []
    for i, steps in enumerate((*lengths, None)):
        stop = stop_after(steps) if steps else Control()
        *_, done = train(config, out, resume=i > 0, control=stop)
        assert done.stopped == (steps is not None)
        ends.append(done.shown)
    return ends


FREE = [name for name, loss in LOSSES.items() if loss.customary["penalty"] != "gp"]  # those that need no penalty


@pytest.mark.parametrize(("loss", "gamma"), [*((name, 1.0) for name in LOSSES), *((name, 0.0) for name in FREE)])
def test_every_loss_resumes(loss, gamma, tmp_path, quick):
    config = small(loss=loss, images=48, precision="fp32", gamma=gamma)
    whole = final(tmp_path / "whole", config)
    train_parts(tmp_path / "parts", config, (2,))
    assert_same(read_state(tmp_path / "parts"), whole)
    assert all(v.isfinite().all() for v in whole.values())


def test_a_run_that_was_killed_goes_on_from_its_last_checkpoint(tmp_path, quick):
    config = small(images=80, checkpoint_images=32)
    whole = final(tmp_path / "whole", config)
    events = train(config, tmp_path / "killed")
    for event in events:
        if isinstance(event, Stepped) and event.shown > 32 or isinstance(event, Checkpointed):
            break
    events.close()
    assert not (tmp_path / "killed" / "model.safetensors").exists()
    started = next(resumed := train(config, tmp_path / "killed", resume=True))
    assert started.shown == 32
    list(resumed)
    assert_same(read_state(tmp_path / "killed"), whole)


def test_seed_and_settings_decide_the_weights_and_grids_do_not(tmp_path, quick):
    config = small(images=32)
    first = final(tmp_path / "a", config)
    torch.manual_seed(12345)
    assert_same(final(tmp_path / "b", dataclasses.replace(config, sample_images=16, checkpoint_images=16)), first)
    other = final(tmp_path / "c", dataclasses.replace(config, seed=1))
    assert not torch.equal(other["generator.dense.weight"], first["generator.dense.weight"])


def test_events_come_in_order(tmp_path, quick, monkeypatch):
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
                assert np.array_equal(np.asarray(image), np.asarray(grid_picture(event.pictures, 8)))
            assert event.path == out / "samples" / f"{event.shown:010d}.png"


def test_seconds_add_up_over_resumed_parts(tmp_path, quick):
    out, config = tmp_path / "run", small(images=64)
    first = list(train(config, out, control=stop_after(2)))[-1]
    second = list(train(config, out, resume=True))[-1]
    assert 0 < first.seconds < second.seconds


def test_log_holds_one_json_object_an_event_over_all_parts(tmp_path, quick):
    out, config = tmp_path / "run", small(images=48)
    events = [*train(config, out, control=stop_after(1)), *train(config, out, resume=True)]
    lines = [json.loads(line) for line in (out / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["event"] for line in lines] == [type(e).__name__.lower() for e in events]
    assert [line["shown"] for line in lines] == [e.shown for e in events]
    assert lines[0]["config"]["dataset"] == "mnist-10k"
    assert Counter(line["event"] for line in lines)["started"] == 2
    assert all("pictures" not in line for line in lines if line["event"] == "sampled")


@pytest.mark.parametrize("steps", [None, 2])
def test_folder_is_complete_after_done_and_after_stop(steps, tmp_path):
    out, config = tmp_path / "run", small(images=48)
    events = list(train(config, out, control=stop_after(steps) if steps is not None else Control()))
    shown = 48 if steps is None else 16 * steps
    assert events[-1].shown == shown and events[-1].stopped == (steps is not None)
    assert {p.name for p in out.iterdir()} >= COMPLETE
    assert not [p for p in out.rglob("*") if p.suffix == ".new"]
    model = load(out, "cpu")
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["images"] == shown
    assert metrics["generator_parameters"] == sum(p.numel() for p in model.generator.parameters())
    assert metrics["critic_parameters"] == sum(p.numel() for p in model.critic.parameters())
    assert ("critic_loss" in metrics) == (shown > 0)
    sheet = np.asarray(Image.open(out / "samples.png")).astype(int)
    expected = np.asarray(grid_picture(model.sample(range(64)), 8)).astype(int)
    assert sheet.shape == expected.shape and np.abs(sheet - expected).max() <= 1
    assert sheet.std() > 1


def test_tiny_colour_folder_shows_what_it_samples(tiny_emoji_folder):
    model = load(tiny_emoji_folder, "cpu")
    sheet = np.asarray(Image.open(tiny_emoji_folder / "samples.png")).astype(int)
    assert np.abs(sheet - np.asarray(grid_picture(model.sample(range(64)), 8)).astype(int)).max() <= 1


def test_model_is_the_average_and_not_the_live_generator(tmp_path, quick):
    out = tmp_path / "run"
    state = final(out, small(images=64, ema_images=10**6, learning_rate=1e-2))
    held = load(out, "cpu").generator.state_dict()
    assert all(torch.equal(v, state[f"average.{k}"]) for k, v in held.items())
    assert any(not torch.equal(v, state[f"generator.{k}"]) for k, v in held.items())


def draw(folder: Path, n: int, side: int = 40) -> None:
    folder.mkdir(parents=True)
    random = np.random.default_rng(0)
    for i in range(n):
        Image.fromarray(random.integers(0, 256, (side, side, 3), np.uint8)).save(folder / f"{i}.png")


def test_a_folder_of_20_pictures_trains_without_classes(tmp_path, quick):
    draw(tmp_path / "mine", 20)
    started, *_ = list(train(small(dataset=str(tmp_path / "mine")), tmp_path / "run"))
    assert started.pictures == 20 and started.config.classes == ()
    assert any("only 20 pictures" in note for note in started.notes)
    model = load(tmp_path / "run", "cpu")
    assert model.sample([0, 1]).shape == (2, 32, 32, 3)
    assert model.class_weights([0]) is None
    assert "the licence of the folder's owner" in (tmp_path / "run" / "README.md").read_text()


def test_a_folder_of_folders_trains_with_classes(tmp_path, quick):
    for name in ("cats", "dogs"):
        draw(tmp_path / "mine" / name, 10)
    list(train(small(dataset=str(tmp_path / "mine"), resolution=28), tmp_path / "run"))
    model = load(tmp_path / "run", "cpu")
    assert model.classes == ("cats", "dogs")
    assert model.sample([0], "dogs").shape == (1, 28, 28, 3)


def breaking(monkeypatch, at: set[int], value: dict) -> list[int]:
    """Replace losses of the steps numbered in `at`, counted from 1; the list grows with the steps."""
    monkeypatch.setattr(loop, "REPORT_SECONDS", 0.0)
    real, calls = Trainer.advance, []

    def broken(self, move="both"):
        calls.append(self.shown)
        critic, generator = real(self, move)
        if len(calls) in at:
            critic = critic._replace(**{k: v for k, v in value.items() if k in critic._fields})
            generator = generator._replace(**{k: v for k, v in value.items() if k in generator._fields})
        return critic, generator

    monkeypatch.setattr(Trainer, "advance", broken)
    return calls


@pytest.mark.parametrize("field", ["critic_loss", "generator_loss", "penalty"])
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_loss_that_is_not_finite_rolls_back_lowers_the_rate_and_goes_on(field, bad, tmp_path, quick, monkeypatch):
    calls = breaking(monkeypatch, {3}, {field: torch.tensor(bad)})
    events = list(train(small(images=80, checkpoint_images=32), tmp_path / "run"))
    (alarm,) = [e for e in events if isinstance(e, Alarmed)]
    assert (alarm.kind, alarm.shown) == ("non-finite", 32)
    assert (
        alarm.message.startswith(f"{field.replace('_', ' ')} not finite after 48 images: back to image 32")
        and "times 0.5" in alarm.message
    )
    assert calls == [0, 16, 32, 32, 48, 64] and events[-1].shown == 80
    assert '"event": "alarmed"' in (tmp_path / "run" / "log.jsonl").read_text()
    assert json.loads((tmp_path / "run" / "checkpoint" / "state.json").read_text())["rate_scale"] == 0.5


def test_lower_rate_after_a_rollback_is_used_and_survives_resume(tmp_path, quick, monkeypatch):
    config = small(images=160, checkpoint_images=16, anneal=0.0, learning_rate=1e-3)
    with monkeypatch.context() as patch:
        breaking(patch, {2}, {"critic_loss": torch.tensor(math.nan)})
        list(train(config, tmp_path / "run", control=stop_after(5)))
    _, dataset = prepare(config)
    resumed = Trainer(prepare(config)[0], dataset)
    resumed.restore(tmp_path / "run" / "checkpoint")
    resumed.advance()
    assert {o.param_groups[0]["lr"] for o in resumed.optimizers.values()} == {5e-4}


def test_gives_up_after_three_rollbacks_and_says_so(tmp_path, quick, monkeypatch):
    calls = breaking(monkeypatch, set(range(3, 99)), {"critic_loss": torch.tensor(math.nan)})
    seen = []
    with pytest.raises(
        TrainingError, match="not finite after 48 .*--learning-rate.*--gamma.*gave up after 3 rollbacks"
    ):
        for event in train(small(images=96, checkpoint_images=16), tmp_path / "run"):
            seen.append(event)
    *back, last = [e for e in seen if isinstance(e, Alarmed)]
    assert [e.message.split("times ")[1][:6] for e in back] == ["0.5 fr", "0.25 f", "0.125 "]
    assert (last.kind, last.shown) == ("gave-up", 48) and "gave up after 3 rollbacks" in last.message
    assert '"kind": "gave-up"' in (tmp_path / "run/log.jsonl").read_text().splitlines()[-1]
    assert calls == [0, 16, 32, 32, 32, 32]
    assert json.loads((tmp_path / "run" / "checkpoint" / "state.json").read_text())["shown"] == 32
    assert all(v.isfinite().all() for v in read_state(tmp_path / "run").values())


def test_rolls_back_to_the_start_when_there_is_no_checkpoint_yet(tmp_path, quick, monkeypatch):
    calls = breaking(monkeypatch, {2}, {"generator_loss": torch.tensor(math.nan)})
    events = list(train(small(images=48), tmp_path / "run"))
    assert calls == [0, 16, 0, 16, 32] and events[-1].shown == 48


def test_checkpoints_and_published_models_renew_no_patience(tmp_path, quick, monkeypatch):
    """A run that fails once between any two of them gives up too."""
    breaking(monkeypatch, {2, 5, 8, 11}, {"critic_loss": torch.tensor(math.nan)})
    with pytest.raises(TrainingError, match="gave up after 3 rollbacks"):
        list(train(small(images=320, checkpoint_images=16), tmp_path / "run", publish_images=16))


def test_stopping_and_resuming_renews_no_patience(tmp_path, quick, monkeypatch):
    config, out = small(images=320, checkpoint_images=16), tmp_path / "run"
    for part in range(3):
        with monkeypatch.context() as patch:
            breaking(patch, {2}, {"critic_loss": torch.tensor(math.nan)})
            list(train(config, out, resume=part > 0, control=stop_after(3)))
    state = json.loads((out / "checkpoint/state.json").read_text())
    assert (state["falls"], state["rate_scale"]) == (3, 0.125)
    breaking(monkeypatch, {2}, {"critic_loss": torch.tensor(math.nan)})
    with pytest.raises(TrainingError, match="gave up"):
        list(train(config, out, resume=True))


def test_rollbacks_are_forgotten_after_a_long_healthy_stretch(tmp_path, quick, monkeypatch):
    monkeypatch.setattr(loop, "HEALTHY", 32)
    breaking(monkeypatch, {1, 5, 9, 13, 17}, {"critic_loss": torch.tensor(math.nan)})
    events = list(train(small(images=320, checkpoint_images=16), tmp_path / "run"))
    assert [e.message[-14:] for e in events if isinstance(e, Alarmed)] == ["(1 of 3 times)"] * 5
    assert events[-1].shown == 320


@pytest.mark.parametrize("publish_images", [0, 16])
def test_publishing_does_not_move_where_a_rollback_leads(publish_images, tmp_path, quick, monkeypatch):
    calls = breaking(monkeypatch, {4}, {"critic_loss": torch.tensor(math.nan)})
    list(train(small(images=64, checkpoint_images=32), tmp_path / "run", publish_images=publish_images))
    assert calls == [0, 16, 32, 48, 32, 48]


def spoiling(monkeypatch, where: str, at: set[int]) -> list[int]:
    """Make weights of a network NaN in the steps numbered in `at`, counted from 1, after their losses were taken."""
    monkeypatch.setattr(loop, "REPORT_SECONDS", 10**9)
    real, calls = Trainer.advance, []

    def broken(self, move="both"):
        result = real(self, move)
        calls.append(self.shown)
        if len(calls) in at:
            with torch.no_grad():
                next(getattr(self, where).parameters()).fill_(math.nan)
        return result

    monkeypatch.setattr(Trainer, "advance", broken)
    return calls


@pytest.mark.parametrize("where", ["generator", "critic", "average"])
def test_a_stop_with_weights_that_are_not_finite_saves_the_last_good_state(where, tmp_path, quick, monkeypatch):
    """They never replace a checkpoint, also when the losses, which were taken before the update, are still finite."""
    out, config = tmp_path / "run", small(images=10**6, checkpoint_images=10**6)
    list(train(config, out, control=stop_after(1)))
    before = read_state(out)
    (out / "model.safetensors").unlink()
    spoiling(monkeypatch, where, {2})
    events = list(train(config, out, resume=True, control=stop_after(2)))
    (alarm,) = [e for e in events if isinstance(e, Alarmed)]
    assert (alarm.kind, alarm.shown) == ("non-finite", 16) and f"{where}" in alarm.message
    assert (events[-1].shown, events[-1].stopped) == (16, True)
    assert_same(read_state(out), before)
    assert json.loads((out / "checkpoint/state.json").read_text())["rate_scale"] == 0.5
    assert load(out, "cpu").config.dataset == "mnist-10k"
    assert json.loads((out / "metrics.json").read_text())["images"] == 16


def test_a_stop_with_broken_weights_and_no_patience_left_still_saves(tmp_path, quick, monkeypatch):
    monkeypatch.setattr(loop, "ROLLBACKS", 0)
    spoiling(monkeypatch, "critic", {2})
    events = list(train(small(images=640, checkpoint_images=16), tmp_path / "run", control=stop_after(1)))
    assert events[-1].shown == 16 and not any(isinstance(e, Alarmed) for e in events)
    spoiling(monkeypatch, "critic", {1})
    config = small(images=640, checkpoint_images=160)
    events = list(train(config, tmp_path / "run", resume=True, control=stop_after(1)))
    assert events[-1].stopped and events[-1].shown == 16


def test_weights_that_are_not_finite_at_the_end_are_made_anew(tmp_path, quick, monkeypatch):
    calls = spoiling(monkeypatch, "generator", {3})
    events = list(train(small(images=48, checkpoint_images=10**6), tmp_path / "run"))
    assert calls == [16, 32, 48, 16, 32, 48]
    assert [(e.kind, e.shown) for e in events if isinstance(e, Alarmed)] == [("non-finite", 0)]
    assert (events[-1].shown, events[-1].stopped) == (48, False)
    assert all(v.isfinite().all() for v in read_state(tmp_path / "run").values())


def test_weights_that_are_not_finite_at_a_checkpoint_roll_back(tmp_path, quick, monkeypatch):
    calls = spoiling(monkeypatch, "critic", {2})
    out = tmp_path / "run"
    events = list(train(small(images=48, checkpoint_images=16), out))
    assert calls == [16, 32, 32, 48]
    assert [e.shown for e in events if isinstance(e, Checkpointed)] == [16, 32, 48]
    assert all(v.isfinite().all() for v in read_state(out).values())


def test_no_picture_is_sampled_from_weights_that_are_not_finite(tmp_path, quick, monkeypatch):
    spoiling(monkeypatch, "average", {2})
    events = list(train(small(images=48, sample_images=16, checkpoint_images=10**6), tmp_path / "run"))
    assert [e.shown for e in events if isinstance(e, Sampled)] == [16, 16, 32, 48]
    assert [e.kind for e in events if isinstance(e, Alarmed)] == ["non-finite"]


def test_a_critic_that_wins_is_told_at_the_same_image_however_seldom_it_is_reported(quick, monkeypatch):
    real, told = Trainer.advance, []

    def winning(self, move="both"):
        critic, generator = real(self, move)
        return critic._replace(critic_accuracy=torch.tensor(1.0)), generator

    monkeypatch.setattr(Trainer, "advance", winning)
    config, dataset = prepare(Config(**{**PLANE, "batch_size": 512}, images=512 * 24, sample_images=512 * 10))
    for seconds in (0.0, 1e9):
        events = run(Trainer(config, dataset), 1, (), None, Control(), report=seconds)
        told.append([e.shown for e in events if isinstance(e, Alarmed) and e.kind == "critic-won"])
    assert told == [[512 * 20]] * 2


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


def test_resume_without_a_checkpoint_is_refused(tmp_path):
    with pytest.raises(FolderError, match="no checkpoint to resume from"):
        next(train(small(), tmp_path / "run", resume=True))
    assert not (tmp_path / "run").exists()


@pytest.fixture
def stopped(tmp_path, quick) -> Path:
    """A run that was stopped after its first step."""
    list(train(small(), tmp_path / "run", control=stop_after(1)))
    return tmp_path / "run"


@pytest.mark.parametrize("changes", [{"width": 32}, {"network": "mlp"}, {"z_dim": 7}, {"dataset": "emoji"}], ids=repr)
def test_resume_with_other_networks_is_refused_and_changes_nothing(stopped, changes):
    before = (stopped / "config.json").read_bytes()
    with pytest.raises(ConfigError, match=f"--{next(iter(changes)).replace('_', '-')} cannot change in a resumed run"):
        next(train(small(**changes), stopped, resume=True))
    assert (stopped / "config.json").read_bytes() == before


def folder_of_pictures(where: Path) -> Path:
    where.mkdir(parents=True)
    for i in range(20):
        Image.new("RGB", (32, 32), (i, 2 * i, 3 * i)).save(where / f"{i:02}.png")
    return where


def test_resume_with_other_pictures_is_refused(tmp_path, quick, loaded):
    pictures = folder_of_pictures(tmp_path / "pictures")
    config = small(dataset=str(pictures))
    list(train(config, tmp_path / "run", control=stop_after(1)))
    loaded.cache_clear()
    (pictures / "07.png").unlink()
    with pytest.raises(FolderError, match=r"made from other pictures \(20; there are 19 now"):
        next(train(config, tmp_path / "run", resume=True))


def test_a_published_config_names_no_folder_of_this_machine(tmp_path, quick):
    pictures = folder_of_pictures(tmp_path / "private" / "holiday")
    list(train(small(dataset=str(pictures), data_root=str(tmp_path)), tmp_path / "run"))
    published = [p for p in (tmp_path / "run").iterdir() if p.suffix in (".json", ".md")]
    assert len(published) == 3
    assert not [p for p in published if "private" in p.read_text() or str(tmp_path) in p.read_text()]
    assert load(tmp_path / "run", "cpu").config.dataset == "holiday"
    assert list(train(small(dataset=str(pictures), images=80), tmp_path / "run", resume=True))[-1].shown == 80


def test_stopped_before_the_first_step_leaves_no_model(tmp_path):
    events = list(train(small(), tmp_path / "run", control=stop_after(0)))
    assert [type(e) for e in events] == [Started, Done] and events[-1].stopped
    assert {p.name for p in (tmp_path / "run").iterdir()} == {"log.jsonl"}


BROKEN_STATES = [
    {"shown": True}, {"shown": -16}, {"step": None}, {"seconds": None}, {"seconds": "1"}, {"pictures": [1]},
    {"pictures": 3}, {"config": {}}, {"config": None},
]  # fmt: skip


@pytest.mark.parametrize("change", BROKEN_STATES, ids=repr)
def test_resume_from_a_damaged_state_names_the_file(stopped, change):
    path = stopped / "checkpoint" / "state.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(FolderError, match=r"state\.json: "):
        next(train(small(), stopped, resume=True))


@pytest.mark.parametrize("name", ["state.json", "state.safetensors"])
def test_a_run_whose_newest_checkpoint_is_damaged_goes_on_from_the_one_before_and_says_so(name, tmp_path, quick):
    config, out = small(images=96, checkpoint_images=16), tmp_path / "run"
    whole = final(tmp_path / "whole", config)
    list(train(config, out, control=stop_after(3)))
    (out / "checkpoint" / name).write_bytes(b"")
    started, *_ = train(config, out, resume=True)
    assert started.shown == 32
    (note,) = [n for n in started.notes if name in n]
    assert note.endswith("going on from the checkpoint before it, at image 32")
    assert_same(read_state(out), whole)


def test_a_run_with_a_larger_state_than_any_model_resumes(stopped, monkeypatch):
    monkeypatch.setattr("gan.checkpoint.MAX_ELEMENTS", 1000)
    monkeypatch.setattr(read_tensors, "__defaults__", (1000,))
    assert list(train(small(), stopped, resume=True))[-1].shown == 64


@pytest.mark.parametrize("text", ["[]", "{}", '{"shown": "1", "step": 1}', '{"shown": 1}', "{", "null"])
def test_resume_from_damaged_counters_is_refused(stopped, text):
    (stopped / "checkpoint" / "state.json").write_text(text)
    with pytest.raises(FolderError, match="state.json"):
        next(train(small(), stopped, resume=True))


def test_resume_of_a_finished_run_with_more_images_equals_the_longer_run(tmp_path, quick):
    whole = final(tmp_path / "whole", small(images=64))
    list(train(small(images=32), tmp_path / "run"))
    assert_same(final(tmp_path / "run", small(images=64), resume=True), whole)


def test_single_steps_are_told_with_nothing_for_the_player_that_stood_still(tmp_path, quick):
    control = Control(paused=True)
    events = train(small(images=160), tmp_path / "run", control=control)
    next(events)
    told = {}
    for move in ("critic", "generator"):
        control.step(move)
        told[move] = next(e for e in events if isinstance(e, Stepped))
    assert math.isnan(told["critic"].generator_loss) and math.isfinite(told["critic"].critic_loss)
    assert math.isnan(told["generator"].critic_loss) and math.isfinite(told["generator"].generator_loss)
    control.stop()
    assert list(events)[-1].stopped
    lines = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert [line["generator_loss"] for line in lines if line["event"] == "stepped"][0] is None


OPTIONS = [
    {"optimizer": "rmsprop", "beta1": 0.3}, {"optimizer": "sgd", "learning_rate": 1e-3}, {"critic_norm": "spectral"},
    {"augment": "color,translation,cutout"}, {"accumulate": 4}, {"critic_steps": 2, "loss": "wgan-gp", "penalty": "gp"},
    {"clip": 0.05, "loss": "wgan", "penalty": "none"}, {"network": "dcgan", "critic_norm": "batch", "penalty": "none"},
    {"burn_in": 48, "learning_rate_start": 1e-3, "gamma_start": 5.0, "beta2_start": 0.9, "ema_images_start": 1},
]  # fmt: skip


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_every_option_changes_the_run_and_resumes_bit_for_bit(options, tmp_path, quick):
    config = small(images=96, **options)
    whole = final(tmp_path / "whole", config)
    train_parts(tmp_path / "parts", config, (1,))
    assert_same(read_state(tmp_path / "parts"), whole)
    plain = final(tmp_path / "plain", dataclasses.replace(small(images=96), network=config.network))
    key = "generator.dense.weight"
    assert not torch.equal(plain[key], whole[key]) or "accumulate" in options


def test_parts_of_a_batch_change_nothing_but_rounding(tmp_path, quick):
    config = small(images=48, precision="fp32", augment="color,translation", optimizer="sgd")
    whole = final(tmp_path / "whole", config)
    parts = final(tmp_path / "parts", dataclasses.replace(config, accumulate=4))
    for name, value in whole.items():
        torch.testing.assert_close(parts[name], value, atol=2e-4, rtol=1e-3, msg=lambda m, name=name: f"{name}: {m}")


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("loss", LOSSES)
def test_points_train_without_a_folder(world, loss):
    config = Config(
        dataset=world, network="points", images=640, batch_size=64, width=16, z_dim=2, precision="fp32", loss=loss,
        sample_images=320, checkpoint_images=320, device="cpu", **LOSSES[loss].customary,
    )  # fmt: skip
    events = list(train(config, None))
    assert isinstance(events[-1], Done) and events[-1].shown == 640 and events[-1].folder is None
    (first, second) = [e.pictures for e in events if isinstance(e, Sampled)]
    assert first.shape == (1000, 2) and first.dtype == np.float32 and not np.array_equal(first, second)


def test_out_of_memory_says_which_flag_to_lower(tmp_path, monkeypatch):
    def full(*args):
        raise RuntimeError(
            "[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory: you tried ..."
        )

    monkeypatch.setattr(trainer, "critic_step", full)
    with pytest.raises(TrainingError, match=r"out of memory: raise --accumulate \(now 1\).*--batch-size"):
        list(train(small(), tmp_path / "run"))


def test_other_runtime_errors_are_not_taken_for_memory(tmp_path, monkeypatch):
    def broken(*args):
        raise RuntimeError("size mismatch")

    monkeypatch.setattr(trainer, "critic_step", broken)
    with pytest.raises(RuntimeError, match="size mismatch"):
        list(train(small(), tmp_path / "run"))


def test_collapse_is_told_as_an_alarm(tmp_path, quick, monkeypatch):
    shares = iter([0.9, 0.8, 0.1, 0.1])
    monkeypatch.setattr(Trainer, "diversity", lambda self, pictures: next(shares))
    events = list(train(small(images=64, sample_images=16), tmp_path / "run"))
    assert [(e.kind, e.shown) for e in events if isinstance(e, Alarmed)] == [("diversity", 48)]


def test_the_loop_tells_of_changes_refusals_and_every_step():
    config, dataset = prepare(Config(**PLANE, images=16 * 6))
    control, told = Control(), []
    for event in run(Trainer(config, dataset), 1, (), None, control, report=1e9, ticks=True):
        told.append(event)
        if isinstance(event, Ticked) and event.shown == 32:
            control.change({"gamma": 0.5})
            control.change({"batch_size": 32})
        if isinstance(event, Ticked) and event.shown == 64:
            control.change({"loss": "nope"})
    assert [e.shown for e in told if isinstance(e, Ticked)] == [16, 32, 64, 96]
    (changed,) = [e for e in told if isinstance(e, Changed)]
    assert changed.shown == 32 and (changed.config.gamma, changed.config.batch_size) == (0.5, 32)
    (refused,) = [e for e in told if isinstance(e, Alarmed)]
    assert refused.kind == "refused" and "loss must be one of" in refused.message


def test_the_rate_does_not_count_the_time_a_run_was_paused():
    config, dataset = prepare(Config(**PLANE, images=16 * 40))
    control, rates = Control(), []
    events = run(Trainer(config, dataset), 1, (), None, control, report=0.0)
    for event in events:
        if isinstance(event, Stepped):
            rates.append(event.images_per_second)
            if len(rates) == 20:
                time.sleep(1.0)
    assert rates[-1] > 16 * 40 / 1.0


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
