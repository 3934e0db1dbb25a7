"""The Edit tab in a real browser: a picture is found, changed, holed, restored, painted and shared."""

from __future__ import annotations

import base64
import re

import numpy as np
import pytest
from conftest import asking_page, served
from editors import write_editor
from PIL import Image

import gan
from gan.ui.server.model_registry import ModelRegistry

pytestmark = pytest.mark.browser

TAB = "#ll-edit"
PAPER, RESULT, HINT = f"{TAB} .ll-paper", f"{TAB} .ll-result", f"{TAB} .ll-made .ll-hint"
PIXELS = """(selector) => {
  const canvas = document.querySelector(selector);
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return [canvas.width, btoa(data.reduce((text, byte) => text + String.fromCharCode(byte), ""))];
}"""


@pytest.fixture(scope="module")
def registry(tiny_folder, tmp_path_factory):
    folder = write_editor(tiny_folder, tmp_path_factory.mktemp("models") / "finds")
    return ModelRegistry([folder], load=lambda folder: gan.load(folder, "cpu"))


@pytest.fixture(scope="module")
def site(registry):
    with served(registry) as url:
        yield url


@pytest.fixture
def page(browser):
    with asking_page(browser, viewport={"width": 1280, "height": 900}, reduced_motion="reduce") as page:
        yield page


def look(page, selector: str) -> np.ndarray:
    """Return what a canvas shows, int (H, H)."""
    side, data = page.evaluate(PIXELS, selector)
    return np.frombuffer(base64.b64decode(data), np.uint8).reshape(side, side, 4)[..., 0].astype(int)


def found(page) -> None:
    """Wait until the picture on the board has been found and nothing is under way."""
    page.wait_for_function(
        f"/Found|cannot/.test(document.querySelector('{HINT}')?.textContent) && !latentLab.stats.running"
    )
    assert page.locator(f"{TAB} .ll-problem").inner_text() == ""


def arrive(page, address: str) -> None:
    page.goto(address)
    page.wait_for_selector(HINT)
    found(page)


def squares(page) -> np.ndarray:
    """Return the page as the model sees it, uint8 (28, 28)."""
    paper = look(page, PAPER)
    scale = len(paper) // 28
    return np.floor(paper.reshape(28, scale, 28, scale).mean((1, 3)) + 0.5).astype(np.uint8)


def stroke(page, selector: str, *places: tuple[float, float]) -> None:
    """Draw on the first element that matches from place to place, each in shares of it."""
    page.locator(selector).first.scroll_into_view_if_needed()
    box = page.locator(selector).first.bounding_box()
    for i, (x, y) in enumerate(places):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=3)
        if i == 0:
            page.mouse.down()
    page.mouse.up()


def test_a_picture_is_found_and_a_slider_changes_it_in_the_browser(page, site, registry):
    arrive(page, f"{site}?tab=edit&sample=7")
    assert re.match(r"Found: pixels are off by about [\d.]+ %; 10 % is usual here\.", page.inner_text(HINT))
    assert "which training" in page.inner_text(f"{TAB} .ll-source")
    before = look(page, RESULT)
    film = page.locator(f"{TAB} .ll-film input")
    film.fill("0")
    assert (look(page, RESULT) != before).any(), "what the encoder saw"
    page.get_by_role("button", name="Play again").click()
    page.wait_for_function(f"document.querySelector('{TAB} .ll-film input').value > 0")

    plain = squares(page)
    page.evaluate("latentLab.chooseLook('smooth')")
    assert (look(page, PAPER)[::9, ::9] != np.kron(plain, np.ones((18, 18)))[::9, ::9]).any(), "shown smooth"
    assert (look(page, RESULT) == before).any(), "and found as it was"
    page.evaluate("latentLab.chooseLook('pixels')")
    assert np.array_equal(squares(page), plain)

    page.wait_for_function("latentLab.painterState('finds') === 'ready'")
    page.asked.clear()
    slider = page.get_by_label("slant")
    slider.fill("2")
    slider.dispatch_event("change")
    page.wait_for_url("**n=2**")
    page.wait_for_function("!latentLab.stats.running")
    assert "picture" not in page.asked and page.text_content(f"{TAB} [data-where]") == "browser"
    moved = look(page, RESULT)
    assert (moved != before).any()
    page.reload()
    page.wait_for_selector(HINT)
    found(page)
    page.wait_for_function(f"document.querySelector('{TAB} .ll-edit-sliders input').value === '2'")
    page.wait_for_function("!latentLab.stats.running && latentLab.stats.painted > 0")
    assert np.abs(look(page, RESULT) - moved).max() <= 2, "drawn by the server, as the browser drew it"


def test_a_drawing_is_found_while_it_is_drawn_and_shared_with_its_holes(page, site):
    page.goto(f"{site}?tab=edit&sample=none")
    page.get_by_text("Draw, take another picture, or upload one.").wait_for()
    stroke(page, PAPER, (0.4, 0.2), (0.6, 0.3), (0.45, 0.5), (0.6, 0.8))
    found(page)
    assert {"glance", "find"} <= set(page.asked)
    drawn = squares(page)
    assert (drawn > 200).sum() > 20 and (drawn == 0).sum() > 500
    page.locator("[name=ll-edit-tool][value=eraser]").check(force=True)
    stroke(page, PAPER, (0.1, 0.9), (0.9, 0.9))
    assert np.array_equal(squares(page), drawn), "a hole is over the picture"
    page.wait_for_url("**holes=**")
    page.reload()
    page.wait_for_selector(HINT)
    found(page)
    assert np.array_equal(squares(page), drawn)
    assert page.locator("[data-restore=go]").is_enabled()


def test_what_is_taken_away_comes_back_and_can_be_gone_on_with(page, site):
    arrive(page, f"{site}?tab=edit&sample=7")
    go = page.locator("[data-restore=go]")
    assert go.is_disabled() and "Erase something" in page.inner_text(".ll-restore-note")
    fill = page.locator("[data-edit=fill]")
    assert fill.is_disabled()
    page.get_by_role("button", name="Erase the lower half").click()
    page.evaluate("scrollTo(0, 0)")
    fill.click()
    page.wait_for_selector(".ll-answer")
    top, height = page.evaluate("[document.querySelector('.ll-restore').getBoundingClientRect().top, innerHeight]")
    assert 0 <= top < height - 200, "what comes of it is in sight"
    assert page.locator(".ll-answer[tabindex='0']").count() == 1
    assert page.locator(".ll-answer").count() == 8
    whole = squares(page)
    page.locator(".ll-answer").nth(3).click()
    restored = look(page, "[data-figure=restored] canvas")
    assert np.array_equal(restored[:13], whole[:13]) and (restored[15:] != whole[15:]).any()
    assert np.array_equal(look(page, "[data-figure=before] canvas"), whole)
    page.get_by_role("button", name="Go on with this one").click()
    found(page)
    assert np.array_equal(squares(page), restored) and "sample" not in page.url

    page.locator("[name=ll-restore-task][value=shrink]").check(force=True)
    page.wait_for_function("document.querySelector('[data-figure=damaged] canvas').width === 28")
    go.click()
    page.wait_for_selector("[data-restore=take]:visible")
    assert page.locator(".ll-answers-part").is_hidden()


def test_parts_are_painted_and_a_picture_is_read(page, site, tmp_path):
    arrive(page, f"{site}?tab=edit&sample=7")
    page.wait_for_function("document.querySelectorAll('.ll-nearest canvas').length === 4")
    assert page.inner_text(".ll-verdict-name").isdigit() and "this one is among them" in page.inner_text(".ll-what")
    assert re.search(r"such a judge is right about 99 % of pairs", page.inner_text("[data-damage]"))
    page.get_by_role("button", name="Show parts").click()
    page.wait_for_selector(".ll-legend:visible")
    assert page.locator(".ll-legend li").all_inner_texts() == ["outside", "stroke", "hole"]
    page.locator(".ll-parts summary").click()
    page.wait_for_selector(".ll-sample")
    assert page.locator("[data-parts=teach]").is_disabled()
    stroke(page, ".ll-sample", (0.05, 0.05), (0.05, 0.9))
    page.locator("[name=ll-part][value='1']").check()
    page.get_by_label("Name of part 2").fill("ink")
    page.locator(".ll-sample").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.locator("[data-parts=teach]").click()
    page.wait_for_selector(".ll-coloured canvas")
    assert page.locator(".ll-legend li").all_inner_texts() == ["background", "ink", "part 2"]

    Image.new("RGB", (300, 200), (250, 250, 250)).save(tmp_path / "white.png")
    page.set_input_files(f"{TAB} input[type=file]", tmp_path / "white.png")
    page.wait_for_function(f"document.querySelector('{TAB} .ll-status').textContent.includes('exchanged')")
    found(page)
    assert squares(page).max() < 10, "paper is light, and these pictures are dark"
    (tmp_path / "no.png").write_bytes(b"GIF89a, but no more of it")
    page.set_input_files(f"{TAB} input[type=file]", tmp_path / "no.png")
    page.get_by_text("Sorry: this browser cannot open that as a picture.").wait_for()


def test_a_link_to_what_is_gone_says_so_and_a_phone_never_scrolls_sideways(browser, site):
    with asking_page(browser, viewport={"width": 390, "height": 844}, has_touch=True) as page:
        page.goto(f"{site}?tab=edit&model=gone&sample=2")
        page.wait_for_selector(HINT)
        found(page)
        assert "here is no model called gone here" in page.inner_text(f"{TAB} .ll-remark")
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        result, paper = (page.locator(one).bounding_box() for one in (RESULT, PAPER))
        assert paper["width"] > 250 and result["y"] < paper["y"]
