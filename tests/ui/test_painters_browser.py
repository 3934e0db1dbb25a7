"""Drawing in a real browser: the same pictures as the server's, no requests, and no seam when it does not work."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import pytest
from conftest import answering, asking_page, served

from gan.ui.server.engine import worker_script
from gan.ui.server.files import Files
from gan.ui.server.model_registry import ModelRegistry

pytestmark = pytest.mark.browser

EMOJI = Path(__file__).resolve().parents[2] / "weights/emoji"
WHERE = "#ll-explore [data-where]"
SLIDER = "#ll-explore .ll-directions input[type=range] >> nth=0"
DRAW = """async (states) => {
  const broken = () => { throw new Error("this was to be drawn here"); };
  const painter = latentLab.paintPictures({ picture: broken, grid: broken });
  const drawn = [];
  for (const state of states) drawn.push(...(await painter.picture(state)).pixels);
  return btoa(drawn.reduce((text, byte) => text + String.fromCharCode(byte), ""));
}"""


@pytest.fixture(scope="module")
def registry() -> ModelRegistry:
    return ModelRegistry([EMOJI])


@pytest.fixture(scope="module")
def site(registry):
    with served(registry, plain=True) as url:
        yield url


@pytest.fixture
def page(browser):
    with asking_page(browser, viewport={"width": 1280, "height": 860}, reduced_motion="reduce") as page:
        yield page


def drag(page) -> None:
    """Move a slider from end to end, a picture each time, until nothing is under way."""
    page.evaluate(
        """async (slider) => {
          for (let i = -20; i <= 20; i++) {
            slider.value = i / 10;
            slider.dispatchEvent(new Event("input", { bubbles: true }));
            await new Promise(requestAnimationFrame);
          }
          slider.dispatchEvent(new Event("change", { bubbles: true }));
          while (latentLab.stats.running) await new Promise(requestAnimationFrame);
        }""",
        page.locator(SLIDER).element_handle(),
    )


def test_once_the_weights_are_there_a_drag_asks_the_server_for_nothing(page, site, registry):
    page.goto(f"{site}?tab=explore")
    page.wait_for_selector("#ll-explore .ll-screen:not(.ll-blank)")
    assert "picture" in page.asked, "the first picture is the server's"
    page.wait_for_function("latentLab.painterState('emoji') === 'ready'")
    page.asked.clear()
    painted = page.evaluate("latentLab.stats.painted")
    drag(page)
    assert page.locator(WHERE).text_content() == "browser"
    assert page.evaluate("latentLab.stats.painted") - painted > 5
    page.click("[data-do=reroll]")
    page.click("[data-do=dice]")
    page.wait_for_function("!latentLab.stats.running")
    page.get_by_text("Cross with another seed").click()
    page.wait_for_function("document.querySelector('.ll-mix-other').width > 1")  # the other one is shown at once
    assert page.asked == []

    random = np.random.default_rng(3)
    states = [
        {
            "seed": int(random.integers(2**32)),
            "label": [None, int(random.integers(9))][i % 2],
            "truncation": float(random.integers(0, 41)) / 20,
            "sliders": (random.integers(-40, 41, 16) / 20).tolist(),
            "raw": (random.integers(-20, 21, 100) / 20).tolist() if i % 3 == 0 else [],
        }
        for i in range(40)
    ]
    drawn = base64.b64decode(page.evaluate(DRAW, [{"model": "emoji", **state} for state in states]))
    ours = np.frombuffer(drawn, np.uint8).reshape(-1, 32, 32, 4)[..., :3].astype(int)
    theirs = np.stack([registry.picture("emoji", **state) for state in states])
    assert np.abs(ours - theirs).max() <= 1


def test_a_walk_is_drawn_here_too(page, site):
    page.goto(f"{site}?tab=interpolate")
    page.wait_for_selector("#ll-interpolate .ll-scrub:not([disabled])")
    page.wait_for_function("latentLab.painterState('emoji') === 'ready'")
    reel = "document.querySelector('#ll-interpolate .ll-reel').toDataURL()"
    before = page.evaluate(reel)
    assert page.asked.count("walk") == 1
    page.click("#ll-interpolate [data-walk=shuffle]")
    page.wait_for_function(f"!document.querySelector('.ll-walk.ll-waiting') && {reel} !== {before!r}")
    assert page.asked.count("walk") == 1
    assert page.locator("#ll-interpolate .ll-status").inner_text().endswith("keyframes.")


def test_a_wall_shows_other_samples_and_draws_them_here_once_the_weights_are_there(page, site, registry):
    held: list = []
    page.route("**/engine/pack/*", lambda route: held.append(route))
    page.goto(site)
    button = page.get_by_label("Other samples of emoji")
    wall, sheet = (
        "#ll-gallery .ll-wall",
        "document.querySelector('#ll-gallery .ll-wall').style.getPropertyValue('--sheet')",
    )
    page.wait_for_selector(f"{wall} button")
    page.wait_for_function(sheet)  # the samples themselves have come
    for asked in (["grid"], []):
        page.asked.clear()
        before = page.evaluate(sheet)
        button.click()
        page.wait_for_function(f"{sheet} !== {before!r}")
        assert [name for name in page.asked if name == "grid"] == asked
        while held:
            held.pop().continue_()
        page.unroute("**/engine/pack/*")
        page.wait_for_function("latentLab.painterState('emoji') === 'ready'")
    seed = page.locator(f"{wall} button").first.get_attribute("data-seed")
    page.locator(f"{wall} button").first.click()
    page.wait_for_url(f"**/?tab=explore&model=emoji&seed={seed}")
    shown = page.evaluate(
        """async (sheet) => {
          const [image, first] = [new Image(), latentLab.createElement("canvas", { width: 32, height: 32 })];
          image.src = sheet.slice(5, -2);
          await image.decode();
          latentLab.context(first).drawImage(image, 0, 0);
          return [...latentLab.context(first).getImageData(0, 0, 32, 32).data];
        }""",
        page.evaluate(sheet),
    )
    ours = np.array(shown).reshape(32, 32, 4)[..., :3]
    assert np.abs(ours - registry.picture("emoji", int(seed)).astype(int)).max() <= 1


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("cut off", "arrived cut off"),
        ("damaged", "cannot be used: "),
        ("gone", "does not send the model's weights"),
        ("worker", "this browser cannot draw them"),
    ],
)
def test_where_it_does_not_work_the_server_draws_and_a_sentence_says_why(page, site, fault, sentence):

    worker = Files().add(worker_script().encode(), "text/javascript")
    page.route(f"**/{worker}" if fault == "worker" else "**/engine/pack/*", answering(fault))
    page.goto(f"{site}?tab=explore")
    page.get_by_text("The server draws the pictures, because").wait_for()
    assert sentence in page.locator("#ll-explore .ll-status").inner_text()
    page.asked.clear()
    drag(page)
    assert page.locator(WHERE).text_content() == "server"
    assert page.asked.count("picture") > 1 and "pack" not in page.asked
