"""`LESSONS`: settings of runs that teach something when watched. A new one is an entry here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gan.config import Config
from gan.data.points import is_points
from gan.networks.precision import faster_precision

# Defaults of a run in the browser, for points and for pictures: small, and quick on one thread.
POINTS: dict[str, Any] = {
    "network": "points", "batch_size": 128, "z_dim": 2, "width": 64, "learning_rate": 2e-3, "critic_lr_ratio": 2.0,
    "beta1": 0.0, "beta2": 0.9, "gamma": 0.1, "ema_images": 12_800, "precision": "fp32", "anneal": 0.0,
    "images": 20_000_000, "sample_images": 16_000, "checkpoint_images": 64_000, "device": "cpu",
}  # fmt: skip
PICTURES: dict[str, Any] = {
    "network": "resnet", "batch_size": 16, "width": 32, "learning_rate": 8e-4, "gamma": 0.3, "ema_images": 2_000,
    "anneal": 0.0, "images": 5_000_000, "sample_images": 4_000, "checkpoint_images": 4_000, "device": "cpu",
}  # fmt: skip
# An average over one image is the generator itself: it shows at once what happens to it.
_CLASSIC = {
    "loss": "nonsaturating", "penalty": "none", "learning_rate": 1e-3, "critic_lr_ratio": 1.0, "beta1": 0.5,
    "beta2": 0.999, "ema_images": 1,
}  # fmt: skip
_CONVOLUTIONS = {"network": "dcgan", "batch_size": 32, "learning_rate": 2e-4, "ema_images": 1}


@dataclass(frozen=True)
class Lesson:
    """A title, one sentence on what to look at, and settings over the defaults, for points and for pictures."""

    title: str
    look_at: str
    points: dict[str, Any]
    pictures: dict[str, Any]


LESSONS: dict[str, Lesson] = {
    "modern": Lesson(
        "Modern",
        "Relativistic pairs with R1 and R2: every mode is found, and stays found.",
        {"loss": "relativistic", "penalty": "r1+r2"},
        {"loss": "relativistic", "penalty": "r1+r2"},
    ),
    "classic": Lesson(
        "Classic DCGAN",
        "The recipe of 2015: cross-entropy and Adam with momentum, no penalty. Watch modes come and go.",
        _CLASSIC,
        {**_CLASSIC, **_CONVOLUTIONS},
    ),
    "collapse": Lesson(
        "Collapse on purpose",
        "A slow critic against a fast generator: all samples gather where the critic last took them for real.",
        {**_CLASSIC, "learning_rate": 4e-3, "critic_lr_ratio": 0.1},
        {**_CLASSIC, **_CONVOLUTIONS, "learning_rate": 1e-3, "critic_lr_ratio": 0.1},
    ),
    "minimax": Lesson(
        "Vanishing gradient",
        "The loss as first published: once the critic is certain, the generator's gradient is gone. Watch that number.",
        {**_CLASSIC, "loss": "minimax", "critic_lr_ratio": 4.0, "critic_steps": 5},
        {**_CLASSIC, **_CONVOLUTIONS, "loss": "minimax", "critic_lr_ratio": 4.0},
    ),
    "wgan": Lesson(
        "WGAN, clipped",
        "Weights held in a small box: stable and slow, with a critic too simple for fine detail.",
        {
            "loss": "wgan", "penalty": "none", "clip": 0.1, "critic_steps": 5, "optimizer": "rmsprop",
            "learning_rate": 1e-3, "critic_lr_ratio": 1.0, "beta2": 0.99, "ema_images": 1,
        },
        {
            **_CONVOLUTIONS, "loss": "wgan", "penalty": "none", "clip": 0.03, "critic_steps": 5, "optimizer": "rmsprop",
            "learning_rate": 5e-4, "critic_lr_ratio": 1.0, "beta2": 0.99,
        },
    ),
}  # fmt: skip


def settings(preset: str, dataset: str) -> dict[str, Any]:
    """Return every setting of a preset for a data set, to build a `Config` from; KeyError for an unknown name.

    Pictures train in the precision that is quicker on this machine.
    """
    lesson = LESSONS[preset]
    if is_points(dataset):
        return {**POINTS, **lesson.points, "dataset": dataset}
    return {**PICTURES, **lesson.pictures, "dataset": dataset, "precision": faster_precision("cpu")}


def config_of(preset: str, dataset: str, changes: dict[str, Any]) -> Config:
    """Return the config of a preset with changes; ConfigError for a bad value."""
    return Config(**{**settings(preset, dataset), **changes})
