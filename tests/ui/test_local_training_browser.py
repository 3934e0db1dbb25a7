"""Points that learn in the visitor's own browser: where the server has no place, and on a page without a server."""

from __future__ import annotations

import json
import re

import pytest
from conftest import served

from gan import export
from gan.live.runs import Runs

pytestmark = pytest.mark.browser

WAIT = 50.0  # seconds that anything may take on a busy machine
CALLS = re.compile("/component_server")
QUICK = {"network": "points-fourier", "width": 16}  # finds all modes of the ring in some 200 steps
PLAN = {"dataset": "ring", "seed": 0, "sides": [{"preset": "modern", "changes": QUICK}]}
PAINTED = "(canvas) => canvas.toDataURL()"
CANVAS = ".ll-screens canvas >> nth=0"


@pytest.fixture(scope="module")
def full():
    """Runs of which none gets a place."""
    runs = Runs(0)
    yield runs
    runs.close()


@pytest.fixture(scope="module")
def site(tiny_registry, full):
    with served(tiny_registry, lambda: full, plain=True) as url:
        yield url


@pytest.fixture
def page(browser):
    """A page that must log no error."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(WAIT * 1000)
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    page.close()
    assert not wrong


def clock(page) -> tuple[int, int]:
    """Return points shown and steps made, once a run that has just begun says so."""
    page.wait_for_function("document.querySelector('[data-at=clock]').innerText.includes(' shown')")
    text = page.locator("[data-at=clock]").inner_text()
    shown, steps = re.fullmatch(r"([\d,]+) shown\n([\d,]+) steps?, .*", text).groups()
    return int(shown.replace(",", "")), int(steps.replace(",", ""))


SHOWN = "Number(document.querySelector('[data-at=clock]').innerText.split(' ')[0].replaceAll(',', ''))"


def step(page, name: str) -> tuple[int, int]:
    """Make a single step of a paused run; points and steps that it adds."""
    shown, steps = clock(page)
    before = page.locator("[data-at=clock]").inner_text()
    page.get_by_role("button", name=name, exact=True).click()
    page.wait_for_function("before => document.querySelector('[data-at=clock]').innerText !== before", arg=before)
    return clock(page)[0] - shown, clock(page)[1] - steps


def steer(page) -> None:
    """Pause, step, go back, fork, change, and look at layers of a run that trains here."""
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Resume").wait_for()
    assert step(page, "Both") == (128, 1)
    assert step(page, "Critic step") == (128, 1)
    assert step(page, "Generator step") == (0, 1)

    for layer in ("Critic's map", "Gradients", "Noise grid", "Generated", "Real"):
        before = page.eval_on_selector(CANVAS, PAINTED)
        page.get_by_text(layer, exact=True).click()
        assert page.eval_on_selector(CANVAS, PAINTED) != before, layer

    end = clock(page)
    page.locator("[data-train=scrub]").fill("0")
    page.wait_for_function(f"{SHOWN} === 0")
    page.locator("[data-train=scrub]").fill("8")
    page.wait_for_function(f"{SHOWN} > 0")
    page.get_by_role("button", name="Fork from here").click()
    page.get_by_text(re.compile(r"Forked at [1-9][\d,]* shown\.")).wait_for()
    page.wait_for_function("end => " + f"{SHOWN} > end", arg=clock(page)[0])
    page.get_by_text("Settings", exact=True).click()
    page.get_by_label("loss", exact=True).select_option("hinge")
    page.locator("figcaption").get_by_text("hinge, r1+r2").wait_for()
    page.get_by_label("gamma", exact=True).fill("99999")
    page.get_by_label("gamma", exact=True).blur()
    page.locator("#ll-train .ll-problem").get_by_text("gamma must be in [0, 10000], got 99999").wait_for()
    page.get_by_role("button", name="Back to the original").click()
    page.wait_for_function("end => " + f"{SHOWN} >= end", arg=end[0])
    assert page.locator("[data-train=play]").is_disabled(), "its fork trains now"


def test_where_all_places_are_taken_a_ring_is_learnt_here(page, site, full):
    before = set(full._runs)
    page.goto(f"{site}?tab=train&train={json.dumps(PLAN)}")
    page.locator("[data-train=begin]:not([disabled])").click()
    page.locator("#ll-train .ll-status").get_by_text("1st in line: all places are taken").wait_for()
    page.get_by_text("Or it can train in this browser now").wait_for()
    (waiting,) = [name for name in full._runs if name not in before]
    page.get_by_role("button", name="Train in this browser").click()
    page.get_by_text("8 of 8").wait_for()
    asked = []
    page.on("request", lambda request: asked.append(request.url) if CALLS.search(request.url) else None)
    frames = page.evaluate("latentLab.stats.frames")
    page.wait_for_function("n => latentLab.stats.frames > n + 20", arg=frames)
    assert not asked, "the server is asked for nothing"
    assert waiting not in full._runs or full._runs[waiting].forgotten, "it waits for no place any more"
    query = page.evaluate("Object.fromEntries(new URLSearchParams(location.search))")
    assert "run" not in query and json.loads(query["train"]) == PLAN
    for name in ("Open in Explore", "Download model", "Publish"):
        assert page.locator("#ll-train").get_by_role("button", name=name).count() == 0, name
    assert page.get_by_text("Train in this browser").is_hidden()
    steer(page)


def test_pictures_are_not_offered_here(page, site):
    page.goto(f"{site}?tab=train")
    page.get_by_text("10,000 digits").click()
    page.locator("[data-train=begin]:not([disabled])").click()
    page.locator("#ll-train .ll-status").get_by_text("all places are taken").wait_for()
    assert page.get_by_text("Train in this browser").is_hidden()


def test_a_page_without_a_server_trains(page, tmp_path, tiny_folder):
    export.write_site(tmp_path / "site", [tiny_folder])
    page.goto(f"{(tmp_path / 'site/index.html').as_uri()}?train={json.dumps({**PLAN, 'sides': PLAN['sides'] * 2})}")
    page.get_by_role("button", name="Start training").click()
    page.get_by_text("8 of 8").first.wait_for()
    assert page.locator(".ll-screens figure").count() == 2
    titles = page.locator("[data-list=data] label").all_inner_texts()
    assert titles == ["Ring of 8", "Grid of 25", "Swiss roll", "Two moons", "Draw your own"]
    assert page.locator("#ll-train").get_by_role("button", name="Publish").count() == 0
