"""Playing in Explore: a drift, a recording, knobs of a controller that is not there, and the map."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from conftest import asking_page, served
from PIL import Image

from gan.models.model import load
from gan.ui.server.model_registry import ModelRegistry

pytestmark = pytest.mark.browser

EMOJI = Path(__file__).resolve().parents[2] / "weights/emoji"
STAGE = "document.querySelector('#ll-explore .ll-screen canvas').toDataURL()"
VALUES = "[...document.querySelectorAll('.ll-named input, .ll-directions input')].map((input) => Number(input.value))"
# A controller with one port: `turn` is its knob.
MIDI = """
window.turn = (status, controller, turned) => window.port.onmidimessage({ data: [status, controller, turned] });
window.port = {};
navigator.requestMIDIAccess = async () => ({ inputs: new Map([["one", window.port]]) });
"""


@pytest.fixture(scope="module")
def site():
    with served(ModelRegistry([EMOJI]), plain=True) as url:
        yield url


@pytest.fixture
def page(browser, site):
    with asking_page(browser, viewport={"width": 1280, "height": 900}, reduced_motion="reduce") as page:
        page.add_init_script(MIDI)
        page.goto(f"{site}?tab=explore&seed=9")
        page.wait_for_selector("#ll-explore .ll-others-grid.ll-ready")
        page.wait_for_function("latentLab.painterState('emoji') === 'ready' && !latentLab.stats.running")
        page.locator(".ll-play > summary").click()
        yield page


def test_sliders_wander_without_the_server_leave_alone_what_is_held_and_become_a_film(page, tmp_path):
    page.asked.clear()
    start = page.evaluate(VALUES)
    page.click("[data-play=record]")
    page.click("[data-play=drift]")
    page.wait_for_function(f"{VALUES}.filter((value) => Math.abs(value) > 0.1).length > 3")
    page.locator("#ll-explore .ll-named input").first.fill("1.5")
    before = page.evaluate(VALUES)
    page.wait_for_function(f"({VALUES}).filter((value, i) => Math.abs(value - {before}[i]) > 0.1).length > 2")
    assert page.evaluate(VALUES)[0] == 1.5
    page.get_by_label("Random seed").click()  # it goes on with another picture
    before = page.evaluate(STAGE)
    page.wait_for_function(f"{STAGE} !== {before!r}")
    page.click("[data-play=record]")
    page.keyboard.press("p")
    page.wait_for_url(re.compile("n=1.5.*&d="))
    assert page.get_by_role("button", name="Play", exact=True).is_visible() and page.asked == []

    seconds = float(page.locator(".ll-play-length").inner_text().removesuffix(" s"))
    assert 0.2 < seconds <= 10
    for kind in ("gif", "webp"):
        with page.expect_download() as download:
            page.click(f"[data-play={kind}]")
        assert download.value.suggested_filename == f"emoji-played.{kind}"
        with Image.open(download.value.path()) as film:
            assert film.size == (256, 256) and abs(film.n_frames / 24 - seconds) < 0.06
            assert len(film.convert("RGB").getcolors(2**16)) > (32 * 32 if kind == "webp" else 100)  # smooth, as seen
    for _ in range(3):  # what the hand moved, the other seed, and where the drift ended
        page.keyboard.press("Control+z")
    page.wait_for_url(re.compile("seed=9$"))
    assert page.evaluate(VALUES) == start

    page.evaluate("latentLab.painterState = () => 'server'")  # then a drift asks for six pictures a second at most
    page.keyboard.press("p")
    asked = page.evaluate(
        """async () => {
          const [asked, begun] = [latentLab.stats.asked, performance.now()];
          while (latentLab.stats.asked < asked + 4) await new Promise(requestAnimationFrame);
          return (performance.now() - begun) / 1000;
        }"""
    )
    assert asked > 3 / 6 - 0.05


def test_a_knob_is_learnt_moves_its_slider_and_is_remembered(page):
    help_ = page.locator(".ll-play-midi p")
    page.click("[data-play=learn]")
    assert help_.inner_text().startswith("Touch a slider first")
    slider = page.locator("#ll-explore .ll-named input").nth(1)
    slider.click()
    page.click("[data-play=learn]")
    page.get_by_text("Now turn a knob").wait_for()
    before = page.evaluate(STAGE)
    page.evaluate("turn(0x90, 60, 100)")  # a note is no knob
    page.evaluate("turn(0xb2, 21, 127)")
    assert slider.input_value() == "3" and "Knob 21 now moves" in help_.inner_text()
    page.wait_for_function(f"{STAGE} !== {before!r}")
    page.evaluate("turn(0xb2, 21, 32)")
    page.evaluate("turn(0xb2, 22, 0)")  # nobody's
    page.evaluate("turn(0xb0, 21, 0)")  # of another channel
    assert slider.input_value() == "-1.5"
    page.wait_for_url(re.compile("n=,-1.5"))
    page.locator(".ll-play-dials input").nth(2).click()  # the same knob for the tempo instead
    page.click("[data-play=learn]")
    page.get_by_text("Now turn a knob").wait_for()
    page.evaluate("turn(0xb2, 21, 127)")
    assert page.locator(".ll-knobs li").all_inner_texts() == ["knob 21 of channel 3: Tempo\n×"]
    assert page.locator(".ll-play-dials output").nth(2).inner_text() == "200 BPM"

    page.context.grant_permissions(["midi"])
    page.reload()
    page.locator(".ll-play > summary").click()
    page.wait_for_function("!!window.port.onmidimessage")
    page.evaluate("turn(0xb2, 21, 0)")
    assert page.locator(".ll-play-dials output").nth(2).inner_text() == "10 BPM"
    page.get_by_label("Forget knob 21 of channel 3: Tempo").click()
    assert page.locator(".ll-knobs").is_hidden()

    for stand_in, sentence in (("undefined", "has no Web MIDI"), ("() => Promise.reject()", "did not allow MIDI")):
        page.add_init_script(f"navigator.requestMIDIAccess = {stand_in}")
        page.reload()
        page.locator(".ll-play > summary").click()
        page.locator(".ll-play-dials input").first.click()
        page.click("[data-play=learn]")
        page.locator(".ll-play-midi p", has_text=sentence).wait_for()


# Where the middle of the frame around what is on the stage lies across the map, in pictures.
FRAME = """(() => {
  const canvas = document.querySelector(".ll-map-view"), context = canvas.getContext("2d");
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height), accent = latentLab.rgb("--ll-accent");
  const at = [...Array(data.length / 4).keys()].filter((i) => accent.every((one, c) => data[4 * i + c] === one));
  const across = at.map((i) => i % canvas.width);
  const middle = (across.reduce((a, b) => Math.min(a, b)) + across.reduce((a, b) => Math.max(a, b)) + 1) / 2;
  return middle / (canvas.width / PLACES);
})()""".replace("PLACES", "13")


def open_map(page):
    """Open the map and click on its middle; what says that it is filled, its box, and its middle."""
    page.asked.clear()
    page.keyboard.press("m")
    filled = page.locator(".ll-map-view[data-filled=true]")
    filled.wait_for()
    page.locator(".ll-map-view").click()
    box = page.locator(".ll-map-view").bounding_box()
    return filled, box, (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def test_a_map_fills_is_walked_and_gives_its_pictures_to_the_stage(page):
    page.keyboard.press("k")
    filled, box, middle = open_map(page)
    place = page.locator(".ll-map-place")  # in the middle the three are mixed
    assert re.fullmatch("3[34] % of A, 3[34] % of B, 3[34] % of C", place.inner_text())
    page.wait_for_url(re.compile("&z=0:"))
    taken = page.evaluate(STAGE)
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] - box["width"] / 4, middle[1], steps=4)  # the map goes to the left, so we to the right
    page.mouse.up()
    filled.wait_for()
    assert page.evaluate(STAGE) == taken, "a walk takes nothing"
    page.mouse.click(*middle)
    page.wait_for_function(f"{STAGE} !== {taken!r}")
    shares = [int(share) for share in re.findall(r"\d+(?= %)", place.inner_text())]
    assert shares[1] > shares[0]
    page.keyboard.press("Control+z")
    page.wait_for_function(f"{STAGE} === {taken!r}")

    page.locator(".ll-map-view").focus()
    before = place.inner_text()
    page.keyboard.press("ArrowUp")
    assert place.inner_text() != before
    page.keyboard.press("+")
    page.keyboard.press("Enter")
    page.wait_for_function(f"{STAGE} !== {taken!r}")
    filled.wait_for()
    page.get_by_label("Colour by class").check()
    assert page.locator(".ll-map-legend li").count() in (1, 2, 3)
    page.get_by_label("Picture B").select_option("kept 0")
    assert page.locator("#ll-map-B option").first.text_content() == "seed 9"
    assert page.asked == []


def test_a_map_along_two_sliders_gives_their_values_and_follows_them(page):
    emoji = load(EMOJI, "cpu")
    names = emoji.named.names
    acting = [emoji.named.acting(row) for row in torch.eye(len(emoji.classes))]
    has = max(range(len(acting)), key=lambda k: sum(acting[k]))
    lacks, one = next((k, i) for k, row in enumerate(acting) for i in range(len(names)) if acting[has][i] > row[i])
    other = next(i for i in range(len(names)) if acting[has][i] and i != one)

    filled, box, _ = open_map(page)
    place, (across, up) = (
        page.locator(".ll-map-place"),
        (page.locator(f"[data-map={axis}]") for axis in ("across", "up")),
    )
    offered = "[...document.querySelectorAll('[data-map=across] option')].some((one) => one.textContent === NAME)"
    offered = offered.replace("NAME", repr(names[one]))
    page.get_by_role("radio", name="Along two sliders").check()
    page.get_by_label(emoji.classes[has], exact=True).check()
    page.wait_for_function(offered)
    across.select_option(names[one])
    up.select_option(names[other])
    page.get_by_label(emoji.classes[lacks], exact=True).check()  # what has no effect on a class is no axis of its map
    page.wait_for_function(f"!{offered}")
    assert across.input_value() != up.input_value()
    page.get_by_label(emoji.classes[has], exact=True).check()
    page.wait_for_function(offered)
    across.select_option(names[one])
    up.select_option(names[other])
    filled.wait_for()
    page.locator(".ll-map-view").click(position={"x": box["width"] * 3 / 4, "y": box["height"] / 2})
    assert place.inner_text() == f"{names[one]} +1.50, {names[other]} +0.00"
    assert page.locator(".ll-map-legend li").count() == 0
    page.wait_for_url(re.compile("&n=" + one * "," + "1.5&"))
    page.locator(f"[data-slider='named:{names[one]}']").fill("0.35")  # between two of the map's pictures
    page.wait_for_function(f"Math.abs({FRAME} % 1 - 0.5) < 0.1", polling=50)
    assert page.asked == []


def test_a_map_fills_where_the_server_draws(page):
    filled, _, _ = open_map(page)
    page.evaluate("latentLab.drawHere = async () => null")  # picture by picture
    page.get_by_role("button", name="Three others").click()
    filled.wait_for()
