"""What may be wished of a run in the Train tab: the entries of its menus, and the checks of what comes back."""

from __future__ import annotations

import base64
import dataclasses
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gan.config import Config
from gan.ui.server import checks

if TYPE_CHECKING:
    from gan.data.dataset import Dataset
    from gan.networks import NetworkPair

UPLOAD = 48 * 2**20  # bytes of one upload, in base64
FRESH = ("network", "seed", "conditional", "critic_norm", "width")  # offered besides what is `live`, for a new run only
LARGEST = {  # a step of which takes 200 MB and three seconds at most, on one core
    "points": {"batch_size": 1024, "width": 128, "critic_steps": 20},
    "pictures": {"batch_size": 128, "width": 64, "critic_steps": 20},
}


def fields() -> list[dataclasses.Field]:
    """Those of `Config` that may be set here: first what may change while a run goes on, then `FRESH`."""
    offered = [f for f in dataclasses.fields(Config) if f.metadata.get("live") or f.name in FRESH]
    return sorted(offered, key=lambda f: not f.metadata.get("live"))


def offers() -> dict[str, Any]:
    """Everything in the tab's menus, read from the dicts of the package.

    presets: {name: {title, lookAt}}. data: {points: {name: title}, pictures: the same}, what needs no download.
    settings: {points: [{name, kind, live, help, choices?}, ...], pictures: the same}; what has no choice is left out.
    """
    from gan.data import DATASETS
    from gan.data.points import DISTRIBUTIONS
    from gan.live.lessons import LESSONS
    from gan.networks import NETWORKS, POINT_NETWORKS

    return {
        "presets": {name: {"title": lesson.title, "lookAt": lesson.look_at} for name, lesson in LESSONS.items()},
        "data": {
            "points": {name: distribution.about for name, distribution in DISTRIBUTIONS.items()},
            "pictures": {name: source.about for name, source in DATASETS.items() if not source.download},
        },
        "settings": {
            "points": _offered(POINT_NETWORKS, pictures=False),
            "pictures": _offered(NETWORKS, pictures=True),
        },
    }


def _offered(pairs: Mapping[str, NetworkPair], pictures: bool) -> list[dict[str, Any]]:
    from gan.training.augment import AUGMENTATIONS
    from gan.training.losses import LOSSES
    from gan.training.optimizers import OPTIMIZERS
    from gan.training.penalties import PENALTIES

    names = {"network": pairs, "loss": LOSSES, "penalty": PENALTIES, "optimizer": OPTIMIZERS}
    names["augment"] = dict.fromkeys(["none", *AUGMENTATIONS, ",".join(AUGMENTATIONS)] if pictures else ["none"])
    without = {"seed"}  # has a place of its own
    without |= set() if any(pair.conditional for pair in pairs.values()) else {"conditional"}
    unknown = set() if any(pair.critic_batch_norm for pair in pairs.values()) else {"batch"}
    out = []
    for f in fields():
        about = {"name": f.name, "kind": f.type, "live": bool(f.metadata.get("live")), "help": f.metadata["help"]}
        if f.type == "str":
            about["choices"] = [c for c in names.get(f.name, f.metadata.get("choices", ())) if c not in unknown]
        if f.name not in without and len(about.get("choices", "any")) > 1:
            out.append(about)
    return out


def dataset(name: object) -> str:
    """The name of a data set that is offered, or of a drawing; ValueError for any other."""
    from gan.data.points import distribution_of, is_drawing

    if isinstance(name, str) and is_drawing(name):
        distribution_of(name)  # raises what is wrong with it
        return name
    data = offers()["data"]
    return checks.choice(name, "dataset", (*data["points"], *data["pictures"]))


def settings(values: object) -> dict[str, Any]:
    """Settings from a browser: known names, numbers in the type that `Config` wants. Ranges are `Config`'s to check."""
    if not isinstance(values, dict):
        raise ValueError(f"settings must be an object, got {checks.quoted(values)}")
    offered = {f.name: f for f in fields()}
    out = {}
    for name, value in values.items():
        if name not in offered:
            raise ValueError(f"{checks.quoted(name)} is no setting of a run here")
        if isinstance(value, float) and value.is_integer() and isinstance(offered[name].default, int):
            value = int(value)  # JavaScript knows one kind of number
        out[name] = value
    return out


def config(preset: object, dataset: str, changes: object, seed: int) -> Config:
    """A preset for a data set, with changes; ValueError for what is unknown, bad or more than one visitor may."""
    from gan.live.lessons import LESSONS, config_of

    preset = checks.choice(preset, "preset", tuple(LESSONS))
    return bounded(config_of(preset, dataset, {"seed": seed, **settings(changes)}))


def bounded(config: Config) -> Config:
    """The config, if it takes no more memory and time than one visitor may; ValueError otherwise."""
    from gan.data.points import is_points

    for name, most in LARGEST["points" if is_points(config.dataset) else "pictures"].items():
        if getattr(config, name) > most:
            raise ValueError(f"{name} may be {most} at most here, got {getattr(config, name)}: train it at home")
    return config


def uploaded(files: object) -> Dataset:
    """Files [{name, data}, ...] with base64 contents to a data set; ValueError for what is none."""
    from gan.live.uploads import read_uploads

    good = isinstance(files, list) and all(
        isinstance(f, dict) and isinstance(f.get("name"), str) and isinstance(f.get("data"), str) for f in files
    )
    if not good:
        raise ValueError("files must be a list of names and contents")
    if sum(len(f["data"]) for f in files) > UPLOAD:
        raise ValueError(f"that is more than {UPLOAD // 2**20} MB: upload fewer pictures, or smaller ones")
    with tempfile.TemporaryDirectory(prefix="latent-lab-") as folder:
        paths = []
        for i, file in enumerate(files):
            ending = re.sub(r"[^A-Za-z0-9._-]", "_", file["name"])[-60:]
            paths.append(Path(folder) / f"{i}" / (ending.lstrip(".") or "file"))
            paths[-1].parent.mkdir()
            try:
                paths[-1].write_bytes(base64.b64decode(file["data"], validate=True))
            except ValueError:
                raise ValueError(f"{checks.quoted(file['name'])} arrived damaged: please try again") from None
        return read_uploads(paths)
