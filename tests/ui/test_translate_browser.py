"""The Translate tab in a real browser: what is drawn, taken, dropped, shared and saved, and who translates it."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from conftest import asking_page, served
from PIL import Image
from translators import write_translators

import gan
from gan.ui.server.model_registry import ModelRegistry

pytestmark = pytest.mark.browser

PAPER, RESULT = "#ll-translate .ll-paper", "#ll-translate .ll-result"
PIXELS = """(selector) => {
  const canvas = document.querySelector(selector);
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return [canvas.width, btoa(data.reduce((text, byte) => text + String.fromCharCode(byte), ""))];
}"""


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    folders = write_translators(tmp_path_factory.mktemp("translators"))
    return ModelRegistry(folders, load=lambda folder: gan.load(folder, "cpu"))


@pytest.fixture(scope="module")
def site(registry):
    with served(registry, plain=True) as url:
        yield url


@pytest.fixture
def page(browser):
    with asking_page(browser, viewport={"width": 1280, "height": 900}, accept_downloads=True) as page:
        yield page


def look(page, selector: str) -> np.ndarray:
    """Return what a canvas shows, int (H, H, 3)."""
    side, data = page.evaluate(PIXELS, selector)
    return np.frombuffer(base64.b64decode(data), np.uint8).reshape(side, side, 4)[..., :3].astype(int)


def rest(page) -> None:
    """Wait until nothing is under way and no notice of trouble stands there."""
    page.wait_for_function("!latentLab.stats.running && latentLab.stats.painted > 0")
    assert page.locator("#ll-translate .ll-problem").inner_text() == ""


def arrive(page, address: str, model: str) -> None:
    page.goto(address)
    if "tab=" not in address:
        page.get_by_label(f"Translate with {model}").click()
    page.wait_for_selector("#ll-translate .ll-many-grid.ll-ready")
    page.wait_for_selector("#ll-translate .ll-screen:not(.ll-blank)")
    page.wait_for_function(f"latentLab.painterState('{model}') === 'ready'")
    rest(page)


def stroke(page, *places: tuple[float, float]) -> None:
    """Draw from place to place, each in shares of the page."""
    box = page.locator(PAPER).bounding_box()
    for i, (x, y) in enumerate(places):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        if i == 0:
            page.mouse.down()
    page.mouse.up()
    rest(page)


def squares(page) -> np.ndarray:
    """Return the page as the translator sees it: the mean of each square, uint8 (28, 28, 3)."""
    paper = look(page, PAPER)
    scale = len(paper) // 28
    return np.floor(paper.reshape(28, scale, 28, scale, 3).mean((1, 3)) + 0.5).astype(np.uint8)


def follows(page, registry, name: str, to: str = "b", told: list[float] | None = None) -> None:
    """Check that the translation on screen is that of the page."""
    expected = registry.translator(name).translate([squares(page)], to, told)[0]
    assert np.abs(look(page, RESULT) - expected).max() <= 1


def test_a_drawing_is_translated_while_it_is_drawn(page, site, registry):
    told = [51 / 255, 1.0]
    arrive(page, f"{site}?tab=translate&model=told&sample=2&told=33ff", "told")
    follows(page, registry, "told", told=told)
    assert page.locator("#ll-translate [data-where]").text_content() == "server", "the first one"
    assert re.fullmatch(r"Scores above \d+ % of real ones; .*what you gave\.", page.inner_text("[data-verdict]"))
    sample = squares(page)

    page.asked.clear()
    painted = page.evaluate("latentLab.stats.painted")
    page.locator("[name=ll-mirror]").check(force=True)
    stroke(page, (0.1, 0.2), (0.2, 0.3), (0.3, 0.25), (0.35, 0.6))
    assert page.evaluate("latentLab.stats.painted") > painted
    assert set(page.asked) <= {"judge"}, "the browser translates"
    assert page.locator("#ll-translate [data-where]").text_content() == "browser"
    drawn = squares(page)
    follows(page, registry, "told", told=told)
    assert (drawn != sample).any()

    page.keyboard.press("Control+z")
    rest(page)
    assert np.array_equal(squares(page), sample)
    page.get_by_role("button", name="Redo").click()
    assert np.array_equal(squares(page), drawn)
    page.locator("[name=ll-tool][value=eraser]").check(force=True)
    stroke(page, (0.45, 0.518), (0.6, 0.518))
    assert (squares(page)[14, 14] == 255).all() and not (drawn[14, 14] == 255).all()
    page.get_by_role("button", name="Clear", exact=True).click()
    assert "The page is empty" in page.inner_text("#ll-translate .ll-hint") and (squares(page) == 255).all()
    page.locator("[name=ll-tool][value=pen]").check(force=True)
    stroke(page, (0.1, 0.2), (0.3, 0.6))
    both = squares(page).astype(int)
    assert both[:, :14].min() < 200 and np.abs(both - both[:, ::-1]).max() <= 1, "the mirror is still on"


def test_a_link_shows_the_drawing_again(page, site, registry):
    arrive(page, f"{site}?tab=translate&model=told&sample=2&told=33ff", "told")
    stroke(page, (0.1, 0.2), (0.2, 0.3), (0.3, 0.25), (0.35, 0.6))
    page.wait_for_url("**ink=**")
    drawn = squares(page)
    page.reload()
    page.wait_for_selector("#ll-translate .ll-screen:not(.ll-blank)")
    rest(page)
    assert np.array_equal(squares(page), drawn)
    follows(page, registry, "told", told=[51 / 255, 1.0])


def test_pictures_come_from_samples_files_and_translations(page, site, registry, tmp_path):
    arrive(page, site, "both")
    follows(page, registry, "both")
    painted = page.evaluate("latentLab.stats.painted")
    page.get_by_role("button", name="Random sample").click()
    page.wait_for_function(f"latentLab.stats.painted > {painted}")  # it is fetched first; it may be the same one
    rest(page)
    assert re.search(r"sample=\d", page.url)
    follows(page, registry, "both")

    Image.new("RGBA", (300, 200), (200, 30, 60, 255)).save(tmp_path / "red.png")
    page.set_input_files("#ll-translate input[type=file]", tmp_path / "red.png")
    page.wait_for_function("document.querySelector('#ll-translate .ll-status').textContent.includes('28 pixels')")
    rest(page)
    assert (squares(page) == (200, 30, 60)).all()
    follows(page, registry, "both")
    made = look(page, RESULT)
    page.get_by_role("button", name="Translate this back").click()
    rest(page)
    assert np.array_equal(squares(page), made)
    follows(page, registry, "both", to="a")
    assert page.get_by_label("To squares").is_checked()

    (tmp_path / "no.png").write_bytes(b"GIF89a, but no more of it")
    page.set_input_files("#ll-translate input[type=file]", tmp_path / "no.png")
    page.get_by_text("Sorry: this browser cannot open that as a picture.").wait_for()
    assert np.array_equal(squares(page), made)
    page.locator("#ll-translate .ll-pair >> nth=3").click()
    page.wait_for_url("**sample=3**")
    rest(page)


def test_a_walk_goes_through_the_drawings_that_are_kept(page, site, registry):
    arrive(page, f"{site}?tab=translate&to=a&sample=3", "both")
    page.get_by_role("button", name="Keep this one").click()
    page.locator("#ll-translate .ll-pair >> nth=5").click()
    page.wait_for_url("**sample=5**")
    page.get_by_role("button", name="Keep this one").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="WebP").click()
    film = Image.open(io.BytesIO(download.value.path().read_bytes()))
    assert download.value.suggested_filename == "both.webp" and film.n_frames == 58
    page.get_by_role("button", name="Play").click()
    page.wait_for_selector("#ll-translate .ll-ghost:not([hidden])")
    page.get_by_role("button", name="Stop").click()
    page.wait_for_selector("#ll-translate .ll-ghost", state="hidden")
    rest(page)
    follows(page, registry, "both", to="a")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_page_and_translation_and_never_scrolls_sideways(browser, site, scheme):
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme, has_touch=True)
    page = context.new_page()
    page.set_default_timeout(50_000)
    arrive(page, f"{site}?tab=translate&model=told", "told")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    result, paper = (page.locator(one).bounding_box() for one in (RESULT, PAPER))
    assert paper["width"] > 250 and 0 < paper["y"] - (result["y"] + result["height"]) < 40
    assert paper["y"] + paper["height"] < 844
    page.evaluate("scrollTo(0, 40)")
    places = "(canvases) => [scrollY, ...canvases.map((one) => document.querySelector(one).getBoundingClientRect().y)]"
    before = page.evaluate(places, [RESULT, PAPER])
    page.locator("#ll-translate [data-act=clear]").evaluate("(button) => button.click()")
    page.wait_for_selector("#ll-translate .ll-empty")
    assert page.evaluate(places, [RESULT, PAPER]) == before, "an empty page stays where it is"
    context.close()


def test_a_pen_presses_and_pictures_are_pasted_dropped_and_wiped(page, site, registry):
    arrive(page, f"{site}?tab=translate&model=told&sample=2", "told")
    drawn = """([paper, pressure]) => {
      const canvas = document.querySelector(paper), box = canvas.getBoundingClientRect();
      canvas.setPointerCapture = () => {};
      const at = (kind, x) => canvas.dispatchEvent(new PointerEvent(kind, { bubbles: true, pointerType: "pen", pressure,
        pointerId: 7, isPrimary: true, button: 0, buttons: 1,
        clientX: box.x + x * box.width, clientY: box.y + 0.5 * box.height }));
      at("pointerdown", 0.2); at("pointermove", 0.5); at("pointermove", 0.8); at("pointerup", 0.8);
    }"""
    ink = {}
    for pressure in (0.1, 1.0):
        page.get_by_role("button", name="Clear", exact=True).click()
        page.evaluate(drawn, [PAPER, pressure])
        ink[pressure] = int((255 - squares(page).astype(int)).sum())
    assert 0 < 2 * ink[0.1] < ink[1.0], "who presses draws broader"

    file = """([how, colour]) => new Promise((resolve) => {
      const canvas = new OffscreenCanvas(40, 40), context = canvas.getContext("2d");
      context.fillStyle = colour; context.fillRect(0, 0, 40, 40);
      canvas.convertToBlob().then((blob) => {
        const data = new DataTransfer();
        data.items.add(new File([blob], "own.png", { type: "image/png" }));
        const event = how === "paste" ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true })
          : new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
        document.querySelector("#ll-translate .ll-paper").dispatchEvent(event); resolve();
      });
    })"""
    for how, colour, seen in (("paste", "#c81e3c", (200, 30, 60)), ("drop", "#1e3cc8", (30, 60, 200))):
        page.evaluate(file, [how, colour])
        page.wait_for_function(
            f"({PIXELS})('{PAPER}')[1].startsWith('{base64.b64encode(bytes([*seen, 255])).decode()[:5]}')"
        )
        assert (squares(page) == seen).all(), how
    page.locator("#ll-translate .ll-wipe input").fill("30")
    assert (
        page.evaluate("document.querySelector('#ll-translate .ll-made .ll-screen').style.getPropertyValue('--wipe')")
        == "30%"
    )
