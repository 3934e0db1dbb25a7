"""A bound on how many jobs of one kind run and wait at once, with fair turns for those who wait.

It keeps the server's threads and memory from being used up, by one visitor or by many.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager

from gan.ui.server import visitor
from gan.ui.server.fair_line import FairLine


class Busy(RuntimeError):
    """Raised where a job does not get a place. after: seconds until it is worth asking again."""

    def __init__(self, after: float = 1.0) -> None:
        super().__init__("the server is busy, please try again in a moment")
        self.after = after


class Limit:
    """Let `running` callers in and `waiting` more stand in line, in turns by visitor; one too many gets `Busy`.

    That is the newest of whoever has most in the line, which may be one that waits already. It loses nothing: the
    browser keeps its newest request and sends it again.
    """

    def __init__(self, running: int, waiting: int) -> None:
        if running < 1 or waiting < 0:
            raise ValueError(f"a limit needs running >= 1 and waiting >= 0, got {running} and {waiting}")
        self._lock = threading.Lock()
        self._free = running
        self._line: FairLine[Future[None]] = FairLine(waiting)

    @contextmanager
    def __call__(self) -> Iterator[None]:
        self._enter(visitor.asking())
        try:
            yield
        finally:
            self._leave()

    def _enter(self, who: visitor.Visitor) -> None:
        turn: Future[None] = Future()
        with self._lock:
            if self._free:
                self._free -= 1
                return
            refused = self._line.add(who, turn)
        if refused is not None:
            refused.set_exception(Busy())
        turn.result()

    def _leave(self) -> None:
        with self._lock:
            turn = self._line.take()
            self._free += turn is None
        if turn is not None:
            turn.set_result(None)
