"""The training loop: a generator of typed events. It knows nothing of who listens."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from gan.config import Config
from gan.errors import ConfigError, Diverged, TrainingError
from gan.models.image_grid import write_grid
from gan.training.alarms import AlarmMonitor
from gan.training.control import Control
from gan.training.distributed import ProcessGroup
from gan.training.events import (
    Alarmed,
    Changed,
    Checkpointed,
    Done,
    Event,
    Measured,
    Published,
    Sampled,
    Started,
    Stepped,
    Ticked,
    finite,
    record,
)  # fmt: skip
from gan.training.export_model import capture_model, write_model
from gan.training.precision import quicker
from gan.training.trainer import Snapshot, Trainer, listed
from gan.training.validation import prepare, unused_settings

REPORT_SECONDS = 0.5
ROLLBACKS = 3  # before the run gives up
HEALTHY = 500_000  # images without another rollback, after which those before are forgotten; the rate stays lowered


def train(
    config: Config,
    out: Path | None,
    resume: bool = False,
    control: Control | None = None,
    progress: Callable[[str], None] = lambda line: None,
    processes: ProcessGroup | None = None,
    publish_images: int = 0,
    ready: Callable[[], None] = lambda: None,
) -> Iterator[Event]:
    """Train `config` into the model folder `out`, yielding what happens.

    out       None to write nothing at all
    resume    go on from `out/checkpoint`; `config` must describe the same networks and data
    control   obeyed between steps; once stopped the run saves all it has, writes a complete folder and ends
    progress  is given a line of text now and then while data is loaded
    processes     the processes that share the run; only rank 0 writes
    publish_images  images between models to be shown along the way, each with a checkpoint in `out`; 0 for none
    ready     called in rank 0 once settings, data and checkpoint are found good, before anything is written

    Raises ConfigError, DataError, FolderError or TrainingError, each with the cure, and what `ready` raises.
    """
    processes = processes or ProcessGroup()
    config, dataset = processes.rank_zero_first(lambda: prepare(config, progress))
    half = processes.any(
        processes.rank == 0 and config.precision == "bf16"
    )  # "auto" is what rank 0 found to be quicker
    trainer = Trainer(dataclasses.replace(config, precision="bf16" if half else "fp32"), dataset, processes)
    notes = dataset.notes
    if resume and (faults := trainer.restore(out / "checkpoint")):
        notes += (f"{faults}: going on from the checkpoint before it, at image {trainer.shown:,}",)
    if sentence := unused_settings(config):
        notes += (sentence,)
    folder = out if processes.rank == 0 else None
    if half and processes.rank == 0 and quicker(str(trainer.device)) == "fp32":
        notes += ("bf16 is slower than fp32 on this machine: --precision fp32 would take less time",)
    events = run(trainer, len(dataset.images), notes, folder, control or Control(), publish_images)
    if out is None or processes.rank:
        if not processes.rank:
            ready()
        yield from events
        return
    ready()
    out.mkdir(parents=True, exist_ok=True)
    with (out / "log.jsonl").open("a+b") as log:
        if _cut(log):
            log.write(b"\n")
        for event in events:
            log.write((json.dumps(finite(record(event)), ensure_ascii=False) + "\n").encode())
            log.flush()
            yield event


def _cut(log: BinaryIO) -> bool:
    # Whether its last line was cut, by a full disk or a power cut: the next event must not be glued to it.
    if not log.tell():
        return False
    log.seek(-1, os.SEEK_END)
    return log.read() != b"\n"


def run(
    trainer: Trainer,
    pictures: int,
    notes: tuple[str, ...],
    out: Path | None,
    control: Control,
    publish_images: int = 0,
    report: float | None = None,
    ticks: bool = False,
) -> Iterator[Event]:
    """The loop itself, over a trainer that is ready; `train` says what the rest means.

    report: least seconds between two `Stepped`, `REPORT_SECONDS` if None. ticks: whether every step is told too, by a
    `Ticked`.
    """
    config, processes, watch = trainer.config, trainer.processes, AlarmMonitor()
    report = REPORT_SECONDS if report is None else report
    counts = [sum(p.numel() for p in net.parameters()) for net in (trainer.generator, trainer.critic)]
    yield Started(config, trainer.shown, pictures, notes, *counts, str(trainer.device))
    good, told = _finite_state(trainer), None  # where a rollback leads, and the latest losses there
    start, start_shown, reported, saved, last, stopped = trainer.seconds, trainer.shown, 0.0, -1, None, False
    won, judged = 0.0, 0  # the critic's accuracies since the last report, as yet on the device, and of how many steps
    while True:
        try:
            while trainer.shown < trainer.config.images:
                move = control.next()
                if stopped := processes.any(move is None):
                    break
                if settings := control.settings():
                    yield _changed(trainer, settings)
                config = trainer.config
                before, tick = trainer.shown, time.perf_counter()
                critic, generator = trainer.advance(move)
                if critic:
                    won, judged = won + critic.critic_accuracy, judged + 1
                periods = config.sample_images, config.checkpoint_images, publish_images or math.inf
                sampling, keeping, showing = [_crossed(before, trainer.shown, n) for n in periods]
                marked = sampling or keeping or showing
                due = time.perf_counter() - reported >= report or trainer.shown >= config.images or move != "both"
                numbers = _numbers(critic, generator) if processes.any(due or marked) else None  # waits for the device
                now = time.perf_counter()
                trainer.seconds += now - tick
                if numbers:
                    bad = [k for k, v in _moved(numbers, move).items() if not math.isfinite(v)]
                    if processes.any(bool(bad)):
                        raise Diverged(trainer.shown, listed(bad) or "losses of another process")
                    rate = (trainer.shown - start_shown) / max(trainer.seconds - start, 1e-9)
                    last, reported = Stepped(trainer.shown, trainer.seconds, rate, **numbers), now
                    yield last
                    if judged and (alarm := watch.accuracy(float(won) / judged, judged * config.batch_size)):
                        yield Alarmed(trainer.shown, *alarm)
                    won, judged = 0.0, 0
                state = _finite_state(trainer) if marked else None
                if sampling:
                    yield from _sampled(trainer, out, watch)
                if keeping or showing:
                    saved = trainer.shown
                    yield _saved(trainer, out, state)
                if keeping:
                    good, told = state, last
                if showing and out is not None and trainer.shown < config.images:
                    yield Published(trainer.shown, capture_model(trainer, last))
                if ticks:
                    yield Ticked(trainer.shown)
            state = _finite_state(trainer)
            break
        except Diverged as error:
            if not stopped and _too_many_rollbacks(trainer):
                sentence = (
                    f"{error} (gave up after {ROLLBACKS} rollbacks; the last good state is of image {good.shown:,})"
                )
                yield Alarmed(trainer.shown, "gave-up", sentence)
                raise TrainingError(sentence) from None
            message = _rolled_back(trainer, good, error.where)
            start, start_shown, saved, last, won, judged = trainer.seconds, trainer.shown, -1, told, 0.0, 0
            yield Alarmed(trainer.shown, "non-finite", message)
            if stopped:
                state = trainer.snapshot()
                break
            if ticks:
                yield Ticked(trainer.shown)
    if trainer.shown and saved != trainer.shown:
        yield _saved(trainer, out, state)
    if trainer.shown and out is not None:  # stopped before the first step, there is nothing worth keeping
        write_model(trainer, out, last)
    yield Done(trainer.shown, trainer.seconds, out, stopped)


def _finite_state(trainer: Trainer) -> Snapshot:
    """The run's state; Diverged, in all processes alike, unless it is finite in each."""
    state = error = None
    try:
        state = trainer.snapshot()
    except Diverged as raised:
        error = raised
    if trainer.processes.any(error is not None):
        raise error or Diverged(trainer.shown, "weights of another process")
    return state


def _numbers(critic, generator) -> dict[str, float]:
    names = {f: math.nan for f in Stepped.__dataclass_fields__ if f not in ("shown", "seconds", "images_per_second")}
    for result in filter(None, (critic, generator)):
        names |= {k: float(v) for k, v in result._asdict().items()}
    return names


def _moved(numbers: dict[str, float], move: str) -> dict[str, float]:
    # What must be finite: the numbers of the players that have moved.
    other = {"both": "neither", "critic": "generator_", "generator": "critic_"}[move]
    shared = ("penalty", "real_logit", "fake_logit")
    return {k: v for k, v in numbers.items() if not k.startswith(other) and (move != "generator" or k not in shared)}


def _sampled(trainer: Trainer, out: Path | None, watch: AlarmMonitor) -> Iterator[Event]:
    pictures, path = trainer.sample(), None
    if out is not None:
        path = out / "samples" / f"{trainer.shown:010d}.png"
        path.parent.mkdir(exist_ok=True)
        write_grid(path, trainer.preview())
    yield Sampled(trainer.shown, path, pictures)
    diversity = trainer.diversity(pictures)
    yield Measured(trainer.shown, diversity)
    if alarm := watch.diversity(diversity, trainer.shown):
        yield Alarmed(trainer.shown, *alarm)


def _changed(trainer: Trainer, settings: dict) -> Event:
    try:
        trainer.change(**settings)
    except ConfigError as error:
        return Alarmed(trainer.shown, "refused", str(error))
    return Changed(trainer.shown, trainer.config)


def _saved(trainer: Trainer, out: Path | None, state: Snapshot) -> Checkpointed:
    if out is None:
        return Checkpointed(trainer.shown, None)
    trainer.save(out / "checkpoint", state)
    return Checkpointed(trainer.shown, out / "checkpoint")


def _too_many_rollbacks(trainer: Trainer) -> bool:
    # Whether the run has been rolled back as often as it may, and not been well for long since.
    return trainer.rollbacks >= ROLLBACKS and trainer.shown - trainer.last_rollback < HEALTHY


def _rolled_back(trainer: Trainer, good: Snapshot, where: str) -> str:
    failed, scale = trainer.shown, trainer.rate_scale * 0.5
    rollbacks = min(trainer.rollbacks, ROLLBACKS - 1) + 1 if failed - trainer.last_rollback < HEALTHY else 1
    trainer.rewind(good)
    trainer.rate_scale, trainer.rollbacks, trainer.last_rollback = scale, rollbacks, failed
    return (
        f"{where} not finite after {failed:,} images: back to image {good.shown:,}, with the learning "
        f"rate times {scale:g} from here on ({rollbacks} of {ROLLBACKS} times)"
    )


def _crossed(before: int, after: int, every: float) -> bool:
    return before // every != after // every
