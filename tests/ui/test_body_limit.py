"""`ui.server.body_limit`: no request brings more than its bound, announced or not; everything else passes as before."""

from __future__ import annotations

import asyncio
import http.client
import json
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from conftest import served

from gan.ui.server import body_limit
from gan.ui.server.body_limit import BodyLimit
from gan.ui.server.doors import Doors

FUNCTION = "/gradio_api/component_server/"
READ = ["/gradio_api/queue/join", "/gradio_api/call/generate"]  # whose bodies are read
UNREAD = ["/gradio_api/reset"]  # of a wrong kind, so nobody looks at it
SMALL, LARGE = 20_000, 50_000  # bytes, in place of the real bounds
PARTS = 1000


@pytest.fixture(scope="module")
def site(tiny_registry) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BodyLimit.__init__, "__defaults__", (SMALL, LARGE, 1, PARTS, 20.0, 1.0))
        with served(tiny_registry) as url:
            yield urlsplit(url).netloc


def post(site: str, path: str, body, **headers: str) -> tuple[int, str]:
    """Return (status, text) of a POST; an iterator is sent in chunks, without a length."""
    connection = http.client.HTTPConnection(site, timeout=10)
    try:
        connection.request("POST", path, body, {"Content-Type": "application/json", **headers})
        reply = connection.getresponse()
        return reply.status, reply.read().decode()
    finally:
        connection.close()


def chunks(size: int) -> Iterator[bytes]:
    return (b"x" * 1000 for _ in range(size // 1000))


BOUNDS = [(FUNCTION, LARGE), *((path, SMALL) for path in READ)]


@pytest.mark.parametrize(("path", "most"), [*BOUNDS, *((path, SMALL) for path in UNREAD)])
def test_a_body_that_announces_more_than_its_bound_is_refused(site, path, most):
    status, text = post(site, path, b"x" * (most + 1))
    assert status == 413 and "must be at most" in json.loads(text)["detail"]
    status, _ = post(site, path, b"x" * most)
    assert 400 <= status < 500 and status != 413  # let in, and found to be no JSON, no form, or nowhere


@pytest.mark.parametrize(("path", "most"), BOUNDS)
def test_a_body_of_unknown_length_is_refused_once_it_is_beyond_its_bound(site, path, most):
    status, text = post(site, path, chunks(most + 1000))
    assert status == 413 and "must be at most" in json.loads(text)["detail"]
    assert post(site, path, chunks(most))[0] in (400, 422)


@pytest.mark.parametrize("length", ["9" * 5000, "1e3", "-5", "٣"])
def test_a_length_that_is_none_is_refused(site, length):
    try:
        status, _ = post(site, FUNCTION, b"{}", **{"Content-Length": length.encode()})
    except (http.client.HTTPException, OSError):
        return  # the server closed the connection
    assert status in (400, 413)


def test_a_refused_connection_can_be_used_again(site):
    connection = http.client.HTTPConnection(site, timeout=10)
    for body, expected in ((b"x" * 2 * LARGE, 413), (b"{}", 400), (chunks(2 * LARGE), 413), (b"{}", 400)):
        connection.request("POST", FUNCTION, body)
        reply = connection.getresponse()
        assert reply.status == expected and reply.read()
    connection.close()


@pytest.mark.parametrize("part", [b"[],", b'{"a":', b"7,"])
def test_a_large_body_of_many_small_parts_is_refused(site, part):
    status, text = post(site, FUNCTION, part * (SMALL // len(part) + 1))
    assert status == 413 and "too many parts" in text
    assert post(site, FUNCTION, part * (SMALL // len(part)))[0] == 400
    assert post(site, FUNCTION, part * (PARTS // 2) + b"x" * SMALL)[0] == 400


def test_large_bodies_beside_too_many_others_are_refused_and_small_ones_never(site):
    large, small = b"x" * (SMALL + 1), b"{}"
    slow = http.client.HTTPConnection(site, timeout=10)
    slow.putrequest("POST", FUNCTION)
    slow.putheader("Transfer-Encoding", "chunked")
    slow.endheaders()
    slow.send(b"%x\r\n%s\r\n" % (len(large), large))  # and the rest does not come
    deadline = time.monotonic() + 10
    while (answer := post(site, FUNCTION, large))[0] == 400:  # until that has been read
        assert time.monotonic() < deadline
    assert answer[0] == 503 and "try again" in answer[1]
    assert post(site, FUNCTION, small)[0] == 400
    slow.close()
    while (answer := post(site, FUNCTION, large))[0] == 503:  # until it is known that the visitor has gone
        assert time.monotonic() < deadline
    assert answer[0] == 400


def test_functions_and_streams_go_on_as_before(site):
    from gradio_client import Client

    client = Client(f"http://{site}", verbose=False)
    component = next(c for c in client.config["components"] if "picture" in str(c["props"].get("server_fns", "")))
    body = {"data": {"model": "tiny", "seed": 1}, "fn_name": "picture", "component_id": component["id"]}
    status, text = post(site, FUNCTION, json.dumps(body | {"session_hash": "x"}).encode())
    assert status == 200 and json.loads(text)["h"] == 28
    assert client.predict("tiny", 7, None, 1.0, api_name="/generate").endswith(".png")  # sent over a stream


def test_the_real_bounds_leave_room_for_what_the_app_itself_sends():
    from gan.live import uploads
    from gan.ui import app
    from gan.ui.server.model_registry import ModelRegistry

    assert (
        body_limit.MAX_FUNCTION_BODY > uploads.SENT_BYTES * 4 / 3 + 2**20
        and body_limit.MAX_BODY < body_limit.MAX_FUNCTION_BODY
    )
    doors, layer, _ = app.settings(ModelRegistry([]))["app_kwargs"]["middleware"]
    assert doors.cls is Doors and layer.cls is BodyLimit and not layer.args and not layer.kwargs


class Line:
    """A connection: gives the messages of a request, keeps those of the reply, and rests when there are no more."""

    def __init__(self, *parts: bytes, ends: bool = False) -> None:
        last = len(parts) - 1
        bodies = [{"body": part, "more_body": not (ends and i == last)} for i, part in enumerate(parts)]
        self.coming = [{"type": "http.request", **body} for body in bodies]
        self.sent: list = []

    async def receive(self):
        if self.coming:
            return self.coming.pop(0)
        await asyncio.Event().wait()

    async def send(self, message) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        return self.sent[0]["status"]


async def reads_all(scope, receive, send) -> None:
    """An app that reads a whole body, and replies."""
    while (await receive())["more_body"]:
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def reads_on(scope, receive, send) -> None:
    """An app that waits for the visitor to leave, as a stream does."""
    await receive()
    await asyncio.wait_for(receive(), 0.2)


def scope(address: str = "10.0.0.1") -> dict:
    return {"type": "http", "method": "POST", "path": FUNCTION, "headers": [], "client": (address, 1)}


def test_a_body_that_rests_is_ended_and_gives_its_place_back():
    limit = BodyLimit(reads_all, most=10, idle=0.05)
    line = Line(b"x" * 20)
    asyncio.run(limit(scope(), line.receive, line.send))
    assert line.status == 408 and b"too slowly" in line.sent[1]["body"] and not limit.holders
    assert (b"connection", b"close") in line.sent[0]["headers"]


def test_a_body_that_trickles_is_ended():
    limit = BodyLimit(reads_all, idle=0.1, rate=1000)

    class Trickle(Line):
        async def receive(self):
            await asyncio.sleep(0.02)  # far more often than `idle`
            return {"type": "http.request", "body": b"x", "more_body": True}

    line = Trickle()
    asyncio.run(asyncio.wait_for(limit(scope(), line.receive, line.send), 10))
    assert line.status == 408


def test_a_body_that_keeps_coming_may_take_longer_than_the_idle_time():
    limit = BodyLimit(reads_all, idle=0.2, rate=1000)

    class Steady(Line):
        async def receive(self):
            await asyncio.sleep(0.05)
            return await super().receive()

    line = Steady(*[b"x" * 1000] * 8, b"end", ends=True)
    asyncio.run(limit(scope(), line.receive, line.send))
    assert line.status == 200


def test_once_the_body_is_there_waiting_is_not_timed():
    limit = BodyLimit(reads_on, idle=0.05)
    line = Line(b"{}", ends=True)
    with pytest.raises(TimeoutError):  # of the app itself
        asyncio.run(limit(scope(), line.receive, line.send))
    assert not line.sent


def test_one_address_leaves_a_place_to_the_others():
    async def scene() -> list[int]:
        limit = BodyLimit(reads_all, most=10, large=3, idle=0.5)
        slow = [Line(b"x" * 20) for _ in range(2)]
        holding = [asyncio.create_task(limit(scope("10.0.0.1"), line.receive, line.send)) for line in slow]
        await asyncio.sleep(0)
        found = []
        for address in ("10.0.0.1", "10.0.0.2"):
            line = Line(b"x" * 20, ends=True)
            await limit(scope(address), line.receive, line.send)
            found.append(line.status)
        await asyncio.gather(*holding)
        return found

    assert asyncio.run(scene()) == [503, 200]


def test_a_body_that_rests_gives_its_place_to_one_that_comes(monkeypatch):
    monkeypatch.setattr(body_limit, "RESTS", 0.05)

    async def scene() -> tuple[int, int]:
        limit = BodyLimit(reads_all, most=10, large=1)  # and twenty seconds of patience
        resting, coming = Line(b"x" * 20), Line(b"x" * 20, ends=True)
        held = asyncio.create_task(limit(scope(), resting.receive, resting.send))
        await asyncio.sleep(0.1)
        await limit(scope("10.0.0.2"), coming.receive, coming.send)
        await held
        assert not limit.holders
        return resting.status, coming.status

    assert asyncio.run(asyncio.wait_for(scene(), 10)) == (408, 200)
