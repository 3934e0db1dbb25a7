"""Temporary folders of this program, which outlive neither their use nor, for long, their process.

A process that is killed leaves its folders behind: the next one to need a temporary folder removes them. Whose process
lives is told by a lock of the system's on the folder (flock), which ends with its process however that ends, and which
tools that clear old temporary files respect too. Where there are no such locks, as on Windows, nothing that was left
behind is removed.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from pathlib import Path
from types import TracebackType

try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]

PREFIX = "latent-lab-"
OWN = f"{PREFIX}scratch-"  # of the folders that are removed; others with our prefix are the user's
NO_LOCKS = -1
_cleared: set[tuple[int, str]] = set()  # where this process has removed what others left; a forked one looks again


class Scratch:
    """A folder, removed by `cleanup`, by the end of a `with`, and at last when this process ends.

    name: its path, which `with` gives too.
    """

    def __init__(self, parent: Path, prefix: str) -> None:
        held = None
        while held is None:  # another process may take a folder, new and not yet locked, for one that was left
            self.name = tempfile.mkdtemp(prefix=prefix, dir=parent)
            held = _lock(Path(self.name))
        self.cleanup = weakref.finalize(self, _remove, self.name, held, os.getpid())

    def __enter__(self) -> str:
        return self.name

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.cleanup()


def folder(near: Path | None = None) -> Scratch:
    """Return a new folder that only this user can look into; the first call removes those that dead processes left.

    near: where, for files that are to be renamed into that folder; None for the system's temporary folder.
    """
    parent, prefix = (near, f".{OWN}") if near else (Path(tempfile.gettempdir()), OWN)
    if (place := (os.getpid(), str(parent))) not in _cleared:
        _cleared.add(place)
        for left in parent.glob(f"{prefix}*"):
            _remove_if_left(left)
    return Scratch(parent, prefix)


def kept_folder() -> Path:
    """Return a new temporary folder that stays for the user to look at."""
    return Path(tempfile.mkdtemp(prefix=f"{PREFIX}kept-"))


def _remove_if_left(path: Path) -> None:
    """Remove a folder of this user's that no living process has locked."""
    if (held := _lock(path)) not in (None, NO_LOCKS):
        if os.fstat(held).st_uid == os.getuid():
            shutil.rmtree(path, ignore_errors=True)
        os.close(held)


def _lock(path: Path) -> int | None:
    """Lock a folder until the returned number, of an open file, is closed; `NO_LOCKS` where there are none.

    None if another has it, or if it is gone or no folder.
    """
    if not fcntl:
        return NO_LOCKS
    try:
        held = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(held), path.lstat()):
            return held
    except (BlockingIOError, FileNotFoundError):
        pass
    except OSError:  # of a file system without locks
        os.close(held)
        return NO_LOCKS
    os.close(held)
    return None


def _remove(name: str, held: int, process: int) -> None:
    if os.getpid() == process:  # not in a process that was forked from it
        shutil.rmtree(name, ignore_errors=True)
        if held != NO_LOCKS:
            os.close(held)
