"""A bound on how many jobs of one kind run and wait at once.

It keeps the server's threads and memory from being used up. It does not know who asks: visitors share its places, and
one who fills them makes the others wait or get `Busy`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Busy(RuntimeError):
    """Raised at once, without waiting, when `running + waiting` places are all taken."""


class Limit:
    """Let `running` callers in and `waiting` more stand in line; the next one gets `Busy`.

    A refused caller loses nothing: the browser keeps its newest request and sends it again.
    """

    def __init__(self, running: int, waiting: int) -> None:
        if running < 1 or waiting < 0:
            raise ValueError(f"a limit needs running >= 1 and waiting >= 0, got {running} and {waiting}")
        self._admitted = threading.BoundedSemaphore(running + waiting)
        self._running = threading.BoundedSemaphore(running)

    @contextmanager
    def __call__(self) -> Iterator[None]:
        if not self._admitted.acquire(blocking=False):
            raise Busy("the server is busy, please try again in a moment")
        try:
            with self._running:
                yield
        finally:
            self._admitted.release()
