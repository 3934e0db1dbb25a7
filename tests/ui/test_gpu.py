"""`gan.ui.server.gpu`: with no `spaces` module nothing changes; with a stand-in walks and training go to the GPU."""

from __future__ import annotations

import importlib
import inspect
import pickle
import sys
import time
import types

import gradio as gr
import numpy as np
import pytest
import torch
from conftest import starting

from gan.errors import Diverged, TrainingError
from gan.live import burst as bursts
from gan.live.lessons import config_of
from gan.live.run import Run
from gan.live.stepper import Stepper
from gan.training.trainer import Trainer
from gan.training.validation import prepare
from gan.ui.server import gpu, train_api
from gan.ui.server.model_registry import ModelRegistry


class StandIn(types.ModuleType):
    """The module of a Space that lends GPUs: arguments and results are pickled, as they are on the way to a worker."""

    def __init__(self) -> None:
        super().__init__("spaces")
        self.calls: list[tuple[str, int]] = []
        self.open = 0  # generators that go on
        self.broken: Exception | None = None

    def GPU(self, duration: int):
        def decorate(function):
            def asked(values):
                self.calls.append((function.__name__, duration))
                if self.broken:
                    raise self.broken
                return function(*pickle.loads(pickle.dumps(values)))

            def lent(*values):
                return pickle.loads(pickle.dumps(asked(values)))

            def streamed(*values):
                self.open += 1
                try:
                    for item in asked(values):
                        yield pickle.loads(pickle.dumps(item))
                finally:
                    self.open -= 1

            return streamed if inspect.isgeneratorfunction(function) else lent

        return decorate


@pytest.fixture
def spaces(monkeypatch):
    """Provide a Space that lends GPUs."""
    module = StandIn()
    monkeypatch.setitem(sys.modules, "spaces", module)
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    importlib.reload(gpu)
    yield module
    monkeypatch.undo()
    importlib.reload(gpu)


def test_without_the_module_nothing_is_lent(monkeypatch):
    monkeypatch.setitem(sys.modules, "spaces", None)  # as if it were not installed
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    importlib.reload(gpu)
    assert gpu.spaces is None and not gpu.available()


def test_a_space_that_has_its_own_hardware_is_lent_none(spaces, monkeypatch):
    monkeypatch.delenv("SPACES_ZERO_GPU")
    assert not gpu.available()


def test_walks_go_to_the_gpu_in_bounded_bursts_and_sliders_never(spaces, tiny_folder):
    registry = ModelRegistry([tiny_folder])
    walk = registry.interpolate("tiny", [1, 2], 5, mode="lerp", truncation=0.5)
    assert spaces.calls == [("_interpolate", gpu.SECONDS)] and 0 < gpu.SECONDS <= 60
    registry.picture("tiny", 1, sliders=[1.0])
    registry.grid("tiny", [1, 2])
    assert len(spaces.calls) == 1
    assert str(registry.model("tiny").device) == "cpu"
    expected = registry.model("tiny").interpolate([1, 2], 5, mode="lerp", truncation=0.5)
    assert np.array_equal(walk, expected)


def test_when_no_gpu_is_to_be_had_the_cpu_does_it(spaces, tiny_folder):
    spaces.broken = RuntimeError("quota spent")
    registry = ModelRegistry([tiny_folder])
    assert registry.interpolate("tiny", [1, 2], 5).shape == (5, 28, 28, 1) and len(spaces.calls) == 1


# Training.

WAIT = 60.0  # seconds that anything may take on a busy machine


def config(dataset: str = "ring", **changes):
    return config_of("modern", dataset, {"width": 16, "batch_size": 16, **changes})


def until(condition, what: str) -> None:
    end = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.005)


@pytest.fixture
def begin(spaces):
    """Yield a function that starts runs on the lent GPU."""
    with starting(burst=gpu.burst) as start:
        yield start


@pytest.mark.parametrize("dataset", ["ring", "mnist-10k"])
def test_a_run_in_bursts_is_the_run_that_was_never_lent(spaces, begin, monkeypatch, dataset):
    steps = 30 if dataset == "ring" else 6
    monkeypatch.setattr(bursts, "SEND_EVERY", {"points": 0.02, "pictures": 0.1})
    monkeypatch.setattr(gpu, "STARTING", gpu.TRAINING - 0.15)  # so bursts of .15 s
    one, other = config(dataset, images=16 * steps), config(dataset, images=16 * steps, loss="hinge")
    lent = begin(one, other)
    lent.join(WAIT)
    alone = Run([one, other])
    alone.start()
    alone.join(WAIT)
    assert lent.error is None and len(spaces.calls) > 1 and set(spaces.calls) == {("_burst", gpu.TRAINING)}
    a, b = lent.moments()[-1], alone.moments()[-1]
    assert a.shown == b.shown == 16 * steps and a.steps == b.steps == steps
    for (_, here), (_, there) in zip(a.states, b.states, strict=True):
        assert all(torch.equal(here.tensors[k], there.tensors[k]) for k in there.tensors)
    assert a.states[0][0].device == "cpu" and "critic_loss" in a.sides[1].numbers


def test_a_burst_is_bounded_and_speaks_all_the_while(spaces, monkeypatch):
    monkeypatch.setattr(bursts, "SEND_EVERY", {"points": 0.5, "pictures": 0.5})
    monkeypatch.setattr(bursts, "HEARTBEAT", 0.05)
    ready, data = prepare(config())
    states = [bursts.pack(Trainer(ready, data).snapshot())]
    begun = time.monotonic()
    news = list(bursts.burst([ready], bursts.pack(data), states, 0.8, "cpu"))
    assert 0.8 <= time.monotonic() - begun < 5
    assert news.count(None) >= 5 and len([n for n in news if n]) >= 2
    assert news[-1].steps[0] > 0 and bursts.unpack(news[-1].states[0]).step == news[-1].steps[0]
    pickle.dumps(news)
    assert all(isinstance(v, np.ndarray) for v in news[-1].states[0][1]["tensors"].values())
    assert 0 < gpu.STARTING < gpu.TRAINING <= 120


def test_a_lent_run_pauses_steps_changes_and_stops(spaces, begin):
    run = begin(config())
    until(lambda: run.latest() and run.latest().steps > 20, "a burst")
    assert spaces.open == 1
    run.pause()
    until(lambda: spaces.open == 0 and run._control.waiting, "a pause")
    before = run.latest()
    assert spaces.open == 0 and before.states
    run.step()
    after = run.latest(before.number, WAIT)
    assert after.steps == before.steps + 1 and spaces.open == 0
    run.change(0, {"loss": "hinge"})
    run.play()
    until(lambda: spaces.open == 1 and run.latest().steps > after.steps + 5, "the next burst")
    calls = len(spaces.calls)
    run.change(0, {"gamma": 0.5})
    until(lambda: len(spaces.calls) > calls, "a burst with the new setting")
    run.pause()
    until(lambda: spaces.open == 0 and run._control.waiting, "a pause")
    until(lambda: run.fork(10**9)[0][0].gamma == 0.5, "a state with the new setting")
    assert run.fork(10**9)[0][0].loss == "hinge"
    run.slow(0.01)
    run.play()
    calls = len(spaces.calls)
    last = run.latest().steps
    until(lambda: run.latest().steps > last + 2, "slow steps")
    assert len(spaces.calls) == calls
    run.slow(0)
    until(lambda: spaces.open == 1, "full speed again")
    run.stop()
    run.join(WAIT)
    assert run.done and run.error is None and spaces.open == 0


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            gr.Error("You have exceeded your <b>GPU quota</b>."),
            "no GPU is available now (You have exceeded your GPU quota)",
        ),
        (OSError("/secret/path"), "no GPU is available now: training is paused"),
    ],
)
def test_without_a_gpu_the_run_waits_and_can_go_on_or_be_forked(spaces, begin, error, words):
    run = begin(config())
    until(lambda: run.latest() and run.latest().steps > 5, "a burst")
    spaces.broken = error
    run.change(0, {"gamma": 0.2})  # ends the burst: the next one fails
    until(lambda: run.notice, "a notice")
    assert words in run.notice and "/secret" not in run.notice and run.paused and not run.done
    configs, states, _ = run.fork(10**9)
    assert configs[0].gamma == 0.2
    spaces.broken = None
    last = run.latest().steps
    run.play()
    until(lambda: run.latest().steps > last + 5 and run.notice is None, "more steps")
    other = begin(*configs, data=run.data, begin=states)
    until(lambda: other.latest() and other.latest().steps > 5, "the fork's steps")


def test_alarms_of_a_burst_are_told_and_an_error_ends_the_run_as_it_does_here(spaces, begin, monkeypatch):
    unbound = {"loss": "wgan", "penalty": "r1", "gamma": 1e-30}  # as good as no penalty, which would be refused
    run = begin(config(learning_rate=1.0, checkpoint_images=160, **unbound))
    until(lambda: run.alarms, "an alarm")
    assert spaces.open == 1 and "not finite" in run.alarms[0].message and not run.done

    def spent(self):
        raise TrainingError("out of memory: lower --batch-size")

    monkeypatch.setattr(Stepper, "advance", spent)
    until(lambda: run.done, "an end")
    assert run.error == "out of memory: lower --batch-size" and run.fork(10**9)[2] > 0


def test_a_state_that_is_not_finite_is_left_to_the_loop(spaces, begin, monkeypatch):
    taken, snapshot = [], Trainer.snapshot

    def sometimes(self):
        taken.append(self.step)
        if self.step and len(taken) % 3 == 0:
            raise Diverged(self.shown, "critic weights")
        return snapshot(self)

    monkeypatch.setattr(bursts, "SEND_EVERY", {"points": 0.01, "pictures": 0.01})
    monkeypatch.setattr(Trainer, "snapshot", sometimes)
    ready, data = prepare(config())
    states = [bursts.pack(snapshot(Trainer(ready, data)))]
    news = [n for n in bursts.burst([ready], bursts.pack(data), states, 0.5, "cpu") if n]
    assert len(news) > 5 and not any(n.error for n in news)
    assert all(n.steps[0] == bursts.unpack(n.states[0]).step for n in news)
    run = begin(config(checkpoint_images=10**9))  # the loop itself takes no state, so it has nothing to give up for
    until(lambda: len(spaces.calls) and run.latest() and run.latest().steps > 50, "steps")
    run.pause()
    until(lambda: spaces.open == 0 and run._control.waiting, "a pause")
    assert run.error is None and not run.done


def test_the_tab_asks_for_the_gpu_where_one_is_lent(spaces, monkeypatch):
    assert train_api._lent_burst() is gpu.burst
    monkeypatch.delenv("SPACES_ZERO_GPU")
    assert train_api._lent_burst() is None
