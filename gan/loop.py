"""The training loop: a generator of typed events. It knows nothing of who listens."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from gan import data
from gan.card import write_grid
from gan.config import Config
from gan.events import Checkpointed, Done, Event, Sampled, Started, Stepped, record
from gan.publish import write_model
from gan.trainer import Trainer, diverged, prepare

REPORT_SECONDS = 0.5


def train(
    config: Config,
    out: Path,
    resume: bool = False,
    stop: Callable[[], bool] = lambda: False,
    progress: Callable[[str], None] = lambda line: None,
) -> Iterator[Event]:
    """Train `config` into the model folder `out`, yielding what happens.

    resume    go on from `out/checkpoint`; `config` must describe the same networks and data
    stop      asked between steps; once true the run saves all it has, writes a complete folder and ends
    progress  is given a line of text now and then while data is loaded

    Raises ConfigError, DataError, FolderError or TrainingError, each with the cure.
    """
    config, dataset = prepare(config, progress)
    trainer = Trainer(config, dataset)
    if resume:
        trainer.restore(out / "checkpoint")
    out.mkdir(parents=True, exist_ok=True)
    with (out / "log.jsonl").open("a", encoding="utf-8") as log:
        for event in _events(trainer, dataset, out, stop):
            log.write(json.dumps(record(event), ensure_ascii=False) + "\n")
            log.flush()
            yield event


def _events(trainer: Trainer, dataset: data.Dataset, out: Path, stop: Callable[[], bool]) -> Iterator[Event]:
    config, last, stopped = trainer.config, None, False
    counts = [sum(p.numel() for p in net.parameters()) for net in (trainer.generator, trainer.critic)]
    yield Started(config, trainer.shown, len(dataset.images), dataset.notes, *counts, str(trainer.device))
    start, start_shown, reported, saved = time.perf_counter(), trainer.shown, 0.0, -1
    while trainer.shown < config.images and not (stopped := stop()):
        before, tick = trainer.shown, time.perf_counter()
        result = trainer.advance()
        due = time.perf_counter() - reported >= REPORT_SECONDS or trainer.shown >= config.images
        losses = [float(v) for v in result] if due else None  # waits for the device: part of the step's time
        now = time.perf_counter()
        trainer.seconds += now - tick
        if losses:
            rate = (trainer.shown - start_shown) / (now - start)
            last, reported = Stepped(trainer.shown, trainer.seconds, rate, *losses), now
            if not all(map(math.isfinite, losses[:3])):
                raise diverged(trainer.shown)
            yield last
        if _crossed(before, trainer.shown, config.sample_images):
            pictures, path = trainer.sample(), out / "samples" / f"{trainer.shown:010d}.png"
            path.parent.mkdir(exist_ok=True)
            write_grid(path, pictures)
            yield Sampled(trainer.shown, path, pictures)
        if _crossed(before, trainer.shown, config.checkpoint_images):
            trainer.save(out / "checkpoint")
            saved = trainer.shown
            yield Checkpointed(trainer.shown, out / "checkpoint")
    if trainer.shown and saved != trainer.shown:
        trainer.save(out / "checkpoint")
        yield Checkpointed(trainer.shown, out / "checkpoint")
    if trainer.shown:  # stopped before the first step, there is nothing worth keeping
        write_model(trainer, out, last)
    yield Done(trainer.shown, trainer.seconds, out, stopped)


def _crossed(before: int, after: int, every: int) -> bool:
    return before // every != after // every
