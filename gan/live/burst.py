"""A stretch of a run in another process, bounded in time: how a GPU is used that is lent by the minute.

What goes there and comes back is numpy, not torch: torch would hand tensors over through shared memory, which ends with
the process that made it.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from gan.config import Config
from gan.data.dataset import Dataset
from gan.data.points import Points
from gan.errors import TrainingError
from gan.live.stepper import Stepper
from gan.training.control import Control
from gan.training.events import Alarmed
from gan.training.trainer import Snapshot, Trainer

SENT = {"points": 0.1, "pictures": 1.0}  # least seconds between two states
BEAT = 0.2  # seconds after which something is said in any case: a burst ends only where it speaks


class BurstError(RuntimeError):
    """Raised when a burst cannot begin or go on. The message, for the visitor, says why."""


@dataclass(frozen=True)
class BurstUpdate:
    """How far a burst is. A tuple's entries are the sides'.

    states: packed; steps: made since the burst began; numbers: as `Stepper` has them; alarms: since the last news, each
    with its side's index; error: why training cannot go on, the states being the last good ones.
    """

    states: tuple[Any, ...]
    steps: tuple[int, ...]
    numbers: tuple[dict[str, Any], ...]
    alarms: tuple[tuple[int, Alarmed], ...]
    error: str | None = None


def burst(
    configs: Sequence[Config], data: Any, states: Sequence[Any], seconds: float, device: str = "auto"
) -> Iterator[BurstUpdate | None]:
    """Train the sides in lock step from `states` for about so many seconds, or until they are done.

    data, states: packed. Tells news now and then and at the end, and None in between.
    """
    end, data = time.monotonic() + seconds, unpacked(data)
    every = SENT["points" if isinstance(data, Points) else "pictures"]
    sides = []
    for config, state in zip(configs, states, strict=True):
        trainer = Trainer(dataclasses.replace(config, device=device), data)
        trainer.rewind(unpacked(state))
        sides.append(Stepper(trainer, Control(), every))
    alarms: list[tuple[int, Alarmed]] = []
    good = tuple(states)

    def news(error: str | None = None) -> BurstUpdate:
        told, alarms[:] = tuple(alarms), []
        return BurstUpdate(good, tuple(s.steps for s in sides), tuple(s.numbers for s in sides), told, error)

    sent = spoke = time.monotonic()
    while not all(side.over for side in sides) and time.monotonic() < end:
        try:
            for i, side in enumerate(sides):
                alarms += [(i, event) for event in side.advance() if isinstance(event, Alarmed)]
            due = time.monotonic() - sent >= every
            good = tuple(packed(side.trainer.snapshot()) for side in sides) if due else good
        except (TrainingError, ValueError) as error:
            yield news(str(error))
            return
        if due:
            yield news()
            sent = spoke = time.monotonic()
        elif time.monotonic() - spoke >= BEAT:
            yield None
            spoke = time.monotonic()
    try:
        good = tuple(packed(side.trainer.snapshot()) for side in sides)
    except TrainingError as error:
        yield news(str(error))
        return
    yield news()


def packed(value: Snapshot | Dataset | Points) -> Any:
    """A state or a data set with numpy arrays where it has tensors, to be sent to another process."""
    return type(value), {f.name: _arrays(getattr(value, f.name)) for f in dataclasses.fields(value)}


def unpacked(value: Any) -> Any:
    """What was packed."""
    kind, fields = value
    return kind(**{name: _tensors(field) for name, field in fields.items()})


def _arrays(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _arrays(v) for k, v in value.items()}
    return value.detach().cpu().numpy() if isinstance(value, torch.Tensor) else value


def _tensors(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _tensors(v) for k, v in value.items()}
    return torch.from_numpy(value) if isinstance(value, np.ndarray) else value
