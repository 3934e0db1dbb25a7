"""A run that people watch: one thread that trains one configuration, or two in lock step, and what they see of it."""

from __future__ import annotations

import contextvars
import logging
import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import torch

from gan.config import Config
from gan.data.dataset import Dataset
from gan.data.points import Points
from gan.errors import ConfigError, TrainingError
from gan.live.burst import BurstError, BurstUpdate, packed, unpacked
from gan.live.history import History, Moment, States
from gan.live.stepper import Stepper
from gan.live.views import View, Viewer, viewer_of
from gan.training.control import Control
from gan.training.events import Alarmed, Changed, finite
from gan.training.trainer import Snapshot, Trainer
from gan.training.validation import check_options, prepare, with_changes

log = logging.getLogger(__name__)

DRAWN = {"points": 0.045, "pictures": 0.4}  # least seconds between two frames
MEASURED = {"points": 0.5, "pictures": 4.0}  # and between two measurements
MOST_DRAWN = 2  # times what the last frame took, between two
SLOWEST = 2.0  # seconds between steps in slow motion


@dataclass(frozen=True)
class Alarm:
    """An alarm on the time line. side: which configuration."""

    side: int
    shown: int
    kind: str
    message: str


class Run:
    """Trains until it is stopped; every method may be called from any thread.

    configs  one configuration, or two for a duel: of one data set, seed and network shape
    data     pictures or points to learn from; loaded from the configs where it is None
    begin    states to start from, as `fork` gives them
    burst    (configs, data, states) -> news, the last two packed: trains elsewhere for a while, as `gan.live.burst`
             does. While nothing is asked but to go on, the run goes from burst to burst; single steps stay here.
             `BurstError`, with a sentence, when it cannot: the run then waits, with that as its `notice`, to be played
             again

    ConfigError or DataError for what cannot be trained. Nothing happens before `start`.
    """

    def __init__(
        self,
        configs: Sequence[Config],
        data: Dataset | Points | None = None,
        begin: Sequence[Snapshot] | None = None,
        burst: Callable[[Sequence[Config], Any, Sequence[Any]], Iterator[BurstUpdate | None]] | None = None,
    ) -> None:
        if not 1 <= len(configs) <= 2:
            raise ConfigError(f"a run has one configuration, or two for a duel, got {len(configs)}")
        if len(configs) == 2 and any(getattr(configs[0], k) != getattr(configs[1], k) for k in ("dataset", "seed")):
            raise ConfigError("both sides of a duel learn from the same data with the same seed")
        self.configs = tuple(configs)
        for config in configs:
            check_options(config)
        self._data, self._begin, self._burst = data, begin, burst
        self._changed = threading.Condition()
        self._history, self._count = History(), 0  # moments so far
        self._stopping = False
        self.alarms: list[Alarm] = []
        self.backdrop: View | None = None
        self.error: str | None = None
        self.notice: str | None = None  # why it waits, unasked
        self.done = False
        self.pace = 0.0  # seconds waited after each step; `slow` sets it
        self._measured = self._due = -math.inf
        self._controls = [Control() for _ in configs]
        self._sides: list[Stepper] = []
        # In the context of who asked for the run: a lent GPU is on their account.
        context = contextvars.copy_context()
        self._thread = threading.Thread(target=context.run, args=[self._main], name="live-run", daemon=True)

    # What people ask for.

    def start(self) -> None:
        """Begin, in a thread of the run's own."""
        self._thread.start()

    def play(self) -> None:
        """Go on."""
        self.notice = None
        for control in self._controls:
            control.play()

    def pause(self) -> None:
        """Wait after the step under way."""
        for control in self._controls:
            control.pause()

    def step(self, move: str = "both") -> None:
        """One step and wait; ValueError for an unknown move."""
        for control in self._controls:
            control.step(move)

    def stop(self) -> None:
        """End after the step under way; what was seen stays."""
        self._stopping = True
        for control in self._controls:
            control.stop()

    def slow(self, seconds: float) -> None:
        """Wait so long after each step, at most `SLOWEST`; 0 is full speed."""
        if not 0 <= seconds <= SLOWEST:
            raise ValueError(f"slow must be in [0, {SLOWEST:g}] seconds, got {seconds!r}")
        self.pace = seconds

    def change(self, side: int, settings: Mapping[str, Any]) -> None:
        """Other settings for one side from its next step on. ConfigError, and no change, for what cannot be."""
        config = with_changes(self.configs[side], settings)
        self.configs = tuple(config if i == side else c for i, c in enumerate(self.configs))
        self._controls[side].change(settings)

    def fork(self, number: int) -> tuple[tuple[Config, ...], tuple[Snapshot, ...], int]:
        """(configs, states, images shown) at the last kept state not after moment `number`; ValueError if none is."""
        with self._changed:
            moment = self._history.before(number)
        if moment is None:
            raise ValueError(f"there is no state to go back to at moment {number}: choose a later one")
        configs, states = zip(*moment.states, strict=True)
        return configs, states, moment.shown

    # What people see.

    @property
    def paused(self) -> bool:
        """Whether it waits."""
        return self._controls[0].paused

    @property
    def data(self) -> Dataset | Points | None:
        """What it learns from; None until loaded."""
        return self._data

    def latest(self, after: int = -1, timeout: float = 0.0) -> Moment | None:
        """The newest moment if its number is above `after`, waiting for one up to so many seconds; None otherwise."""
        with self._changed:
            self._changed.wait_for(lambda: self.done or self._count - 1 > after, timeout)
            return self._history.latest if self._count - 1 > after else None

    def moments(self) -> list[Moment]:
        """Those kept, oldest first; the newest is always among them."""
        with self._changed:
            return self._history.all()

    def curve(self) -> list[dict[str, Any]]:
        """Numbers of the kept moments, oldest first: {"number", "shown", "sides": [numbers, ...]}."""
        with self._changed:
            return list(self._history.curve)

    def join(self, timeout: float | None = None) -> None:
        """Wait until the thread has ended."""
        self._thread.join(timeout)

    # What its thread does.

    def _main(self) -> None:
        torch.set_num_threads(1)  # counts for this thread: sliders and other runs keep their cores
        try:
            self._train()
        except (TrainingError, ValueError) as error:
            self.error = str(error)
        except Exception:
            log.exception("a live run failed")
            self.error = "something went wrong on the server; please start the run again"
        finally:
            with self._changed:
                self.done = True
                self._changed.notify_all()

    def _train(self) -> None:
        configs = []
        for config in self.configs:
            config, self._data = prepare(config, dataset=self._data)
            configs.append(config)
        self.configs = tuple(configs)
        kind = "points" if isinstance(self._data, Points) else "pictures"
        viewer = viewer_of(self._data, configs[0].dataset)
        self.backdrop = viewer.backdrop()
        for i, config in enumerate(configs):
            trainer = Trainer(config, self._data)
            if self._begin:
                trainer.rewind(self._begin[i])
            self._sides.append(Stepper(trainer, self._controls[i], DRAWN[kind]))
        self._begin = None
        self._see(viewer, keep=True)
        while not all(side.over for side in self._sides):
            if self._burst and self._free:
                self._run_burst(viewer, kind)
            for i, side in enumerate(self._sides):
                self._hear(i, side.advance())
            self._watch(viewer, kind)
            self._wait(self.pace)
        self._see(viewer, keep=True)

    @property
    def _free(self) -> bool:
        return not self.pace and all(control.free for control in self._controls)

    def _run_burst(self, viewer: Viewer, kind: str) -> None:
        """Let a burst take the sides along, until it ends or something is asked of them."""
        lost, made = None, [side.steps for side in self._sides]
        states = [packed(side.trainer.snapshot()) for side in self._sides]
        try:
            configs = [side.trainer.config for side in self._sides]
            with closing(self._burst(configs, packed(self._data), states)) as burst:
                for news in burst:
                    if news is not None:
                        self._follow(news, made)
                        self._watch(viewer, kind)
                    if not self._free:
                        break
        except BurstError as error:
            lost = str(error)
            self.pause()
        self._watch(viewer, kind)  # paused, it is also kept: whoever reads the notice can fork it
        self.notice = lost

    def _follow(self, news: BurstUpdate, made: Sequence[int]) -> None:
        for side, state, steps, before, numbers in zip(
            self._sides, news.states, news.steps, made, news.numbers, strict=True
        ):
            side.leap(unpacked(state))
            side.steps, side.numbers = before + steps, numbers or side.numbers
        for index, event in news.alarms:
            self._hear(index, [event])
        if news.error:
            raise TrainingError(news.error)

    def _watch(self, viewer: Viewer, kind: str) -> None:
        """Measure and draw, if it is time to."""
        now = time.perf_counter()
        if now < self._due and not self.paused:
            return
        if now - self._measured >= MEASURED[kind] or self.paused:
            for side in self._sides:
                side.measured = viewer.measure(side.trainer)
            self._measured = time.perf_counter()
        begun = time.perf_counter()
        self._see(viewer)
        over = time.perf_counter()
        self._due = over + max(DRAWN[kind], MOST_DRAWN * (over - begun))  # a busy machine draws less, and trains on

    def _hear(self, index: int, events: Iterable[Alarmed | Changed]) -> None:
        """Remember what one side tells."""
        for event in events:
            with self._changed:
                if isinstance(event, Alarmed):
                    self.alarms.append(Alarm(index, event.shown, event.kind, event.message))
                else:
                    self.configs = tuple(event.config if i == index else c for i, c in enumerate(self.configs))

    def _see(self, viewer: Viewer, keep: bool = False) -> None:
        """Draw this moment, and keep it if its turn has come. keep: in any case, with its state."""
        views = []
        for side in self._sides:
            view = viewer.look(side.trainer)
            view.numbers = finite({**side.numbers, **side.measured, **view.numbers})
            views.append(view)
        first = self._sides[0]
        moment = Moment(self._count, first.trainer.shown, first.steps, first.trainer.seconds, tuple(views))
        keep = keep or self.paused  # whoever stopped here to look may want to come back
        kept, whole = self._history.due(moment.number)
        if keep or whole:
            moment = replace(moment, states=self._states())
        with self._changed:
            self._history.add(moment, keep or kept)
            self._count += 1
            self._changed.notify_all()

    def _states(self) -> States | None:
        try:
            return tuple((side.trainer.config, side.trainer.snapshot()) for side in self._sides)
        except TrainingError:  # not finite: nothing to go back to
            return None

    def _wait(self, seconds: float) -> None:
        until = time.perf_counter() + seconds
        while self.pace and not self._stopping and (left := until - time.perf_counter()) > 0:
            time.sleep(min(left, 0.05))
