"""A run's settings held against each other, against the data, and against the run that they go on with."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from gan import data, networks
from gan.config import Config
from gan.data import DATASETS
from gan.data.points import DISTRIBUTIONS, Points, is_points, load_points
from gan.errors import ConfigError
from gan.models import point_plot
from gan.models.model import pick_device
from gan.training import augment
from gan.training.losses import LOSSES
from gan.training.memory import oom_hint
from gan.training.optimizers import OPTIMIZERS
from gan.training.penalties import PENALTIES
from gan.training.precision import quicker
from gan.training.schedule import greatest_gamma

STARTS = [f.name for f in dataclasses.fields(Config) if f.name.endswith("_start")]


def prepare(
    config: Config,
    progress: Callable[[str], None] = lambda line: None,
    dataset: data.Dataset | Points | None = None,
) -> tuple[Config, data.Dataset | Points]:
    """Check names and options, load the data, and return the config with what data and machine decide filled in.

    dataset: the data, where it is there already. Raises ConfigError or data.DataError with the cure, TrainingError
    where memory runs out.
    """
    check_options(config)
    device = pick_device(config.device)  # before anything is downloaded
    if config.precision == "auto":  # a plane's coordinates need their digits, and its products are too small to gain
        exact = config.network in networks.POINT_NETWORKS
        config = dataclasses.replace(config, precision="fp32" if exact else quicker(str(device)))
    if config.network in networks.POINT_NETWORKS:
        if not is_points(config.dataset):
            raise ConfigError(
                f"network {config.network} is for points, and {config.dataset[:40]} is not made of them: dataset must "
                f"be one of {', '.join(DISTRIBUTIONS)}"
            )
        drawn = {"resolution": point_plot.SIDE, "channels": point_plot.CHANNELS, "classes": ()}
        return dataclasses.replace(config, **drawn), dataset or load_points(config.dataset)
    if is_points(config.dataset):
        have = " or ".join(networks.POINT_NETWORKS)
        raise ConfigError(f"{config.dataset[:40]} is made of points, not pictures: network must be {have}")
    if dataset is None:
        with oom_hint(config, loading=True):
            dataset = data.load(config.dataset, config.resolution or None, config.data_root, progress=progress)
    classes = dataset.classes if networks.find_pair(config).conditional and config.conditional else ()
    _, channels, resolution, _ = dataset.images.shape
    return dataclasses.replace(config, resolution=resolution, channels=channels, classes=tuple(classes)), dataset


def check_options(config: Config) -> None:
    """ConfigError for an unknown name, listing the choices, and for options that contradict each other, saying why."""
    pair = networks.find_pair(config)
    for field, known in (
        ("loss", LOSSES),
        ("penalty", PENALTIES),
        ("optimizer", OPTIMIZERS),
    ):
        if getattr(config, field) not in known:
            raise ConfigError(f"{field} must be one of {', '.join(known)}, got {getattr(config, field)!r}")
    policy = augment.parse(config.augment)
    networks.check_critic_norm(config)
    batch_norm = config.critic_norm == "batch"
    penalised = config.penalty != "none" and greatest_gamma(config) > 0
    if batch_norm and penalised:
        raise ConfigError(
            f"penalty {config.penalty} needs each logit to depend on its own picture alone, and batch normalisation in "
            "the critic mixes them: set critic_norm to none or spectral, or penalty to none"
        )
    if (pair.generator_batch_norm or batch_norm) and config.batch_size < 2 * config.accumulate:
        raise ConfigError(
            f"batch normalisation needs two pictures in every part of a batch: accumulate must be at most "
            f"{config.batch_size // 2} for batch_size {config.batch_size}, got {config.accumulate}"
        )
    customary = LOSSES[config.loss].customary
    held = config.clip or config.critic_norm == "spectral" or (config.penalty != "none" and config.gamma > 0)
    if ("clip" in customary or customary.get("penalty") == "gp") and not held:
        raise ConfigError(
            f"loss {config.loss} has no bound on the critic to the end of the run: set penalty to gp and gamma above "
            "0, or clip above 0"
        )
    starts = [name for name in STARTS if getattr(config, name)]
    if starts and not config.burn_in:
        raise ConfigError(
            f"{' and '.join(starts)} would never act: set burn_in to the images over which to go on from there"
        )
    if config.burn_in and not starts:
        raise ConfigError(f"burn_in has nothing to change: set one of {', '.join(STARTS)}, or burn_in to 0")
    if config.clip and config.critic_norm == "spectral":
        raise ConfigError(
            "clip bounds weights that spectral normalisation rescales anyway: set clip to 0, or critic_norm to none"
        )
    if config.clip and config.penalty == "gp" and penalised:
        raise ConfigError("clip and penalty gp both bound the critic's slope, at different values: choose one of them")
    if policy and config.network in networks.POINT_NETWORKS:
        raise ConfigError("augment changes pictures, and there are none among points: set augment to none")


def unused_settings(config: Config) -> str:
    """A sentence on settings of a penalty that is not there, or "".

    Told and not refused: presets and cards name such settings too.
    """
    names = ("gamma", "gamma_start", "penalty_every")
    defaults = Config()
    given = [f"--{n.replace('_', '-')}" for n in names if getattr(config, n) != getattr(defaults, n)]
    if config.penalty != "none" or not given:
        return ""
    return f"{' and '.join(given)} will do nothing: there is no penalty to weigh, set one with --penalty"


def with_changes(config: Config, settings: Mapping[str, Any]) -> Config:
    """The config with other settings, of those that may change while a run goes on (marked `live` in `Config`).

    ConfigError for a setting that may not, a bad value or a contradiction.
    """
    fields = {f.name: f for f in dataclasses.fields(Config)}
    for name in settings:
        if name not in fields:
            raise ConfigError(f"unknown field {name!r}")
        if not fields[name].metadata.get("live"):
            raise ConfigError(f"{name} cannot change while a run goes on: start a new one")
    config = dataclasses.replace(config, **settings)
    check_options(config)
    return config


def check_resumed(old: Config, new: Config) -> None:
    """ConfigError where a resumed run's config differs from the one before in what may not (marked `resumable`).

    A folder of pictures may be another one: whether it holds the same pictures the checkpoint knows.
    """
    for f in dataclasses.fields(Config):
        before, now = getattr(old, f.name), getattr(new, f.name)
        moved = f.name == "dataset" and not any(name in DATASETS or is_points(name) for name in (before, now))
        if before != now and not f.metadata.get("resumable") and not moved:
            raise ConfigError(
                f"--{f.name.replace('_', '-')} cannot change in a resumed run, from {before!r} to {now!r}: "
                f"start a new one with --out"
            )
