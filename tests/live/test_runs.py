"""`gan.live.runs`: places, the queue, and an end for runs that nobody watches."""

from __future__ import annotations

import pytest

from gan.live.lessons import config_of
from gan.live.run import Run
from gan.live.runs import ENDED_PER_PLACE, ENDED_STATE_BYTES, QueueFull, Runs


class Fake:
    """A run that only remembers. lingers: its thread goes on after a stop, until that is set to False."""

    def __init__(self, lingers: bool = False, size: int = 1) -> None:
        self.started = self.stopped = self.done = False
        self.lingers, self.size = lingers, size
        self.history = self

    @property
    def alive(self) -> bool:
        return self.started and (self.lingers or not (self.stopped or self.done))

    @property
    def viewable(self) -> bool:
        return self.started

    def start(self) -> None:
        self.started = True

    def stop(self) -> None:
        self.stopped = True

    def limit_states(self, most: int) -> None:
        self.limited_to = most

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


def test_a_run_in_line_knows_how_long_it_waits_at_most(runs, clock):
    names = [runs.begin(Fake()) for _ in range(5)]
    clock.now += 30
    assert [runs.longest_wait(name) for name in names] == [0, 0, 70, 70, 170], "of the 100 s that each may train"
    assert all(runs.find(name) for name in names), "they are all looked at"
    runs.end(names[0])
    assert [runs.longest_wait(name) for name in names[2:]] == [0, 70, 100], "the third began just now"


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


def test_a_place_is_free_only_when_its_thread_has_ended(runs):
    fakes = [Fake(lingers=True), Fake(lingers=True), Fake()]
    names = [runs.begin(fake) for fake in fakes]
    runs.end(names[0])
    runs.forget(names[1])
    with pytest.raises(KeyError):
        runs.find(names[1])
    assert fakes[0].stopped and fakes[1].stopped and not fakes[2].started and runs.training == 2
    fakes[1].lingers = False
    update(runs)
    assert fakes[2].started and runs.training == 2 and set(runs._runs) == {names[0], names[2]}


def test_a_run_that_is_over_makes_room_and_can_be_looked_at_for_a_while(runs, clock):
    fakes = [Fake() for _ in range(3)]
    names = [runs.begin(fake) for fake in fakes]
    fakes[0].done = True
    update(runs)
    assert fakes[2].started and runs.find(names[0]).run is fakes[0]
    clock.now = 40
    runs.find(names[0])
    clock.now = 89
    update(runs)
    assert runs.find(names[0]).run is fakes[0], "who still looks at it keeps it"
    clock.now = 140
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


def ended(runs, owner, started=True, **about) -> str:
    """Name a run of this owner that has ended, after it had a place or without."""
    name = runs.begin(Fake(**about), owner)
    assert runs.find(name).run.started == started
    runs.end(name)
    return name


def kept(runs, names) -> list[str]:
    return [name for name in names if name in runs._runs]


ANN, BOB, ANNS_OTHER_TAB = ("1.1.1.1", "ann"), ("2.2.2.2", "bob"), ("1.1.1.1", "ann-too")


def test_ended_runs_are_dropped_for_those_of_the_same_visitor_only(runs):
    of_bob = ended(runs, BOB)
    of_ann = [ended(runs, owner) for owner in [ANN, ANNS_OTHER_TAB, ANN] * 4]  # sessions can be made up
    assert of_bob in runs._runs and kept(runs, of_ann) == of_ann[-(ENDED_PER_PLACE * 2 - 1) :]


def test_large_ended_runs_make_room_before_small_ones_of_others(runs, monkeypatch):
    monkeypatch.setattr("gan.live.runs.ENDED_BYTES", 100)
    of_bob = ended(runs, BOB, size=30)
    of_ann = [ended(runs, ANN, size=60) for _ in range(3)]
    assert of_bob in runs._runs and kept(runs, of_ann) == of_ann[-1:]
    assert runs.find(of_bob).run.limited_to == ENDED_STATE_BYTES
    alone = ended(runs, ANN, size=1000)
    assert kept(runs, [of_bob, *of_ann, alone]) == [of_bob], "it alone is too much"


def test_runs_that_never_trained_push_no_other_out_and_are_soon_gone(runs, clock, monkeypatch):
    monkeypatch.setattr("gan.live.runs.EMPTY", 5)
    finished = ended(runs, ANN)
    held = [runs.begin(Fake(), ANN) for _ in range(2)]
    left = [ended(runs, ANN, started=False) for _ in range(20)]
    assert finished in runs._runs and kept(runs, left) == left[-5:]
    clock.now = 11
    update(runs)
    assert finished in runs._runs and not kept(runs, left)
    assert len(held) == 2


def test_turns_go_around_visitors(runs):
    held = [runs.begin(Fake(), ANN) for _ in range(2)]
    waiting = [runs.begin(Fake(), owner) for owner in (ANN, ANN, ANNS_OTHER_TAB, BOB, BOB)]
    a, b, c, d, e = waiting
    assert sorted(waiting, key=runs.queue_position) == [d, e, c, a, b]
    runs.end(held[0])
    assert runs.find(d).run.started and [runs.queue_position(name) for name in waiting] == [3, 4, 1, 0, 2]


def test_a_full_line_lets_a_newcomer_in_for_one_of_whoever_has_most(runs, monkeypatch):
    monkeypatch.setattr("gan.live.runs.QUEUE", 3)
    for _ in range(2):
        runs.begin(Fake(), ANN)
    waiting = [runs.begin(Fake(), ANN) for _ in range(3)]
    with pytest.raises(QueueFull, match="too many people are waiting"):
        runs.begin(Fake(), ANN)
    of_bob = runs.begin(Fake(), BOB)
    assert runs.queue_position(of_bob) == 1 and "several runs in line" in runs.find(waiting[-1]).end_reason
    assert [runs.queue_position(name) for name in waiting] == [2, 3, 0]
    with pytest.raises(QueueFull):
        runs.begin(Fake(), BOB)


def test_a_fork_leaves_its_original_as_it_is_where_there_is_a_place(runs):
    original = runs.begin(Fake(), ANN)
    fork = runs.begin(Fake(), ANN, fork_of=original)
    assert all(runs.find(name).training for name in (original, fork))


def test_a_fork_takes_the_place_of_its_original_where_there_is_no_other_and_both_can_be_viewed(runs):
    original, other = (runs.begin(Fake(), owner) for owner in (ANN, BOB))
    fork = runs.begin(Fake(), ANN, fork_of=original)
    update(runs)
    assert runs.find(fork).training and runs.find(other).training
    assert runs.find(original).end_reason == "a fork of it took its place"


def test_a_fork_passes_by_nobody_who_waits(runs):
    original, _ = (runs.begin(Fake(), owner) for owner in (ANN, BOB))
    waiting = runs.begin(Fake(), ("3.3.3.3", "cy"))
    fork = runs.begin(Fake(), ANN, fork_of=original)
    assert runs.find(original).training and [runs.queue_position(n) for n in (waiting, fork)] == [1, 2]


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
