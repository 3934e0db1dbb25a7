"""Gradio's queue: one address neither fills it nor keeps the others waiting."""

from __future__ import annotations

import http.client
import json
import threading
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from conftest import served
from fake_models import KINDS, fake_load, write_folder

from gan.ui.server import api, event_queue
from gan.ui.server.event_queue import MOST_OF_ONE
from gan.ui.server.model_registry import ModelRegistry


def event(address: str, name: str) -> SimpleNamespace:
    request = SimpleNamespace(client=SimpleNamespace(host=address), headers={}, session_hash="")
    return SimpleNamespace(request=request, name=name)


@pytest.mark.parametrize(
    ("arrivals", "order"),
    [
        ("a1 a2 a3 b1", "a1 b1 a2 a3"),
        ("a1 a2 a3 b1 b2 c1", "a1 b1 c1 a2 b2 a3"),
        ("a1 b1 a2 b2", "a1 b1 a2 b2"),
        ("a1", "a1"),
    ],
)
def test_a_new_event_goes_ahead_of_those_with_more_before_them(arrivals: str, order: str) -> None:
    line: list[SimpleNamespace] = []
    for name in arrivals.split():
        line.append(event({"a": "10.0.0.1", "b": "10.0.0.2", "c": "10.0.0.3"}[name[0]], name))
        event_queue.step_forward(line)
    assert [one.name for one in line] == order.split()


def test_one_address_can_not_fill_the_queue(tmp_path, monkeypatch) -> None:
    registry = ModelRegistry([write_folder(tmp_path, name) for name in KINDS], load=fake_load)
    begun, door, drawn = threading.Semaphore(0), threading.Event(), []

    def picture(model: str, seed: int, **_: object):
        begun.release()
        assert door.wait(20)
        drawn.append(seed)
        return KINDS["grey"].sample([seed])[0]

    monkeypatch.setattr(registry, "picture", picture)
    with served(registry) as url:

        def call(address: str, seed: int) -> tuple[int, str]:
            connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10, source_address=(address, 0))
            body = json.dumps({"data": ["grey", seed, None, 1.0]})
            connection.request("POST", "/gradio_api/call/generate", body, {"Content-Type": "application/json"})
            reply = connection.getresponse()
            text = reply.read().decode()
            connection.close()
            return reply.status, text

        try:
            for seed in range(api.RUNNING):
                assert call("127.0.0.1", seed)[0] == 200
                assert begun.acquire(timeout=10)
            for seed in range(MOST_OF_ONE):
                assert call("127.0.0.1", 100 + seed)[0] == 200
            status, text = call("127.0.0.1", 99)
            assert status == 503 and "please wait for one to end" in text
            assert call("127.0.0.2", 7)[0] == 200
            door.set()
            for _ in range(MOST_OF_ONE + 1):
                assert begun.acquire(timeout=20)
        finally:
            door.set()
    assert drawn.index(7) <= 2 * api.RUNNING
    assert sorted(drawn) == [*range(api.RUNNING), 7, *range(100, 100 + MOST_OF_ONE)]
