"""The first screen and Explore with a model that the browser draws: what moves, what can be held, and how it looks."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from conftest import served
from PIL import Image

from gan.ui.server.model_registry import ModelRegistry

pytestmark = pytest.mark.browser

EMOJI, FACES = (Path(__file__).resolve().parents[2] / "weights" / name for name in ("emoji", "faces"))
FACE = ".ll-hero-screen canvas:first-of-type"
SHOWN = f"document.querySelector('{FACE}').toDataURL()"
MOMENT = "Number(document.querySelector('.ll-hero-ring input').value)"
STAGE = "#ll-explore .ll-screen canvas:first-child"


@pytest.fixture(scope="module")
def site():
    with served(ModelRegistry([EMOJI]), plain=True) as url:
        yield url


@pytest.fixture
def visit(browser):
    """Return a function that opens a page for a fresh visitor who prefers motion, or less of it."""
    contexts, wrong = [], []

    def open_page(motion: str = "no-preference"):
        contexts.append(browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion=motion))
        page = contexts[-1].new_page()
        page.set_default_timeout(50_000)  # a machine may be busy
        page.on("pageerror", lambda error: wrong.append(str(error)))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not wrong


def test_the_first_screen_moves_until_it_is_held(visit, site):
    page = visit()
    page.goto(site)
    page.wait_for_selector(".ll-hero-screen.ll-living")  # once the weights are there it drifts
    before, moment = page.evaluate(SHOWN), page.evaluate(MOMENT)
    page.wait_for_function(f"{SHOWN} !== {before!r} && {MOMENT} !== {moment}")

    page.hover(FACE, position={"x": 310, "y": 10})  # the sliders follow the pointer, and the picture them
    sliders = page.locator(".ll-hero-sliders input")
    page.wait_for_function("Number(document.querySelectorAll('.ll-hero-sliders input')[0].value) > 1.8")
    assert float(sliders.nth(1).input_value()) < 0
    sliders.nth(2).fill("1.5")
    assert page.get_by_label("Start the motion").is_visible()
    page.mouse.move(5, 5)  # what moved by itself, or with the pointer, returns: what is held does the same each time
    values = "[...document.querySelectorAll('.ll-hero-sliders input')].map(({ value }) => Number(value))"
    page.wait_for_function(f"String({values}.filter(Boolean)) === '1.5' && !latentLab.stats.running && ({SHOWN}, true)")
    page.wait_for_timeout(100)  # the last picture of the way back is drawn
    held, moment = page.evaluate(SHOWN), page.evaluate(MOMENT)
    page.locator(".ll-hero-ring input").fill("0")
    assert "0 points seen, 0 of 8 places" in page.locator(".ll-hero-ring output").inner_text()
    assert (page.evaluate(SHOWN), page.evaluate(MOMENT)) == (held, 0) and moment > 0

    page.get_by_role("button", name="Play with it").click()
    page.wait_for_url(re.compile(r"\?tab=explore&model=emoji&seed=15&n=,,1.5$"))
    page.wait_for_function(f"document.querySelector('{STAGE}')?.width === 32")
    page.locator("#tab-gallery-button").click()
    page.get_by_role("button", name="Watch one learn").click()
    page.wait_for_selector("[data-train=play]:enabled")
    page.wait_for_url(re.compile("tab=train&run="))


def test_only_the_sliders_in_view_drift_however_many_there_are(visit):
    with served(ModelRegistry([FACES]), plain=True) as url:
        page = visit()
        page.goto(url)
        page.wait_for_function("Math.abs(document.querySelectorAll('.ll-hero-sliders input')[2]?.value) > 0.3")
        shown = json.loads(page.locator("[data-film]").get_attribute("data-sliders"))
        page.get_by_role("button", name="Play with it").click()
        page.wait_for_url(re.compile("tab=explore.*&n="))
        (values,) = parse_qs(urlsplit(page.url).query)["n"]
    moved = {i for i, value in enumerate(values.split(",")) if float(value or 0)}
    assert 3 <= len(moved) <= len(shown) < 10 and moved <= set(shown)


def test_a_face_has_one_mouth(visit):
    with served(ModelRegistry([FACES]), plain=True) as url:
        page = visit("reduce")
        page.goto(url)
        page.wait_for_function("latentLab.painterState('faces') === 'ready'")
        few = "#ll-explore .ll-named:not(.ll-named-more)"
        for place in (page.locator(".ll-hero-sliders"), page.locator(few)):
            laugh, grin, beard = (place.get_by_label(name, exact=True) for name in ("laugh", "grin", "beard"))
            for slider, value in ((beard, 1), (laugh, 2), (grin, 1)):
                slider.fill(str(value))
            assert [float(slider.input_value()) for slider in (laugh, grin, beard)] == [0, 1, 1]
            laugh.fill("-1")  # away from one kind is towards no other
            assert float(grin.input_value()) == 1
            if place.get_attribute("class") == "ll-hero-sliders":
                page.get_by_role("button", name="Play with it").click()
                page.wait_for_function("document.querySelectorAll('#ll-explore .ll-named input').length > 5")
        page.wait_for_url(re.compile("tab=explore.*n="))


def test_nothing_moves_by_itself_for_those_who_prefer_that(visit, site):
    page = visit("reduce")
    page.goto(site)
    page.wait_for_selector(".ll-hero-sliders input")
    page.wait_for_function("latentLab.painterState('emoji') === 'ready'")
    assert page.locator(".ll-hero-screen.ll-living").count() == 0
    assert "8 of 8 places found" in page.locator(".ll-hero-ring output").inner_text()
    page.get_by_role("button", name="Another one").click()
    page.wait_for_selector(".ll-hero-screen.ll-living")
    page.get_by_label("Start the motion").click()
    page.get_by_label("Stop the motion").click()


def test_smooth_or_pixels_names_and_ends(visit, site, tmp_path):
    page = visit("reduce")
    page.goto(f"{site}?tab=explore&model=emoji&seed=9&names=,round")
    page.wait_for_selector("#ll-explore .ll-named .ll-drawn >> nth=1")  # small pictures of both ends
    look = f"getComputedStyle(document.querySelector('{STAGE}')).imageRendering"
    assert page.evaluate(look) == "auto" and page.locator(".ll-screen .ll-smooth-view").is_visible()
    before = page.evaluate(f"document.querySelector('{STAGE}').toDataURL()")
    page.locator("#ll-explore .ll-named .ll-end >> nth=1").click()
    page.wait_for_function(f"document.querySelector('{STAGE}').toDataURL() !== {before!r}")
    page.wait_for_url(re.compile("n=2&names=,round"))

    colours = {}
    for choice in ("Pixels", "Smooth"):
        page.locator("#ll-explore .ll-look").get_by_text(choice).click()
        with page.expect_download() as download:
            page.get_by_role("button", name="Save", exact=True).click()
        download.value.save_as(tmp_path / "saved.png")
        with Image.open(tmp_path / "saved.png") as saved:
            assert saved.size == (512, 512)
            colours[choice] = len(saved.convert("RGB").getcolors(2**18))
    assert colours["Pixels"] <= 32 * 32 < 2 * colours["Smooth"]

    page.locator(".ll-more-part > summary").click()
    fields = page.locator(".ll-directions .ll-name-field")
    assert [fields.nth(i).input_value() for i in range(3)] == ["", "round", ""]
    fields.nth(2).fill("a, b")
    fields.nth(2).press("Enter")
    page.wait_for_url(re.compile("names=,round,a\\+b$"))
    page.locator("#ll-explore .ll-look").get_by_text("Pixels").click()
    page.reload()
    page.wait_for_selector("#ll-explore .ll-screen:not(.ll-blank)")
    assert page.evaluate(look) == "pixelated"
    page.locator("#tab-interpolate-button").click()
    page.wait_for_selector(".ll-frame")
    assert page.evaluate("getComputedStyle(document.querySelector('.ll-frame')).imageRendering") == "pixelated"
