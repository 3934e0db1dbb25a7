"""`gan.training.control`: requests to a run, from the same thread and from others."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from gan.training.control import MOVES, Control, StepAbandoned


def waiting_for(control: Control) -> threading.Event:
    """Return an event that is set as soon as a thread waits in `control.next`."""
    waiting, wait_for = threading.Event(), control._changed.wait_for

    def watched(predicate: Callable[[], object]) -> object:
        if not predicate():
            waiting.set()
        return wait_for(predicate, 10)

    control._changed.wait_for = watched
    return waiting


def test_plays_unless_asked_otherwise():
    control = Control()
    assert [control.next() for _ in range(3)] == ["both"] * 3 and not control.paused


@pytest.mark.parametrize("move", MOVES)
def test_single_step_is_taken_once_and_then_waits(move):
    control = Control(paused=True)
    control.step(move)
    assert control.next() == move and control.paused
    taken, waiting = [], waiting_for(control)
    waiter = threading.Thread(target=lambda: taken.append(control.next()))
    waiter.start()
    assert waiting.wait(5) and not taken
    control.play()
    waiter.join(5)
    assert taken == ["both"]


def test_steps_asked_while_playing_come_first_in_order_and_pause():
    control = Control()
    control.step("critic")
    control.step("generator")
    assert [control.next(), control.next(), control.paused] == ["critic", "generator", True]


@pytest.mark.parametrize("paused", [True, False])
def test_stop_ends_whatever_is_waited_for(paused):
    control = Control(paused)
    taken, begun = [], waiting_for(control) if paused else threading.Event()

    def take() -> None:
        while (move := control.next()) is not None:
            taken.append(move)
            begun.set()

    taker = threading.Thread(target=take)
    taker.start()
    assert begun.wait(5)
    control.stop()
    taker.join(5)
    assert not taker.is_alive() and bool(taken) != paused and control.next() is None
    control.play()
    assert control.next() is None  # for good


def test_a_run_is_free_running_unless_something_is_requested():
    assert Control().free_running and not Control(paused=True).free_running
    for request in (Control.pause, Control.stop, Control.step, lambda control: control.change({"gamma": 1.0})):
        control = Control()
        request(control)
        assert not control.free_running


@pytest.mark.parametrize("move", ["", "Both", None, 3])
def test_unknown_move_is_refused_with_the_choices(move):
    with pytest.raises(ValueError, match="move must be one of both, critic, generator"):
        Control().step(move)


def test_pause_from_another_thread_is_obeyed_at_the_next_step():
    control = Control()
    threading.Thread(target=control.pause).run()
    assert control.paused
    control.step("both")
    assert control.next() == "both" and control.paused


def test_a_step_is_given_up_once_a_stop_has_been_patient_for_long_enough(monkeypatch):
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    control = Control()
    control.check()
    control.stop()
    now = 1e9
    control.check()  # a stop of a run on the command line waits for ever
    control.stop(patience=2)
    now += 1
    control.check()
    control.stop(patience=5)
    now += 1
    with pytest.raises(StepAbandoned):
        control.check()
