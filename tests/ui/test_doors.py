"""`ui.server.doors`: what is not needed is closed, and what another site starts begins nothing."""

from __future__ import annotations

import asyncio
import http.client
import json
import re
from urllib.parse import urlsplit

import pytest
from conftest import built
from starlette.datastructures import Headers

from gan.live.runs import Runs
from gan.ui import app
from gan.ui.server.doors import Doors, is_foreign

# Every route that may be asked for, of Gradio's some ninety and ours, as they are declared.
OPEN = {
    ("GET", "/"), ("GET", "/config"), ("GET", "/config/"), ("GET", "/theme.css"), ("GET", "/favicon.ico"),
    ("GET", "/robots.txt"), ("GET", "/manifest.json"), ("GET", "/pwa_icon"), ("GET", "/pwa_icon/{size}"),
    ("GET", "/assets/{path:path}"), ("GET", "/static/{path:path}"), ("GET", "/svelte/{path:path}"), ("GET", "/owner"),
    ("GET", "/files/{version}"), ("GET", "/engine/pack/{version}"),
    ("GET", "/gradio_api/theme.css"), ("GET", "/gradio_api/startup-events"), ("GET", "/gradio_api/app_id"),
    ("GET", "/gradio_api/app_id/"), ("GET", "/gradio_api/info"), ("GET", "/gradio_api/info/"),
    ("GET", "/gradio_api/openapi.json"), ("GET", "/gradio_api/queue/data"),
    ("GET", "/gradio_api/heartbeat/{session_hash}"), ("GET", "/gradio_api/call/{api_name}/{event_id}"),
    ("GET", "/gradio_api/call/v2/{api_name}/{event_id}"),
    ("GET", "/gradio_api/file={path_or_url:path}"),
    ("GET", "/gradio_api/custom_component/{id}/{environment}/{type}/{file_name}"),
    ("POST", "/gradio_api/component_server"), ("POST", "/gradio_api/component_server/"),
    ("POST", "/gradio_api/queue/join"), ("POST", "/gradio_api/cancel"), ("POST", "/gradio_api/reset"),
    ("POST", "/gradio_api/reset/"), ("POST", "/gradio_api/call/{api_name}"), ("POST", "/gradio_api/call/{api_name}/"),
    ("POST", "/gradio_api/call/v2/{api_name}"), ("POST", "/gradio_api/call/v2/{api_name}/"),
}  # fmt: skip


def passes(method: str, path: str, **headers: str) -> int:
    """Return the status that the doors answer with; 200 where the request comes in."""
    statuses = []

    async def inside(scope, receive, send):
        statuses.append(200)

    async def send(message):
        statuses.append(message.get("status"))

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "path": path, "headers": raw}
    asyncio.run(Doors(inside)(scope, None, send))
    return statuses[0]


@pytest.fixture(scope="module")
def site(tiny_registry):
    runs = Runs(1)
    demo = built(tiny_registry, lambda: runs)
    _, url, _ = demo.launch(**app.settings(tiny_registry), prevent_thread_lock=True, quiet=True)
    yield url, runs, demo.app
    demo.close()
    runs.close()


def declared(routes) -> set[tuple[str, str]]:
    """Every method and path that an app declares; HEAD only where there is no GET."""
    found = set()
    for route in routes:
        router = getattr(route, "original_router", None)  # how newer versions of FastAPI include one
        methods = getattr(route, "methods", None) or ()
        found |= declared(router.routes) if router else {(method, route.path) for method in methods}
    return {(method, path) for method, path in found if method != "HEAD" or ("GET", path) not in found}


def test_what_is_open_is_known(site):
    routes = declared(site[2].routes)
    inside = {(method, path) for method, path in routes if passes(method, re.sub(r"\{[^}]*\}", "x", path)) == 200}
    assert len(routes) > 70 and inside == OPEN


@pytest.mark.parametrize("path", [
    "/gradio_api/upload", "/gradio_api/upload/", "/gradio_api//upload", "/gradio_api/queue/join/../upload", "/login",
    "/", "/gradio_api/run/x", "/gradio_api/process_recording", "/gradio_api/stream/x",
])  # fmt: skip
def test_nothing_is_posted_elsewhere(path):
    assert passes("POST", path) == 404


@pytest.mark.parametrize("path", [
    "/monitoring", "/gradio_api/deep_link", "/gradio_api/proxy=http://x.example", "/docs", "/login/huggingface",
    "/gradio_api/upload_progress", "/gradio_api/runs", "/gradio_api/vibe-code",
])  # fmt: skip
def test_nothing_else_is_read(path):
    assert passes("GET", path) == 404


def test_where_visitors_sign_in_the_way_is_open(monkeypatch):
    monkeypatch.setattr("gan.ui.server.doors.can_sign_in", lambda: True)
    assert passes("GET", "/login/huggingface") == passes("GET", "/login/callback") == passes("GET", "/logout") == 200


@pytest.mark.parametrize(("headers", "foreign"), [
    ({}, False),  # a program
    ({"host": "127.0.0.1:7860", "origin": "http://127.0.0.1:7860", "sec-fetch-site": "same-origin"}, False),
    ({"host": "10.0.0.2:7860", "origin": "http://10.0.0.2:7860"}, False),  # plain http: the browser says no more
    ({"host": "127.0.0.1:7860", "origin": "https://lab.example", "sec-fetch-site": "same-origin"}, False),  # a proxy
    ({"host": "inner:80", "x-forwarded-host": "lab.example", "origin": "http://lab.example"}, False),
    ({"host": "127.0.0.1:7860", "origin": "https://evil.example", "sec-fetch-site": "cross-site"}, True),
    ({"host": "lab.example", "origin": "https://evil.example"}, True),
    ({"host": "lab.example", "origin": "null"}, True),
    ({"host": "127.0.0.1:7860", "origin": "http://127.0.0.1:9000"}, True),
    ({"host": "a.hf.space", "origin": "https://b.hf.space", "sec-fetch-site": "same-site"}, True),
    ({"host": "127.0.0.1:7860", "origin": "", "sec-fetch-site": "cross-site"}, True),
])  # fmt: skip
def test_another_sites_page_is_told_from_our_own(headers, foreign):
    assert is_foreign(Headers(headers)) is foreign


@pytest.mark.parametrize("kind", ["text/plain", "application/json"])
def test_a_post_from_another_site_starts_nothing(site, kind):
    url, runs, _ = site
    place = urlsplit(url).netloc
    connection = http.client.HTTPConnection(place, timeout=10)
    connection.request("GET", "/config")
    components = json.loads(connection.getresponse().read())["components"]
    train = next(c["id"] for c in components if c["props"].get("elem_id") == "ll-train")
    data = {"sides": [{"preset": "modern", "changes": {}}], "dataset": "ring", "seed": 0}
    body = json.dumps({"data": data, "fn_name": "begin", "component_id": train, "session_hash": "x"})
    for headers, status in (
        ({"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({}, 400 if kind == "text/plain" else 200),
    ):
        connection.request("POST", "/gradio_api/component_server", body, {"Content-Type": kind, **headers})
        reply = connection.getresponse()
        text = reply.read()
        assert reply.status == status, text
        assert runs.training == (status == 200)
    connection.close()


@pytest.mark.parametrize("begun", [False, True])
def test_what_gradio_fails_at_is_one_line_of_the_log(caplog, begun):
    sent = []

    async def fails(scope, receive, send):
        if begun:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        b"\xff".decode()

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/gradio_api/queue/join", "headers": []}
    asyncio.run(Doors(fails)(scope, None, send))
    assert [message["status"] for message in sent if "status" in message] == [200 if begun else 500]
    (record,) = caplog.records
    assert "UnicodeDecodeError" in record.message and not record.exc_info and len(record.message) < 400


@pytest.mark.parametrize("body", [b"\xff\xfe", b"[" * 50_000, b"{", b"1e999999"])
def test_nonsense_is_refused_and_the_next_request_answered(site, body):
    connection = http.client.HTTPConnection(urlsplit(site[0]).netloc, timeout=10)
    for path in ("/gradio_api/queue/join", "/gradio_api/call/generate", "/gradio_api/component_server"):
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        reply = connection.getresponse()
        assert json.loads(reply.read())["detail"] and reply.status >= 400
    connection.close()
