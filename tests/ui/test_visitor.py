"""`ui.server.visitor`: requests are told apart by their address, and within an address by their session."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gradio as gr
import pytest
from gradio.context import LocalContext
from starlette.requests import Request
from starlette.testclient import TestClient

from gan.ui.server import visitor
from gan.ui.server.visitor import Visitor


def who_asks(payload: Any = None) -> dict[str, str]:
    return visitor.asking()._asdict()


@contextmanager
def asked_by(request: Any) -> Iterator[None]:
    token = LocalContext.request.set(request)
    yield
    LocalContext.request.reset(token)


@pytest.fixture(scope="module")
def app():
    with gr.Blocks(analytics_enabled=False) as demo:
        gr.HTML("", server_functions=[who_asks], elem_id="page")
    return gr.routes.App.create_app(demo)


def component(app) -> int:
    components = TestClient(app).get("/config").json()["components"]
    return next(c["id"] for c in components if c["props"].get("elem_id") == "page")


def ask(app, host: str, session: Any = "s", forwarded: str | None = None) -> Visitor:
    client = TestClient(app, client=(host, 5000))
    body = {"data": {}, "fn_name": "who_asks", "component_id": component(app), "session_hash": session}
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return Visitor(**client.post("/gradio_api/component_server", json=body, headers=headers).json())


def test_the_request_reaches_the_functions_thread(app):
    assert ask(app, "203.0.113.5", "abc") == Visitor("203.0.113.5", "abc")


def test_nobody_asks_outside_a_request():
    assert visitor.asking() == Visitor("", "")


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),  # a visitor has 2**64 of these
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.5", "203.0.113.5"),
        ("a-socket", "a-socket"),
    ],
)
def test_one_address_has_one_name(app, host, address):
    assert ask(app, host).address == address


def test_a_request_whose_body_was_not_read_has_no_session():
    scope = {"type": "http", "client": ("203.0.113.5", 1), "headers": []}
    with asked_by(Request(scope)):
        assert visitor.asking() == Visitor("203.0.113.5", "")


def test_a_session_is_kept_short(app):
    assert ask(app, "203.0.113.5", "x" * 5000).session == "x" * visitor.LONGEST


def test_whom_a_request_says_it_is_forwarded_for_counts_on_a_space_only(app, monkeypatch):
    assert ask(app, "203.0.113.5", forwarded="1.1.1.1").address == "203.0.113.5"
    monkeypatch.setenv("SPACE_ID", "user/space")
    assert ask(app, "10.16.3.80", forwarded="1.1.1.1").address == "1.1.1.1"
    assert ask(app, "10.16.3.80", forwarded="8.8.8.8, 1.1.1.1, 10.16.0.9").address == "1.1.1.1"  # 8.8.8.8 is made up
    assert ask(app, "10.16.3.80", forwarded="10.0.0.1, nonsense").address == "10.16.3.80"
    assert ask(app, "10.16.3.80").address == "10.16.3.80"


def test_an_event_of_the_queue_knows_its_session():
    with asked_by(gr.Request(session_hash="abc", client={"host": "203.0.113.5", "port": 1}, headers={})):
        assert visitor.asking() == Visitor("203.0.113.5", "abc")
