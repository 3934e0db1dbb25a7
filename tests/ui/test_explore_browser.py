"""The tab Explore in a real browser, offline: what a visitor sees, drags, presses, keeps and saves."""

from __future__ import annotations

import dataclasses
import io
import re
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser_steps import (
    FIRST_SLIDER,
    SCREEN,
    becomes,
    changes,
    drag,
    explore,
    fingers,
    look,
    shows,
    visit,
    walk,
)
from conftest import served
from fake_models import KINDS, fake_load, write_folder

from gan.ui.server import controls, drawing
from gan.ui.server.limits import Busy
from gan.ui.server.model_registry import ModelRegistry

if TYPE_CHECKING:
    from playwright import sync_api

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> ModelRegistry:
    root = tmp_path_factory.mktemp("models")
    (root / "broken").mkdir()
    return ModelRegistry([*(write_folder(root, name) for name in KINDS), root / "broken"], load=fake_load)


@pytest.fixture(scope="module")
def site(registry: ModelRegistry) -> Iterator[str]:
    with served(registry, plain=True) as url:
        yield url


@pytest.fixture
def page(browser: sync_api.Browser, site: str) -> Iterator[sync_api.Page]:
    with visit(browser, site) as page:
        yield page


def test_a_picture_of_the_gallery_opens_that_seed(page: sync_api.Page, site: str) -> None:
    expected = explore(page, f"{site}?model=colour&seed=9")
    page.goto(site)
    page.wait_for_selector(".ll-wall button")
    page.get_by_label("colour, seed 8: open in Explore").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_selector(SCREEN)
    becomes(page, expected)
    page.wait_for_url("**/?tab=explore&model=colour&seed=9")


def test_the_picture_follows_a_dragged_slider(page: sync_api.Page, site: str) -> None:
    before = explore(page, f"{site}?model=grey&seed=1")
    painted = page.evaluate("latentLab.stats.painted")
    drag(page, FIRST_SLIDER, 0.9)
    changes(page, before)
    assert page.evaluate("latentLab.stats.painted") > painted + 1  # along the way, not only at the end
    page.wait_for_url(re.compile(r"[?&]d=\d"))
    assert page.locator(".ll-meter [data-ms]").text_content().isdigit()


@pytest.mark.parametrize("size", [(1280, 860), (390, 844)])
def test_nothing_moves_when_the_first_model_has_loaded(browser: sync_api.Browser, tmp_path: Path, size) -> None:
    loaded = threading.Event()

    def load(folder: Path) -> object:
        loaded.wait(20)
        return fake_load(folder)

    parts = (SCREEN, "[aria-label='Picture actions']", ".ll-single-sliders", ".ll-more-part", ".ll-others-grid")
    with (
        served(ModelRegistry([write_folder(tmp_path, "grey")], load=load), plain=True) as site,
        visit(browser, site) as page,
    ):
        page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
        page.goto(f"{site}?model=grey&seed=1")
        page.get_by_text("Loading the model").wait_for()
        before = {part: page.locator(part).bounding_box() for part in parts}
        assert before[SCREEN]["width"] == before[SCREEN]["height"] == 5 * 28
        assert page.locator(SCREEN).evaluate("c => getComputedStyle(c).animationName") == "ll-breathe"
        loaded.set()
        page.wait_for_selector(".ll-screen:not(.ll-blank)")
        page.wait_for_selector(".ll-others-grid.ll-ready")
        assert {part: page.locator(part).bounding_box() for part in parts} == before


@pytest.mark.parametrize("name", ["constructor", "__proto__", "7"])
def test_a_model_may_be_called_anything(browser: sync_api.Browser, tmp_path: Path, name: str) -> None:
    folders = [write_folder(tmp_path, "grey"), write_folder(tmp_path, "plain").rename(tmp_path / name)]
    with (
        served(
            ModelRegistry(folders, load=lambda f: KINDS["grey" if f.name == "grey" else "plain"]), plain=True
        ) as site,
        visit(browser, site) as page,
    ):
        start = explore(page, f"{site}?model=grey&seed=1")
        page.locator("#ll-model").select_option(name)
        changes(page, start)
        assert page.locator("#ll-explore .ll-problem").inner_text() == ""
        assert page.locator("#ll-model option").all_inner_texts() == ["grey", name]


def test_the_saved_picture_is_the_one_on_the_canvas(page, site, registry, monkeypatch, tmp_path: Path) -> None:
    import numpy as np
    from PIL import Image

    explore(page, f"{site}?model=grey&seed=1")
    monkeypatch.setattr(registry, "ask_picture", lambda *_: (_ for _ in ()).throw(Busy(0.01)))
    page.get_by_label("Random seed").click()  # a request that is never answered
    with page.expect_download() as download:
        page.get_by_role("button", name="Save 1:1").click()
    monkeypatch.undo()
    assert download.value.suggested_filename == "grey-seed1.png"
    download.value.save_as(tmp_path / "saved.png")
    picture = registry.picture("grey", 1)
    with Image.open(tmp_path / "saved.png") as saved:
        assert np.array_equal(np.asarray(saved.convert("L")), picture[..., 0])


def test_undo_redo_and_reset(page: sync_api.Page, site: str) -> None:
    start = explore(page, f"{site}?model=colour&seed=4")
    drag(page, FIRST_SLIDER, 0.8)
    first = changes(page, start)
    page.get_by_label("Random seed").click()
    second = changes(page, first)
    page.keyboard.press("Control+z")
    becomes(page, first)
    page.get_by_role("button", name="Undo").click()
    becomes(page, start)
    page.keyboard.press("Control+Shift+z")
    becomes(page, first)
    page.get_by_role("button", name="Redo").click()
    becomes(page, second)
    page.keyboard.press("Control+z")
    becomes(page, first)
    page.get_by_role("button", name="Reset").click()
    becomes(page, start)


def test_the_keyboard_alone_drives_the_sliders(page: sync_api.Page, site: str) -> None:
    start = explore(page, f"{site}?model=plain&seed=2")
    page.locator(FIRST_SLIDER).focus()
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    assert page.locator(".ll-directions output").first.inner_text() == "+0.60"
    changes(page, start)
    page.keyboard.press("Delete")
    becomes(page, start)
    page.locator("#ll-explore").get_by_label("Typical to strange", exact=True).focus()
    page.keyboard.press("Home")
    changes(page, start)


def test_a_double_click_resets_a_slider(page: sync_api.Page, site: str) -> None:
    start = explore(page, f"{site}?model=plain&seed=2&d=1.5")
    page.locator(".ll-directions .ll-slider-note >> nth=0").dblclick()
    changes(page, start)
    assert page.locator(FIRST_SLIDER).input_value() == "0"


def test_another_seed_is_adopted_with_a_click(page: sync_api.Page, site: str) -> None:
    start = explore(page, f"{site}?model=grey&seed=1&d=2")
    tile = page.locator(".ll-tile >> nth=5")
    shown = look(page, ".ll-tile >> nth=5 >> canvas")
    seed = tile.get_attribute("title").removeprefix("Seed ")
    tile.click()
    changes(page, start)
    becomes(page, shown)
    assert page.locator("#ll-seed").input_value() == seed
    assert tile.get_attribute("aria-selected") == "true"
    stops = page.locator(".ll-others-grid [tabindex='0']")
    assert stops.count() == 1 and stops.get_attribute("title") == f"Seed {seed}"
    arrows = {"ArrowRight": 6, "ArrowDown": 10, "ArrowLeft": 9, "ArrowUp": 5}
    for key, place in (arrows | {"End": 23, "Home": 0}).items():
        page.keyboard.press(key)
        at = page.evaluate("[...document.querySelectorAll('.ll-tile')].indexOf(document.activeElement)")
        assert at == place and stops.count() == 1
    shown = look(page, ".ll-tile >> nth=0 >> canvas")
    page.keyboard.press("Enter")
    becomes(page, shown)
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.dataset.do") == "reroll"


def test_the_class_is_chosen_or_left_to_the_seed(page: sync_api.Page, site: str) -> None:
    start = explore(page, f"{site}?model=grey&seed=1")
    page.get_by_label("7", exact=True).check()
    seven = changes(page, start)
    page.wait_for_url("**&label=7")
    page.get_by_label("from seed").check()
    becomes(page, start)
    assert explore(page, f"{site}?model=grey&seed=1&label=7") == seven


def test_named_sliders_move_the_picture_in_the_classes_that_have_them(page: sync_api.Page, site: str, registry) -> None:
    start = explore(page, f"{site}?model=grey&seed=1")  # of class 1, the only one with "hair length"
    assert page.locator(".ll-named .ll-slider-name").all_inner_texts() == ["slant", "hair length"]
    tab = page.locator("#ll-explore")
    length = tab.get_by_label("hair length", exact=True)
    drag(page, ".ll-named input >> nth=1", 0.9)
    moved = changes(page, start)
    page.wait_for_url(re.compile("n=,2"))
    assert shows(page, registry.picture("grey", 1, named=[0, float(length.input_value())]))
    page.get_by_label("7", exact=True).check()
    changes(page, moved)
    assert length.is_disabled() and tab.get_by_label("slant", exact=True).is_enabled()
    assert tab.locator(".ll-off").inner_text().split("\n") == ["hair length", "has no effect on this class"]
    assert shows(page, registry.picture("grey", 1, label=7))
    page.get_by_label("from seed").check()
    becomes(page, moved)
    assert length.is_enabled()
    assert page.locator(".ll-directions .ll-slider-note").all_inner_texts()[:2] == ["33.2 %", "slant"]
    page.get_by_label("7", exact=True).check()
    page.wait_for_function("document.querySelectorAll('.ll-named input:disabled').length === 1")
    page.locator("#ll-model").select_option("plain")
    page.wait_for_function("document.querySelectorAll('.ll-named input:enabled').length === 2")


def test_raw_coordinates_appear_on_demand_and_move_the_picture(page: sync_api.Page, site: str) -> None:
    start = explore(page, f"{site}?model=grey&seed=1")
    assert page.locator(".ll-raw input").count() == 0
    page.get_by_text("Advanced").click()
    page.wait_for_function(f"document.querySelectorAll('.ll-raw input').length === {KINDS['grey'].z_dim}")
    drag(page, ".ll-raw input >> nth=3", 0.95)
    moved = changes(page, start)
    page.wait_for_url(re.compile("z=3:"))
    assert explore(page, page.url) == moved


def test_a_control_that_is_added_in_python_is_on_the_page(browser, tmp_path: Path, monkeypatch) -> None:
    """The declaration and the function that applies it: slider, request, address, undo and reset follow from them."""
    brightness = dataclasses.replace(
        controls.by_name()["truncation"], name="brightness", query="b", label="Brightness", low=-100, high=100, step=1,
        default=0, help="Added to every pixel",
    )  # fmt: skip
    monkeypatch.setattr(controls, "CONTROLS", (*controls.CONTROLS, brightness))

    draw = drawing.draw
    monkeypatch.setattr(
        drawing,
        "draw",
        lambda model, requests: [
            (picture + at["brightness"]).clip(0, 255).astype(picture.dtype)
            for picture, at in zip(draw(model, requests), requests, strict=True)
        ],
    )
    registry = ModelRegistry([write_folder(tmp_path, "grey")], load=fake_load)
    with served(registry, plain=True) as site, visit(browser, site) as page:
        start = explore(page, f"{site}?model=grey&seed=1")
        assert shows(page, registry.picture("grey", 1))
        slider = page.get_by_label("Brightness", exact=True)
        assert [slider.get_attribute(name) for name in ("min", "max", "step")] == ["-100", "100", "1"]
        slider.fill("-60")
        changes(page, start)
        assert shows(page, registry.picture("grey", 1, brightness=-60))
        page.wait_for_url("**/?tab=explore&model=grey&seed=1&b=-60")
        explore(page, page.url)
        assert shows(page, registry.picture("grey", 1, brightness=-60)) and slider.input_value() == "-60"
        page.get_by_role("button", name="Reset").click()
        becomes(page, start)


def test_a_model_without_classes_hides_the_choice(page: sync_api.Page, site: str) -> None:
    start = explore(page, f"{site}?model=grey&seed=1")
    assert page.locator(".ll-classes").is_visible()
    page.get_by_label("Model").first.select_option("plain")
    changes(page, start)
    assert page.locator(".ll-classes").is_hidden()


@pytest.mark.parametrize(
    "query",
    [
        "model=grey&seed=99999999999&label=999&truncation=1e9&d=NaN,Infinity,<b>&z=999:1,x:y,:",
        "model=grey&seed=-1&label=-1&truncation=-5&d=" + "9," * 700,
        "model=grey&seed=%3Cscript%3Ealert(1)%3C/script%3E&label[]=1&z=" + "0:1e400," * 99,
        "model=grey&seed=&truncation=&label=&d=&z=",
    ],
)
def test_a_hostile_address_still_shows_a_picture(page: sync_api.Page, site: str, query: str) -> None:
    page.on("dialog", lambda dialog: pytest.fail("a script of the address ran"))
    explore(page, f"{site}?{query}")
    assert page.locator("#ll-explore .ll-problem").inner_text() == ""


@pytest.mark.parametrize(
    "name, why",
    [
        ("../../etc/passwd", "there is no model '../../etc/passwd' here any more"),
        ("broken", "broken cannot be shown: "),
    ],
)
def test_a_model_that_is_gone_is_named_where_another_is_shown(page: sync_api.Page, site: str, name: str, why) -> None:
    explore(page, f"{site}?model={name}&seed=3&label=1&d=2")
    remark = page.locator("#ll-explore .ll-remark")
    assert remark.inner_text().startswith(f"Sorry: {why}") and remark.inner_text().endswith("This is grey instead.")
    page.wait_for_url("**/?tab=explore&model=grey&seed=79")
    start = look(page)
    page.locator("#ll-model").select_option("colour")
    changes(page, start)
    assert remark.inner_text() == ""
    page.goto(f"{site}?tab=interpolate&model={name}&seeds=5,6")
    shown = page.locator("#ll-interpolate .ll-remark")
    shown.filter(has_text=f"Sorry: {why}").wait_for()
    page.wait_for_url("**/?tab=interpolate&model=grey&seeds=5,6")


def test_a_link_to_a_model_that_is_not_listed_shows_it(page, site, registry, tmp_path: Path, monkeypatch) -> None:
    """A model of the Train tab is known to those who have its name, as long as the server keeps it."""
    folder = write_folder(tmp_path, "plain").rename(tmp_path / "mine")
    monkeypatch.setitem(KINDS, "mine", KINDS["plain"])
    name = registry.add_unlisted("mine", folder)
    expected = explore(page, f"{site}?model=plain&seed=5")
    assert explore(page, f"{site}?model={name}&seed=5") == expected
    assert page.locator("#ll-explore .ll-remark").inner_text() == ""
    page.locator("#tab-interpolate-button").click()
    page.wait_for_selector(".ll-walk:not(.ll-waiting) .ll-scrub:enabled")
    assert page.locator("#ll-walk-model").input_value() == name


def test_a_busy_server_is_asked_again_until_it_answers(page, site, registry, monkeypatch) -> None:
    start = explore(page, f"{site}?model=grey&seed=1")
    real, refusals = registry.ask_picture, [4]

    def ask_picture(*values: object) -> object:
        if refusals[0]:
            refusals[0] -= 1
            raise Busy(0.01)
        return real(*values)

    monkeypatch.setattr(registry, "ask_picture", ask_picture)
    page.locator(FIRST_SLIDER).press("ArrowRight")  # one request, refused four times
    changes(page, start)
    assert page.evaluate("latentLab.stats.busy") == 4
    assert shows(page, registry.picture("grey", 1, sliders=[0.05]))


def test_late_replies_are_dropped_and_the_newest_is_always_shown(page: sync_api.Page, site: str) -> None:
    page.goto(site)
    page.wait_for_function("!!window.latentLab?.LatestRequest")
    script = """async (order) => {
      latentLab.callsUnderWay = (now) => now;
      const doors = [], shown = [];
      let running = 0, most = 0;
      const requests = new latentLab.LatestRequest({
        counted: false,
        send: (payload) => new Promise((open) => {
          most = Math.max(most, ++running);
          doors.push(() => (running--, open({ payload })));
        }),
        show: (reply) => shown.push(reply.payload),
      });
      for (let payload = 0; payload < 9; payload++) requests.request(payload);
      for (const i of order) {
        doors[i]();
        await new Promise((done) => setTimeout(done));
      }
      return { shown, most };
    }"""
    # Requests 0 to 4 go out at once; 5 to 7 are overtaken by 8, which goes out as the sixth call.
    assert page.evaluate(script, [3, 0, 4, 5, 1, 2]) == {"shown": [3, 4, 8], "most": 5}
    assert page.evaluate(script, [0, 5, 1, 2, 3, 4]) == {"shown": [0, 8], "most": 5}


def test_the_saved_picture_has_its_native_size(page: sync_api.Page, site: str, tmp_path: Path) -> None:
    from PIL import Image

    explore(page, f"{site}?model=colour&seed=1")
    for name, side in (("Save 1:1", 32), ("Save", 512)):
        with page.expect_download() as download:
            page.get_by_role("button", name=name, exact=True).click()
        download.value.save_as(tmp_path / f"{side}.png")
        assert Image.open(tmp_path / f"{side}.png").size == (side, side)


def test_going_back_to_another_picture_shows_it(page: sync_api.Page, site: str) -> None:
    first = explore(page, f"{site}?model=grey&seed=1&d=2")
    page.locator("#tab-gallery-button").click()
    page.get_by_label("colour, seed 3: open in Explore").click()
    page.wait_for_url("**/?tab=explore&model=colour&seed=3")
    page.go_back()
    page.go_back()
    becomes(page, first)
    assert page.locator("#ll-model").input_value() == "grey"
    page.wait_for_url("**/?tab=explore&model=grey&seed=1&d=2")


def test_a_model_chosen_in_one_tab_is_chosen_in_the_other(page: sync_api.Page, site: str) -> None:
    explore(page, f"{site}?model=colour&seed=4&label=1&d=1")
    page.locator("#tab-interpolate-button").click()
    walk(page)
    assert page.locator("#ll-walk-model").input_value() == "colour"
    page.get_by_label("Seed of keyframe 1").fill("7")
    page.locator("#ll-walk-model").select_option("plain")
    page.locator("#tab-explore-button").click()
    page.wait_for_url("**/?tab=explore&model=plain&seed=4")
    page.locator("#ll-model").select_option("grey")
    page.wait_for_url("**/?tab=explore&model=grey&seed=4")
    page.locator("#tab-interpolate-button").click()
    page.wait_for_url("**/?tab=interpolate&model=grey&seeds=7,107,153,144")
    assert page.locator("#ll-walk-model").input_value() == "grey"


def test_explanations_are_there_for_those_who_have_no_mouse(page: sync_api.Page, site: str) -> None:
    explore(page, f"{site}?model=grey&seed=2")
    page.locator("#ll-explore").get_by_text("What these do").press("Enter")
    for control in controls.CONTROLS:
        assert page.locator(".ll-explanations").get_by_text(control.help).first.is_visible()


def test_a_finger_that_scrolls_moves_no_slider_and_no_picture(browser: sync_api.Browser, site: str) -> None:
    with fingers(browser, f"{site}?model=grey&seed=1") as (page, swipe):
        asked = "latentLab.stats.asked"
        before, calls = look(page), page.evaluate(asked)
        slider = page.locator(FIRST_SLIDER)
        for selector in (FIRST_SLIDER, ".ll-single-sliders input"):
            place = page.evaluate("scrollY")
            swipe(selector, 0, -160)
            page.wait_for_function("place => scrollY !== place", arg=place)
        assert (slider.input_value(), page.evaluate(asked), look(page)) == ("0", calls, before)
        page.evaluate("scrollTo(0, 0)")
        swipe(SCREEN, 5, -160)
        page.wait_for_function("scrollY > 0")
        becomes(page, before)
        swipe(FIRST_SLIDER, 60, 4)
        changes(page, before)
        assert float(slider.input_value()) > 2
        page.wait_for_url(re.compile(r"[?&]d=\d"))
        swipe(FIRST_SLIDER, 0, 0, start=0.25)  # a tap
        page.wait_for_url(re.compile(r"[?&]d=-\d"))


def test_kept_pictures_are_opened_compared_filmed_and_saved(page: sync_api.Page, site: str, tmp_path: Path) -> None:
    from PIL import Image

    first = explore(page, f"{site}?model=colour&seed=9&n=1.5")
    page.keyboard.press("k")
    page.keyboard.press("k")  # it is there already
    page.keyboard.press("r")
    other = changes(page, first)
    page.keyboard.press("0")
    changes(page, other)
    page.get_by_role("button", name="Keep", exact=True).click()
    cards = page.locator(".ll-kept-picture")
    assert cards.count() == 2 and cards.first.get_attribute("title") == "colour, seed 9, edited"
    page.keyboard.press("1")
    becomes(page, first)
    assert page.locator("#ll-explore .ll-status").inner_text() == "colour, seed 9"
    page.get_by_role("button", name="See all 2 kept").click()
    assert page.evaluate("document.activeElement === document.querySelectorAll('.ll-kept-picture')[1]")
    assert page.locator(".ll-kept-tools").first.inner_text().split() == ["Compare", "To", "film", "Remove"]

    page.locator("[data-kept=compare]").nth(1).click()
    rows = page.locator(".ll-compare tbody tr").all_inner_texts()
    assert rows[0].startswith("Seed\t9\t") and rows[1] == "slant\t1.5\t0" and len(rows) == 2
    page.keyboard.press("Escape")
    page.locator("[data-kept=compare]").first.click()
    assert page.get_by_text("They are the same.").is_visible() and page.locator(".ll-compare table").is_hidden()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.get_by_label("Single letters work").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("k")
    assert page.locator("dialog[open]").count() == 0 and cards.count() == 2

    saved = {}
    for kind in ("grid", "zip", "json"):
        with page.expect_download() as download:
            page.locator(f"[data-export={kind}]").click()
        saved[kind] = tmp_path / download.value.suggested_filename
        download.value.save_as(saved[kind])
    with Image.open(saved["grid"]) as grid:
        assert grid.size == (520, 256)
    with zipfile.ZipFile(saved["zip"]) as archive:
        assert archive.testzip() is None and archive.namelist()[0] == "01-colour-seed9.png"
        with Image.open(io.BytesIO(archive.read("01-colour-seed9.png"))) as picture:
            assert picture.size == (32, 32)
        assert archive.read("kept.json") == saved["json"].read_bytes()

    page.locator("[data-kept=remove]").first.click()
    page.reload()
    page.wait_for_selector("#ll-explore .ll-kept-picture")
    assert cards.count() == 1
    page.locator("[data-kept=open]").set_input_files(saved["json"])
    page.get_by_text("1 picture added.").wait_for()
    page.locator("[data-kept=film]").nth(1).click()
    page.wait_for_url(re.compile(r"tab=interpolate&model=colour&seeds=9,9&edits="))
    page.locator("#ll-interpolate .ll-edited").wait_for()
    page.wait_for_selector("#ll-interpolate .ll-walk:not(.ll-waiting) .ll-scrub:enabled")
    ends = "[...document.querySelectorAll('.ll-thumb canvas')].map((c) => c.toDataURL())"
    plain, edited = page.evaluate(ends)
    assert edited == first != plain


def test_two_seeds_are_crossed_at_a_border_that_moves(page: sync_api.Page, site: str, registry) -> None:
    start = explore(page, f"{site}?model=colour&seed=9&label=1")
    page.get_by_text("Cross with another seed").click()
    page.wait_for_selector("#ll-partner:visible")
    becomes(page, start)  # a look changes nothing
    page.locator("#ll-partner").fill("4")
    moved = changes(page, start)
    assert shows(page, registry.picture("colour", 9, label=1, partner=4, border=0.5))
    page.get_by_label("Where they meet", exact=True).fill("0.2")
    changes(page, moved)
    assert shows(page, registry.picture("colour", 9, label=1, partner=4, border=0.2))
    page.wait_for_url(re.compile("with=4&border=0.2$"))
    page.get_by_text("Cross with another seed").click()
    becomes(page, start)
