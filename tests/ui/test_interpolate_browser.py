"""The Interpolate tab in a browser, whose clock these tests hold: a page's second passes when they say so."""

from __future__ import annotations

import re

import gradio as gr
import numpy as np
import plain_page
import pytest
from PIL import Image

from gan.ui import assets
from gan.ui.tabs import interpolate

pytestmark = pytest.mark.browser

FIRST = [79, 107, 153, 144]  # seeds of a fresh page
CALLS = re.compile("/component_server")


@pytest.fixture(scope="module")
def registry(tiny_registry):
    return tiny_registry


@pytest.fixture(scope="module")
def url(registry):
    """The tab alone, drawn by the server, so that every call seen is its own."""
    scripts, styles = assets.scripts(assets.APP, {"worker": ""}), assets.styles(assets.APP)
    head = f"<style>{styles}</style><script>{scripts}</script>"
    with gr.Blocks() as demo:
        interpolate.build(registry)
    routes = {"routes": [plain_page.route(demo, head)]}
    _, url, _ = demo.launch(
        prevent_thread_lock=True, quiet=True, app_kwargs=routes, server_name="127.0.0.1", run_history=False
    )
    yield url
    demo.close()


@pytest.fixture
def tab(browser, url):
    """A page with the first walk rendered and, motion being reduced, standing still; `.asked` lists its requests.

    Its clock stands still, too.
    """
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    page.errors, page.asked = [], []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("request", lambda request: page.asked.append(request.url) if CALLS.search(request.url) else None)
    page.clock.install()
    page.goto(url)
    page.wait_for_selector(".ll-scrub:not([disabled])")
    page.wait_for_selector(".ll-walk:not(.ll-waiting)")
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 1)
    yield page
    assert page.errors == []
    context.close()


def frame(page) -> int:
    return int(page.locator(".ll-scrub").input_value())


def asked(page, ms: int = 1000) -> int:
    """Let time pass for the page; how many calls it has made by then, and has a reply to."""
    page.clock.run_for(ms)
    page.evaluate("fetch('/gradio_api/app_id').then((reply) => reply.text())")  # behind the calls made before
    page.wait_for_function("latentLab.stats.running === 0")
    return len(page.asked)


def settled(page, count: int) -> None:
    """Check that `count` walks have been asked for once time has passed, and wait until the last is shown."""
    assert asked(page) == count
    page.wait_for_selector(".ll-walk:not(.ll-waiting)")
    assert asked(page) == count


def painted(page) -> list[int]:
    return page.evaluate(
        "() => { const c = document.querySelector('.ll-frame');"
        " return [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data] }"
    )


def test_one_call_renders_and_scrubbing_asks_for_nothing(tab, registry):
    assert len(tab.asked) == 1
    strip = registry.interpolate("tiny", FIRST, 72, "slerp", True)
    for i in (0, 1, 35, 71):
        tab.locator(".ll-scrub").fill(str(i))
        pixels = np.array(painted(tab), np.uint8).reshape(28, 28, 4)
        assert np.array_equal(pixels[..., 0], strip[i][..., 0]), f"frame {i}"
    tab.locator(".ll-scrub").focus()
    tab.keyboard.press("Home")
    for _ in range(30):
        tab.keyboard.press("ArrowRight")
    assert frame(tab) == 30
    assert asked(tab) == 1


def test_reduced_motion_waits_for_play_and_play_advances_at_the_frame_rate(tab):
    tab.clock.run_for(1000)
    assert frame(tab) == 0
    tab.get_by_role("button", name="Play").click()
    tab.clock.run_for(1000)
    assert abs(frame(tab) - 24) <= 1
    tab.locator(".ll-scrub").focus()
    tab.keyboard.press("Space")
    stopped = frame(tab)
    tab.clock.run_for(1000)
    assert frame(tab) == stopped and tab.get_by_role("button", name="Play").is_visible()
    tab.get_by_role("slider", name="Frame rate").fill("60")
    assert asked(tab) == 1, "another speed is the same film"
    tab.get_by_role("button", name="Play").click()
    tab.clock.run_for(1000)
    assert abs((frame(tab) - stopped) % 72 - 60) <= 3


def test_a_visitor_who_likes_motion_gets_it_at_once(browser, url):
    page = browser.new_page(reduced_motion="no-preference")
    page.goto(url)
    page.wait_for_selector(".ll-playing")
    page.wait_for_function("Number(document.querySelector('.ll-scrub').value) > 3")
    page.close()


def test_playback_goes_round(tab):
    tab.locator(".ll-scrub").fill("70")
    tab.get_by_role("button", name="Play").click()
    tab.clock.run_for(500)
    assert 8 <= frame(tab) <= 11


def test_keyframes_are_added_moved_removed_and_edited_by_keyboard(tab):
    def seeds():
        return [int(box.input_value()) for box in tab.locator(".ll-key input").all()]

    a, b, c, d = FIRST
    tab.get_by_role("button", name="Move keyframe 1 later").press("Enter")
    assert seeds() == [b, a, c, d]
    assert tab.evaluate("document.activeElement.ariaLabel") == "Move keyframe 2 later", "the focus went along"
    tab.get_by_role("button", name="Remove keyframe 4").press("Enter")
    tab.get_by_label("Seed of keyframe 3").fill("77")
    assert seeds() == [b, a, 77]
    assert asked(tab, 200) == 1, "a call waits until the hand rests"
    settled(tab, 2)  # three changes, one call
    while tab.get_by_role("button", name="Add a keyframe").is_visible():
        tab.get_by_role("button", name="Add a keyframe").press("Enter")
    assert len(seeds()) == 8 and seeds()[:3] == [b, a, 77]
    settled(tab, 3)
    assert tab.locator(".ll-ticks span").count() == 8
    for _ in range(6):
        tab.get_by_role("button", name="Remove keyframe 1").press("Enter")
    assert tab.get_by_role("button", name="Remove keyframe 1").is_disabled()
    tab.get_by_role("button", name="Random seed for keyframe 1").press("Enter")
    settled(tab, 4)


def test_a_keyframe_is_dragged_to_another_place(tab):
    tab.get_by_role("button", name="Go to keyframe 4").drag_to(tab.locator(".ll-key").first)
    seeds = tab.locator(".ll-key input").evaluate_all("all => all.map((box) => Number(box.value))")
    assert seeds == [FIRST[3], *FIRST[:3]]


def test_a_keyframes_picture_is_a_way_to_its_frame(tab):
    tab.get_by_role("button", name="Go to keyframe 3").click()
    assert frame(tab) == 36  # of 72 in a loop of 4
    assert tab.locator(".ll-key.ll-now .ll-number").inner_text() == "3"


def test_a_wrong_seed_is_pointed_out_and_not_sent(tab):
    tab.get_by_label("Seed of keyframe 2").fill("-5")
    assert asked(tab) == 1
    assert "whole number from 0 to 4294967295" in tab.locator(".ll-problem").inner_text()
    tab.get_by_label("Seed of keyframe 2").fill("5")
    settled(tab, 2)
    assert tab.locator(".ll-problem").inner_text() == ""


def test_the_servers_error_is_shown_and_the_film_stays(tab, registry, monkeypatch):
    def refuse(*_, **__):
        raise ValueError("truncation must be in [0, 2], got 9")

    monkeypatch.setattr(registry, "interpolate", refuse)
    tab.get_by_label("Typical to strange").fill("0.5")
    tab.clock.run_for(1000)
    tab.wait_for_function("document.querySelector('.ll-problem').textContent.includes('got 9')")
    assert tab.locator(".ll-waiting").count() == 0
    assert tab.locator(".ll-scrub").get_attribute("max") == "71"


def test_of_two_walks_the_newer_stays_whichever_comes_last(tab):
    held = []
    tab.route(CALLS, lambda route: held.append(route))
    for count, frames in enumerate(("10", "20"), start=1):
        tab.get_by_role("slider", name="Frames").fill(frames)
        tab.clock.run_for(1000)
        while len(held) < count:  # a route is told a little after its request
            tab.evaluate("0")
    older, newer = held
    newer.continue_()
    tab.wait_for_function("document.querySelector('.ll-scrub').max === '19'")
    older.continue_()
    tab.wait_for_function("latentLab.stats.late === 1")
    assert tab.locator(".ll-scrub").get_attribute("max") == "19"


def test_of_two_sheets_the_newer_stays_whichever_is_decoded_last(tab):
    tab.evaluate(
        "() => { const { decodeSheet } = latentLab; window.held = [];"
        " latentLab.decodeSheet = (sheet) => new Promise((open) => held.push(() => open(decodeSheet(sheet)))); }"
    )
    for count, frames in enumerate(("10", "20"), start=1):
        tab.get_by_role("slider", name="Frames").fill(frames)
        tab.clock.run_for(1000)
        tab.wait_for_function("count => held.length === count", arg=count)
    tab.evaluate("held[1]()")
    tab.wait_for_function("document.querySelector('.ll-scrub').max === '19'")
    tab.evaluate("held[0]()")
    tab.evaluate("fetch('/gradio_api/app_id').then((reply) => reply.text())")
    assert tab.locator(".ll-scrub").get_attribute("max") == "19"


def test_a_damaged_sheet_is_pointed_out_and_the_film_stays(tab):
    reply = {"size": 28, "frames": 9, "keys": 4, "columns": 4, "sheet": "data:image/png,x"}
    tab.route(CALLS, lambda route: route.fulfill(json=reply))
    tab.get_by_role("slider", name="Frames").fill("9")
    tab.clock.run_for(1000)
    tab.wait_for_function("document.querySelector('.ll-problem').textContent.includes('damaged')")
    assert tab.locator(".ll-waiting").count() == 0
    assert tab.locator(".ll-scrub").get_attribute("max") == "71"
    tab.unroute(CALLS)
    tab.get_by_role("slider", name="Frames").fill("12")
    tab.clock.run_for(1000)
    tab.wait_for_function("document.querySelector('.ll-scrub').max === '11'")
    assert tab.locator(".ll-problem").inner_text() == ""


def test_a_download_that_is_cut_off_is_not_rendered_again(tab):
    tab.route(CALLS, lambda route: route.abort())
    before = len(tab.asked)
    tab.get_by_role("button", name="GIF").click()
    tab.wait_for_function("document.querySelector('.ll-problem').textContent.includes('please try again')")
    assert asked(tab, 10_000) == before + 1
    assert tab.get_by_role("button", name="GIF").is_enabled()


@pytest.mark.parametrize("kind", ["GIF", "WebP"])
def test_the_download_is_a_film_of_every_frame(tab, kind):
    tab.get_by_role("slider", name="Frames").fill("12")
    tab.get_by_label("Frame rate").fill("10")
    with tab.expect_download() as waiting:
        tab.get_by_role("button", name=kind).click()
    assert waiting.value.suggested_filename == f"tiny-seeds-{'-'.join(map(str, FIRST))}.{kind.lower()}"
    with Image.open(waiting.value.path()) as film:
        assert (film.format, film.n_frames, film.size) == (kind.upper(), 12, (280, 280))
        film.seek(5)
        film.load()
        assert film.info["duration"] == 100


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_the_page_never_scrolls_sideways(tab, width):
    tab.set_viewport_size({"width": width, "height": 844})
    reach = (  # Gradio clips what sticks out, so that nothing scrolls and something is out of sight
        "Math.max(...[...document.querySelectorAll('.ll-walk *')].map((n) => n.getBoundingClientRect().right))"
    )
    tab.wait_for_function(
        f"innerWidth === {width} && document.documentElement.scrollWidth <= {width} && {reach} <= {width}"
    )


def test_everything_that_can_be_operated_has_a_name(tab):
    nameless = tab.evaluate(
        "() => [...document.querySelectorAll('.ll-walk :is(button, input, select)')].filter((node) =>"
        " !(node.ariaLabel || node.textContent.trim() || node.labels?.[0]?.textContent.trim())).map((n) => n.outerHTML)"
    )
    assert nameless == []
