"""Files of a model folder: where they lie, written whole or not at all, read within bounds. Needs no torch."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from gan.errors import FolderError

MAX_JSON_BYTES = 4_000_000


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file so that a reader never meets half of it, nor does anyone after a crash or a power cut."""
    aside = path.with_name(path.name + ".new")
    with aside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())  # else the name could reach the disk before what it names
    os.replace(aside, path)
    sync_to_disk(path.parent)


def sync_to_disk(path: Path) -> None:
    """Have a file's content, or the names in a folder, reach the disk, where its file system can be asked to."""
    with contextlib.suppress(OSError):
        number = os.open(path, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def read_json(path: Path) -> Any:
    """Parsed JSON of a small file; FolderError when it is missing, too large or no JSON."""
    if not path.is_file():  # also a pipe or a device, which could be read without end
        raise FolderError(f"{path}: missing, or not a file")
    try:
        if path.stat().st_size > MAX_JSON_BYTES:
            raise FolderError(f"{path}: {path.stat().st_size} bytes is too large for a JSON file of a model")
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValueError, RecursionError) as error:
        if isinstance(error, FolderError):
            raise
        raise FolderError(f"{path}: not readable as JSON ({error})") from None


def shipped_models() -> Path:
    """Return the folder of the models that come with the program: inside an installed package, else of the checkout."""
    installed = Path(__file__).with_name("weights")
    return installed if installed.is_dir() else Path(__file__).parents[1] / "weights"
