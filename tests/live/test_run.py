"""`gan.live.run`, `worker` and `views`: requests to a run, and the views of it."""

from __future__ import annotations

import dataclasses
import gc
import threading
import time
import weakref

import numpy as np
import pytest
import torch
from conftest import small, starting

from gan.data.points import DISTRIBUTIONS, load_points
from gan.errors import ConfigError
from gan.live import stepper, views, worker
from gan.live.lessons import LESSONS, config_of, settings
from gan.live.run import Run
from gan.live.translation_lessons import WORLDS
from gan.live.viewers import viewer_of
from gan.live.views import ARROWS, HEAT, PICTURES, POINTS, SCALE, WARP
from gan.training.control import Control, StepAbandoned
from gan.training.loop import run as loop_run
from gan.training.trainer import Trainer
from gan.training.validation import check_options, prepare

SMALL = {"width": 16, "batch_size": 16}
WAIT = 60.0  # seconds that anything may take on a busy machine


def until(condition, what: str) -> None:
    end = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.01)


@pytest.fixture
def begin():
    """Starts runs, and stops them all in the end."""
    with starting() as start:
        yield start


def plane(**changes):
    return config_of("modern", "ring", {**SMALL, **changes})


def pictures(**changes):
    return config_of("modern", "mnist-10k", {**SMALL, **changes})


def test_every_preset_is_a_configuration_that_can_be_trained():
    for dataset in ("ring", "two-moons", "mnist-10k", *WORLDS):
        for name, lesson in LESSONS.items():
            if not lesson.taught_on(dataset):
                continue
            config = config_of(name, dataset, {})
            check_options(config)
            assert config.dataset == dataset and lesson.title, name
            assert set(settings(name, dataset)) <= {f.name for f in dataclasses.fields(config)}, name


def test_a_lesson_is_taught_on_the_data_that_it_is_about():
    elsewhere = (("modern", "flat-to-3d"), ("cycle", "ring"), ("cycle", "emoji"), ("no-cycle", "sketch-one-palette"))
    for name, dataset in elsewhere:
        with pytest.raises(ConfigError, match=f"{name} is no lesson on {dataset}: choose one of"):
            config_of(name, dataset, {})


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_a_plane_is_seen_with_all_its_layers(name):
    config, data = prepare(config_of("modern", name, SMALL))
    trainer, viewer = Trainer(config, data), viewer_of(data, name)
    behind, view = viewer.backdrop(), viewer.look(trainer)
    assert behind.arrays["real"].shape == view.arrays["points"].shape == (POINTS, 2)
    assert view.arrays["heat"].shape == (HEAT, HEAT) and view.arrays["heat"].dtype == np.uint8
    assert view.arrays["warp"].shape == (WARP, WARP, 2)
    assert view.arrays["at"].shape == view.arrays["arrows"].shape == (ARROWS, 2)
    assert all(a.dtype == np.int16 for k, a in view.arrays.items() if k != "heat")
    unit = 1.1 * DISTRIBUTIONS[name].extent / SCALE
    points = trainer.points(range(POINTS)).clamp(-32_767 * unit, 32_767 * unit)
    torch.testing.assert_close(torch.from_numpy(view.arrays["points"] * unit).float(), points, atol=unit, rtol=0)
    numbers = viewer.measure(trainer)
    assert set(numbers) in ({"modes", "modes_of", "quality", "kl"}, {"precision", "recall"})


def test_the_heat_is_high_where_the_critic_sees_the_real_and_its_arrows_lead_there():
    config, data = prepare(plane())
    trainer, viewer = Trainer(config, data), viewer_of(data, "ring")

    class East(torch.nn.Module):
        """The further right the more real."""

        def forward(self, x, y=None):
            return x[:, 0]

    trainer.critic = East()
    view = viewer.look(trainer)
    assert (np.diff(view.arrays["heat"].astype(int), axis=1) >= 0).all()
    assert view.arrays["heat"][0, 0] < 128 < view.arrays["heat"][0, -1]
    assert (view.arrays["arrows"][:, 0] > 0).all() and (view.arrays["arrows"][:, 1] == 0).all()
    trainer.critic.forward = lambda x, y=None: x[:, 1]
    assert (np.diff(viewer.look(trainer).arrays["heat"].astype(int), axis=0) <= 0).all(), "the top row comes first"


def test_pictures_are_seen_with_what_the_critic_looks_at():
    config, data = prepare(pictures())
    trainer, viewer = Trainer(config, data), viewer_of(data, "mnist-10k")
    behind, view, numbers = viewer.backdrop(), viewer.look(trainer), viewer.measure(trainer)
    assert behind.numbers["classes"] == list("0123456789") and 0 < behind.numbers["frechet_floor"] < numbers["frechet"]
    assert np.array_equal(view.arrays["pictures"], trainer.sample()[:PICTURES])
    assert view.arrays["judged"].shape == (16, 28, 28, 1) and view.arrays["heat"].shape == (16, 28, 28)
    assert np.array_equal(view.arrays["judged"][8:], view.arrays["pictures"][:8])
    assert (view.arrays["heat"].reshape(16, -1).max(1) == 255).all() and len(view.numbers["scores"]) == 16
    assert sum(numbers["histogram"]) == pytest.approx(1, abs=1e-2) and 0.1 <= numbers["confidence"] <= 1
    assert trainer.generator.training and trainer.critic.training


def test_looking_does_not_change_the_run(monkeypatch):
    monkeypatch.setattr(views, "MEASURED_PICTURES", 64)
    config, data = prepare(config_of("classic", "mnist-10k", {"batch_size": 4}))
    seen, unseen, viewer = Trainer(config, data), Trainer(config, data), viewer_of(data, "mnist-10k")
    for _ in range(2):
        seen.advance()
        viewer.look(seen)
        viewer.measure(seen)
        unseen.advance()
    a, b = seen.snapshot().tensors, unseen.snapshot().tensors
    assert all(torch.equal(a[k], b[k]) for k in a)


def test_a_run_trains_as_the_loop_does_and_is_seen(begin):
    run = begin(plane(images=16 * 50))
    run.join(WAIT)
    assert run.done and run.error is None
    moments = run.moments()
    assert moments[0].shown == 0 and moments[-1].shown == 800 and moments[-1].steps == 50
    config, data = prepare(plane(images=16 * 50))
    alone = Trainer(config, data)
    list(loop_run(alone, 1, (), None, Control()))
    (config, state), *_ = moments[-1].states
    assert all(torch.equal(v, state.tensors[k]) for k, v in alone.snapshot().tensors.items())
    numbers = moments[-1].sides[0].numbers
    assert {"critic_loss", "generator_gradient", "accuracy_real", "modes"} <= set(numbers)


@pytest.mark.parametrize("augment", ["none", "color"])
def test_the_numbers_tell_of_overfitting_where_pictures_are_augmented(augment, read_once):
    side = stepper.Stepper(Trainer(*prepare(small(augment=augment))), Control(), 0.0)
    assert not list(side.advance())
    told = {"overfitting", "augment_probability"} & set(side.numbers)
    assert len(told) == (2 if augment == "color" else 0)


def test_a_run_pauses_steps_and_goes_on(begin):
    run = begin(plane())
    until(lambda: run.latest(3), "frames")
    run.pause()
    until(lambda: run._control.waiting, "a pause")
    for i, move in enumerate(("both", "critic", "generator"), 1):
        before = run.latest()
        run.step(move)
        after = run.latest(before.number, WAIT)
        assert after.steps == before.steps + 1 and after.states is not None, f"step {i}"
        assert after.shown == before.shown + (0 if move == "generator" else 16)
        same = np.array_equal(before.sides[0].arrays["points"], after.sides[0].arrays["points"])
        assert same == (move == "critic")
        if move != "generator":
            assert after.sides[0].numbers["critic_loss"] is not None
    run.play()
    until(lambda: run.latest().steps > after.steps + 5, "more steps")
    with pytest.raises(ValueError, match="move must be one of"):
        run.step("sideways")


def test_a_run_that_is_paused_between_two_frames_shows_where_it_waits(begin, monkeypatch):
    """A pause may come after the last look at whether it has come, and before the next step."""
    asked, next_move = [], Control.next

    def late(control, *before_waiting):
        if before_waiting and len(asked) == 30:
            control.pause()
        asked.append(1) if before_waiting else None
        return next_move(control, *before_waiting)

    monkeypatch.setattr(Control, "next", late)
    monkeypatch.setattr(worker, "DRAW_EVERY", {"points": 1e9})  # none is due after the first step
    run = begin(plane())
    until(lambda: run._control.waiting, "a pause")
    assert run.latest().steps == 30 and run.latest().states is not None


def test_settings_change_on_the_way_and_bad_ones_are_refused_at_once(begin):
    run = begin(plane())
    until(lambda: run.latest(2), "frames")
    run.change(0, {"loss": "hinge", "learning_rate": 1e-4})
    assert run.configs[0].loss == "hinge"
    last = run.latest().number
    until(lambda: run.latest(last + 2), "frames")
    run.pause()
    until(lambda: run._control.waiting, "a pause")
    run.step()
    assert run.latest(-1).sides and run.fork(10**9)[0][0].learning_rate == 1e-4
    for bad in ({"gamma": -1.0}, {"loss": "nope"}, {"width": 32}, {"augment": "cutout"}, {"nothing": 1}):
        with pytest.raises(ConfigError):
            run.change(0, bad)
    assert run.configs[0].gamma == plane().gamma


def test_a_duel_goes_in_lock_step_from_the_same_weights(begin):
    run = begin(plane(), config_of("classic", "ring", SMALL))
    until(lambda: run.latest(5), "frames")
    first, last = run.moments()[0], run.latest()
    assert np.array_equal(first.sides[0].arrays["points"], first.sides[1].arrays["points"])
    assert not np.array_equal(last.sides[0].arrays["points"], last.sides[1].arrays["points"])
    run.pause()
    until(lambda: run._control.waiting, "a pause")
    assert run._sides[0].steps == run._sides[1].steps == run.latest().steps
    before = run.latest()
    run.step()
    assert run.latest(before.number, WAIT).steps == before.steps + 1
    assert run._sides[0].steps == run._sides[1].steps


def test_a_fork_goes_on_as_the_run_did(begin):
    run = begin(plane(images=16 * 40))
    run.join(WAIT)
    number = run.moments()[0].number
    configs, states, shown = run.fork(number)
    assert shown == 0
    other = begin(*configs, data=run.data, begin=states)
    other.join(WAIT)
    a, b = run.moments()[-1].states[0][1], other.moments()[-1].states[0][1]
    assert all(torch.equal(a.tensors[k], b.tensors[k]) for k in a.tensors)
    with pytest.raises(ValueError, match="no state was kept at moment -5"):
        run.fork(-5)


@pytest.mark.parametrize("rate", [1.0, 0.3])
def test_an_absurd_learning_rate_gives_an_alarm_and_no_dead_run(begin, rate):
    run = begin(
        config_of("classic", "ring", {**SMALL, "learning_rate": rate, "images": 16 * 100, "sample_images": 800})
    )
    run.join(WAIT)
    assert run.done
    assert {"exploded", "non-finite", "gave-up"} & {alarm.kind for alarm in run.alarms}
    assert not [text for text in (run.error or "", *(alarm.message for alarm in run.alarms)) if "--" in text]


def test_a_duel_over_different_data_is_refused():
    with pytest.raises(ConfigError, match="same data"):
        Run([plane(), config_of("modern", "grid", SMALL)])
    with pytest.raises(ConfigError, match="one configuration, or two"):
        Run([])


def test_a_run_of_unknown_data_ends_with_the_reason(begin):
    run = begin(config_of("modern", "no-such-folder", SMALL))
    run.join(WAIT)
    assert "unknown data set 'no-such-folder'" in run.error and run.moments() == []


def test_runs_leave_no_thread_behind(begin):
    before = threading.active_count()
    data = load_points("ring")
    for _ in range(5):
        run = Run([plane()], data=data)
        run.start()
        until(lambda run=run: run.latest(1), "frames")
        run.stop()
        run.join(WAIT)
    assert threading.active_count() <= before


# Stopping.

LONG = {"network": "resnet", "width": 64, "batch_size": 128, "critic_steps": 100}  # a step of more than a minute


def test_a_stop_does_not_wait_for_a_long_step_and_loses_nothing_but_that(begin):
    run = begin(pictures(**LONG), pictures(**LONG))
    until(lambda: run.latest(0) or (run.latest() and run._sides[0].trainer.shown), "a critic step")
    begun = time.monotonic()
    run.stop()
    run.join(WAIT)
    assert time.monotonic() - begun < 15 and run.done and run.error is None
    configs, states, shown = run.fork(10**9)
    assert len(states) == 2 and shown == 0 and states[0].step == 0
    assert not run._sides and not run.alive and run.viewable


def test_a_stop_ends_a_long_measurement(begin, monkeypatch):
    asked, going_on = threading.Event(), threading.Event()

    def measure(self, trainer):
        asked.set()
        assert going_on.wait(WAIT)
        trainer.points(range(4))
        raise AssertionError("went on")

    monkeypatch.setattr("gan.live.run.PATIENCE", 0.0)
    monkeypatch.setattr(views.PointViewer, "measure", measure)
    run = begin(plane())
    assert asked.wait(WAIT)
    run.stop()
    going_on.set()
    run.join(WAIT)
    assert run.error is None and run.moments()[-1].steps == run.latest().steps and run.latest().states


def test_a_run_that_is_stopped_before_it_begins_holds_nothing():
    run = Run([plane()], data=load_points("ring"))
    run.stop()
    assert run.done and not run.alive and not run.viewable and run.data is None and run.size == 0


def test_nothing_but_history_and_data_is_left_of_a_run(begin):
    run = begin(pictures(images=16 * 3, network="resnet"))
    until(lambda: run._sides, "a trainer")
    held = [weakref.ref(side.trainer.generator) for side in run._sides]
    run.join(WAIT)
    assert not run._sides and run._viewer is None and run.data is not None and run.size > run.history.size > 0
    gc.collect()
    assert [ref() for ref in held] == [None]


@pytest.mark.parametrize(("network", "penalty"), [("resnet", "r1+r2"), ("dcgan", "gp"), ("mlp", "none")])
def test_a_step_can_end_anywhere_and_goes_on_as_ever_where_it_does_not(network, penalty):
    config, data = prepare(pictures(network=network, penalty=penalty, precision="bf16"))
    plain, watched = Trainer(config, data), Trainer(config, data)
    asked = 0

    def check() -> None:
        nonlocal asked
        asked += 1
        if asked == last:
            raise StepAbandoned

    last = -1
    with stepper._interruptible(check):
        watched.advance()
    plain.advance()
    a, b = plain.snapshot().tensors, watched.snapshot().tensors
    assert all(torch.equal(a[k], b[k]) for k in a)
    every, asked = asked, 0
    with stepper._interruptible(check):
        watched.critic.requires_grad_(True)(torch.zeros(2, 1, 28, 28), torch.eye(10)[:2])
    assert 3 < asked < every / 3, "on the way there too"
    for last in range(1, every, every // 5):
        asked = 0
        with stepper._interruptible(check), pytest.raises(StepAbandoned):
            watched.advance()
        assert asked == last
