"""A run that goes on from what was pushed of it with its optimisers' state."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from gan.config import Config
from gan.data import DATASETS
from gan.data.points import is_points
from gan.errors import HubError
from gan.evaluation.card import public
from gan.evaluation.loss_curve import ROLLED_BACK
from gan.hub.names import CHECKPOINT
from gan.hub.pull import pull
from gan.io import write_bytes
from gan.training.checkpoint import copy_state, read_state

LOSSES = ("critic_loss", "generator_loss")


def fetch_run(repo: str, revision: str | None, out: Path, dataset: str | None) -> str:
    """Make `out` a run to resume: a checkpoint and what is believable of its log. What the user should know, or "".

    dataset: the folder of pictures to go on with, if the run learnt from one, whatever it is called here: a repository
    must not choose which folder of this machine is read. HubError or FolderError with the cure; the weights and
    pictures are checked when they are read.
    """
    pulled = pull(repo, revision, CHECKPOINT, refresh=True)
    state = pulled.folder / "checkpoint"
    config = public(read_state(state).config)
    if config.dataset not in DATASETS and not is_points(config.dataset):
        if dataset is None or dataset in DATASETS or is_points(dataset):
            raise HubError(f"{repo} learnt from a folder called {config.dataset!r}: pass yours with --dataset")
        config = dataclasses.replace(config, dataset=dataset)
    aside = out / "checkpoint.part"
    copy_state(state, aside, config)
    if (pulled.folder / "log.jsonl").is_file():
        write_bytes(out / "log.jsonl", believable((pulled.folder / "log.jsonl").read_text("utf-8", "replace")).encode())
    aside.rename(out / "checkpoint")
    return pulled.notice


def believable(log: str) -> str:
    """Of a log, the lines that the card and the curve are made of, if they are what they should be."""
    lines = []
    for line in log.splitlines():
        try:
            event = json.loads(line)
            kept = _KEPT[event["event"]](event)
        except (ValueError, TypeError, KeyError, RecursionError):
            continue
        lines.append(json.dumps(kept, ensure_ascii=False) + "\n")
    return "".join(lines)


def _start(event: dict[str, Any]) -> dict[str, Any]:
    config = public(Config.from_dict(event["config"]))
    return {"event": "started", "config": dataclasses.asdict(config), "shown": _count(event["shown"])}


def _step(event: dict[str, Any]) -> dict[str, Any]:
    if any(type(event[name]) is not float for name in LOSSES):
        raise ValueError
    return {"event": "stepped", "shown": _count(event["shown"])} | {name: event[name] for name in LOSSES}


def _back(event: dict[str, Any]) -> dict[str, Any]:
    if event["kind"] != ROLLED_BACK:
        raise ValueError
    return {"event": "alarmed", "shown": _count(event["shown"]), "kind": ROLLED_BACK}


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= 10**12:
        raise ValueError
    return value


_KEPT = {"started": _start, "stepped": _step, "alarmed": _back}
