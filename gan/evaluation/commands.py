"""The commands that made a model, as they may be published: without this machine's folders."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Mapping
from typing import Any

from gan import data
from gan.config import Config
from gan.data import hub_pictures
from gan.data.points import is_points
from gan.errors import ConfigError, DataError
from gan.presets import TRANSLATION
from gan.text import code_span, last_name

NOT_AFFECTING_WEIGHTS = (
    "device",
    "data_root",
    "sample_images",
    "checkpoint_images",
)  # settings that do not decide weights
SEGMENTS = ("segments", "legs")  # keys of metrics.json for the parts of a run: today's, and that of older folders


def public(config: Config) -> Config:
    """Return the config without this machine's folders: data sets lose their paths, `data_root` gets its default.

    A folder with the name of a data set is told apart from it.
    """
    name = _public_name(config.dataset)
    init = config.init if config.init.startswith("hub:") else last_name(config.init)
    return dataclasses.replace(
        config, dataset=name, source=_public_name(config.source) if config.source else "", data_root=Config.data_root,
        init=init,
    )  # fmt: skip


def _public_name(dataset: str) -> str:
    """Return the name of a data set, or the last part of a folder's path, told apart from it."""
    if hub_repo(dataset):
        return dataset
    name = last_name(dataset) or "pictures"
    known = name in data.DATASETS or name in data.PAIRS or is_points(name)
    return f"{name} (folder)" if name != dataset and known else name


def hub_repo(dataset: str) -> str:
    """Return USER/NAME of a data set that was read from the Hub, "" of any other."""
    try:
        return hub_pictures.parse(dataset).repo
    except DataError:
        return ""


def command(config: Config) -> str:
    """Return the shell command that trains this config again, whatever later defaults are.

    It has every flag, except empty ones, those of features that are off, those of `NOT_AFFECTING_WEIGHTS` settings at
    their default, and those that only another task reads.
    """
    words = ["python", "train.py"]
    usually = TRANSLATION if config.task == "translate" else {}
    for f in dataclasses.fields(config):
        value = getattr(config, f.name)
        usual = usually.get(f.name, f.default)
        if (
            f.metadata.get("derived")
            or value == "" == f.default
            or (f.metadata.get("off") and value == f.default)
            or (f.name in NOT_AFFECTING_WEIGHTS and value == usual)
        ):
            continue
        if f.metadata.get("task", config.task) != config.task or (f.name == "task" and value == f.default):
            continue
        flag = f.name.replace("_", "-")
        words += [f"--{flag}" if value else f"--no-{flag}"] if isinstance(value, bool) else [f"--{flag}", str(value)]
    return shlex.join(words)


def _segments(config: Config, metrics: Mapping[str, Any]) -> list[tuple[int, dict[str, Any]]]:
    """Return (images at its start, changed settings) of each part of the run; none where that list is not valid."""
    resumable = {f.name for f in dataclasses.fields(Config) if f.metadata.get("resumable")}
    parts = []
    try:
        for part in next((metrics[key] for key in SEGMENTS if key in metrics), []):
            changed = {**part}
            shown = changed.pop("shown")
            dataclasses.replace(config, **changed)  # checks types and ranges
            if type(shown) is not int or not resumable.issuperset(changed):
                return []
            parts.append((shown, changed))
    except (ConfigError, TypeError, KeyError):
        return []
    return parts


def first_command(config: Config, metrics: Mapping[str, Any]) -> str:
    """Return the command that began the run, or the first known one where the beginning is not known."""
    parts = _segments(config, metrics)
    if not parts:
        return command(config)
    shown, changed = parts[0]
    if not shown:
        return command(dataclasses.replace(config, **changed))
    again = f"python train.py --resume DIR {_flags(changed)}".rstrip()
    return f"# the command of the first {shown:,} images is not known; then\n{again}"


def later_commands(config: Config, metrics: Mapping[str, Any]) -> str:
    """Return a sentence on how the run was continued; "" for a run of one command."""
    parts = []
    for shown, changed in _segments(config, metrics)[1:]:
        parts.append(f"from {shown:,} images on {code_span(_flags(changed))}")
    return f"\nand continued with `python train.py --resume DIR`: {', '.join(parts)}.\n" if parts else ""


def _flags(settings: Mapping[str, Any]) -> str:
    return shlex.join(w for name, value in settings.items() for w in (f"--{name.replace('_', '-')}", str(value)))
