"""The training loop: `train` a config into a model folder, or `run` a prepared trainer, as a generator of events.

It does not know its callers: they read the events and make requests through a `Control`.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from gan.config import Config
from gan.errors import ConfigError, Diverged, TrainingError
from gan.models.image_grid import write_grid
from gan.models.model import Model
from gan.models.translator import Translator, load_folder
from gan.networks.precision import faster_precision
from gan.training.alarms import AlarmMonitor, alarmed
from gan.training.best import Measure, measurement
from gan.training.control import Control
from gan.training.distributed import ProcessGroup
from gan.training.events import (
    Alarmed,
    Changed,
    Checkpointed,
    Done,
    Evaluated,
    Event,
    Measured,
    Published,
    Sampled,
    Started,
    Ticked,
)  # fmt: skip
from gan.training.export_model import capture_model, write_model
from gan.training.report import Reporter, read_numbers
from gan.training.rollback import RollbackPolicy, finite_snapshot
from gan.training.run_folder import NOT_LOCKED, RunLog, own_folder
from gan.training.snapshot import Snapshot
from gan.training.trainer import Trainer
from gan.training.validation import prepare, unused_settings

REPORT_SECONDS = 0.5  # least time between two reports


def train(
    config: Config,
    out: Path | None,
    resume: bool = False,
    control: Control | None = None,
    progress: Callable[[str], None] = lambda line: None,
    processes: ProcessGroup | None = None,
    publish_images: int = 0,
    ready: Callable[[], None] = lambda: None,
    find_model: Callable[[str], Model | Translator] = load_folder,
) -> Iterator[Event]:
    """Train `config` into the model folder `out`, yielding events.

    out             None to write nothing at all
    resume          go on from `out/checkpoint`; `config` must describe the same networks and data
    control         read between steps; once stopped the run saves all it has, writes a complete folder and ends
    progress        called with a line of text now and then while data is loaded
    processes       the processes that share the run; only rank 0 writes
    publish_images  images between models to be published along the way, each with a checkpoint in `out`; 0 for none
    find_model      returns the model that `config.init` names, for a new run
    ready           called in rank 0 once settings, data and checkpoint are validated, before anything is written

    While it goes on no other run can have `out`. Raises ConfigError, DataError, FolderError or TrainingError, each with
    the cure. Errors of `ready` pass through.
    """
    processes = processes or ProcessGroup()
    if resume and out is None:
        raise ValueError("resume needs the folder of the run in `out`")
    with ExitStack() as held:
        folder = out if processes.rank == 0 else None
        log = processes.rank_zero_first(lambda: held.enter_context(own_folder(folder, resume)) if folder else None)
        config, dataset = processes.rank_zero_first(lambda: prepare(config, progress))
        # All processes use the precision that rank 0 measured as the faster.
        bf16 = processes.any(processes.rank == 0 and config.precision == "bf16")
        config = dataclasses.replace(config, precision="bf16" if bf16 else "fp32")
        measuring = config.measure_images and processes.rank == 0
        measure = processes.rank_zero_first(lambda: measurement(config, dataset) if measuring else None)
        trainer = Trainer(config, dataset, processes)
        notes = list(dataset.notes)
        if log and not log.locked:
            notes.append(NOT_LOCKED)
        if config.init and not resume:
            trainer.begin_with(processes.rank_zero_first(lambda: find_model(config.init)))
        if out and resume and (faults := trainer.restore(out / "checkpoint")):
            notes.append(f"{faults}: going on from the checkpoint before it, at image {trainer.shown:,}")
        notes += _notes_on_settings(config, trainer)
        events = run(trainer, len(dataset.images), tuple(notes), folder, control or Control(), publish_images, measure)
        if processes.rank == 0:
            ready()
        yield from events if log is None else _logged(events, log)


def _notes_on_settings(config: Config, trainer: Trainer) -> Iterator[str]:
    if note := unused_settings(config):
        yield note
    measure = config.precision == "bf16" and trainer.processes.rank == 0
    if measure and faster_precision(str(trainer.device)) == "fp32":
        yield "bf16 is slower than fp32 on this machine: --precision fp32 would take less time"


def _logged(events: Iterator[Event], log: RunLog) -> Iterator[Event]:
    """Append every event to the log, then pass it on."""
    for event in events:
        log.append(event)
        yield event


def run(
    trainer: Trainer,
    picture_count: int,
    notes: tuple[str, ...],
    out: Path | None,
    control: Control,
    publish_images: int = 0,
    measure: Measure | None = None,
    report: float | None = None,
    ticks: bool = False,
) -> Iterator[Event]:
    """Run a prepared trainer to its end, rolling back when something is not finite; arguments as in `train`.

    picture_count: of the training set. measure: as `gan.training.best.measurement` returns it, in rank 0 alone.
    report: least seconds between two `Stepped`, `REPORT_SECONDS` if None. ticks: yield a `Ticked` after every step.
    """
    generator, critic = (sum(p.numel() for p in n.parameters()) for n in (trainer.generator, trainer.critic))
    yield Started(trainer.config, trainer.shown, picture_count, notes, generator, critic, str(trainer.device))
    monitor = AlarmMonitor(trainer.config.dataset)
    reporter = Reporter(trainer, monitor, REPORT_SECONDS if report is None else report)
    rollback = RollbackPolicy(trainer)
    loop = _Loop(trainer, control, out, publish_images, measure, ticks, monitor, reporter, rollback)
    state: Snapshot | None = None
    stopped = False
    while state is None:
        try:
            stopped = yield from loop.steps()
            state = finite_snapshot(trainer)
        except Diverged as error:
            yield from loop.recover(error, stopped)
            if stopped:
                state = trainer.snapshot()
    yield from loop.finish(state, stopped)


@dataclass
class _Loop:
    """The parts of `run`, and what they share.

    saved_at: images shown at the checkpoint that holds the present state of the run, -1 if none does.
    """

    trainer: Trainer
    control: Control
    out: Path | None
    publish_images: int
    measure: Measure | None
    ticks: bool
    monitor: AlarmMonitor
    reporter: Reporter
    rollback: RollbackPolicy
    saved_at: int = -1

    def steps(self) -> Generator[Event, None, bool]:
        """Step until all images are shown or a stop is requested; return whether it was stopped."""
        trainer, control = self.trainer, self.control
        while trainer.shown < trainer.config.images:
            move = control.next()
            if trainer.processes.any(move is None) or move is None:
                return True
            if settings := control.settings():
                yield _change(trainer, settings)
            yield from self._step(move)
        return False

    def _step(self, move: str) -> Iterator[Event]:
        """Make one step, and report, measure, sample, save and publish what is due after it."""
        trainer, reporter = self.trainer, self.reporter
        shown_before, begin = trainer.shown, perf_counter()
        critic, generator = trainer.advance(move)
        reporter.add(critic)
        due = _due(trainer.config, self.publish_images, shown_before, trainer.shown)
        reporting = trainer.processes.any(reporter.due(move) or due.any)
        numbers = read_numbers(critic, generator) if reporting else None  # waits for the device
        trainer.seconds += perf_counter() - begin
        if numbers:
            yield from reporter.report(numbers, move)
        if due.any:
            yield from self._write_due(due)
        if self.ticks:
            yield Ticked(trainer.shown)

    def _write_due(self, due: _Due) -> Iterator[Event]:
        """Measure, sample, save and publish what is due. Raises Diverged first if the state is not finite."""
        trainer = self.trainer
        state = finite_snapshot(trainer)
        if due.measure and self.measure:
            yield self._evaluate(self.measure)
            state = trainer.snapshot()  # with the best
        if due.sample:
            yield from self._sample()
        if due.checkpoint or due.publish:
            yield self._save(state)
        if due.checkpoint:
            self.rollback.keep(state, self.reporter.latest)
        if due.publish and self.out is not None and trainer.shown < trainer.config.images:
            yield Published(trainer.shown, capture_model(trainer, self.reporter.latest, names_from=self.out))

    def _sample(self) -> Iterator[Event]:
        trainer, path = self.trainer, None
        samples = trainer.sample()
        if self.out is not None:
            path = self.out / "samples" / f"{trainer.shown:010d}.png"
            path.parent.mkdir(exist_ok=True)
            write_grid(path, trainer.preview())
        yield Sampled(trainer.shown, path, samples)
        diversity = trainer.diversity(samples)
        yield Measured(trainer.shown, diversity)
        if alarm := self.monitor.check_diversity(diversity, trainer.shown):
            yield alarmed(trainer.shown, *alarm, trainer.config)

    def _evaluate(self, measure: Measure) -> Evaluated:
        trainer = self.trainer
        found = measure(trainer.model())
        best = trainer.keep_best(found["frechet_distance"])
        numbers = {name: found[name] for name in ("frechet_distance", "frechet_floor", "precision", "recall")}
        return Evaluated(trainer.shown, **numbers, best=best)

    def _save(self, state: Snapshot) -> Checkpointed:
        self.saved_at = self.trainer.shown
        if self.out is None:
            return Checkpointed(self.trainer.shown, None)
        self.trainer.save(self.out / "checkpoint", state)
        return Checkpointed(self.trainer.shown, self.out / "checkpoint")

    def recover(self, error: Diverged, stopped: bool) -> Iterator[Event]:
        """Go back to the last good state. TrainingError after too many rollbacks, unless the run was stopped."""
        trainer, rollback = self.trainer, self.rollback
        if rollback.exhausted and not stopped:
            message = rollback.give_up(error)
            yield alarmed(trainer.shown, "gave-up", message, trainer.config)
            raise TrainingError(message, error.advice) from None
        message = rollback.roll_back(error.where)
        self.reporter.restart(rollback.report)
        self.saved_at = -1
        yield alarmed(trainer.shown, "non-finite", message, trainer.config)
        if self.ticks and not stopped:
            yield Ticked(trainer.shown)

    def finish(self, state: Snapshot, stopped: bool) -> Iterator[Event]:
        """Save the last state and write the model folder; a run that has not made a step leaves neither."""
        trainer = self.trainer
        if trainer.shown and self.saved_at != trainer.shown:
            yield self._save(state)
        notes: tuple[str, ...] = ()
        if trainer.shown and self.out is not None:
            notes = write_model(trainer, self.out, self.reporter.latest)
        yield Done(trainer.shown, trainer.seconds, self.out, stopped, notes)


@dataclass(frozen=True)
class _Due:
    """Work that is due after a step."""

    measure: bool
    sample: bool
    checkpoint: bool
    publish: bool

    @property
    def any(self) -> bool:
        """Return whether anything is due."""
        return self.measure or self.sample or self.checkpoint or self.publish


def _due(config: Config, publish_images: int, before: int, after: int) -> _Due:
    """Return what is due when `after` images were shown and `before` of them before the step."""

    def crossed(period: float) -> bool:
        return before // period != after // period

    measure = config.measure_images > 0 and (crossed(config.measure_images) or after >= config.images)
    publish = crossed(publish_images or math.inf)
    return _Due(measure, crossed(config.sample_images), crossed(config.checkpoint_images), publish)


def _change(trainer: Trainer, settings: dict[str, Any]) -> Event:
    try:
        trainer.change(**settings)
    except ConfigError as error:
        return Alarmed(trainer.shown, "refused", str(error))
    return Changed(trainer.shown, trainer.config)
