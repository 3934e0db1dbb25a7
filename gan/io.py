"""Files of a model folder: where they are, how they are written atomically and read within bounds. Needs no torch."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gan.errors import FolderError
from gan.text import printable

MAX_JSON_BYTES = 4_000_000
LOG_START = '{"event": "started"'  # of every log.jsonl
# What a run writes into its folder: pictures and folders that may hold pictures.
OUTPUT = {"samples", "samples.png", "curve.png", "neighbours.png", "checkpoint", "checkpoint.new", "checkpoint.old"}
# What to do about an error of the system's.
_CURES = {
    errno.ENOSPC: "the disk is full: make room on it",
    errno.EDQUOT: "your disk quota is used up: make room",
    errno.EROFS: "the disk can only be read: choose a folder on another",
    errno.EACCES: "permission denied: change the permissions, or choose another folder",
    errno.EPERM: "permission denied: change the permissions, or choose another folder",
    errno.EFBIG: "the file would be larger than this disk or your limits allow: choose a folder on another disk",
    errno.ENAMETOOLONG: "the name is too long: choose a shorter one",
    errno.EIO: "the disk does not answer as it should: check it",
    errno.EMFILE: "too many files are open: raise the limit (ulimit -n)",
    errno.ENFILE: "too many files are open on this machine: end other programs",
}


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file atomically: no reader sees half of it, not even after a crash or a power cut.

    OSError names the file, and leaves nothing behind.
    """
    aside = path.with_name(path.name + ".new")
    with naming_file(path):
        try:
            with aside.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())  # else the new name could reach the disk before the content
            os.replace(aside, path)
        except OSError:
            with contextlib.suppress(OSError):
                aside.unlink()  # on a full disk what was written of it is in the way
            raise
    sync_to_disk(path.parent)


@contextlib.contextmanager
def naming_file(path: Path) -> Iterator[None]:
    """Let every OSError inside name the file: the system's own for a full disk does not."""
    try:
        yield
    except OSError as error:
        if error.filename is None and error.errno is not None:
            error.filename = str(path)
        raise


def explained(error: OSError) -> str:
    """Return an error of the system's as a sentence that names the file, what is wrong with it, and the cure."""
    if error.errno is None:
        return printable(error)
    reason = _CURES.get(error.errno) or error.strerror or type(error).__name__
    return printable(f"{error.filename}: {reason}" if error.filename else reason)


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


def json_line(values: Any) -> bytes:
    """Return values as one line of JSON in UTF-8. Of text that UTF-8 cannot hold, JSON's escapes are written."""
    # Names of files may hold halves of surrogate pairs; escaped with a backslash they are what JSON writes for them.
    return (json.dumps(values, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")


def is_plain(root: Path, name: str) -> bool:
    """Return whether `root`/`name` is a plain file inside the folder, reached through no link, pipe or device.

    The folder itself may be a link. name: a relative path.
    """
    parts = Path(name).parts
    if not parts or ".." in parts or Path(name).is_absolute():
        return False
    folders = [root.joinpath(*parts[:i]) for i in range(1, len(parts))]
    try:
        kinds = [path.lstat().st_mode for path in (*folders, root / name)]
    except OSError:
        return False
    return all(map(stat.S_ISDIR, kinds[:-1])) and stat.S_ISREG(kinds[-1])


def is_output_folder(folder: Path) -> bool:
    """Return whether a run or a model was written into this folder: its log or its weights are there."""
    if (folder / "model.safetensors").is_file():
        return True
    try:
        with (folder / "log.jsonl").open("rb") as log:
            return log.read(len(LOG_START)) == LOG_START.encode()
    except OSError:
        return False


def shipped_models() -> Path:
    """Return the folder of the models that come with the program: inside an installed package, else of the checkout."""
    installed = Path(__file__).with_name("weights")
    return installed if installed.is_dir() else Path(__file__).parents[1] / "weights"
