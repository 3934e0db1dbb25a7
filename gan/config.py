"""The settings of a training run: one frozen dataclass and the ranges of its fields."""

from __future__ import annotations

import dataclasses
import json
import math
import typing
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from gan.errors import ConfigError

RESOLUTIONS = (28, 32, 64)  # pixels a side
LARGE_RESOLUTIONS = (128, 256)  # of networks made for them (`NetworkPair.large`), and of a GPU
ALL_RESOLUTIONS = RESOLUTIONS + LARGE_RESOLUTIONS
MIN_WIDTH = 16


class ClassGroup(NamedTuple):
    """Classes that answer one question about a picture, such as its background or the animals on it.

    size: how many of the classes belong to it, in their order. most: how many of them one picture can have; at least
    one.
    """

    name: str
    size: int
    most: int = 1


def check_wish(chosen: Collection[int], classes: Sequence[str], groups: Sequence[ClassGroup]) -> None:
    """Raise ValueError, naming them, where more of a group's classes are chosen than a picture can have.

    chosen: indices into `classes`, each once. Without groups, `classes` are one of which a picture has one.
    """
    start = 0
    for group in groups or (ClassGroup("class", len(classes)),):
        own = sorted(index for index in chosen if start <= index < start + group.size)
        if len(own) > group.most:
            names = ", ".join(classes[index] for index in own)
            shown = names if len(names) <= 100 else f"{names[:100]}…"
            raise ValueError(f"label must name at most {group.most} of {group.name[:60]}, got {shown}")
        start += group.size


def _setting(default: Any, help: str, low: float = -math.inf, high: float = math.inf, **metadata: Any) -> Any:
    """Return a dataclass field with its help text, its range and the following metadata.

    choices     the names that are allowed
    derived     copied from the data set; no command-line flag
    resumable   may differ when a run is resumed
    live        may change while a run is going on
    absent      the value in folders that were written before the field existed
    task        the only task that reads it
    also        another name of its flag
    off         the default is that there is no such feature, and will stay so: commands do not name it then
    """
    return field(default=default, metadata={"help": help, "low": low, "high": high, **metadata})


@dataclass(frozen=True)
class Config:
    """Everything that decides the weights, in the units given beside each field.

    Saved unchanged as `config.json`. `channels` and `classes` are copied from the data set when training starts, so
    that the networks can be rebuilt without the data. The classes of a translation are names of numbers that it is
    told.
    """

    task: str = _setting(
        "generate",
        "what is learnt: to generate pictures, or to translate those of one set into those of another",
        choices=("generate", "translate"),
        absent="generate",
    )
    dataset: str = _setting(
        "emoji",
        "name of a data set, a folder of pictures, or hub:USER/NAME[/SUBSET][@REVISION][:COLUMN] for a data set on the "
        "Hub; what is translated to (B) in a translation",
        also="--to",
    )
    source: str = _setting(
        "",
        "what is translated (A), named as dataset is; empty where dataset holds pairs",
        absent="",
        task="translate",
        also="--from",
    )
    objective: str = _setting("cycle", "what ties a translation to its picture", absent="cycle", task="translate")
    content: float = _setting(
        10.0,
        "weight of what ties a translation to its picture: cycle consistency, contrast of places, or the L1 distance "
        "to the other one of the pair",
        0.0,
        1e4,
        resumable=True,
        live=True,
        absent=10.0,
        task="translate",
    )
    identity: float = _setting(
        2.0,
        "weight of leaving pictures as they are that are of the set translated to",
        0.0,
        1e4,
        resumable=True,
        live=True,
        absent=2.0,
        task="translate",
    )
    change: float = _setting(
        0.0,
        "weight of the mean absolute change, so that what need not change stays",
        0.0,
        1e4,
        resumable=True,
        live=True,
        absent=0.0,
        task="translate",
    )
    cycle_noise: float = _setting(
        2.0,
        "standard deviation, in levels of 255, of noise on a translation before it goes back: a cycle cannot hide the "
        "picture in a faint pattern then",
        0.0,
        64.0,
        resumable=True,
        live=True,
        absent=2.0,
        task="translate",
    )
    network: str = _setting("resnet", "architecture of the generator and the critic (discriminator)")
    conditional: bool = _setting(True, "train on the data set's classes, if network and data have them", absent=True)
    attributes: bool = _setting(
        False,
        "teach the latent the attributes that the data set knows of its pictures, such as beard or skin: its first "
        "coordinates stand for them, and the critic is told them",
        absent=False,
        off=True,
    )
    attribute_weight: float = _setting(
        0.0,
        "weight of reading those attributes and classes: the critic learns to read them from real pictures, and the "
        "generator to have them read from its own (arXiv:1610.09585); of a translation those of faces, which need not "
        "be taught. 0 = no",
        0.0,
        1e3,
        absent=0.0,
        off=True,
    )
    labels: int = _setting(
        0,
        "also learn classes, from the labels of so many pictures of each that the seed chooses; no other label is "
        "read (feature matching, arXiv:1606.03498). 0 = no. Needs a network whose critic tells classes: light",
        0,
        10**6,
        absent=0,
        off=True,
    )
    init: str = _setting(
        "",
        "begin with the weights of a model: its folder, or hub:USER/NAME[@REVISION]; network, resolution, width, z_dim "
        "and critic_norm are the model's unless given",
        absent="",
    )
    freeze_critic: int = _setting(
        0, "first layers of the critic that keep the weights of init (FreezeD, arXiv:2002.10964)", 0, 1000, absent=0
    )
    loss: str = _setting("relativistic", "adversarial loss", live=True)
    penalty: str = _setting("r1+r2", "gradient penalty on the critic (discriminator)", live=True, absent="r1+r2")
    gamma: float = _setting(1.0, "weight of the penalty; 0 turns it off", 0.0, 1e4, resumable=True, live=True)
    penalty_every: int = _setting(
        1,
        "critic steps from one penalty to the next, which then weighs that many times as much (lazy regularisation)",
        1,
        64,
        resumable=True,
        live=True,
        absent=1,
    )
    critic_norm: str = _setting(
        "none", "normalisation inside the critic (discriminator)", choices=("none", "batch", "spectral"), absent="none"
    )
    clip: float = _setting(
        0.0,
        "largest absolute weight of the critic, clipped after each of its steps; 0 = no clipping",
        0.0,
        10.0,
        live=True,
        absent=0.0,
    )
    mirror: bool = _setting(
        False,
        "mirror half of the pictures left to right, drawn anew each time: good for faces and scenes, wrong for digits, "
        "letters and whatever else a mirror makes another thing",
        absent=False,
    )
    augment: str = _setting(
        "none",
        "DiffAugment of real and generated pictures: none, or some of color,translation,cutout",
        resumable=True,
        live=True,
        absent="none",
    )
    augment_target: float = _setting(
        0.0,
        "adapt how often pictures are augmented, so that the measure of overfitting stays at this, as .6 in "
        "StyleGAN2-ADA; 0 = augment always",
        0.0,
        0.99,
        resumable=True,
        live=True,
        absent=0.0,
    )
    augment_images: int = _setting(
        100_000,
        "images in which that probability can go from 0 to 1",
        1,
        10**9,
        resumable=True,
        live=True,
        absent=100_000,
    )
    images: int = _setting(3_000_000, "length of the run: real images shown to the critic", 1, 10**10, resumable=True)
    batch_size: int = _setting(16, "images per critic step, over all processes", 2, 65536, live=True)
    accumulate: int = _setting(
        1,
        "parts into which each batch is split to save memory; batch normalisation and dropout then work on each part "
        "by itself",
        1,
        1024,
        resumable=True,
        absent=1,
    )
    critic_steps: int = _setting(1, "critic steps per generator step", 1, 100, live=True, absent=1)
    seed: int = _setting(0, "seed of every random number of the run", 0, 2**32 - 1)
    device: str = _setting("auto", "device to train on: auto, cpu or cuda", resumable=True)
    data_root: str = _setting("data", "folder for downloaded data sets", resumable=True)
    resolution: int = _setting(
        0,
        "width and height of the pictures: 28, 32 or 64, or, with a GPU and network resnet, 128 or 256; 0 = as in the "
        "data set",
        0,
        256,
    )
    width: int = _setting(
        64,
        "size of the networks: channels of resnet's 14x14 or 16x16 maps; half a hidden layer of the points networks",
        MIN_WIDTH,
        256,
    )
    z_dim: int = _setting(100, "dimensions of the latent space", 2, 512)
    optimizer: str = _setting("adam", "optimiser of both networks", live=True, absent="adam")
    learning_rate: float = _setting(4e-4, "learning rate of the generator", 1e-7, 1.0, resumable=True, live=True)
    critic_lr_ratio: float = _setting(
        1.0, "learning rate of the critic divided by the generator's (TTUR)", 0.01, 100, resumable=True, live=True
    )
    beta1: float = _setting(0.0, "Adam's beta1; momentum of RMSprop and SGD", 0.0, 0.999, live=True)
    beta2: float = _setting(0.99, "Adam's beta2; RMSprop's alpha", 0.0, 0.9999, live=True)
    ema_images: int = _setting(
        16_000, "half-life of the generator's moving average (EMA), in images", 1, 10**9, resumable=True, live=True
    )
    burn_in: int = _setting(
        0,
        "images over which the four *_start settings move to their final values (cosine); a start of 0 means the final "
        "value, so to begin with next to nothing give 1e-9, or 1 image",
        0,
        10**10,
        absent=0,
    )
    learning_rate_start: float = _setting(0.0, "learning_rate at image 0; 0 = the final one", 0.0, 1.0, absent=0.0)
    gamma_start: float = _setting(0.0, "gamma at image 0; 0 = the final one", 0.0, 1e4, absent=0.0)
    beta2_start: float = _setting(0.0, "beta2 at image 0; 0 = the final one", 0.0, 0.9999, absent=0.0)
    ema_images_start: int = _setting(0, "ema_images at image 0; 0 = the final one", 0, 10**9, absent=0)
    anneal: float = _setting(
        0.3, "last part of the run, as a fraction, in which the learning rate falls to 0", 0.0, 1.0, resumable=True
    )
    precision: str = _setting(
        "auto",
        "bf16 (autocast), fp32, or auto, the faster of the two on this machine",
        choices=("auto", "bf16", "fp32"),
    )
    sample_images: int = _setting(100_000, "images between two grids of samples", 1, 10**10, resumable=True)
    measure_images: int = _setting(
        0,
        "images between measurements of the averaged generator by its Frechet distance; the model folder then has the "
        "best of them. 0 = none, and the last one",
        0,
        10**10,
        resumable=True,
        absent=0,
    )
    checkpoint_images: int = _setting(50_000, "images between two checkpoints", 1, 10**10, resumable=True)
    channels: int = _setting(0, "colour channels, from the data set", 0, 3, derived=True)
    classes: tuple[str, ...] = _setting((), "class names, from the data set", derived=True)
    class_groups: tuple[ClassGroup, ...] = _setting(
        (), "groups of the classes, where a picture has several; from the data set", derived=True, absent=()
    )
    read_classes: tuple[str, ...] = _setting(
        (), "classes that the critic tells, with `labels`; from the data set", derived=True, absent=()
    )
    conditions: int = _setting(
        0,
        "numbers that the critic is told of a picture besides its classes, with `attributes`; from the data set",
        0,
        10_000,
        derived=True,
        absent=0,
    )
    network_parts: tuple[str, ...] = _setting(
        (), "parts of a translator's networks that its objective needs", derived=True, absent=(), task="translate"
    )

    def __post_init__(self) -> None:
        """Raise ConfigError, naming field, range and value, unless every field is of its type and in its range."""
        types_by_name = typing.get_type_hints(Config)
        for f in dataclasses.fields(self):
            kind, value = types_by_name[f.name], getattr(self, f.name)
            _check_value(f, kind, value)
            if kind is float:
                object.__setattr__(self, f.name, float(value))  # JSON's 0 for 0.0, which Adam's betas do not take
        if self.resolution not in (0, *ALL_RESOLUTIONS):
            sides = ", ".join(map(str, ALL_RESOLUTIONS))
            raise ConfigError(f"resolution must be one of {sides}, got {self.resolution}")
        if self.width % 16:
            raise ConfigError(f"width must be a multiple of 16 (the fast bf16 path needs it), got {self.width}")
        if self.batch_size % self.accumulate:
            raise ConfigError(f"accumulate must divide batch_size, got {self.accumulate} and {self.batch_size}")
        if self.class_groups and sum(group.size for group in self.class_groups) != len(self.classes):
            raise ConfigError(f"class_groups must hold each of the {len(self.classes)} classes once")

    def to_json(self) -> str:
        """Return the config as indented JSON text with every field."""
        return json.dumps(dataclasses.asdict(self), indent=2, ensure_ascii=False) + "\n"

    @staticmethod
    def from_dict(values: Any) -> Config:
        """Build a Config from parsed, untrusted JSON.

        Raises ConfigError for a non-object and for a missing, unknown or invalid field.
        """
        if not isinstance(values, dict):
            raise ConfigError(f"expected a JSON object, got {type(values).__name__}")
        names = {f.name for f in dataclasses.fields(Config)}
        if unknown := sorted(set(values) - names):
            raise ConfigError(f"unknown field {unknown[0]!r}")
        old = {f.name: f.metadata["absent"] for f in dataclasses.fields(Config) if "absent" in f.metadata}
        values = {**old, **values}
        if missing := sorted(names - set(values)):
            raise ConfigError(f"missing field {missing[0]!r}")
        for name in ("classes", "read_classes", "network_parts"):
            if isinstance(values[name], list):
                values = {**values, name: tuple(values[name])}
        return Config(**{**values, "class_groups": class_groups(values["class_groups"])})


def _check_value(f: dataclasses.Field, kind: Any, value: Any) -> None:
    if kind is float and type(value) is int:
        kind = int  # compared as it is: a huge one has no float
    if kind == tuple[str, ...]:
        _check_names(f.name, value)
    elif kind == tuple[ClassGroup, ...]:
        _check_groups(f.name, value)
    elif type(value) is not kind:
        raise ConfigError(f"{f.name} must be {kind.__name__}, got {value!r}"[:300])
    elif kind is str:
        _check_text(f.name, value, f.metadata.get("choices", ()))
    elif not f.metadata["low"] <= value <= f.metadata["high"]:  # False for NaN too
        raise ConfigError(f"{f.name} must be in [{f.metadata['low']}, {f.metadata['high']}], got {value}")


def _check_names(name: str, value: Any) -> None:
    if not (isinstance(value, tuple) and all(isinstance(v, str) and len(v) <= 200 and _is_text(v) for v in value)):
        raise ConfigError(f"{name} must be a list of names, got {value!r}"[:300])
    if len(value) > 1000:
        raise ConfigError(f"{name} must have at most 1000 entries, got {len(value)}")


def class_groups(value: Any) -> tuple[ClassGroup, ...]:
    """Return groups from parsed, untrusted JSON, a list of [name, size, most]; ConfigError for anything else."""
    groups = tuple(map(_group, value)) if isinstance(value, list) else value
    _check_groups("class_groups", groups)
    return groups


def _group(value: Any) -> Any:
    """Return a list of three as a ClassGroup, and anything else as it is, for `_check_groups` to refuse."""
    return ClassGroup(*value) if isinstance(value, list) and len(value) == 3 else value


def _check_groups(name: str, value: Any) -> None:
    refusal = ConfigError(f"{name} must be a list of [name, size, most], got {value!r}"[:300])
    if not isinstance(value, tuple):
        raise refusal
    for group in value:
        fits = isinstance(group, ClassGroup) and type(group.size) is type(group.most) is int
        if not fits or not 1 <= group.most <= group.size <= 1000:
            raise refusal
        _check_names(name, (group.name,))


def _check_text(name: str, value: str, choices: Sequence[str]) -> None:
    if len(value) > 1000:
        raise ConfigError(f"{name} must be at most 1000 characters, got {len(value)}")
    if not _is_text(value):
        raise ConfigError(f"{name} must be text that UTF-8 can hold, got {value!r}")
    if choices and value not in choices:
        raise ConfigError(f"{name} must be one of {', '.join(choices)}, got {value!r}")


def _is_text(value: str) -> bool:
    # JSON can hold half of a surrogate pair, which cannot be encoded for a browser.
    return not any("\ud800" <= c <= "\udfff" for c in value)
