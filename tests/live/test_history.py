"""`gan.live.history`: what is kept of a run, and that it stays bounded."""

from __future__ import annotations

import torch

from gan.live import history
from gan.live.history import History, Moment
from gan.live.views import View
from gan.training.trainer import Snapshot

FULL = 4_000  # bytes of one state


def lived(count: int, keep: tuple[int, ...] = ()) -> History:
    """A past of so many moments, as `gan.live.run` fills it; keep: those kept in any case."""
    state = Snapshot({"weights": torch.zeros(FULL // 4)}, 0, 0, 0.0, 1.0)
    out = History()
    for i in range(count):
        kept, whole = out.due(i)
        states = ((None, state),) if whole or i in keep else None
        out.add(Moment(i, 10 * i, i, 0.1 * i, (View({}, {"loss": i}),), states), kept or i in keep)
    return out


def test_the_past_stays_bounded_and_its_beginning_stays(monkeypatch):
    monkeypatch.setattr(history, "FRAMES", 12)
    monkeypatch.setattr(history, "STATES", 4 * FULL)
    for count in (1, 12, 13, 100, 1000):
        kept = lived(count)
        numbers = [m.number for m in kept.moments]
        assert min(count, 6) <= len(numbers) <= 12 and numbers[0] == 0 and numbers == sorted(set(numbers))
        assert [c["number"] for c in kept.curve] == numbers and kept.curve[-1]["sides"] == [{"loss": numbers[-1]}]
        assert kept.moments[0].states is not None and sum(m.states is not None for m in kept.moments) <= 4
        gaps = {b - a for a, b in zip(numbers, numbers[1:], strict=False)}
        assert len(gaps) <= 1, "evenly"


def test_the_newest_is_there_kept_or_not(monkeypatch):
    monkeypatch.setattr(history, "FRAMES", 4)
    kept = lived(8)
    assert kept.moments[-1].number < 7 and [m.number for m in kept.all()] == [*(m.number for m in kept.moments), 7]
    assert kept.latest.number == 7 and History().all() == []
    kept = lived(8, keep=(7,))
    assert kept.moments[-1] is kept.latest and kept.latest.states and kept.all() == kept.moments


def test_one_goes_back_to_the_last_state_before(monkeypatch):
    monkeypatch.setattr(history, "STATES", 2 * FULL)
    kept = lived(40)
    with_state = [m.number for m in kept.moments if m.states]
    for number in range(40):
        assert kept.before(number).number == max(n for n in with_state if n <= number)
    assert kept.before(-1) is None
