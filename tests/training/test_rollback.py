"""`gan.training.rollback`, and the loop in trouble: rollbacks, alarms, memory."""

from __future__ import annotations

import json
import math

import pytest
import torch
from conftest import PLANE, assert_same, small
from runs import read_state, stop_after

from gan.config import Config
from gan.errors import Diverged, TrainingError
from gan.models.model import load
from gan.training import loop, rollback, trainer
from gan.training.alarms import AlarmMonitor
from gan.training.control import Control
from gan.training.distributed import ProcessGroup
from gan.training.events import Alarmed, Checkpointed, Sampled, Stepped
from gan.training.loop import run, train
from gan.training.report import Reporter, read_numbers
from gan.training.rollback import RollbackPolicy, finite_snapshot
from gan.training.trainer import Trainer
from gan.training.validation import prepare

pytestmark = pytest.mark.usefixtures("read_once")


def test_each_rollback_halves_the_rate_until_there_were_too_many():
    trainer = Trainer(*prepare(Config(**PLANE)))
    policy = RollbackPolicy(trainer)
    for count in (1, 2, 3):
        assert not policy.exhausted
        trainer.advance()
        message = policy.roll_back("critic loss")
        assert f"critic loss not finite after 16 images: back to image 0, with {0.5**count} times" in message
        assert (trainer.shown, trainer.rate_scale) == (0, 0.5**count)
        assert (trainer.rollbacks, trainer.last_rollback) == (count, 16)
    assert policy.exhausted
    trainer.shown = 16 + rollback.HEALTHY_IMAGES
    assert not policy.exhausted
    policy.roll_back("penalty")
    assert (trainer.rollbacks, trainer.rate_scale) == (1, 0.5**4)


def test_a_rollback_leads_to_the_state_that_was_kept_last():
    trainer = Trainer(*prepare(Config(**PLANE)))
    policy = RollbackPolicy(trainer)
    trainer.advance()
    good = finite_snapshot(trainer)
    policy.keep(good, None)
    trainer.advance()
    policy.roll_back("critic loss")
    assert trainer.shown == good.shown == 16
    assert_same(trainer.snapshot().tensors, good.tensors)


class OtherFails(ProcessGroup):
    """A process group in which another process always reports trouble."""

    def any(self, flag: bool) -> bool:
        return True


def test_weights_and_losses_of_another_process_that_are_not_finite_count_here_too():
    trainer = Trainer(*prepare(Config(**PLANE)))
    trainer.processes = OtherFails()
    with pytest.raises(Diverged, match="weights of another process not finite"):
        finite_snapshot(trainer)
    numbers = read_numbers(*trainer.advance())
    with pytest.raises(Diverged, match="losses of another process not finite"):
        list(Reporter(trainer, AlarmMonitor(), 0.0).report(numbers, "both"))
    with torch.no_grad():
        next(trainer.critic.parameters()).fill_(math.nan)
    with pytest.raises(Diverged, match="critic weights not finite"):
        finite_snapshot(trainer)


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
def test_loss_that_is_not_finite_rolls_back_lowers_the_rate_and_goes_on(field, bad, tmp_path, monkeypatch):
    calls = breaking(monkeypatch, {3}, {field: torch.tensor(bad)})
    events = list(train(small(images=80, checkpoint_images=32), tmp_path / "run"))
    (alarm,) = [e for e in events if isinstance(e, Alarmed)]
    assert (alarm.kind, alarm.shown) == ("non-finite", 32)
    assert (
        alarm.message.startswith(f"{field.replace('_', ' ')} not finite after 48 images: back to image 32")
        and "0.5 times the learning rate from here on (rollback 1 of 3)" in alarm.message
    )
    assert calls == [0, 16, 32, 32, 48, 64] and events[-1].shown == 80
    assert '"event": "alarmed"' in (tmp_path / "run" / "log.jsonl").read_text()
    assert json.loads((tmp_path / "run" / "checkpoint" / "state.json").read_text())["rate_scale"] == 0.5


def test_lower_rate_after_a_rollback_is_used_and_survives_resume(tmp_path, monkeypatch):
    config = small(images=160, checkpoint_images=16, anneal=0.0, learning_rate=1e-3)
    with monkeypatch.context() as patch:
        breaking(patch, {2}, {"critic_loss": torch.tensor(math.nan)})
        list(train(config, tmp_path / "run", control=stop_after(5)))
    _, dataset = prepare(config)
    resumed = Trainer(prepare(config)[0], dataset)
    resumed.restore(tmp_path / "run" / "checkpoint")
    resumed.advance()
    assert {o.param_groups[0]["lr"] for o in resumed.optimizers.values()} == {5e-4}


def test_gives_up_after_three_rollbacks_and_says_so(tmp_path, monkeypatch):
    calls = breaking(monkeypatch, set(range(3, 99)), {"critic_loss": torch.tensor(math.nan)})
    seen = []
    with pytest.raises(
        TrainingError, match="not finite after 48 .*gave up after 3 rollbacks.*--learning-rate.*--gamma"
    ):
        for event in train(small(images=96, checkpoint_images=16), tmp_path / "run"):
            seen.append(event)
    *back, last = [e for e in seen if isinstance(e, Alarmed)]
    assert [e.message.split("with ")[1] for e in back] == [
        f"{0.5**i} times the learning rate from here on (rollback {i} of 3)" for i in (1, 2, 3)
    ]
    assert (last.kind, last.shown) == ("gave-up", 48) and "gave up after 3 rollbacks" in last.message
    assert '"kind": "gave-up"' in (tmp_path / "run/log.jsonl").read_text().splitlines()[-1]
    assert calls == [0, 16, 32, 32, 32, 32]
    assert json.loads((tmp_path / "run" / "checkpoint" / "state.json").read_text())["shown"] == 32
    assert all(v.isfinite().all() for v in read_state(tmp_path / "run").values())


def test_rolls_back_to_the_start_when_there_is_no_checkpoint_yet(tmp_path, monkeypatch):
    calls = breaking(monkeypatch, {2}, {"generator_loss": torch.tensor(math.nan)})
    events = list(train(small(images=48), tmp_path / "run"))
    assert calls == [0, 16, 0, 16, 32] and events[-1].shown == 48


def test_checkpoints_and_published_models_do_not_reset_the_count(tmp_path, monkeypatch):
    """A run that fails once between any two of them gives up too."""
    breaking(monkeypatch, {2, 5, 8, 11}, {"critic_loss": torch.tensor(math.nan)})
    with pytest.raises(TrainingError, match="gave up after 3 rollbacks"):
        list(train(small(images=320, checkpoint_images=16), tmp_path / "run", publish_images=16))


def test_stopping_and_resuming_does_not_reset_the_count(tmp_path, monkeypatch):
    config, out = small(images=320, checkpoint_images=16), tmp_path / "run"
    for part in range(3):
        with monkeypatch.context() as patch:
            breaking(patch, {2}, {"critic_loss": torch.tensor(math.nan)})
            list(train(config, out, resume=part > 0, control=stop_after(3)))
    state = json.loads((out / "checkpoint/state.json").read_text())
    assert (state["rollbacks"], state["rate_scale"]) == (3, 0.125)
    breaking(monkeypatch, {2}, {"critic_loss": torch.tensor(math.nan)})
    with pytest.raises(TrainingError, match="gave up"):
        list(train(config, out, resume=True))


def test_rollbacks_are_forgotten_after_a_long_healthy_stretch(tmp_path, monkeypatch):
    monkeypatch.setattr(rollback, "HEALTHY_IMAGES", 32)
    breaking(monkeypatch, {1, 5, 9, 13, 17}, {"critic_loss": torch.tensor(math.nan)})
    events = list(train(small(images=320, checkpoint_images=16), tmp_path / "run"))
    assert [e.message[-17:] for e in events if isinstance(e, Alarmed)] == ["(rollback 1 of 3)"] * 5
    assert events[-1].shown == 320


@pytest.mark.parametrize("publish_images", [0, 16])
def test_publishing_does_not_change_the_state_that_a_rollback_leads_to(publish_images, tmp_path, monkeypatch):
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
def test_a_stop_with_weights_that_are_not_finite_saves_the_last_good_state(where, tmp_path, monkeypatch):
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


def test_a_stop_with_broken_weights_and_no_rollback_left_still_saves(tmp_path, monkeypatch):
    monkeypatch.setattr(rollback, "MAX_ROLLBACKS", 0)
    spoiling(monkeypatch, "critic", {2})
    events = list(train(small(images=640, checkpoint_images=16), tmp_path / "run", control=stop_after(1)))
    assert events[-1].shown == 16 and not any(isinstance(e, Alarmed) for e in events)
    spoiling(monkeypatch, "critic", {1})
    config = small(images=640, checkpoint_images=160)
    events = list(train(config, tmp_path / "run", resume=True, control=stop_after(1)))
    assert events[-1].stopped and events[-1].shown == 16


def test_a_stop_after_a_rollback_saves_the_lowered_rate_and_the_losses_of_the_good_state(tmp_path, monkeypatch):
    out = tmp_path / "run"
    spoiling(monkeypatch, "critic", {2})
    monkeypatch.setattr(loop, "REPORT_SECONDS", 0.0)
    events = list(train(small(images=640, checkpoint_images=16), out, control=stop_after(2)))
    reports = {e.shown: e.critic_loss for e in events if isinstance(e, Stepped)}
    assert (events[-1].shown, list(reports)) == (16, [16, 32])
    assert json.loads((out / "checkpoint/state.json").read_text())["rate_scale"] == 0.5
    assert json.loads((out / "metrics.json").read_text())["critic_loss"] == reports[16] != reports[32]


def test_weights_that_are_not_finite_at_the_end_are_made_anew(tmp_path, monkeypatch):
    calls = spoiling(monkeypatch, "generator", {3})
    events = list(train(small(images=48, checkpoint_images=10**6), tmp_path / "run"))
    assert calls == [16, 32, 48, 16, 32, 48]
    assert [(e.kind, e.shown) for e in events if isinstance(e, Alarmed)] == [("non-finite", 0)]
    assert (events[-1].shown, events[-1].stopped) == (48, False)
    assert all(v.isfinite().all() for v in read_state(tmp_path / "run").values())


def test_weights_that_are_not_finite_at_a_checkpoint_roll_back(tmp_path, monkeypatch):
    calls = spoiling(monkeypatch, "critic", {2})
    out = tmp_path / "run"
    events = list(train(small(images=48, checkpoint_images=16), out))
    assert calls == [16, 32, 32, 48]
    assert [e.shown for e in events if isinstance(e, Checkpointed)] == [16, 32, 48]
    assert all(v.isfinite().all() for v in read_state(out).values())


def test_no_picture_is_sampled_from_weights_that_are_not_finite(tmp_path, monkeypatch):
    spoiling(monkeypatch, "average", {2})
    events = list(train(small(images=48, sample_images=16, checkpoint_images=10**6), tmp_path / "run"))
    assert [e.shown for e in events if isinstance(e, Sampled)] == [16, 16, 32, 48]
    assert [e.kind for e in events if isinstance(e, Alarmed)] == ["non-finite"]


def test_a_critic_that_wins_raises_an_alarm_at_the_same_image_however_seldom_steps_are_reported(monkeypatch):
    real, alarms = Trainer.advance, []

    def winning(self, move="both"):
        critic, generator = real(self, move)
        return critic._replace(critic_accuracy=torch.tensor(1.0)), generator

    monkeypatch.setattr(Trainer, "advance", winning)
    config, dataset = prepare(Config(**{**PLANE, "batch_size": 512}, images=512 * 24, sample_images=512 * 10))
    for seconds in (0.0, 1e9):
        events = run(Trainer(config, dataset), 1, (), None, Control(), report=seconds)
        alarms.append([e.shown for e in events if isinstance(e, Alarmed) and e.kind == "critic-won"])
    assert alarms == [[512 * 20]] * 2


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


def test_collapse_raises_an_alarm(tmp_path, monkeypatch):
    shares = iter([0.9, 0.8, 0.1, 0.1])
    monkeypatch.setattr(Trainer, "diversity", lambda self, pictures: next(shares))
    events = list(train(small(images=64, sample_images=16), tmp_path / "run"))
    assert [(e.kind, e.shown) for e in events if isinstance(e, Alarmed)] == [("diversity", 48)]
