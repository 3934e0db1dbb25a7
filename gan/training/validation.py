"""Checks of a run's settings: against each other, against the data, and against the run that they resume.

A new contradiction is one function here and its name in `CONTRADICTIONS`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import torch

from gan import data, networks
from gan.config import Config
from gan.data import DATASETS
from gan.data.dataset import Dataset
from gan.data.domains import Domains, TrainingSet
from gan.data.points import DISTRIBUTIONS, is_points, load_points
from gan.errors import ConfigError
from gan.models import point_plot
from gan.models.model import pick_device
from gan.networks.precision import faster_precision
from gan.training import augment
from gan.training.losses import LOSSES
from gan.training.memory import oom_hint
from gan.training.objectives import OBJECTIVES
from gan.training.optimizers import OPTIMIZERS
from gan.training.penalties import PENALTIES
from gan.training.schedule import max_gamma

START_SETTINGS = [f.name for f in dataclasses.fields(Config) if f.name.endswith("_start")]
PENALTY_SETTINGS = ("gamma", "gamma_start", "penalty_every")


def prepare(
    config: Config,
    progress: Callable[[str], None] = lambda line: None,
    dataset: TrainingSet | None = None,
) -> tuple[Config, TrainingSet]:
    """Check names and options, load the data, and return the config with what data and machine decide filled in.

    dataset: the data, if it is loaded already. Raises ConfigError or DataError with the remedy, TrainingError if memory
    runs out.
    """
    check_options(config)
    for_points = config.network in networks.POINT_NETWORKS
    device = pick_device(config.device)  # before anything is downloaded
    if config.precision == "auto":  # bf16 would round the coordinates of points, and saves nothing in small products
        precision = "fp32" if for_points else faster_precision(str(device))
        config = dataclasses.replace(config, precision=precision)
    if config.task == "translate":
        return _prepare_domains(config, progress, dataset)
    return _prepare_points(config, dataset) if for_points else _prepare_pictures(config, progress, dataset)


def _prepare_domains(
    config: Config, progress: Callable[[str], None], dataset: TrainingSet | None
) -> tuple[Config, Domains]:
    objective = OBJECTIVES[config.objective]
    if is_points(config.dataset) or is_points(config.source):
        raise ConfigError("points are not translated: source and dataset must be pictures")
    if dataset is None:
        with oom_hint(config, loading=True):
            dataset = data.load_domains(
                config.source, config.dataset, objective.paired, config.resolution or None, config.data_root, progress
            )
    assert isinstance(dataset, Domains)
    _, channels, resolution, _ = dataset.images.shape
    told = networks.find_pair(config).conditional and config.conditional and dataset.conditions is not None
    config = dataclasses.replace(
        config,
        resolution=resolution,
        channels=channels,
        classes=dataset.classes if told else (),
        class_groups=(),
        network_parts=objective.parts,
        conditions=_conditions_to_read(config, dataset),
    )
    return config, dataset


def _conditions_to_read(config: Config, dataset: Domains) -> int:
    """Return how many numbers a reader of attributes reads, 0 without; ConfigError where none are known."""
    if not config.attribute_weight:
        return 0
    if dataset.codes is None:
        known = " or ".join(name for name, pair in data.PAIRS.items() if pair.faces)
        raise ConfigError(
            f"attributes are not known of {dataset.name[:100]}: leave attribute_weight out, or take {known}"
        )
    return dataset.codes.conditions


def _prepare_points(config: Config, dataset: TrainingSet | None) -> tuple[Config, TrainingSet]:
    if not is_points(config.dataset):
        raise ConfigError(
            f"network {config.network} is for points, and {config.dataset[:40]} is not made of them: dataset must "
            f"be one of {', '.join(DISTRIBUTIONS)}"
        )
    config = dataclasses.replace(
        config, resolution=point_plot.SIDE, channels=point_plot.CHANNELS, classes=(), class_groups=()
    )
    return config, dataset or load_points(config.dataset)


def _prepare_pictures(
    config: Config, progress: Callable[[str], None], dataset: TrainingSet | None
) -> tuple[Config, TrainingSet]:
    if is_points(config.dataset):
        supported = " or ".join(networks.POINT_NETWORKS)
        raise ConfigError(f"{config.dataset[:40]} is made of points, not pictures: network must be {supported}")
    if dataset is None:
        with oom_hint(config, loading=True):
            dataset = data.load(config.dataset, config.resolution or None, config.data_root, progress=progress)
    assert isinstance(dataset, Dataset)
    labelled = networks.find_pair(config).conditional and config.conditional
    classes, groups = (dataset.classes, dataset.groups) if labelled else ((), ())
    _, channels, resolution, _ = dataset.images.shape
    config = dataclasses.replace(
        config,
        resolution=resolution,
        channels=channels,
        classes=tuple(classes),
        class_groups=groups,
        read_classes=_classes_to_read(config, dataset),
        conditions=_conditions(config, dataset),
    )
    return config, dataset


def _conditions(config: Config, dataset: Dataset) -> int:
    """Return how many conditions the attributes are, 0 without; ConfigError where none are known or z is too short."""
    if not config.attributes:
        return 0
    if dataset.codes is None:
        raise ConfigError(
            f"attributes are not known of {dataset.name[:100]}: leave it out, or train on faces or scenes"
        )
    least = dataset.codes.coordinates
    if least > config.z_dim:
        raise ConfigError(f"z_dim must be at least {least} for the attributes of {dataset.name}, got {config.z_dim}")
    return dataset.codes.conditions


def _classes_to_read(config: Config, dataset: Dataset) -> tuple[str, ...]:
    """Return the classes that the critic is to tell, () without `labels`; ConfigError where too few have labels."""
    if not config.labels:
        return ()
    if not dataset.classes or dataset.groups:
        raise ConfigError(
            f"labels learns classes of which a picture has one, and {dataset.name} has none such: set it to 0"
        )
    fewest = int(torch.bincount(dataset.labels, minlength=len(dataset.classes)).min())
    if fewest < config.labels:
        raise ConfigError(f"labels must be at most {fewest}, the pictures of the rarest class, got {config.labels}")
    return tuple(dataset.classes)


def check_options(config: Config) -> None:
    """Raise ConfigError for an unknown name, with the choices, and for contradictory options, with the reason."""
    networks.find_pair(config)
    known: dict[str, Mapping[str, Any]] = {
        "loss": LOSSES, "penalty": PENALTIES, "optimizer": OPTIMIZERS, "objective": OBJECTIVES,
    }  # fmt: skip
    for field, choices in known.items():
        if getattr(config, field) not in choices:
            raise ConfigError(f"{field} must be one of {', '.join(choices)}, got {getattr(config, field)!r}")
    augment.parse(config.augment)
    networks.check_critic_norm(config)
    networks.check_resolution(config)
    for find_contradiction in CONTRADICTIONS:
        if message := find_contradiction(config):
            raise ConfigError(message)


def _batch_norm_and_penalty(config: Config) -> str | None:
    if config.critic_norm == "batch" and _penalised(config):
        return (
            f"penalty {config.penalty} needs each logit to depend on its own picture alone, and batch normalisation in "
            "the critic mixes them: set critic_norm to none or spectral, or penalty to none"
        )
    return None


def _batch_norm_of_single_pictures(config: Config) -> str | None:
    batch_norm = networks.find_pair(config).generator_batch_norm or config.critic_norm == "batch"
    if batch_norm and config.batch_size < 2 * config.accumulate:
        return (
            f"batch normalisation needs two pictures in every part of a batch: accumulate must be at most "
            f"{config.batch_size // 2} for batch_size {config.batch_size}, got {config.accumulate}"
        )
    return None


def _unbounded_critic(config: Config) -> str | None:
    customary = LOSSES[config.loss].customary
    needs_bound = "clip" in customary or customary.get("penalty") == "gp"
    bounded = config.clip or config.critic_norm == "spectral" or (config.penalty != "none" and config.gamma > 0)
    if needs_bound and not bounded:
        return (
            f"loss {config.loss} has no bound on the critic to the end of the run: set penalty to gp and gamma above "
            "0, or clip above 0"
        )
    return None


def _start_without_burn_in(config: Config) -> str | None:
    starts = [name for name in START_SETTINGS if getattr(config, name)]
    if starts and not config.burn_in:
        return (
            f"{' and '.join(starts)} would have no effect: set burn_in to the number of images over which to go to the "
            "final value"
        )
    return None


def _burn_in_without_start(config: Config) -> str | None:
    if config.burn_in and not any(getattr(config, name) for name in START_SETTINGS):
        return f"burn_in has nothing to change: set one of {', '.join(START_SETTINGS)}, or burn_in to 0"
    return None


def _clip_and_spectral_norm(config: Config) -> str | None:
    if config.clip and config.critic_norm == "spectral":
        return "clip bounds weights that spectral normalisation rescales anyway: set clip to 0, or critic_norm to none"
    return None


def _clip_and_gp(config: Config) -> str | None:
    if config.clip and config.penalty == "gp" and _penalised(config):
        return "clip and penalty gp both bound the critic's slope, at different values: choose one of them"
    return None


def _augmented_points(config: Config) -> str | None:
    if augment.parse(config.augment) and config.network in networks.POINT_NETWORKS:
        return "augment changes pictures, and there are none among points: set augment to none"
    return None


def _target_without_augment(config: Config) -> str | None:
    if config.augment_target and config.augment == "none":
        return "augment_target adapts augmentations, and there are none: set augment to color,translation, for example"
    return None


def _mirrored_points(config: Config) -> str | None:
    if config.mirror and config.network in networks.POINT_NETWORKS:
        return "mirror turns pictures, and there are none among points: leave it out"
    return None


def _measured_points(config: Config) -> str | None:
    if config.measure_images and config.task != "generate":
        return "measure_images measures generators, and this run translates: set it to 0"
    if config.measure_images and config.network in networks.POINT_NETWORKS:
        return "measure_images compares pictures, and there are none among points: set it to 0"
    return None


def _frozen_without_init(config: Config) -> str | None:
    if config.freeze_critic and not config.init:
        return "freeze_critic keeps layers of the model that init names: set init too, or freeze_critic to 0"
    return None


def _translation_settings_of_generation(config: Config) -> str | None:
    if config.task == "generate" and config.source:
        return "source is what is translated: set task to translate, or leave it out"
    return None


def _attributes_without_use(config: Config) -> str | None:
    if config.task == "translate" and not config.attributes:
        return None  # they are read alone, as far as they are known
    if not config.attributes:
        return (
            "attribute_weight is of attributes: set attributes too, or leave it out"
            if config.attribute_weight
            else None
        )
    if config.task != "generate" or not networks.find_pair(config).reads_conditions:
        able = " or ".join(name for name, pair in networks.NETWORKS.items() if pair.reads_conditions)
        return f"attributes are told to critics of generators: set network to {able}, or leave it out"
    if config.mirror:
        return "mirror turns a picture and not its attributes, such as which way a head leans: leave one of them out"
    return None


def _labels_that_nothing_reads(config: Config) -> str | None:
    if not config.labels:
        return None
    if config.task != "generate" or not networks.find_pair(config).reads_classes:
        able = " or ".join(name for name, pair in networks.NETWORKS.items() if pair.reads_classes)
        return f"labels needs a critic that tells classes: set network to {able}, or labels to 0"
    if LOSSES[config.loss].generator_reads_real:
        return f"labels needs a loss that judges each picture by itself, and {config.loss} compares: set nonsaturating"
    return None


def _no_dataset(config: Config) -> str | None:
    if not config.dataset:
        return "dataset is not named: pass --dataset, a folder of pictures or hub:USER/NAME"
    return None


def _same_sides(config: Config) -> str | None:
    if config.task == "translate" and config.source == config.dataset:
        return f"source and dataset are both {config.dataset[:100]}: a translation needs two different sets"
    return None


def _penalised(config: Config) -> bool:
    return config.penalty != "none" and max_gamma(config) > 0


# Each returns the message for a contradiction in a config whose names are all known, None if there is none.
CONTRADICTIONS: tuple[Callable[[Config], str | None], ...] = (
    _batch_norm_and_penalty,
    _batch_norm_of_single_pictures,
    _unbounded_critic,
    _start_without_burn_in,
    _burn_in_without_start,
    _clip_and_spectral_norm,
    _clip_and_gp,
    _augmented_points,
    _mirrored_points,
    _measured_points,
    _target_without_augment,
    _frozen_without_init,
    _translation_settings_of_generation,
    _attributes_without_use,
    _labels_that_nothing_reads,
    _no_dataset,
    _same_sides,
)


def unused_settings(config: Config) -> str:
    """Return a sentence on settings of a penalty if there is no penalty, else "".

    A note rather than an error, because presets and cards name such settings too.
    """
    defaults = Config()
    given = [f"--{n.replace('_', '-')}" for n in PENALTY_SETTINGS if getattr(config, n) != getattr(defaults, n)]
    if config.penalty != "none" or not given:
        return ""
    return f"{' and '.join(given)} will do nothing without a penalty: set one with --penalty"


def with_changes(config: Config, settings: Mapping[str, Any]) -> Config:
    """Return the config with other settings, of those that may change during a run (marked `live` in `Config`).

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


def _is_folder(name: str) -> bool:
    return bool(name) and name not in DATASETS and name not in data.PAIRS and not is_points(name)


def check_resumed(old: Config, new: Config) -> None:
    """Raise ConfigError if a resumed run changes a setting that may not change (not marked `resumable` in `Config`).

    A folder of pictures, or a data set on the Hub, may have another name: the checkpoint knows whether it holds the
    same pictures.
    """
    for f in dataclasses.fields(Config):
        before, now = getattr(old, f.name), getattr(new, f.name)
        moved = f.name in ("dataset", "source") and all(map(_is_folder, (before, now)))
        if before != now and not f.metadata.get("resumable") and not moved:
            raise ConfigError(
                f"--{f.name.replace('_', '-')} cannot change in a resumed run, from {before!r} to {now!r}: "
                f"start a new one with --out"
            )
