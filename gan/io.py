"""Files of a model folder: where they are, how they are written atomically and read within bounds. Needs no torch."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from gan.errors import FolderError

MAX_JSON_BYTES = 4_000_000


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file atomically: no reader sees half of it, not even after a crash or a power cut."""
    aside = path.with_name(path.name + ".new")
    with aside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())  # else the new name could reach the disk before the content
    os.replace(aside, path)
    sync_to_disk(path.parent)


def sync_to_disk(path: Path) -> None:
    """Flush a file's content, or a folder's names, to the disk, if the file system supports it."""
    with contextlib.suppress(OSError):
        number = os.open(path, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def read_json(path: Path) -> Any:
    """Parse the JSON of a small file. Raises FolderError if it is missing, too large or not JSON."""
    if not path.is_file():  # a pipe or a device could be read without end
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
