"""Places and lines: how many run, who waits, whose turn it is, and who must leave."""

from __future__ import annotations

import threading

import pytest
from conftest import in_background, within

from gan.ui.server import visitor
from gan.ui.server.fair_line import FairLine
from gan.ui.server.limits import Busy, Limit
from gan.ui.server.visitor import Visitor

CROWD, OTHER = Visitor("10.0.0.1", "crowd"), Visitor("10.0.0.2", "other")


def drain(line: FairLine) -> list:
    return [line.take() for _ in range(len(line))]


def test_visitors_take_turns_and_each_keeps_its_order() -> None:
    line: FairLine[str] = FairLine(9)
    for item in ("a1", "a2", "a3"):
        line.add(CROWD, item)
    for item in ("b1", "b2"):
        line.add(OTHER, item)
    assert drain(line) == ["a1", "b1", "a2", "b2", "a3"]
    assert line.take() is None and not len(line)


def test_sessions_made_up_take_turns_only_from_their_own_address() -> None:
    line: FairLine[str] = FairLine(9)
    for i in range(4):
        line.add(Visitor("10.0.0.1", f"made up {i}"), f"a{i}")
    for item in ("b0", "b1"):
        line.add(OTHER, item)
    assert drain(line) == ["a0", "b0", "a1", "b1", "a2", "a3"]


def test_a_newcomer_waits_behind_one_of_a_hundred() -> None:
    line: FairLine[str] = FairLine(200)
    for i in range(100):
        line.add(CROWD, f"a{i}")
    assert line.take() == "a0"
    line.add(OTHER, "b")
    assert [line.take(), line.take()] == ["a1", "b"]


def test_only_what_suits_is_taken_and_the_rest_keeps_its_place() -> None:
    line: FairLine[str] = FairLine(9)
    for who, item in ((CROWD, "a1"), (CROWD, "x2"), (OTHER, "x3")):
        line.add(who, item)
    assert line.take(lambda item: item.startswith("x")) == "x2"
    assert line.take(lambda item: item == "no") is None
    assert drain(line) == ["x3", "a1"]


def test_from_a_full_line_the_last_of_whoever_has_most_must_leave() -> None:
    line: FairLine[str] = FairLine(3)
    assert [line.add(CROWD, item) for item in ("a1", "a2", "a3")] == [None] * 3
    assert line.add(CROWD, "a4") == "a4"
    assert line.add(OTHER, "b1") == "a3"
    assert line.of(CROWD) == ("a1", "a2") and line.of(OTHER) == ("b1",) and line.of(Visitor()) == ()
    assert len(line) == 3


@pytest.mark.parametrize("bad", [(0, 1), (1, -1)])
def test_a_limit_of_nothing_is_refused(bad) -> None:
    with pytest.raises(ValueError, match="running >= 1 and waiting >= 0"):
        Limit(*bad)


def test_the_limit_refuses_at_once_and_recovers() -> None:
    limit = Limit(running=1, waiting=0)

    def job() -> int:
        with limit():
            return 1 // divisor

    divisor = 1
    with limit(), pytest.raises(Busy):
        within(5, job)
    divisor = 0
    with pytest.raises(ZeroDivisionError):
        within(5, job)
    divisor = 1
    assert within(5, job) == 1


class Jobs:
    """Jobs of a limit, begun one after the other so that their order is known."""

    def __init__(self, limit: Limit, monkeypatch: pytest.MonkeyPatch) -> None:
        self.limit, self.monkeypatch = limit, monkeypatch
        self.begun: list[str] = []
        self.finish = threading.Semaphore(0)

    def start(self, who: Visitor, name: str):
        """Start a job that runs until `finish` is released; return its future once it runs, waits or is refused."""
        arrived = threading.Event()
        enter = FairLine.add

        def add(line, *values):
            try:
                return enter(line, *values)
            finally:
                arrived.set()

        def job() -> str:
            with self.limit():
                self.begun.append(name)
                arrived.set()
                assert self.finish.acquire(timeout=10)
                return name

        self.monkeypatch.setattr(visitor, "asking", lambda: who)
        self.monkeypatch.setattr(FairLine, "add", add)
        future = in_background(job)
        assert arrived.wait(10)
        self.monkeypatch.setattr(FairLine, "add", enter)
        return future


def test_as_many_run_and_wait_as_the_limit_says(monkeypatch) -> None:
    jobs = Jobs(Limit(running=2, waiting=3), monkeypatch)
    futures = [jobs.start(CROWD, str(i)) for i in range(5)]
    assert jobs.begun == ["0", "1"]
    with pytest.raises(Busy):
        jobs.start(CROWD, "one too many").result(5)
    jobs.finish.release(5)
    assert [future.result(5) for future in futures] == ["0", "1", "2", "3", "4"]
    again = [jobs.start(CROWD, name) for name in ("5", "6", "7")]
    assert jobs.begun[5:] == ["5", "6"], "a place that was handed on is not free as well"
    jobs.finish.release(3)
    assert [future.result(5) for future in again] == ["5", "6", "7"]


def test_who_fills_the_line_makes_place_for_another_who_is_next_but_one(monkeypatch) -> None:
    jobs = Jobs(Limit(running=1, waiting=3), monkeypatch)
    crowd = [jobs.start(CROWD, str(i)) for i in range(4)]
    other = jobs.start(OTHER, "other")
    with pytest.raises(Busy):
        crowd[3].result(5)
    jobs.finish.release(4)
    assert [future.result(5) for future in (*crowd[:3], other)] == ["0", "1", "2", "other"]
    assert jobs.begun == ["0", "1", "other", "2"]
