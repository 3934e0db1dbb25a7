"""Training in another process for a bounded time: how a run uses a GPU that a Space shares out by the second.

States and data travel as numpy arrays. Torch would pass tensors through shared memory, which ends with the process
that made it.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from gan.config import Config
from gan.data.domains import TrainingSet
from gan.data.points import Points
from gan.errors import Diverged, TrainingError, for_page
from gan.live.stepper import Stepper
from gan.training.control import Control
from gan.training.events import Alarmed
from gan.training.snapshot import Snapshot
from gan.training.trainer import Trainer

SEND_EVERY = {"points": 0.1, "pictures": 1.0}  # least seconds between two states
HEARTBEAT = 0.2  # most seconds between two items of the generator: it can be closed only there


class BurstError(RuntimeError):
    """Raised when a burst cannot begin or go on. The message, for the visitor, says why."""


@dataclass(frozen=True)
class BurstUpdate:
    """The progress of a burst. A tuple's entries are the sides'.

    states: packed; steps: made since the burst began; numbers: as `Stepper` has them; alarms: since the last update,
    each with its side's index; error: why training cannot go on, the states being the last good ones.
    """

    states: tuple[Any, ...]
    steps: tuple[int, ...]
    numbers: tuple[dict[str, Any], ...]
    alarms: tuple[tuple[int, Alarmed], ...]
    error: str | None = None


def burst(
    configs: Sequence[Config], data: Any, states: Sequence[Any], seconds: float, device: str = "auto"
) -> Generator[BurstUpdate | None, None, None]:
    """Train the sides in lock step from `states` for about so many seconds, or until they are done.

    data, states: packed. Yields an update now and then and at the end, and None in between.
    """
    end, data = time.monotonic() + seconds, unpack(data)
    every = SEND_EVERY["points" if isinstance(data, Points) else "pictures"]
    sides = []
    for config, state in zip(configs, states, strict=True):
        trainer = Trainer(dataclasses.replace(config, device=device), data)
        trainer.rewind(unpack(state))
        sides.append(Stepper(trainer, Control(), every))
    alarms: list[tuple[int, Alarmed]] = []
    good, steps = tuple(states), (0,) * len(sides)

    def update(error: str | None = None) -> BurstUpdate:
        new, alarms[:] = tuple(alarms), []
        return BurstUpdate(good, steps, tuple(s.numbers for s in sides), new, error)

    def keep() -> bool:
        # A state that is not finite is for the loop to go back from: a step or two later it will have.
        nonlocal good, steps
        with suppress(Diverged):
            good, steps = tuple(pack(s.trainer.snapshot()) for s in sides), tuple(s.steps for s in sides)
            return True
        return False

    sent = yielded = time.monotonic()
    while not all(side.finished for side in sides) and time.monotonic() < end:
        try:
            for i, side in enumerate(sides):
                alarms += [(i, event) for event in side.advance() if isinstance(event, Alarmed)]
            kept = time.monotonic() - sent >= every and keep()
        except (TrainingError, ValueError) as error:
            yield update(for_page(error))
            return
        if kept:
            yield update()
            sent = yielded = time.monotonic()
        elif time.monotonic() - yielded >= HEARTBEAT:
            yield None
            yielded = time.monotonic()
    try:
        keep()
    except TrainingError as error:
        yield update(for_page(error))
        return
    yield update()


def pack(value: Snapshot | TrainingSet) -> Any:
    """Return a state or a data set with numpy arrays in place of tensors, to be sent to another process."""
    return type(value), {f.name: _to_arrays(getattr(value, f.name)) for f in dataclasses.fields(value)}


def unpack(value: Any) -> Any:
    """Return the state or data set that `pack` was given."""
    kind, fields = value
    return kind(**{name: _to_tensors(field) for name, field in fields.items()})


def _to_arrays(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _to_arrays(v) for k, v in value.items()}
    return value.detach().cpu().numpy() if isinstance(value, torch.Tensor) else value


def _to_tensors(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _to_tensors(v) for k, v in value.items()}
    return torch.from_numpy(value) if isinstance(value, np.ndarray) else value
