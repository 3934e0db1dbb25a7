"""`ui.server.owner`: only the browser that opened the printed link may use this machine's token."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from gan.ui.server import owner


@pytest.fixture
def visitor() -> TestClient:
    return TestClient(Starlette(routes=owner.routes()), "http://127.0.0.1:7860", follow_redirects=False)


def test_the_link_leaves_the_key_in_a_cookie_and_not_in_the_address(visitor):
    reply = visitor.get(owner.link("http://127.0.0.1:7860/"))
    assert reply.status_code == 303 and owner.KEY not in reply.headers["location"]
    cookie = reply.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie
    assert owner.is_owner(SimpleNamespace(cookies=dict(reply.cookies)))


def test_any_other_key_opens_nothing(visitor):
    for key in ["", "x", "\u00e9\ud800", owner.KEY[:-1], owner.KEY + "x"]:
        reply = visitor.get(owner.PATH, params={"key": key.encode("utf-8", "replace")})
        assert reply.status_code == 403 and "set-cookie" not in reply.headers, key
        assert not owner.is_owner(SimpleNamespace(cookies={owner.COOKIE: key})), key


def test_without_a_cookie_nobody_is_the_owner():
    assert not owner.is_owner(SimpleNamespace(cookies={}))
