"""Checkpoints: a run's counters, config and tensors on disk, in a folder that is complete at every moment."""

from __future__ import annotations

import dataclasses
import json
import shutil
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_type_hints

from safetensors import SafetensorError, safe_open
from torch import Tensor

from gan.config import Config
from gan.errors import FolderError
from gan.io import LOG_START, naming_file, read_json, sync_to_disk, write_bytes
from gan.models.weights import check_header, write_tensors
from gan.training.snapshot import Counters

OLD_NAMES = {"rollbacks": "falls", "last_rollback": "fell"}
RANGES = {"rate_scale": (1e-300, 1.0), "augment_probability": (0.0, 1.0), "overfitting": (-1.0, 1.0)}


@dataclass(frozen=True, kw_only=True)
class CheckpointState(Counters):
    """The content of state.json: a run's counters, its config, and a fingerprint of the pictures.

    pictures: how many there are, and a checksum.
    """

    pictures: list[int]
    config: Config


def read_state(state: Path) -> CheckpointState:
    """Read the counters and config of a checkpoint that `find_state` found. FolderError names the file and the fault.

    Older checkpoints are read too: rollbacks and last_rollback were once named falls and fell, and counters with a
    default did not always exist.
    """
    path = state / "state.json"
    meta = read_json(path)
    try:
        old_names = {new: meta[old] for new, old in OLD_NAMES.items() if old in meta}
        names = [f.name for f in dataclasses.fields(Counters)]
        counters = {name: value for name, value in (old_names | meta).items() if name in names}
        for name, value in counters.items():
            _check_counter(name, value)
        pictures = meta["pictures"]
        if len(pictures) != 2 or any(type(n) is not int or n < 0 for n in pictures):
            raise ValueError("pictures must be two whole numbers, not negative")
        return CheckpointState(**counters, pictures=pictures, config=Config.from_dict(meta["config"]))
    except (KeyError, TypeError, ValueError) as error:
        raise FolderError(f"{path}: not a checkpoint of this program ({type(error).__name__}: {error})") from None


def _check_counter(name: str, value: Any) -> None:
    low, high = RANGES.get(name, (0, 1e12))
    if get_type_hints(Counters)[name] is int:
        if type(value) is not int or value < 0:
            raise ValueError(f"{name} must be a whole number, not negative, got {value!r}")
    elif type(value) not in (int, float) or not low <= value <= high:
        raise ValueError(f"{name} must be a number in [{low:g}, {high:g}], got {value!r}")


def save_state(folder: Path, tensors: Mapping[str, Tensor], meta: Mapping[str, Any]) -> None:
    """Make `folder` a checkpoint of these tensors and this JSON; the one before stays beside it, as `.old`.

    The JSON gets a checksum of the file of tensors. At every moment one checkpoint is complete, on the disk too; while
    the new one is written there are three.
    """
    new, old = (folder.with_name(folder.name + ending) for ending in (".new", ".old"))
    if not folder.exists() and _written(new):  # left by a crash: the newest there is
        new.rename(folder)
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    try:
        write_tensors(new / "state.safetensors", tensors)
        meta = {**meta, "crc32": _checksum(new / "state.safetensors")}
        write_bytes(new / "state.json", json.dumps(meta, indent=2).encode())
    except OSError:  # a full disk: what was written of it would be in the way
        shutil.rmtree(new, ignore_errors=True)
        raise
    sync_to_disk(new.parent)
    if folder.exists():
        shutil.rmtree(old, ignore_errors=True)
        folder.rename(old)
    new.rename(folder)
    sync_to_disk(folder.parent)


def copy_state(state: Path, into: Path, config: Config) -> None:
    """Copy a checkpoint into `into`, a folder that does not exist yet, with another config in it."""
    into.mkdir(parents=True)
    with naming_file(into / "state.safetensors"):
        sync_to_disk(shutil.copyfile(state / "state.safetensors", into / "state.safetensors"))
    meta = read_json(state / "state.json") | {"config": dataclasses.asdict(config)}
    write_bytes(into / "state.json", json.dumps(meta, indent=2).encode())


def find_state(folder: Path) -> Path:
    """Return the newest complete checkpoint of `folder`; see `newest_state`."""
    return newest_state(folder)[0]


def newest_state(folder: Path) -> tuple[Path, str]:
    """Return the newest complete checkpoint of `folder`, and what is wrong with newer ones, "" if nothing is.

    A checkpoint is complete when its counters and config are in range and its file of tensors has the length that its
    header says and the checksum that state.json holds. FolderError if there is none.
    """
    faults: list[str] = []
    for state in _states(folder):
        if not _written(state):  # a crash came before it was complete, so no run has relied on it
            continue
        try:
            read_state(state)
            _check_length(state / "state.safetensors")
            _check_content(state)
            return state, "; ".join(faults)
        except FolderError as error:
            faults.append(str(error))
    if faults:
        raise FolderError(f"no checkpoint to resume from: {'; '.join(faults)}")
    raise FolderError(f"{folder}: no checkpoint to resume from: start the run anew, with --out")


def holds_run(out: Path) -> bool:
    """Return whether `out` is the folder of a run that has written a checkpoint, damaged since or not."""
    current, new, old = _states(out / "checkpoint")
    return current.exists() or old.exists() or _written(new)


def ended_before_checkpoint(out: Path) -> bool:
    """Return whether `out` holds only what a run leaves that ended before its first checkpoint, or before it began."""
    names = {path.name for path in out.iterdir()}
    if holds_run(out) or "log.jsonl" not in names or not names <= {"log.jsonl", "samples", "checkpoint.new"}:
        return False
    with (out / "log.jsonl").open("rb") as log:
        return log.read(len(LOG_START)) in (b"", LOG_START.encode())


def _states(folder: Path) -> list[Path]:
    return [folder.with_name(folder.name + ending) for ending in ("", ".new", ".old")]


def _written(state: Path) -> bool:
    # state.json is written last, but a removal that was cut short may have deleted the tensors first.
    return (state / "state.json").is_file() and (state / "state.safetensors").is_file()


def _check_length(path: Path) -> None:
    # safetensors checks the header, and that the file ends where the last tensor does.
    check_header(path)
    try:
        with safe_open(path, framework="pt", device="cpu"):
            pass
    except (OSError, SafetensorError) as error:
        raise FolderError(f"{path}: damaged or not safetensors ({error})") from None


def _check_content(state: Path) -> None:
    path, expected = state / "state.safetensors", read_json(state / "state.json").get("crc32")
    if expected is not None and expected != _checksum(path):  # older checkpoints have none
        raise FolderError(f"{path}: damaged: its content is not what was written")


def _checksum(path: Path) -> int:
    total = 0
    try:
        with path.open("rb") as file:
            while part := file.read(1 << 20):
                total = zlib.crc32(part, total)
    except OSError as error:
        raise FolderError(f"{path}: not readable ({error})") from None
    return total
