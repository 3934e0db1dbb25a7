"""The folder of a run that is going on: it belongs to that run alone, and its log is written there.

The lock is the system's own on the open log (flock; on Windows, one of a byte beyond the file's end), so it ends with
its process, however that ends, and nothing has to be cleared away. Where a system or a disk knows no such locks a run
goes on without one and says so: a second run in its folder would then not be noticed.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from gan.errors import ConfigError
from gan.io import json_line, naming_file
from gan.text import shell
from gan.training.checkpoint import holds_run
from gan.training.events import Event, finite, record

NOT_LOCKED = (
    "this disk or system knows no locks, so a second run in the same folder would not be noticed: start only one"
)
_BEYOND = 2**40  # the byte that is locked on Windows, where nobody else can read a locked one


class RunLog:
    """The log of a run, a JSON line for each event. locked: whether no other run can have its folder now."""

    def __init__(self, file: BinaryIO, locked: bool) -> None:
        self.file, self.locked = file, locked

    def append(self, event: Event) -> None:
        """Write an event at once, on a line of its own: a full disk or a power cut may have cut the last one."""
        if _ends_within_a_line(self.file):
            self.file.write(b"\n")
        self.file.write(json_line(finite(record(event))))
        self.file.flush()


@contextlib.contextmanager
def own_folder(out: Path, resume: bool) -> Iterator[RunLog]:
    """Yield the log of the run in `out`, while no other run has that folder.

    It is created if need be, with the folders above it, and removed again if nothing was written. ConfigError if
    another run has it now, or, unless this one resumes it, has come to its first checkpoint there.
    """
    created = [path for path in (out, *out.parents) if not path.exists()]
    with naming_file(out / "log.jsonl"):
        log = _open_locked(out)
        with log.file:
            try:
                if not resume:
                    check_no_run(out)
                yield log
            finally:
                _remove_if_empty(out, created)


def check_no_run(out: Path) -> None:
    """Raise ConfigError if `out` is the folder of a run that can be resumed."""
    if holds_run(out):
        flags = shell("--resume", out)
        raise ConfigError(f"{out} already holds a run: continue it with {flags}, or choose another --out")


def _open_locked(out: Path) -> RunLog:
    while True:
        out.mkdir(parents=True, exist_ok=True)
        file = (out / "log.jsonl").open("a+b")
        try:
            log = RunLog(file, _lock(file))
            if os.path.samestat(os.fstat(file.fileno()), os.stat(out / "log.jsonl")):
                return log
        except BlockingIOError:
            file.close()
            raise ConfigError(
                f"{out} is in use: another run is writing to it. Wait until that has ended, or choose another --out"
            ) from None
        except FileNotFoundError:  # removed by a run that ended between our opening and locking it
            pass
        file.close()


def _lock(file: BinaryIO) -> bool:
    """Lock a file for as long as it is open; False where that is not possible. BlockingIOError if another has it."""
    try:
        import fcntl
    except ImportError:
        return _lock_on_windows(file)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise
    except OSError:  # of a file system without locks
        return False
    return True


def _lock_on_windows(file: BinaryIO) -> bool:
    try:
        import msvcrt
    except ImportError:
        return False
    file.seek(_BEYOND)
    try:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    except OSError:
        raise BlockingIOError from None
    finally:
        file.seek(0, os.SEEK_END)
    return True


def _ends_within_a_line(file: BinaryIO) -> bool:
    if not file.seek(0, os.SEEK_END):
        return False
    file.seek(-1, os.SEEK_END)
    return file.read() != b"\n"


def _remove_if_empty(out: Path, created: list[Path]) -> None:
    with contextlib.suppress(OSError):
        if not (out / "log.jsonl").stat().st_size:
            (out / "log.jsonl").unlink()
            for path in created:
                path.rmdir()  # fails, and ends this, where anything is in it
