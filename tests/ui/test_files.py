"""`ui.server.files`: fetched once, compressed once, and never asked for again."""

from __future__ import annotations

import gzip

import brotli
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from gan.ui import assets
from gan.ui.server.comments import without_comments
from gan.ui.server.files import ENCODERS, Files

TEXT = b"body { color: red }\n" * 100


@pytest.fixture
def files() -> Files:
    return Files()


@pytest.fixture
def site(files) -> TestClient:
    return TestClient(Starlette(routes=files.routes()), "http://127.0.0.1:7860")


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip;q=1.0, br;q=0", "gzip"),
        ("gzip", "gzip"),
        ("identity", None),
        ("", None),
    ],
)
def test_a_text_is_sent_in_the_best_encoding_that_is_taken(files, site, accepted, encoding):
    with site.stream("GET", files.add(TEXT, "text/css"), headers={"accept-encoding": accepted}) as reply:
        sent = b"".join(reply.iter_raw())
    decoded = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[encoding]
    assert reply.headers.get("content-encoding") == encoding and decoded(sent) == TEXT
    assert reply.headers["vary"] == "Accept-Encoding" and reply.headers["content-type"].startswith("text/css")
    assert {"public", "immutable"} <= set(reply.headers["cache-control"].split(", "))


def test_a_text_is_compressed_once(files, site, monkeypatch):
    asked = []
    monkeypatch.setitem(ENCODERS, "br", lambda data: asked.append(1) or brotli.compress(data))
    address = files.add(TEXT, "text/css")
    assert site.get(address).text == site.get(address).text and asked == [1]


def test_a_picture_is_sent_as_it_is_and_only_once(files, site):
    address = files.add(b"RIFF" + bytes(1000), "image/webp")
    reply = site.get(address)
    assert "content-encoding" not in reply.headers and reply.content == b"RIFF" + bytes(1000)
    assert site.get(address, headers={"if-none-match": reply.headers["etag"]}).status_code == 304
    assert files.add(b"RIFF" + bytes(1000), "image/webp") == address != files.add(b"RIFF", "image/webp")
    assert site.get(f"files/{'0' * 32}").status_code == 404


def test_comments_stay_here_and_nothing_else_does():
    text = '/** A\n * b. @type {c} */\nlet a = 1; // d\n  // e\n  /** @type {f} */ (a);\nlet b = "// g";\n'
    assert without_comments(text) == 'let a = 1; // d\n  /** @type {f} */ (a);\nlet b = "// g";\n'


def test_the_pages_scripts_and_styles_are_small():
    files = Files()
    page = "".join(assets.head(files))
    sizes = {file.kind: len(file.packed("br")) for file in files._kept.values() if f"files/{file.version}" in page}
    assert set(sizes) == {"text/javascript", "text/css"}
    assert sizes["text/javascript"] < 60_000 and sizes["text/css"] < 12_000
