"""`ui.server.first_page`: what is in the HTML, what it weighs, and where a page below a path finds its files."""

from __future__ import annotations

import gzip
import json
import re
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import built
from fake_models import fake_load, write_folder
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from gan.ui import app
from gan.ui.server.first_page import FirstPage, root_path
from gan.ui.server.model_registry import ModelRegistry

HTML = '<html><head><base href="./" /><script>a</script></head><body><gradio-app></gradio-app></body></html>'


def through(text: str, path: str = "/") -> str:
    """The page as it comes out, sent in parts."""
    inside = Starlette(routes=[Route(path, lambda request: HTMLResponse(text))])
    return TestClient(FirstPage(inside, "<first>", "<last>", "<seen>")).get(path).text


def test_tags_come_where_they_belong():
    assert through(HTML) == (
        '<html><head><base href="./" /><first><script>a</script><last></head><body><seen><gradio-app></gradio-app>'
        "</body></html>"
    )
    assert through(HTML, "/other") == HTML


@pytest.mark.parametrize(
    ("told", "path"),
    [
        ("", ""),
        ("/lab", "/lab"),
        ("/lab/", "/lab"),
        ("https://a.example/lab", "/lab"),
        ("https://a.example", ""),
    ],
)
def test_the_path_that_the_app_was_told_is_the_base_of_addresses(told, path):
    assert root_path({"root_path": told}) == path
    assert f'<base href="{path or "."}/" />' in FirstPage(None, "", "", "").page(HTML, path)


def test_a_path_is_text_and_no_tag():
    assert "<b>" not in FirstPage(None, "", "", "").page(HTML, '/"><b>')


@contextmanager
def launched(registry: ModelRegistry, **more) -> Iterator[str]:
    demo = built(registry)
    try:
        _, url, _ = demo.launch(**app.settings(registry), prevent_thread_lock=True, quiet=True, **more)
        yield url
    finally:
        demo.close()


def test_our_part_of_the_page_is_small_and_compressed():
    """Of the shipped models, which is what the goal of 120 kB is for."""
    from gan.io import shipped_models
    from gan.ui.server.model_info import discover

    registry = ModelRegistry(discover(shipped_models(), Path("no runs")))
    with launched(registry) as url:
        request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})
        with urllib.request.urlopen(request, timeout=30) as reply:
            sent = reply.read()
            assert reply.headers["content-encoding"] == "gzip"
    html = gzip.decompress(sent).decode()
    config = json.loads(re.search(r"window\.gradio_config = (\{.*?\});</script>", html, re.DOTALL)[1])
    ours = [component["props"].get("value") for component in config["components"]]
    assert sum(len(json.dumps(text)) for text in ours if isinstance(text, str)) < 120_000
    assert len(html) < 200_000 and len(sent) < 45_000 and "data:image/webp" not in html
    assert len(re.findall(r"files/\w{32}", html)) >= 6


@pytest.mark.browser
@pytest.mark.parametrize("end", ["", "/"])
def test_below_a_path_with_a_slash_or_without_everything_is_found(browser, tmp_path, end):
    """Behind a proxy that takes the path away, as the app is told by `root_path`."""
    registry = ModelRegistry([write_folder(tmp_path, "colour")], load=fake_load)
    with launched(registry, root_path="/lab") as url:
        page, failed = browser.new_page(), []
        origin = url.rstrip("/").removesuffix("/lab")
        page.route("**/lab**", lambda route: route.fulfill(response=route.fetch(url=proxied(route.request.url))))
        page.on("requestfailed", lambda request: failed.append(request.url))
        page.on("response", lambda reply: failed.append(reply.url) if reply.status >= 400 else None)
        page.goto(f"{origin}/lab{end}")
        page.wait_for_selector("#ll-gallery .ll-wall button")
        page.get_by_label("Explore colour", exact=True).click()
        page.wait_for_selector("#ll-explore .ll-screen:not(.ll-blank)", timeout=30_000)
        assert page.evaluate("new URL('engine/pack/x', document.baseURI).pathname") == "/lab/engine/pack/x"
        page.close()
    assert not [address for address in failed if "iframeResizer" not in address]


def proxied(address: str) -> str:
    """The address without the path that the proxy takes away."""
    return re.sub(r"/lab/?(?=$|\?|[^/])", "/", address, count=1)
