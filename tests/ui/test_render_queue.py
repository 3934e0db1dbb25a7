"""Pictures in turns and batches: what is drawn when, for whom, and what is not drawn at all."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from gan.io import shipped_models
from gan.ui.server import render_queue
from gan.ui.server.drawing import draw
from gan.ui.server.limits import Busy
from gan.ui.server.model_registry import ModelRegistry
from gan.ui.server.render_queue import BATCH, RenderQueue
from gan.ui.server.visitor import Visitor

CROWD, OTHER = Visitor("10.0.0.1", "crowd"), Visitor("10.0.0.2", "other")


class Easel:
    """A queue whose only worker is held until `drawn` is called, so what is asked before that waits."""

    def __init__(self, **options) -> None:
        self.batches: list[tuple[str, list[int]]] = []
        self.begun, self.door = threading.Event(), threading.Event()
        self.queue = RenderQueue(self.draw, workers=1, **options)
        self.queue.ask(Visitor(), "held", 0)
        assert self.begun.wait(10)

    def draw(self, model: str, requests: list[int]) -> list[np.ndarray]:
        self.begun.set()
        assert self.door.wait(10)
        if model == "broken":
            raise RuntimeError("no paint")
        self.batches.append((model, requests))
        return [np.full((1, 1, 1), request, np.uint8) for request in requests]

    def drawn(self) -> list[tuple[str, list[int]]]:
        """Let the worker go on until nobody waits; return what it drew, (model, requests) of each batch."""
        self.door.set()
        self.queue._pool.shutdown()
        return self.batches[1:]


def shown(future) -> int:
    return int(future.result(0).picture[0, 0, 0])


def test_a_batch_is_of_one_model_and_goes_around_the_visitors() -> None:
    easel = Easel()
    futures = [easel.queue.ask(CROWD, "a", i) for i in range(BATCH + 2)]
    futures += [easel.queue.ask(OTHER, "b", 20), easel.queue.ask(OTHER, "a", 21)]
    assert easel.drawn() == [("a", [0, 21, *range(1, BATCH - 1)]), ("b", [20]), ("a", [BATCH - 1, BATCH, BATCH + 1])]
    assert [shown(future) for future in futures] == [*range(BATCH + 2), 20, 21]


def test_of_a_moving_control_only_the_newest_is_drawn_and_it_keeps_the_place() -> None:
    easel = Easel()
    overtaken = [easel.queue.ask(CROWD, "a", i, follows=True) for i in range(3)]
    other = easel.queue.ask(OTHER, "b", 7, follows=True)
    newest, still = easel.queue.ask(CROWD, "c", 3, follows=True), easel.queue.ask(CROWD, "c", 4)
    assert not any(future.done() for future in overtaken), "a page is not told to ask again before its turn"
    assert easel.drawn() == [("c", [3, 4]), ("b", [7])]
    assert [shown(future) for future in (newest, still, other)] == [3, 4, 7]
    for future in overtaken:
        with pytest.raises(Busy) as caught:
            future.result(0)
        assert caught.value.after == 0


def test_who_floods_the_line_is_refused_and_a_newcomer_is_not() -> None:
    easel = Easel(most=3)
    futures = [easel.queue.ask(CROWD, "a", i) for i in range(4)]
    other = easel.queue.ask(OTHER, "a", 9)
    assert easel.drawn() == [("a", [0, 9, 1])]
    assert [shown(future) for future in (futures[0], other, futures[1])] == [0, 9, 1]
    for refused in futures[2:]:
        with pytest.raises(Busy) as caught:
            refused.result(0)
        assert caught.value.after > 0


def test_what_has_waited_too_long_is_not_drawn(monkeypatch) -> None:
    easel, now = Easel(), [0.0]
    monkeypatch.setattr(render_queue.time, "monotonic", lambda: now[0])
    old = easel.queue.ask(CROWD, "a", 1)
    drag = easel.queue.ask(OTHER, "a", 2, follows=True)
    now[0] = render_queue.PATIENCE + 0.01
    moved, new = easel.queue.ask(OTHER, "a", 3, follows=True), easel.queue.ask(CROWD, "a", 4)
    now[0] += 0.5
    assert easel.drawn() == [("a", [3, 4])]
    with pytest.raises(Busy):
        old.result(0)
    with pytest.raises(Busy):
        drag.result(0)
    assert [shown(future) for future in (moved, new)] == [3, 4]
    assert new.result(0).waited == pytest.approx(0.5), "seconds before its turn"


def test_a_batch_that_fails_is_told_and_the_next_is_drawn() -> None:
    easel = Easel()
    bad, good = easel.queue.ask(CROWD, "broken", 1), easel.queue.ask(CROWD, "a", 2)
    assert easel.drawn() == [("a", [2])] and shown(good) == 2
    with pytest.raises(RuntimeError, match="no paint"):
        bad.result(0)


def test_nobody_draws_for_who_has_gone() -> None:
    easel = Easel()
    gone, here = easel.queue.ask(CROWD, "a", 1), easel.queue.ask(CROWD, "a", 2)
    assert gone.cancel()
    easel.drawn()
    assert shown(here) == 2


@pytest.mark.parametrize("name", ["mnist", "emoji"])
def test_a_picture_is_the_same_in_a_batch_as_alone(name) -> None:
    registry = ModelRegistry([shipped_models() / name])
    requests = [
        {"seed": seed, "label": label, "truncation": truncation, "sliders": sliders, "named": [], "raw": raw}
        for seed, label, truncation, sliders, raw in (
            (1, None, 1.0, [], []), (2, 3, 0.5, [1.0, -2.0], []), (3, 0, 2.0, [], [0.5]),
            (1, None, 1.0, [4.0] * 8, [-4.0, 4.0]), (4, 1, 0.0, [0.0, 0.0, 3.0], [1.0] * 5),
        )
    ]  # fmt: skip
    together = draw(registry.model(name), requests)
    for picture, request in zip(together, requests, strict=True):
        alone = registry.picture(name, **request)
        assert np.abs(picture.astype(int) - alone).max() <= 1 and alone.std() > 5
