"""A live run: a thread that trains, what people ask of it and what they see of it."""

from __future__ import annotations

import contextvars
import logging
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from gan.config import Config
from gan.data.domains import TrainingSet
from gan.errors import TrainingError, for_page
from gan.live.history import Moment
from gan.live.worker import Burst, Worker
from gan.training.memory import release_memory
from gan.training.snapshot import Snapshot
from gan.training.validation import with_changes

log = logging.getLogger(__name__)

SLOWEST = 2.0  # seconds between steps in slow motion
PATIENCE = 0.25  # seconds that a stop gives to the step under way, which is then given up


class Run(Worker):
    """Trains until it is stopped; every method may be called from any thread.

    configs  one configuration, or two for a duel: of one data set, seed and network shape
    data     pictures or points to learn from; loaded from the configs where it is None
    begin    states to start from, as `fork` gives them
    burst    (configs, data, states) -> updates, the last two packed: trains elsewhere for a while, as `gan.live.burst`
             does. While nothing is asked but to go on, the run goes from burst to burst; single steps stay here.
             `BurstError`, with a sentence, when it cannot: the run then waits, with that as its `notice`, to be played
             again

    error says why training ended early, None if it did not. ConfigError or DataError for what cannot be trained.
    Nothing happens before `start`.
    """

    def __init__(
        self,
        configs: Sequence[Config],
        data: TrainingSet | None = None,
        begin: Sequence[Snapshot] | None = None,
        burst: Burst | None = None,
    ) -> None:
        super().__init__(configs, data, begin, burst)
        self.error: str | None = None
        # In the context of the visitor who asked for the run: a shared GPU counts against their quota.
        context = contextvars.copy_context()
        self._thread = threading.Thread(target=context.run, args=[self._main], name="live-run", daemon=True)

    # What people ask for.

    def start(self) -> None:
        """Begin to train, in a thread; not after `stop`."""
        self._thread.start()

    def play(self) -> None:
        """Go on."""
        self.notice = None
        self._control.play()

    def pause(self) -> None:
        """Wait after the step under way."""
        self._control.pause()

    def step(self, move: str = "both") -> None:
        """Make one step and wait; ValueError for an unknown move."""
        self._control.step(move)

    def stop(self) -> None:
        """End after the step under way, or in the middle of it where that takes long; the history stays.

        A run that was not started never will be, and lets go of its data.
        """
        self._stopping = True
        for control in (self._control, *self._side_controls):
            control.stop(PATIENCE)
        if self._thread.ident is None:
            self._begin = self.data = None
            self.history.close()

    def slow(self, seconds: float) -> None:
        """Wait so long after each step, at most `SLOWEST`; 0 is full speed."""
        if not 0 <= seconds <= SLOWEST:
            raise ValueError(f"slow must be in [0, {SLOWEST:g}] seconds, got {seconds!r}")
        self.step_delay = seconds

    def change(self, side: int, settings: Mapping[str, Any]) -> None:
        """Change settings of one side from its next step on; ConfigError, and no change, for a bad one.

        The alarms of that side so far are answered.
        """
        self._replace_config(side, with_changes(self.configs[side], settings))
        self._side_controls[side].change(settings)
        for alarm in self.alarms:
            alarm.answered |= alarm.side == side

    def fork(self, number: int) -> tuple[tuple[Config, ...], tuple[Snapshot, ...], int]:
        """Return (configs, states, images shown) at the last state kept up to moment `number`; ValueError for none."""
        moment = self.with_state(number)
        configs, states = zip(*moment.states or (), strict=True)
        return configs, states, moment.shown

    def with_state(self, number: int) -> Moment:
        """Return the last moment up to `number` that was kept with its state; ValueError for none."""
        moment = self.history.before(number)
        if moment is None:
            raise ValueError(f"no state was kept at moment {number} or before: choose a later one")
        return moment

    # What people see.

    @property
    def done(self) -> bool:
        """Return True once there is nothing left to see: no more moments will come."""
        return self.history.closed

    @property
    def alive(self) -> bool:
        """Return True from `start` until the thread has ended, and with it all that training took."""
        return self._thread.is_alive()

    @property
    def viewable(self) -> bool:
        """Return whether there is anything to see: a moment."""
        return self.history.latest is not None

    @property
    def size(self) -> int:
        """Return the bytes of history and data."""
        tensors = [] if self.data is None else [t for t in vars(self.data).values() if isinstance(t, torch.Tensor)]
        return self.history.size + sum(tensor.nbytes for tensor in tensors)

    def latest(self, after: int = -1, timeout: float = 0.0) -> Moment | None:
        """Return the newest moment if its number is above `after`, waiting up to `timeout` seconds; None otherwise."""
        return self.history.wait(after, timeout)

    def moments(self) -> list[Moment]:
        """Return the kept moments, oldest first; the newest is always among them."""
        return self.history.all()

    def curve(self) -> list[dict[str, Any]]:
        """Return the numbers of the kept moments, oldest first: {"number", "shown", "sides": [numbers, ...]}."""
        return self.history.kept_curve()

    def join(self, timeout: float | None = None) -> None:
        """Wait until the thread has ended."""
        self._thread.join(timeout)

    def _main(self) -> None:
        torch.set_num_threads(1)  # counts for this thread: sliders and other runs keep their cores
        try:
            self.train()
        except (TrainingError, ValueError) as error:
            self.error = for_page(error)
        except Exception:
            log.exception("a live run failed")
            self.error = "something went wrong on the server; please start the run again"
        finally:
            self.history.close()
            release_memory()
