"""Pictures for sliders, drawn in fair turns and in batches; of a moving slider, the newest when its turn comes.

One picture is more than a hundred small operations, between each of which Python's one lock changes hands with the
thread that answers requests. A batch of eight takes as many in all, and half the processor time a picture.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from gan.ui.server.fair_line import FairLine
from gan.ui.server.limits import Busy

if TYPE_CHECKING:
    import numpy as np

    from gan.ui.server.visitor import Visitor

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
WORKERS = max(1, min(4, CORES // 2))  # threads that draw; the other cores answer requests, and train
WAITING = 512  # pictures that may wait, of all visitors together
BATCH = 8  # pictures drawn at once; 16 would save a tenth more, and let others wait twice as long
PATIENCE = 1.0  # seconds after which nobody waits for a picture any more
Result = TypeVar("Result")  # a picture uint8 (H, W, C), or whatever else a queue makes


@dataclass(frozen=True)
class Drawn(Generic[Result]):
    """A picture, and the seconds it waited for its turn."""

    picture: Result
    waited: float


@dataclass(eq=False)
class _Job(Generic[Result]):
    model: Any
    request: Any
    follows: bool
    futures: list[Future[Drawn[Result]]] = field(
        default_factory=list
    )  # the last is for `request`, the others are overtaken
    asked: float = field(default_factory=lambda: time.monotonic())


class RenderQueue(Generic[Result]):
    """Draws pictures: render(model, requests) must return one for each of the requests.

    most, batch, patience: as the constants `WAITING`, `BATCH` and `PATIENCE`. gather: seconds for which a worker that
    begins waits for others to join its first batch.
    """

    def __init__(
        self,
        render: Callable[[Any, list[Any]], Sequence[Result] | np.ndarray],
        workers: int = WORKERS,
        most: int = WAITING,
        batch: int = BATCH,
        patience: float = PATIENCE,
        gather: float = 0.0,
    ) -> None:
        self._render, self._workers = render, workers
        self._batch, self._patience, self._gather = batch, patience, gather
        self._lock = threading.Lock()
        self._line: FairLine[_Job[Result]] = FairLine(most)
        self._pool, self._working = ThreadPoolExecutor(workers, "render"), 0

    def ask(self, visitor: Visitor, model: Any, request: Any, follows: bool = False) -> Future[Drawn[Result]]:
        """Ask for one picture; the result is `Drawn`, or what `render` raised, or `Busy` where the line is too long.

        follows: the request follows a moving control. It takes the place of one of the same visitor that waits, which
        then gets `Busy(0)` when its successor is drawn.
        """
        future: Future[Drawn[Result]] = Future()
        refused, start = None, False
        with self._lock:
            job = next((one for one in self._line.of(visitor) if one.follows), None) if follows else None
            if job:
                job.model, job.request, job.asked = model, request, time.monotonic()
                job.futures.append(future)
            else:
                refused = self._line.add(visitor, _Job(model, request, follows, [future]))
                start = self._working < self._workers
                self._working += start
        if refused:
            _finish(refused, Busy())
        if start:
            self._pool.submit(self._work)
        return future

    def before(self, visitor: Visitor) -> int | None:
        """Return how many have their turn before a visitor's request; None where none of the visitor's waits."""
        with self._lock:
            return self._line.before(visitor)

    def _work(self) -> None:
        """Draw until nobody waits."""
        if self._gather:
            time.sleep(self._gather)
        while batch := self._next_batch():
            begun = time.monotonic()
            try:
                pictures = self._render(batch[0].model, [job.request for job in batch])
            except Exception as error:
                for job in batch:
                    _finish(job, error)
                continue
            for job, picture in zip(batch, pictures, strict=True):
                _finish(job, Drawn(picture, begun - job.asked))

    def _next_batch(self) -> list[_Job[Result]]:
        """Take the next jobs that are of one model; none when nobody waits, and then this worker ends."""
        batch: list[_Job[Result]] = []
        late: list[_Job[Result]] = []
        with self._lock:
            oldest = time.monotonic() - self._patience
            while len(batch) < self._batch:
                job = self._line.take(lambda job: not batch or job.model is batch[0].model)
                if job is None:
                    break
                (late if job.asked < oldest else batch).append(job)
            self._working -= not batch
        for job in late:
            _finish(job, Busy())
        return batch


def _finish(job: _Job[Result], outcome: Drawn[Result] | Exception) -> None:
    *overtaken, newest = job.futures
    for future in overtaken:
        if future.set_running_or_notify_cancel():
            future.set_exception(outcome if isinstance(outcome, Busy) else Busy(after=0))
    if newest.set_running_or_notify_cancel():
        newest.set_exception(outcome) if isinstance(outcome, Exception) else newest.set_result(outcome)
