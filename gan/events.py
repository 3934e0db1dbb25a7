"""What a training run tells: typed events, and the line of `log.jsonl` each becomes."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

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
    """Now and then, the state of training. seconds: of training, over all resumed parts. Losses are of one step."""

    shown: int
    seconds: float
    images_per_second: float
    critic_loss: float
    generator_loss: float
    penalty: float
    real_logit: float
    fake_logit: float


@dataclass(frozen=True)
class Sampled:
    """A grid of fixed seeds was written to `path`; pictures uint8 (64, H, W, C), seeds 0 to 63."""

    shown: int
    path: Path
    pictures: np.ndarray


@dataclass(frozen=True)
class Checkpointed:
    """All that is needed to go on lies in `path`."""

    shown: int
    path: Path


@dataclass(frozen=True)
class Done:
    """The model folder is complete. stopped: before all images were shown, because `stop` said so."""

    shown: int
    seconds: float
    folder: Path
    stopped: bool


Event = Started | Stepped | Sampled | Checkpointed | Done


def record(event: Event) -> dict:
    """An event as JSON values; arrays are left out."""
    out: dict = {"event": type(event).__name__.lower()}
    for f in dataclasses.fields(event):
        value = getattr(event, f.name)
        if isinstance(value, Config):
            out[f.name] = dataclasses.asdict(value)
        elif not isinstance(value, np.ndarray):
            out[f.name] = str(value) if isinstance(value, Path) else value
    return out
