"""What a training run tells: typed events, and the line of `log.jsonl` each becomes."""

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
    """Data and networks are ready. shown: above 0 when resumed. notes: what the user should read."""

    config: Config
    shown: int
    pictures: int
    notes: tuple[str, ...]
    generator_parameters: int
    critic_parameters: int
    device: str


@dataclass(frozen=True)
class Stepped:
    """Now and then, the state of training. seconds: of training, over all resumed parts.

    The rest is of one step, as in `gan.training.step`; NaN where only the other player has moved.
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


@dataclass(frozen=True)
class Sampled:
    """Pictures of fixed seeds, as `Trainer.sample` gives them, and the file their grid is in, if any."""

    shown: int
    path: Path | None
    pictures: np.ndarray


@dataclass(frozen=True)
class Measured:
    """diversity: `diversity_ratio` of the sampled pictures, about 1 when all is well and near 0 when few repeat."""

    shown: int
    diversity: float


@dataclass(frozen=True)
class Changed:
    """From here on the run has other settings: config is the new one."""

    shown: int
    config: Config


@dataclass(frozen=True)
class Ticked:
    """A step was made. Only for listeners that ask for every one."""

    shown: int


@dataclass(frozen=True)
class Alarmed:
    """Something is wrong. kind: non-finite, gave-up, critic-won, diversity, exploded or refused.

    message: what, and what to do or what was done. shown: of non-finite, the image that the run went back to.
    """

    shown: int
    kind: str
    message: str


@dataclass(frozen=True)
class Checkpointed:
    """All that is needed to go on lies in `path`, or only in memory."""

    shown: int
    path: Path | None


@dataclass(frozen=True)
class Published:
    """A model to show to others before the run has ended. write: as `capture_model` gives it."""

    shown: int
    write: Callable[[Path], None]


@dataclass(frozen=True)
class Done:
    """The model folder, if there is one, is complete. stopped: before all images were shown, on request."""

    shown: int
    seconds: float
    folder: Path | None
    stopped: bool


Event = Started | Ticked | Stepped | Sampled | Measured | Changed | Alarmed | Checkpointed | Published | Done


def record(event: Event) -> dict:
    """An event as JSON values; arrays and functions are left out."""
    out: dict = {"event": type(event).__name__.lower()}
    for f in dataclasses.fields(event):
        value = getattr(event, f.name)
        if isinstance(value, Config):
            out[f.name] = dataclasses.asdict(value)
        elif not (isinstance(value, np.ndarray) or callable(value)):
            out[f.name] = str(value) if isinstance(value, Path) else value
    return out


def finite(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as JSON has them: a number that is not finite is None."""
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in values.items()}
