"""The training loop: a generator of typed events. It knows nothing of who listens."""

from __future__ import annotations

import dataclasses
import json
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from gan.alarms import Watch
from gan.card import write_grid
from gan.config import Config, ConfigError
from gan.control import Control
from gan.distributed import World
from gan.events import (
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
    record,
)  # fmt: skip
from gan.failures import Diverged, TrainingError
from gan.options import prepare
from gan.precision import quicker
from gan.publish import capture, write_model
from gan.trainer import Trainer, listed

REPORT_SECONDS = 0.5
ROLLBACKS = 3  # to one checkpoint, before the run gives up


def train(
    config: Config,
    out: Path | None,
    resume: bool = False,
    control: Control | None = None,
    progress: Callable[[str], None] = lambda line: None,
    world: World | None = None,
    publish_images: int = 0,
    ready: Callable[[], None] = lambda: None,
) -> Iterator[Event]:
    """Train `config` into the model folder `out`, yielding what happens.

    out       None to write nothing at all
    resume    go on from `out/checkpoint`; `config` must describe the same networks and data
    control   obeyed between steps; once stopped the run saves all it has, writes a complete folder and ends
    progress  is given a line of text now and then while data is loaded
    world     the processes that share the run; only rank 0 writes
    publish_images  images between models to be shown along the way, each with a checkpoint in `out`; 0 for none
    ready     called in rank 0 once settings, data and checkpoint are found good, before anything is written

    Raises ConfigError, DataError, FolderError or TrainingError, each with the cure, and what `ready` raises.
    """
    world = world or World()
    config, dataset = world.first(lambda: prepare(config, progress))
    half = world.any(world.rank == 0 and config.precision == "bf16")  # "auto" is what rank 0 found to be quicker
    trainer = Trainer(dataclasses.replace(config, precision="bf16" if half else "fp32"), dataset, world)
    if resume:
        trainer.restore(out / "checkpoint")
    folder = out if world.rank == 0 else None
    notes = dataset.notes
    if half and world.rank == 0 and quicker(str(trainer.device)) == "fp32":
        notes += ("bf16 is slower than fp32 on this machine: --precision fp32 would take less time",)
    events = run(trainer, len(dataset.images), notes, folder, control or Control(), publish_images)
    if out is None or world.rank:
        if not world.rank:
            ready()
        yield from events
        return
    ready()
    out.mkdir(parents=True, exist_ok=True)
    with (out / "log.jsonl").open("a", encoding="utf-8") as log:
        for event in events:
            log.write(json.dumps(_finite(record(event)), ensure_ascii=False) + "\n")
            log.flush()
            yield event


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
    config, world, watch = trainer.config, trainer.world, Watch()
    report = REPORT_SECONDS if report is None else report
    counts = [sum(p.numel() for p in net.parameters()) for net in (trainer.generator, trainer.critic)]
    yield Started(config, trainer.shown, pictures, notes, *counts, str(trainer.device))
    good, falls = trainer.snapshot(), 0  # where a rollback leads
    start, start_shown, reported, saved, last, stopped = trainer.seconds, trainer.shown, 0.0, -1, None, False
    while trainer.shown < trainer.config.images:
        move = control.next()
        if stopped := world.any(move is None):
            break
        if settings := control.settings():
            yield _changed(trainer, settings)
        config = trainer.config
        before, tick = trainer.shown, time.perf_counter()
        critic, generator = trainer.advance(move)
        periods = config.sample_images, config.checkpoint_images, publish_images or math.inf
        marks = [_crossed(before, trainer.shown, n) for n in periods]
        due = time.perf_counter() - reported >= report or trainer.shown >= config.images or move != "both"
        due = world.any(due or any(marks))
        numbers = _numbers(critic, generator) if due else None  # waits for the device: part of the step's time
        now = time.perf_counter()
        trainer.seconds += now - tick
        try:
            if numbers:
                bad = [k for k, v in _moved(numbers, move).items() if not math.isfinite(v)]
                if world.any(bool(bad)):
                    raise Diverged(trainer.shown, listed(bad) or "losses of another process")
                rate = (trainer.shown - start_shown) / max(trainer.seconds - start, 1e-9)
                last, reported = Stepped(trainer.shown, trainer.seconds, rate, **numbers), now
                yield last
                if alarm := watch.accuracy(last.critic_accuracy) if critic else None:
                    yield Alarmed(trainer.shown, *alarm)
            if marks[0]:
                yield from _sampled(trainer, out, watch)
            if marks[1] or marks[2]:
                good, falls, saved = trainer.snapshot(), 0, trainer.shown
                yield _saved(trainer, out)
            if marks[2] and out is not None and trainer.shown < config.images:
                yield Published(trainer.shown, capture(trainer, last))
        except Diverged as error:
            falls += 1
            if falls > ROLLBACKS:
                raise TrainingError(f"{error} (gave up after {ROLLBACKS} rollbacks to image {good.shown:,})") from None
            message = _rolled_back(trainer, good, falls, error.where)
            start, start_shown = trainer.seconds, trainer.shown
            yield Alarmed(trainer.shown, "non-finite", message)
        if ticks:
            yield Ticked(trainer.shown)
    if trainer.shown and saved != trainer.shown:
        yield _saved(trainer, out)
    if trainer.shown and out is not None:  # stopped before the first step, there is nothing worth keeping
        write_model(trainer, out, last)
    yield Done(trainer.shown, trainer.seconds, out, stopped)


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


def _sampled(trainer: Trainer, out: Path | None, watch: Watch) -> Iterator[Event]:
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


def _saved(trainer: Trainer, out: Path | None) -> Checkpointed:
    if out is None:
        return Checkpointed(trainer.shown, None)
    trainer.save(out / "checkpoint")
    return Checkpointed(trainer.shown, out / "checkpoint")


def _rolled_back(trainer: Trainer, good, falls: int, where: str) -> str:
    failed = trainer.shown
    scale = good.rate_scale * 0.5**falls
    trainer.rewind(good)
    trainer.rate_scale = scale
    return (
        f"{where} not finite after {failed:,} images: back to image {good.shown:,}, with the learning "
        f"rate times {scale:g} from here on ({falls} of {ROLLBACKS} times)"
    )


def _crossed(before: int, after: int, every: float) -> bool:
    return before // every != after // every


def _finite(values: dict) -> dict:
    # JSON has no NaN.
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in values.items()}
