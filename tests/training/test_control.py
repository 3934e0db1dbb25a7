"""`gan.training.control`: what is asked of a run, from the same thread and from others."""

from __future__ import annotations

import threading
import time

import pytest

from gan.training.control import MOVES, Control


def test_plays_unless_asked_otherwise():
    control = Control()
    assert [control.next() for _ in range(3)] == ["both"] * 3 and not control.paused


@pytest.mark.parametrize("move", MOVES)
def test_single_step_is_taken_once_and_then_waits(move):
    control = Control(paused=True)
    control.step(move)
    assert control.next() == move and control.paused
    taken = []
    waiter = threading.Thread(target=lambda: taken.append(control.next()))
    waiter.start()
    time.sleep(0.05)
    assert not taken
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
    taken = []
    threading.Timer(0.02, control.stop).start()
    while (move := control.next()) is not None:
        taken.append(move)
        time.sleep(0.001)
    assert bool(taken) != paused and control.next() is None
    control.play()
    assert control.next() is None  # for good


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
