"""The part of a live run that its thread does: train one configuration, or two in lock step, and draw now and then."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

from gan.config import Config
from gan.data.domains import TrainingSet
from gan.data.points import Points
from gan.errors import ConfigError, Diverged, TrainingError
from gan.live.burst import BurstError, BurstUpdate, pack, unpack
from gan.live.history import History, Moment, States
from gan.live.stepper import Stepper
from gan.live.viewers import viewer_of
from gan.live.views import View, Viewer
from gan.training.control import Control, StepAbandoned
from gan.training.events import Alarmed, Changed, finite
from gan.training.objectives import OBJECTIVES
from gan.training.snapshot import Snapshot
from gan.training.trainer import Trainer
from gan.training.validation import check_options, prepare

DRAW_EVERY = {"points": 0.045, "pictures": 0.4}  # least seconds between two frames
MEASURE_EVERY = {"points": 0.5, "pictures": 4.0}  # least seconds between two measurements
DRAW_PAUSE = 2  # least pause between two frames, as a multiple of the time that the last one took

Burst = Callable[[Sequence[Config], Any, Sequence[Any]], Generator[BurstUpdate | None, None, None]]


@dataclass
class Alarm:
    """An alarm on the time line. side: which configuration. answered: whether its settings were changed since."""

    side: int
    shown: int
    kind: str
    message: str
    answered: bool = False


class Worker:
    """Configurations that train together, and what is recorded of them. `train` blocks; see `gan.live.run.Run`.

    history     moments, as they were drawn
    alarms      oldest first
    backdrop    what all moments have in common; None until the data is loaded
    notice      why the run waits although nobody paused it
    step_delay  seconds to wait after each step
    """

    def __init__(
        self,
        configs: Sequence[Config],
        data: TrainingSet | None = None,
        begin: Sequence[Snapshot] | None = None,
        burst: Burst | None = None,
    ) -> None:
        if not 1 <= len(configs) <= 2:
            raise ConfigError(f"a run has one configuration, or two for a duel, got {len(configs)}")
        if len(configs) == 2 and any(getattr(configs[0], k) != getattr(configs[1], k) for k in ("dataset", "seed")):
            raise ConfigError("both sides of a duel must use the same data and the same seed")
        for config in configs:
            check_options(config)
        if len({OBJECTIVES[config.objective].paired for config in configs}) == 2:
            raise ConfigError(
                "one side of the duel learns from pairs and the other does not: choose two that do, or two that do not"
            )
        self.configs, self.data = tuple(configs), data
        self.history = History()
        self.alarms: list[Alarm] = []
        self.backdrop: View | None = None
        self.notice: str | None = None
        self.step_delay = 0.0
        self._begin, self._burst = begin, burst
        self._control = Control()
        self._side_controls = [Control(paused=True) for _ in configs]  # told every move, so that a duel stays in step
        self._stopping = False
        self._sides: list[Stepper] = []
        self._viewer: Viewer | None = None
        self._draw_every = self._measure_every = 0.0
        self._measured = self._next_draw = -math.inf  # on the clock of `time.perf_counter`

    @property
    def paused(self) -> bool:
        """Return True while the run waits, or will after its present step."""
        return self._control.paused

    def train(self) -> None:
        """Train until stopped or done. TrainingError, ConfigError or DataError say why training cannot go on.

        Only history and data are kept in the end.
        """
        try:
            data = self._set_up()
            self._add_moment(keep=True)
            while not all(side.finished for side in self._sides):
                if self._burst and self._at_full_speed:
                    self._run_burst(self._burst, data)
                move = self._control.next(self._keep_present_moment)
                for i, side in enumerate(self._sides):
                    if move is not None and not side.finished:
                        side.control.step(move)
                    self._record(i, side.advance())
                self._draw_if_due()
                self._wait_between_steps()
            self._keep_present_moment()
        except StepAbandoned:
            self.history.keep_latest()  # with its state, where steps take so long that they are given up
        finally:
            self._sides, self._begin, self._viewer = [], None, None

    def _set_up(self) -> TrainingSet:
        """Load the data and build a trainer for each side, at the states to begin from."""
        data, configs = self.data, []
        for config in self.configs:
            config, data = prepare(config, dataset=data)
            configs.append(config)
        assert data is not None
        self.configs, self.data = tuple(configs), data
        self._check()
        kind = "points" if isinstance(data, Points) else "pictures"
        self._draw_every, self._measure_every = DRAW_EVERY[kind], MEASURE_EVERY[kind]
        self._viewer = viewer_of(data, configs[0].dataset)
        self.backdrop = self._viewer.backdrop()
        for i, config in enumerate(configs):
            self._check()
            trainer = Trainer(config, data)
            if self._begin:
                trainer.rewind(self._begin[i])
            self._sides.append(Stepper(trainer, self._side_controls[i], self._draw_every))
        self._begin = None
        return data

    @property
    def _at_full_speed(self) -> bool:
        """Return True while the run is not paused, slowed, changed or stopped."""
        changing = any(control.changing for control in self._side_controls)
        return not self.step_delay and self._control.free_running and not changing

    def _run_burst(self, burst: Burst, data: TrainingSet) -> None:
        """Train in a GPU worker for a bounded time (see `gan.live.burst`), or until a command for the run comes in."""
        notice, steps_before = None, [side.steps for side in self._sides]
        try:
            states = [pack(side.trainer.snapshot()) for side in self._sides]
        except Diverged:
            return  # the step that follows here goes back to a good state
        configs = [side.trainer.config for side in self._sides]
        try:
            with closing(burst(configs, pack(data), states)) as updates:
                for update in updates:
                    if update is not None:
                        self._apply(update, steps_before)
                        self._draw_if_due()
                    if not self._at_full_speed:
                        break
        except BurstError as error:
            notice = str(error)
            self._control.pause()
        self._draw_if_due()  # a paused run keeps this moment with its state: the visitor can fork from it
        self.notice = notice

    def _apply(self, update: BurstUpdate, steps_before: Sequence[int]) -> None:
        """Move every side to where the burst is. TrainingError if training there cannot go on."""
        for i, side in enumerate(self._sides):
            side.jump_to(unpack(update.states[i]))
            side.steps = steps_before[i] + update.steps[i]
            side.numbers = update.numbers[i] or side.numbers
        for index, event in update.alarms:
            self._record(index, [event])
        if update.error:
            raise TrainingError(update.error)

    def _record(self, index: int, events: Iterable[Alarmed | Changed]) -> None:
        """Add one side's alarms, and take over its settings when they have changed."""
        for event in events:
            if isinstance(event, Alarmed):
                self.alarms.append(Alarm(index, event.shown, event.kind, event.message))
            else:
                self._replace_config(index, event.config)

    def _replace_config(self, index: int, config: Config) -> None:
        self.configs = tuple(config if i == index else c for i, c in enumerate(self.configs))

    def _draw_if_due(self) -> None:
        """Measure and draw if it is time to, or if the run is paused."""
        assert self._viewer is not None
        now = time.perf_counter()
        if now < self._next_draw and not self.paused:
            return
        if now - self._measured >= self._measure_every or self.paused:
            for side in self._sides:
                side.measure(self._viewer.measure)
            self._measured = time.perf_counter()
        began = time.perf_counter()
        self._add_moment()
        ended = time.perf_counter()
        # A busy machine draws less and trains on.
        self._next_draw = ended + max(self._draw_every, DRAW_PAUSE * (ended - began))

    def _add_moment(self, keep: bool = False) -> None:
        """Draw this moment and add it to the history. keep: with its state, even where `History` would not."""
        assert self._viewer is not None
        views = []
        for side in self._sides:
            view = self._viewer.look(side.trainer)
            view.numbers = finite({**side.numbers, **side.measured, **view.numbers})
            views.append(view)
        first = self._sides[0]
        moment = Moment(self.history.count, first.trainer.shown, first.steps, first.trainer.seconds, tuple(views))
        keep = keep or self.paused  # a moment at which the run was paused can be returned to
        due, with_state = self.history.keeps(moment.number)
        if keep or with_state or any(side.slow for side in self._sides):  # a stop may give up the next step
            moment = replace(moment, states=self._states())
        self.history.add(moment, keep or due)

    def _keep_present_moment(self) -> None:
        """Keep the present moment with its state; draw it unless it was. A run that waits shows where it waits."""
        latest = self.history.latest
        if latest is not None and latest.states is not None and latest.steps == self._sides[0].steps:
            self.history.keep_latest()
        else:
            self._add_moment(keep=True)

    def _check(self) -> None:
        """Raise `StepAbandoned` once a stop was asked for and has waited for long enough."""
        self._control.check()

    def _states(self) -> States | None:
        """Return the state of every side, or None if one is not finite: there would be nothing to go back to."""
        try:
            return tuple((side.trainer.config, side.trainer.snapshot()) for side in self._sides)
        except TrainingError:
            return None

    def _wait_between_steps(self) -> None:
        """Wait as `step_delay` says, shorter when it is lowered meanwhile or the run is stopped."""
        until = time.perf_counter() + self.step_delay
        while self.step_delay and not self._stopping and (left := until - time.perf_counter()) > 0:
            time.sleep(min(left, 0.05))
