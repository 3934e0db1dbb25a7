"""The page without a server in a real browser: as files, from a host and as one file, offline, under its own policy."""

from __future__ import annotations

import functools
import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from conftest import answering
from PIL import Image
from translators import write_translators

from gan import export
from gan.data import load_pairs
from gan.models.model import load
from gan.models.translator import load_translator
from gan.ui import site

pytestmark = pytest.mark.browser

COUNT = """window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => violations.push(event.violatedDirective))"""
SCREEN = "#ll-explore .ll-screen:not(.ll-blank) canvas"
PIXELS = f"""() => {{
  const canvas = document.querySelector("{SCREEN}");
  return [...latentLab.context(canvas).getImageData(0, 0, canvas.width, canvas.height).data];
}}"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory, tiny_folder, tiny_emoji_folder) -> Path:
    into = tmp_path_factory.mktemp("site") / "site"
    export.write_site(into, [tiny_folder, tiny_emoji_folder])
    return into


@pytest.fixture(scope="module")
def host(folder) -> Iterator[str]:
    """A static host of the loopback interface."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@contextmanager
def visit(browser, **more) -> Iterator:
    """A fresh visitor; fails if the page breaks its policy, logs an error or asks for anything that is not its own."""
    context = browser.new_context(viewport={"width": 1280, "height": 860}, reduced_motion="reduce", **more)
    page, wrong = context.new_page(), []
    page.set_default_timeout(50_000)
    page.add_init_script(COUNT)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if "Content Security" in message.text else None)
    own = ("data:", "blob:", "file:", "http://127.0.0.1:")
    page.on("request", lambda r: None if r.url.startswith(own) else wrong.append(r.url))
    yield page
    assert page.evaluate("violations") == []
    context.close()
    assert not wrong


def shown(page, size: int, channels: int) -> np.ndarray:
    return np.array(page.evaluate(PIXELS)).reshape(size, size, 4)[..., :channels]


def explores_and_saves(page, address: str, model) -> None:
    """Go through all tabs: the picture of a seed, a link, a film in both formats."""
    page.goto(address)
    page.locator("#ll-gallery .ll-wall button").nth(5).click()
    page.wait_for_selector(SCREEN)
    assert page.locator("#ll-explore [data-where]").text_content() == "browser"
    assert f"model={model.name}&seed=5" in page.url
    difference = shown(page, model.resolution, model.channels) - model.sample([5])[0].astype(int)
    assert np.abs(difference).max() <= 1
    page.goto(page.url.replace("seed=5", "seed=9"))  # a link, opened anew
    page.wait_for_selector(SCREEN)
    difference = shown(page, model.resolution, model.channels) - model.sample([9])[0].astype(int)
    assert np.abs(difference).max() <= 1
    page.click("#tab-interpolate-button")
    page.locator("#ll-interpolate .ll-scrub:not([disabled])").wait_for()
    page.fill("#ll-walk-frames", "6")
    page.get_by_text("6 frames from 4 keyframes.", exact=True).wait_for()
    frames = model.interpolate([79, 107, 153, 144], 6, "slerp", loop=True).astype(int)
    page.evaluate("latentLab.chooseLook('smooth')")
    with page.expect_download() as download:
        page.click("[data-save=webp]")
    with Image.open(download.value.path()) as film:
        assert len(film.convert("L").getcolors()) > 50
        wide = np.asarray(film.convert("L"), int)
    assert (np.abs(np.diff(wide, axis=1)).max(0) > 0).mean() > 0.9, "no squares"
    page.evaluate("latentLab.chooseLook('pixels')")
    for kind in ("gif", "webp"):
        with page.expect_download() as download:
            page.click(f"[data-save={kind}]")
        assert download.value.suggested_filename == f"{model.name}-seeds-79-107-153-144.{kind}"
        film = Image.open(io.BytesIO(Path(download.value.path()).read_bytes()))
        assert film.n_frames == 6 and film.info.get("loop") == 0
        scale = film.size[0] // model.resolution
        for i in range(6):
            film.seek(i)
            still = np.asarray(film.convert("RGB"))[::scale, ::scale, : model.channels].astype(int)
            assert np.abs(still - frames[i]).mean() < (1.01 if kind == "webp" or model.channels == 1 else 4)


def test_opened_as_files_without_a_network(browser, folder, tiny_folder):
    with visit(browser, offline=True, accept_downloads=True) as page:
        explores_and_saves(page, (folder / "index.html").as_uri(), load(tiny_folder, "cpu"))


def test_one_file_without_a_network_in_dark_and_narrow(browser, tiny_emoji_folder, tmp_path):
    (tmp_path / "play.html").write_bytes(site.single_file(tiny_emoji_folder))
    with visit(browser, offline=True, accept_downloads=True, color_scheme="dark", has_touch=True) as page:
        page.set_viewport_size({"width": 390, "height": 800})
        explores_and_saves(page, (tmp_path / "play.html").as_uri(), load(tiny_emoji_folder, "cpu"))
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert "dark" in page.evaluate("document.body.className")


def test_from_a_host_tabs_links_and_the_keyboard_work(browser, host):
    with visit(browser) as page:
        fetched = []
        page.on("request", lambda request: fetched.append(request.url) if request.url.endswith(".pack") else None)
        page.goto(host)
        page.locator("#ll-gallery .ll-wall button").first.wait_for()
        assert fetched == [], "no weights before they are needed"
        page.focus("#tab-gallery-button")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
        page.wait_for_selector(SCREEN)
        assert "tab=explore" in page.url and len(fetched) == 1
        page.locator(".ll-map > summary").click()
        page.locator(".ll-map-view[data-filled=true]").wait_for()
        page.go_back()
        page.locator("#tab-gallery:visible").wait_for()
        page.goto(f"{host}?tab=explore&model=gone")
        page.get_by_text('there is no model "gone" on this page').wait_for()
        page.goto(f"{host}?tab=publish")
        page.locator("#tab-gallery:visible").wait_for()


@pytest.mark.parametrize(
    ("fault", "sentence"), [("cut off", "arrived cut off"), ("damaged", "are damaged"), ("gone", "does not send")]
)
def test_weights_that_do_not_come_whole_leave_a_sentence_and_another_try(browser, host, fault, sentence):
    with visit(browser) as page:
        page.route("**/*.pack", answering(fault))
        page.goto(f"{host}?tab=explore")
        page.get_by_text(sentence).wait_for()
        assert page.evaluate("() => latentLab.notices.serverDoes('draws', 'of that')") == "", "there is no server"
        page.unroute("**/*.pack")
        while not page.locator(SCREEN).count():  # once the pause before another try is over
            page.click("#ll-explore [data-do=dice]")


def test_a_download_that_stalls_ends_with_a_sentence(browser, host):
    with visit(browser) as page:
        page.clock.install()
        page.route("**/*.pack", lambda route: None)  # for ever
        page.goto(f"{host}?tab=explore")
        page.get_by_text("Fetching the weights").or_(page.locator("#ll-explore .ll-blank")).first.wait_for()
        page.clock.run_for(11_000)
        page.get_by_text("stopped coming").wait_for()


def test_translators_work_without_a_server(browser, tmp_path):
    both, told = write_translators(tmp_path)
    export.write_site(tmp_path / "site", [both, told])
    model, pairs = load_translator(both, "cpu"), load_pairs("tiny", split="test")
    given = pairs.a.permute(0, 2, 3, 1).numpy()
    made, back = model.there_and_back(given[6:7])

    def pixels(canvas: str) -> np.ndarray:
        code = "c => [...latentLab.context(c).getImageData(0, 0, c.width, c.height).data]"
        return np.array(page.locator(f"#ll-translate {canvas}").evaluate(code)).reshape(28, 28, 4)[..., :3]

    with visit(browser, offline=True, accept_downloads=True) as page:
        page.set_viewport_size({"width": 390, "height": 800})
        page.goto((tmp_path / "site/index.html").as_uri())
        assert page.get_by_role("tab").all_inner_texts() == ["Gallery", "Translate", "Train"]
        page.get_by_role("button", name="Translate with both").click()
        page.wait_for_selector("#ll-translate .ll-made .ll-screen:not(.ll-blank)")
        assert np.abs(pixels(".ll-result") - made[0].astype(int)).max() <= 1
        page.get_by_text("No critic is on this page.").wait_for()
        assert np.abs(pixels(".ll-back canvas") - back[0].astype(int)).max() <= 2, "each way is right to one level"
        assert np.array_equal(pixels(".ll-truth canvas"), given[6] + 100)
        page.locator("#ll-translate .ll-many-grid.ll-ready").wait_for()
        page.get_by_role("button", name="Keep this one").click()
        page.get_by_role("button", name="Sample 2 and its translation").click()
        page.wait_for_url("**sample=2**")
        page.get_by_role("button", name="Keep this one").click()
        with page.expect_download() as download:
            page.click("#ll-translate [data-save=gif]")
        assert download.value.suggested_filename == "both.gif"
        film = Image.open(download.value.path())
        assert film.size[0] == 2 * film.size[1] and film.n_frames == 58, "two drawings, 1.2 s each, 24 a second"
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.locator("#ll-translator").select_option("told")
        page.get_by_text("Roll the dice").wait_for()
