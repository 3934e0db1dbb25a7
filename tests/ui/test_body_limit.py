"""`ui.server.body_limit`: no request brings more than its bound, announced or not; everything else passes as before."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from conftest import served

from gan.ui.server import body_limit
from gan.ui.server.body_limit import BodyLimit

FUNCTION = "/gradio_api/component_server/"
READ = ["/gradio_api/queue/join", "/gradio_api/call/generate"]  # whose bodies are read
UNREAD = ["/gradio_api/upload", "/login", "/nowhere"]  # what is sent there is no form, so nobody looks at it
SMALL, LARGE = 20_000, 50_000  # bytes, in place of the real bounds
PARTS = 1000


@pytest.fixture(scope="module")
def site(tiny_registry) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BodyLimit.__init__, "__defaults__", (SMALL, LARGE, 1, PARTS))
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


def test_many_small_files_in_one_upload_are_bounded_together(site):
    part = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\n' + b"y" * 1000 + b"\r\n"
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    assert post(site, "/gradio_api/upload", (part for _ in range(30)), **form)[0] == 413
    assert post(site, "/gradio_api/upload", iter([part, b"--x--\r\n"]), **form)[0] == 200


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

    assert (
        body_limit.MAX_FUNCTION_BODY > uploads.SENT_BYTES * 4 / 3 + 2**20
        and body_limit.MAX_BODY < body_limit.MAX_FUNCTION_BODY
    )
    (layer,) = app.settings()["app_kwargs"]["middleware"]
    assert layer.cls is BodyLimit and not layer.args and not layer.kwargs
