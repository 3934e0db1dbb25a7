"""The Train tab's form: the entries of its menus, and the config that a filled-in form becomes.

Menus are read from the dicts of the package. What one visitor may ask for is bounded in `LARGEST`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gan.config import Config
from gan.ui.server.request import choice, quoted

if TYPE_CHECKING:
    from gan.networks import NetworkPair

NEW_RUN_ONLY = (
    "network",
    "seed",
    "conditional",
    "critic_norm",
    "width",
    "mirror",
    "objective",
)  # offered besides the settings marked `live`
LOCAL_ONLY = ("z_dim", "anneal", "images", "sample_images", "checkpoint_images")  # read by a run, and not offered
LARGEST = {  # a critic step with these takes 350 MB and a second at 32 x 32, on one core; a stop ends it half-way
    "points": {"batch_size": 1024, "width": 128, "critic_steps": 20},
    "pictures": {"batch_size": 128, "width": 64, "critic_steps": 20},
    "translations": {"batch_size": 32, "width": 64, "critic_steps": 20},
}


def fields(kind: str) -> list[dataclasses.Field]:
    """List the fields of `Config` that may be set here: those that may change during a run, then `NEW_RUN_ONLY`.

    kind: of what is learnt, one of `gan.live.lesson.KINDS`.
    """
    task = "translate" if kind == "translations" else "generate"
    read = [f for f in dataclasses.fields(Config) if f.metadata.get("task", task) == task]
    offered = [f for f in read if f.metadata.get("live") or f.name in NEW_RUN_ONLY]
    return sorted(offered, key=lambda f: not f.metadata.get("live"))


def menus(server: bool = True) -> dict[str, Any]:
    """Return everything in the tab's menus. server: False for a page without one, which learns points alone.

    Kinds are `gan.live.lesson.KINDS`. presets: {name: {title, stories: {kind: story}, except_on}}, as
    `gan.live.lesson.Lesson` has them. data: {kind: {name: title}}, those that need no download and have no
    smaller set offered in their place. settings: {kind: [{name, kind, live, help, choices?}, ...]}, those with more
    than one choice.
    measured: {name or kind: [number, ...]}, as `gan.live.viewers.watchable` has them.
    previews: {names: [data set, ...], sheet: an address of a picture with a row each, of three squares}.
    upload: {bytes, files, side}, what an upload may hold in all, and the shorter side in pixels that training can use;
    None without a server. local: {presets: {name: settings}, rules: {name: {kind, low, high, live, most?}}}, what the
    browser needs to train points itself.
    """
    from gan.data import DATASETS, previews
    from gan.data.points import DISTRIBUTIONS
    from gan.live import uploads
    from gan.live.lesson import KINDS
    from gan.live.lessons import LESSONS
    from gan.live.translation_lessons import WORLDS
    from gan.live.viewers import watchable
    from gan.networks import NETWORKS, POINT_NETWORKS, TRANSLATORS

    limits = {"bytes": uploads.SENT_BYTES, "files": uploads.FILES, "side": uploads.USEFUL_SIDE}
    shortened = {source.subset_of for source in DATASETS.values()}
    data = {
        "points": {name: distribution.about for name, distribution in DISTRIBUTIONS.items()},
        "pictures": {
            name: s.about for name, s in DATASETS.items() if server and not s.download and name not in shortened
        },
        "translations": {name: world.title for name, world in WORLDS.items() if server},
    }
    return {
        "presets": {
            name: {
                "title": lesson.title,
                "stories": {kind: dataclasses.asdict(story) for kind, story in lesson.stories.items()},
                "except_on": lesson.except_on,
            }
            for name, lesson in LESSONS.items()
            if server or "points" in lesson.stories
        },
        "data": data,
        "measured": {name: watchable(name) for names in (KINDS, *data.values()) for name in names},
        "previews": {"names": list(previews.NAMES), "sheet": previews.sheet()},
        "settings": {
            "points": _settings_menu("points", POINT_NETWORKS),
            "pictures": _settings_menu("pictures", NETWORKS),
            "translations": _settings_menu("translations", TRANSLATORS),
        },
        "upload": limits if server else None,
        "local": _local_menu(),
    }


def _local_menu() -> dict[str, Any]:
    """Return the lessons' settings for points, and what each setting may be."""
    from gan.data.points import DISTRIBUTIONS
    from gan.live.lessons import LESSONS, config_of

    offered = [f for f in fields("points") if f.name != "seed"]
    kept = [f.name for f in offered] + list(LOCAL_ONLY)
    presets = {}
    for name in (name for name, lesson in LESSONS.items() if "points" in lesson.stories):
        config = config_of(name, next(iter(DISTRIBUTIONS)), {})
        presets[name] = {field: getattr(config, field) for field in kept}
    rules: dict[str, dict[str, Any]] = {}
    for f in offered:
        rule = {"kind": f.type, "live": bool(f.metadata.get("live"))}
        if f.type in ("int", "float"):
            rule |= {"low": f.metadata["low"], "high": f.metadata["high"]}
        if f.name in LARGEST["points"]:
            rule["most"] = LARGEST["points"][f.name]
        rules[f.name] = rule
    return {"presets": presets, "rules": rules}


def _settings_menu(kind: str, pairs: Mapping[str, NetworkPair]) -> list[dict[str, Any]]:
    from gan.training.augment import AUGMENTATIONS
    from gan.training.losses import LOSSES
    from gan.training.objectives import OBJECTIVES
    from gan.training.optimizers import OPTIMIZERS
    from gan.training.penalties import PENALTIES

    pictures = kind != "points"
    names: dict[str, Any] = {"network": pairs, "loss": LOSSES, "penalty": PENALTIES, "optimizer": OPTIMIZERS}
    names["objective"] = OBJECTIVES
    names["augment"] = dict.fromkeys(["none", *AUGMENTATIONS, ",".join(AUGMENTATIONS)] if pictures else ["none"])
    left_out = {"seed"}  # has an input of its own
    if kind == "translations" or not any(pair.conditional for pair in pairs.values()):
        left_out.add("conditional")
    if not pictures:
        left_out |= {"mirror", "augment_target", "augment_images"}
    impossible = set() if any(pair.critic_batch_norm for pair in pairs.values()) else {"batch"}
    out: list[dict[str, Any]] = []
    for f in fields(kind):
        entry = {"name": f.name, "kind": f.type, "live": bool(f.metadata.get("live")), "help": f.metadata["help"]}
        if f.type == "str":
            options = names.get(f.name, f.metadata.get("choices", ()))
            entry["choices"] = [option for option in options if option not in impossible]
        if f.name not in left_out and len(entry.get("choices", "any")) > 1:
            out.append(entry)
    return out


def dataset(name: object) -> str:
    """Return the name of a data set that is offered, or of a drawing; ValueError for any other."""
    from gan.data.points import distribution_of, is_drawing

    if isinstance(name, str) and is_drawing(name):
        distribution_of(name)  # raises ValueError for a bad drawing
        return name
    return choice(name, "dataset", [known for of_kind in menus()["data"].values() for known in of_kind])


def settings(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings from a browser, whole numbers as int where `Config` wants int; ValueError for an unknown name.

    `Config` itself checks types and ranges.
    """
    from gan.live.lesson import KINDS

    offered = {f.name: f for kind in KINDS for f in fields(kind)}
    out = {}
    for name, value in values.items():
        if name not in offered:
            raise ValueError(f"{quoted(name)} is not a setting that can be changed here")
        if isinstance(value, float) and value.is_integer() and isinstance(offered[name].default, int):
            value = int(value)  # JavaScript has one kind of number
        out[name] = value
    return out


def config(preset: str, dataset: str, changes: Mapping[str, Any], seed: int) -> Config:
    """Return a preset for a data set, with changed settings; ValueError for values that are bad or too large here."""
    from gan.live.lessons import config_of

    return bounded(config_of(preset, dataset, {"seed": seed, **changes}))


def bounded(config: Config) -> Config:
    """Return the config unchanged if it takes no more memory and time than one visitor may; ValueError otherwise."""
    from gan.live.lesson import kind_of

    for name, most in LARGEST[kind_of(config.dataset)].items():
        if getattr(config, name) > most:
            raise ValueError(
                f"{name} must be at most {most} here, got {getattr(config, name)}: for more, run train.py on a machine "
                "of your own"
            )
    return config
