"""The route of the page's functions: what it lets in, what it answers to nonsense, and how it holds back a refusal."""

from __future__ import annotations

import json
from types import SimpleNamespace

import gradio as gr
import httpx
import pytest

from gan.ui import app
from gan.ui.server import function_route, rpc, visitor
from gan.ui.server.limits import Busy
from gan.ui.server.model_registry import ModelRegistry

CALLS: list[visitor.Visitor] = []


def echo(payload: rpc.Payload) -> rpc.Payload:
    CALLS.append(visitor.asking())
    return {"got": payload}


async def aecho(payload: rpc.Payload) -> rpc.Payload:
    CALLS.append(visitor.asking())
    return {"got": payload}


def refuse(payload: rpc.Payload) -> rpc.Payload:
    raise Busy(payload["after"])


async def breaks(payload: rpc.Payload) -> rpc.Payload:
    raise RuntimeError("secret")


@pytest.fixture(scope="module")
def site():
    with gr.Blocks() as demo:
        html = gr.HTML("", server_functions=rpc.endpoints(echo, aecho, refuse, breaks))
    _, url, _ = demo.launch(**app.settings(ModelRegistry([])), prevent_thread_lock=True, quiet=True)
    with httpx.Client(base_url=url, timeout=20) as client:
        yield SimpleNamespace(client=client, id=html._id, path=function_route.PATH)
    demo.close()


def call(site, name, data=None, session: object = "s", **changes) -> httpx.Response:
    body = {"component_id": site.id, "fn_name": name, "data": data, "session_hash": session, **changes}
    return site.client.post(site.path, json=body)


@pytest.mark.parametrize("name", ["echo", "aecho"])
def test_a_function_gets_what_was_sent_and_knows_who_asks(site, name) -> None:
    data = {"a": [1, "é", None], "b": {}}
    assert call(site, name, data, "mine").json() == {"got": data}
    assert CALLS[-1] == visitor.Visitor("127.0.0.1", "mine")
    assert site.client.post(site.path + "/", json={"component_id": site.id, "fn_name": name, "data": {}}).is_success
    assert CALLS[-1] == visitor.Visitor("127.0.0.1", "")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"fn_name": "value"}, 404), ({"fn_name": "__class__"}, 404), ({"fn_name": "__init__"}, 404),
        ({"fn_name": "nobody"}, 404), ({"component_id": 10**9}, 404), ({"component_id": -1}, 404),
        ({"fn_name": None}, 400), ({"fn_name": ["echo"]}, 400), ({"component_id": "1"}, 400),
        ({"component_id": None}, 400), ({"component_id": {}}, 400), ({"component_id": 1.5}, 400),
    ],
)  # fmt: skip
def test_only_functions_made_for_the_page_are_called(site, changes, status) -> None:
    reply = call(site, "echo", {}, **changes)
    assert reply.status_code == status and isinstance(reply.json()["detail"], str)


@pytest.mark.parametrize("body", ["", "{", "[" * 100_000, "[]", "null", "1" * 5000, b"\xff\xfe{}", '{"a":'])
def test_a_body_that_is_no_call_is_refused(site, body) -> None:
    assert site.client.post(site.path, content=body, headers={"Content-Type": "application/json"}).status_code == 400


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "multipart/form-data"])
def test_what_another_site_may_send_unasked_starts_nothing(site, kind) -> None:
    before = len(CALLS)
    body = json.dumps({"component_id": site.id, "fn_name": "echo", "data": {}})
    assert site.client.post(site.path, content=body, headers={"Content-Type": kind}).status_code == 400
    assert len(CALLS) == before


@pytest.mark.parametrize("session", [None, 7, [1], {"a": 1}, "x" * 10_000])
def test_a_session_may_be_anything(site, session) -> None:
    assert call(site, "echo", {}, session).json() == {"got": {}}
    assert len(CALLS[-1].session) <= visitor.LONGEST


def test_a_fault_of_ours_is_no_secret_told_and_no_failure_of_the_route(site, caplog) -> None:
    reply = call(site, "breaks", {})
    assert reply.status_code == 200 and "something went wrong" in reply.json()["error"]
    assert "secret" in caplog.text and "secret" not in reply.text


def test_a_refusal_is_held_back_but_not_what_is_overtaken(site, monkeypatch) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    monkeypatch.setattr(function_route, "HELD", 60.0)
    monkeypatch.setattr(function_route, "asyncio", SimpleNamespace(sleep=sleep))
    assert call(site, "refuse", {"after": 2}).json() == {"busy": True, "after": 2}
    assert 30 < pauses[0] <= 60, "less what the call itself took"
    assert call(site, "refuse", {"after": 0}).json() == {"busy": True, "after": 0}
    assert len(pauses) == 1
