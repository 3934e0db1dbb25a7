"""`gan.live.history`: which moments are kept, and that they stay bounded."""

from __future__ import annotations

import threading

import torch

from gan.live import history
from gan.live.history import History, Moment
from gan.live.views import View
from gan.training.snapshot import Snapshot

FULL = 4_000  # bytes of one state


def filled(count: int, keep: tuple[int, ...] = ()) -> History:
    """A history of so many moments, filled as by `gan.live.worker`; keep: those kept in any case."""
    state = Snapshot(tensors={"weights": torch.zeros(FULL // 4)}, shown=0, step=0, seconds=0.0)
    out = History()
    for i in range(count):
        due, with_state = out.keeps(i)
        states = ((None, state),) if with_state or i in keep else None
        out.add(Moment(i, 10 * i, i, 0.1 * i, (View({}, {"loss": i}),), states), due or i in keep)
    return out


def test_the_past_stays_bounded_and_its_beginning_stays(monkeypatch):
    monkeypatch.setattr(history, "MAX_MOMENTS", 12)
    monkeypatch.setattr(history, "MAX_STATE_BYTES", 4 * FULL)
    for count in (1, 12, 13, 100, 1000):
        kept = filled(count)
        numbers = [m.number for m in kept.moments]
        assert min(count, 6) <= len(numbers) <= 12 and numbers[0] == 0 and numbers == sorted(set(numbers))
        assert [c["number"] for c in kept.curve] == numbers and kept.curve[-1]["sides"] == [{"loss": numbers[-1]}]
        assert kept.moments[0].states is not None and sum(m.states is not None for m in kept.moments) <= 4
        gaps = {b - a for a, b in zip(numbers, numbers[1:], strict=False)}
        assert len(gaps) <= 1, "evenly"


def test_the_newest_is_there_kept_or_not(monkeypatch):
    monkeypatch.setattr(history, "MAX_MOMENTS", 4)
    kept = filled(8)
    assert kept.moments[-1].number < 7 and [m.number for m in kept.all()] == [*(m.number for m in kept.moments), 7]
    assert kept.latest.number == 7 and History().all() == []
    kept = filled(8, keep=(7,))
    assert kept.moments[-1] is kept.latest and kept.latest.states and kept.all() == kept.moments


def test_one_goes_back_to_the_last_state_before(monkeypatch):
    monkeypatch.setattr(history, "MAX_STATE_BYTES", 2 * FULL)
    kept = filled(40)
    with_state = [m.number for m in kept.moments if m.states]
    for number in range(40):
        assert kept.before(number).number == max(n for n in with_state if n <= number)
    assert kept.before(-1) is None


def test_waiting_ends_with_a_newer_moment_with_time_or_with_the_run():
    kept = filled(3)
    assert kept.count == 3 and kept.wait(1, 0.0) is kept.latest and kept.wait(2, 0.01) is None
    late = threading.Timer(0.05, kept.add, [Moment(3, 0, 0, 0.0, ()), False])
    late.start()
    assert kept.wait(2, 60.0).number == 3
    end = threading.Timer(0.05, kept.close)
    end.start()
    assert kept.wait(3, 60.0) is None and kept.closed


def test_the_newest_can_be_kept_afterwards(monkeypatch):
    monkeypatch.setattr(history, "MAX_MOMENTS", 4)
    kept = filled(8)
    kept.keep_latest()
    assert kept.moments[-1] is kept.latest and kept.curve[-1]["number"] == 7
    moments = list(kept.moments)
    kept.keep_latest()
    History().keep_latest()
    assert kept.moments == moments


def test_states_can_be_limited_in_the_end_but_for_the_last():
    kept = filled(40, keep=(37,))
    assert kept.size == FULL * sum(m.states is not None for m in kept.moments)
    kept.limit_states(5 * FULL)
    with_state = [m.number for m in kept.moments if m.states]
    assert (
        len(kept.moments) == 40 and with_state[0] == 0 and len(with_state) <= 5 and kept.size == FULL * len(with_state)
    )
    kept.limit_states(FULL // 2)
    assert [m.number for m in kept.moments if m.states] == [max(with_state)] and kept.size == FULL
    History().limit_states(0)
