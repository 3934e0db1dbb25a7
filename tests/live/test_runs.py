"""`gan.live.runs`: places, the queue, and an end for runs that nobody watches."""

from __future__ import annotations

import pytest

from gan.live.lessons import config_of
from gan.live.run import Run
from gan.live.runs import ENDED_PER_PLACE, QueueFull, Runs


class Fake:
    """A run that only remembers."""

    def __init__(self) -> None:
        self.started = self.stopped = self.done = False

    def start(self) -> None:
        self.started = True

    def stop(self) -> None:
        self.stopped = True

    def join(self, timeout: float) -> None:
        assert self.stopped


@pytest.fixture
def clock():
    """A clock that stands until it is moved."""

    class Clock:
        now = 0.0

        def __call__(self) -> float:
            return self.now

    return Clock()


@pytest.fixture
def runs(clock, monkeypatch):
    """Two places and no supervisor: the test updates the runs itself."""
    monkeypatch.setattr(Runs, "_supervise", lambda self: None)
    return Runs(2, idle=10, cap=100, retention=50, clock=clock)


def update(runs) -> None:
    with runs._lock:
        runs._update()


def test_so_many_train_and_the_others_stand_in_line(runs):
    fakes = [Fake() for _ in range(4)]
    names = [runs.begin(fake) for fake in fakes]
    assert [fake.started for fake in fakes] == [True, True, False, False]
    assert [runs.queue_position(name) for name in names] == [0, 0, 1, 2] and runs.training == 2
    runs.end(names[0])
    assert fakes[0].stopped and fakes[2].started and [runs.queue_position(n) for n in names[2:]] == [0, 1]
    runs.forget(names[2])
    assert fakes[3].started and runs.training == 2
    with pytest.raises(KeyError, match="no longer available"):
        runs.find(names[2])


def test_a_run_that_is_over_makes_room_and_can_still_be_looked_at(runs, clock):
    fakes = [Fake() for _ in range(3)]
    names = [runs.begin(fake) for fake in fakes]
    fakes[0].done = True
    update(runs)
    assert fakes[2].started and runs.find(names[0]).run is fakes[0]
    clock.now = 51
    for name in names:
        runs.find(name)
    update(runs)
    with pytest.raises(KeyError):
        runs.find(names[0])


def test_who_looks_away_loses_the_place_and_who_looks_keeps_it(runs, clock):
    fakes = [Fake() for _ in range(3)]
    names = [runs.begin(fake) for fake in fakes]
    for clock.now in (6, 12, 18):
        runs.find(names[1])
        update(runs)
    assert [fake.stopped for fake in fakes] == [True, False, True] and not fakes[2].started or fakes[2].stopped
    assert runs.find(names[0]).end_reason == "nobody was watching"


def test_a_run_may_take_so_long(runs, clock):
    name = runs.begin(fake := Fake())
    for clock.now in range(0, 106, 5):
        runs.find(name)
        update(runs)
    assert fake.stopped and "a run may take 1.66667 minutes" in runs.find(name).end_reason


def test_the_line_has_an_end_and_old_runs_are_dropped(runs, monkeypatch):
    monkeypatch.setattr("gan.live.runs.QUEUE", 2)
    names = [runs.begin(Fake()) for _ in range(4)]
    with pytest.raises(QueueFull, match="too many people are waiting"):
        runs.begin(Fake())
    for name in names:
        runs.end(name)
    for _ in range(4):
        runs.end(runs.begin(Fake()))
    assert len(runs._runs) <= ENDED_PER_PLACE * 2 + 1


def test_names_cannot_be_guessed_and_belong_to_one(runs):
    names = {runs.begin(Fake()) for _ in range(10)}
    assert len(names) == 10 and all(len(name) >= 20 for name in names)
    for bad in (None, 3, "", "x" * 1000, ["a"]):
        with pytest.raises(KeyError):
            runs.find(bad)


def test_places_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("LATENT_LAB_RUNS", "3")
    assert Runs().at_once == 3
    for text in ("0", "two", "-1", "1000"):
        monkeypatch.setenv("LATENT_LAB_RUNS", text)
        with pytest.raises(ValueError, match=f"LATENT_LAB_RUNS must be a whole number in .* got {text!r}"):
            Runs()


def test_the_supervisor_ends_a_real_run_that_nobody_watches(monkeypatch):
    monkeypatch.setattr("gan.live.runs.CHECK_EVERY", 0.05)
    runs = Runs(1, idle=0.5)
    run = Run([config_of("modern", "ring", {"width": 16, "batch_size": 16})])
    name = runs.begin(run)
    run.join(60)
    assert run.done and runs.find(name).end_reason == "nobody was watching"
    supervisor = runs._supervisor
    runs.close()
    supervisor.join(60)
    assert not supervisor.is_alive() and runs._supervisor is None
