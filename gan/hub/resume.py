"""Resume a run from a repository that holds its checkpoint."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

from gan.config import Config
from gan.data import DATASETS, PAIRS
from gan.data.hub_pictures import is_hub_name
from gan.data.points import is_points
from gan.errors import HubError
from gan.evaluation.commands import public
from gan.evaluation.loss_curve import DRAWN, ROLLED_BACK
from gan.hub.names import CHECKPOINT
from gan.hub.pull import pull
from gan.io import write_bytes
from gan.training.checkpoint import copy_state, read_state


def fetch_run(repo: str, revision: str | None, out: Path, dataset: str | None, source: str | None = None) -> str:
    """Make `out` a run to resume, of a checkpoint and the valid events of its log; return a notice or "".

    dataset, source: this machine's folders of pictures, or data sets of the Hub, for a run that learnt from such: a
    repository must not choose what is read. HubError or FolderError with the cure; weights and pictures are checked
    when they are read.
    """
    pulled = pull(repo, revision, CHECKPOINT, refresh=True)
    state = pulled.folder / "checkpoint"
    config = public(read_state(state).config)
    for field, given in (("dataset", dataset), ("source", source)):
        name = getattr(config, field)
        if _is_folder(name):
            if given is None or not _is_folder(given):
                if is_hub_name(name):
                    raise HubError(f"{repo} learnt from {name!r}: allow that by passing it with --{field}")
                raise HubError(f"{repo} learnt from a folder named {name!r}: pass your copy of it with --{field}")
            folder: dict[str, Any] = {field: given}
            config = dataclasses.replace(config, **folder)
    aside = out / "checkpoint.part"
    copy_state(state, aside, config)
    if (pulled.folder / "log.jsonl").is_file():
        log = (pulled.folder / "log.jsonl").read_text("utf-8", "replace")
        write_bytes(out / "log.jsonl", valid_events(log).encode())
    aside.rename(out / "checkpoint")
    return pulled.notice


def _is_folder(name: str) -> bool:
    return bool(name) and name not in DATASETS and name not in PAIRS and not is_points(name)


def valid_events(log: str) -> str:
    """Return a log's events that card and curve are made of, reduced to checked values; other lines are dropped."""
    lines = []
    for line in log.splitlines():
        try:
            event = json.loads(line)
            checked = _CHECKS[event["event"]](event)
        except (ValueError, TypeError, KeyError, RecursionError):
            continue
        lines.append(json.dumps(checked, ensure_ascii=False) + "\n")
    return "".join(lines)


def _started(event: dict[str, Any]) -> dict[str, Any]:
    config = public(Config.from_dict(event["config"]))
    return {"event": "started", "config": dataclasses.asdict(config), "shown": _count(event["shown"])}


def _drawn(event: dict[str, Any]) -> dict[str, Any]:
    numbers = {name: event[name] for name in DRAWN[event["event"]]}
    if any(type(value) is not float for value in numbers.values()):
        raise ValueError
    return {"event": event["event"], "shown": _count(event["shown"]), **numbers}


def _rolled_back(event: dict[str, Any]) -> dict[str, Any]:
    if event["kind"] != ROLLED_BACK:
        raise ValueError
    return {"event": "alarmed", "shown": _count(event["shown"]), "kind": ROLLED_BACK}


def _count(value: Any) -> int:
    """Return a number of images; ValueError for anything else."""
    if type(value) is not int or not 0 <= value <= 10**12:
        raise ValueError
    return value


_CHECKS = {"started": _started, **dict.fromkeys(DRAWN, _drawn), "alarmed": _rolled_back}
