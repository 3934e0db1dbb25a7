"""Events that a training run yields, each a dataclass, and the line of `log.jsonl` that it becomes.

`shown` is the number of real images shown so far.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gan.config import Config


@dataclass(frozen=True)
class Started:
    """Data and networks are ready. shown: above 0 when resumed; notes: sentences for the user."""

    config: Config
    shown: int
    pictures: int
    notes: tuple[str, ...]
    generator_parameters: int
    critic_parameters: int
    device: str


@dataclass(frozen=True)
class Stepped:
    """The numbers of the latest step, once in a while. seconds: of training, over all resumed parts.

    Losses and what follows are those of `gan.training.step`; NaN for a player that did not move.
    """

    shown: int
    seconds: float
    images_per_second: float
    critic_loss: float
    generator_loss: float
    penalty: float
    real_logit: float
    fake_logit: float
    critic_accuracy: float
    critic_gradient: float
    generator_gradient: float
    overfitting: float = math.nan
    augment_probability: float = math.nan
    generator_content: float = math.nan


@dataclass(frozen=True)
class Sampled:
    """Samples of fixed seeds, as `Trainer.sample` returns them, and the file that holds their grid, if any."""

    shown: int
    path: Path | None
    pictures: np.ndarray


@dataclass(frozen=True)
class Measured:
    """Diversity of the samples: their `diversity_ratio`, about 1 when all is well, near 0 when few pictures repeat."""

    shown: int
    diversity: float


@dataclass(frozen=True)
class Evaluated:
    """The averaged generator, measured as `python -m gan.evaluate` does. best: nearer to real pictures than ever."""

    shown: int
    frechet_distance: float
    frechet_floor: float
    precision: float
    recall: float
    best: bool


@dataclass(frozen=True)
class Changed:
    """New settings from the next step on."""

    shown: int
    config: Config


@dataclass(frozen=True)
class Ticked:
    """A step was made, or rolled back. Only for callers that ask for every step."""

    shown: int


@dataclass(frozen=True)
class Alarmed:
    """Something is wrong. kind: non-finite, gave-up, critic-won, diversity, exploded or refused.

    message: the trouble, or what was done about it. advice: flags that may help, to a command line alone. shown: for
    non-finite, after the rollback.
    """

    shown: int
    kind: str
    message: str
    advice: str = ""


@dataclass(frozen=True)
class Checkpointed:
    """The run can be resumed from here: from the checkpoint `path`, or, if that is None, from memory."""

    shown: int
    path: Path | None


@dataclass(frozen=True)
class Published:
    """A model to publish before the run has ended. write: as `capture_model` returns it."""

    shown: int
    write: Callable[[Path], object]


@dataclass(frozen=True)
class Done:
    """The run has ended, and its model folder, if any, is complete. stopped: on request, before all images.

    notes: sentences on what of the folder before could not be kept.
    """

    shown: int
    seconds: float
    folder: Path | None
    stopped: bool
    notes: tuple[str, ...] = ()


Event = (
    Started | Ticked | Stepped | Sampled | Measured | Evaluated | Changed | Alarmed | Checkpointed | Published | Done
)


def record(event: Event) -> dict[str, Any]:
    """Return an event as JSON values; arrays and functions are left out."""
    values: dict[str, Any] = {"event": type(event).__name__.lower()}
    for f in dataclasses.fields(event):
        value = getattr(event, f.name)
        if isinstance(value, Config):
            values[f.name] = dataclasses.asdict(value)
        elif not (isinstance(value, np.ndarray) or callable(value)):
            values[f.name] = str(value) if isinstance(value, Path) else value
    return values


def finite(values: Mapping[str, Any]) -> dict[str, Any]:
    """Replace numbers that are not finite, which JSON does not have, by None."""
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in values.items()}
