"""The Train tab in a real browser."""

from __future__ import annotations

import dataclasses
import re
import time

import pytest
from conftest import served

from gan.data.points import DISTRIBUTIONS
from gan.live.runs import Runs
from gan.networks import POINT_NETWORKS
from gan.training.losses import LOSSES

pytestmark = pytest.mark.browser

WAIT = 90.0  # seconds that anything may take on a busy machine
CALLS = re.compile("/component_server")


@pytest.fixture(scope="module")
def brief():
    """The runs of the site, which end ten seconds after their visitor has left."""
    runs = Runs(2, idle=10.0)
    yield runs
    runs.close()


@pytest.fixture(scope="module")
def site(tiny_registry, brief):
    with served(tiny_registry, lambda: brief) as url:
        yield url


@pytest.fixture
def visitor(browser, site):
    """Opens fresh visitors' pages; fails if one logs an error or asks another host for anything."""
    wrong, contexts = [], []

    def visit(address: str = ""):
        context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT * 1000)
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda r: None if r.url.startswith((site, "data:", "blob:")) else wrong.append(r.url))
        page.goto(site + address)
        if not address:
            page.get_by_role("tab", name="Train").first.click()
        page.wait_for_selector("[data-train=begin]:not([disabled])")
        return page

    yield visit
    for context in contexts:
        context.close()
    assert not wrong


def begin(page) -> str:
    """Start the run that is planned; its name."""
    page.get_by_role("button", name="Start training").click()
    page.wait_for_function("new URLSearchParams(location.search).has('run')")
    page.wait_for_function("(latentLab.stats.frames ?? 0) > 3")
    return page.evaluate("new URLSearchParams(location.search).get('run')")


def until(condition) -> None:
    end = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def clock(page) -> str:
    return page.locator("[data-at=clock]").inner_text()


def pause(page) -> None:
    """Pause, and wait until the server has had no news twice in a row: the step under way is still to be drawn."""
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Resume").wait_for()
    quiet = 0
    while quiet < 2:
        with page.expect_response(lambda reply: '"news"' in (reply.request.post_data or "")) as reply:
            pass
        quiet = 0 if "moment" in reply.value.json() else quiet + 1


def test_a_ring_is_learnt_paused_stepped_scrubbed_forked_and_opened(visitor):
    page = visitor()
    first = begin(page)
    page.get_by_text("8 of 8").wait_for()
    pause(page)
    still = clock(page)
    page.get_by_role("button", name="Both").click()
    page.wait_for_function("before => document.querySelector('[data-at=clock]').innerText !== before", arg=still)
    steps = [int(text.split("\n")[1].split()[0].replace(",", "")) for text in (still, clock(page))]
    assert steps[1] == steps[0] + 1

    canvas = ".ll-screens canvas >> nth=0"
    newest = page.eval_on_selector(canvas, "c => c.toDataURL()")
    page.locator("[data-train=scrub]").fill("0")
    page.wait_for_function("document.querySelector('[data-at=clock]').innerText.startsWith('0 shown')")
    assert page.eval_on_selector(canvas, "c => c.toDataURL()") != newest

    page.locator("[data-train=scrub]").fill("2")
    page.wait_for_function("!document.querySelector('[data-at=clock]').innerText.startsWith('0 shown')")
    page.get_by_role("button", name="Fork from here").click()
    page.wait_for_function("old => new URLSearchParams(location.search).get('run') !== old", arg=first)
    forked = page.locator("#ll-train .ll-status").inner_text()
    shown = int(re.fullmatch(r"Forked at ([\d,]+) shown\.", forked)[1].replace(",", ""))
    assert shown > 0
    on_the_clock = "Number(document.querySelector('[data-at=clock]').innerText.split(' ')[0].replaceAll(',', ''))"
    page.wait_for_function(f"shown => {on_the_clock} > shown", arg=shown)

    page.get_by_role("button", name="Open in Explore").click()
    page.wait_for_selector("#ll-explore .ll-others-grid.ll-ready")
    assert page.locator("#ll-model").input_value().startswith("ring-")
    assert page.eval_on_selector(".ll-screen canvas", "c => c.width") == 64


def test_settings_act_on_the_run_and_layers_on_the_picture(visitor):
    page = visitor()
    begin(page)
    page.get_by_text("Settings", exact=True).click()
    page.get_by_label("loss", exact=True).select_option("hinge")
    page.get_by_text("hinge, r1+r2").wait_for()
    pause(page)
    canvas = ".ll-screens canvas >> nth=0"
    for layer in ("Critic's map", "Gradients", "Latent grid", "Generated", "Real"):
        before = page.eval_on_selector(canvas, "c => c.toDataURL()")
        page.get_by_text(layer, exact=True).click()
        assert page.eval_on_selector(canvas, "c => c.toDataURL()") != before, layer


def test_what_is_added_to_a_dict_is_in_the_menus(visitor, monkeypatch):
    monkeypatch.setitem(DISTRIBUTIONS, "dot", dataclasses.replace(DISTRIBUTIONS["two-moons"], about="A dot"))
    monkeypatch.setitem(LOSSES, "new", LOSSES["hinge"])
    page = visitor()
    page.get_by_text("A dot", exact=True).click()
    page.get_by_text("Settings", exact=True).click()
    page.get_by_label("loss", exact=True).select_option("new")
    assert page.get_by_label("network", exact=True).locator("option").all_inner_texts() == list(POINT_NETWORKS)
    assert page.get_by_label("augment", exact=True).count() == 0
    begin(page)
    page.locator("figcaption").get_by_text("new, r1+r2").wait_for()
    assert page.get_by_label("network", exact=True).count() == 0, "a run keeps its networks"


def test_visitors_do_not_see_each_other_and_a_reload_finds_run_and_plan_again(visitor):
    page = visitor()
    page.get_by_text("Two moons").click()
    run = begin(page)
    other = visitor()
    assert other.locator(".ll-screens canvas").count() == 0 and run not in other.content()
    page.reload()
    page.wait_for_selector(".ll-screens canvas")
    page.wait_for_function("(latentLab.stats.frames ?? 0) > 1")
    assert page.evaluate("new URLSearchParams(location.search).get('run')") == run
    assert page.locator("[name=ll-train-data]:checked").input_value() == "two-moons"
    assert "two-moons" in page.evaluate("new URLSearchParams(location.search).get('train')")


def test_a_closed_tab_frees_its_place(visitor, brief, monkeypatch):
    page = visitor()
    run = begin(page)
    thread = brief.find(run).run
    page.context.close()
    monkeypatch.setattr(brief, "idle", 1.0)
    until(lambda: thread.done)


def test_a_browser_rests_where_there_is_no_news(visitor):
    """A quarter of a second, give or take a fifth, on a clock that moves when this test says so."""
    page = visitor()
    page.clock.install()
    begin(page)
    still, asked = [], []

    def nothing_new(route):
        if '"news"' not in route.request.post_data:
            return route.continue_()
        if not still:
            still.append(route.fetch().json())
            still[0].pop("moment", None)
        asked.append(route.request)
        route.fulfill(json=still[0])

    def rest() -> int:
        """Let time pass until the page asks again; how many milliseconds that took."""
        before, passed = len(asked), 0
        while len(asked) == before and passed < 2000:
            step = 40 if passed else 160
            page.clock.run_for(step)
            page.evaluate(
                "fetch('/gradio_api/app_id').then((reply) => reply.text())"
            )  # answered after what came before
            passed += step
        return passed

    page.route(CALLS, nothing_new)
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 1)
    rest(), rest()  # what was under way when the clock stopped
    rests = [rest() for _ in range(3)]
    assert all(200 <= ms <= 320 for ms in rests), rests


def test_slow_motion_reaches_the_run_that_comes(visitor, brief):
    page = visitor()
    page.locator("[data-train=slow]").fill("0.2")
    run = begin(page)
    until(lambda: brief.find(run).run.step_delay == 0.2)
    page.get_by_role("button", name="Start again").click()
    page.wait_for_function("old => new URLSearchParams(location.search).get('run') !== old", arg=run)
    again = page.evaluate("new URLSearchParams(location.search).get('run')")
    until(lambda: brief.find(again).run.step_delay == 0.2)


def test_a_shared_link_repeats_the_plan(visitor):
    page = visitor(
        "?train=" + '{"dataset":"grid","seed":7,"sides":[{"preset":"wgan","changes":{"clip":0.2}},{"preset":"modern"}]}'
    )
    assert page.locator("[name=ll-train-data]:checked").input_value() == "grid"
    assert page.locator("[name=ll-train-preset]:checked").input_value() == "wgan"
    assert page.locator("[name=ll-train-rival]:checked").input_value() == "modern"
    assert page.locator("[data-train=seed]").input_value() == "7"
    begin(page)
    page.locator(".ll-screens figure").nth(1).wait_for()
    hostile = visitor("?train=" + '{"dataset":"<img src=x onerror=alert(1)>","sides":[{"preset":"__proto__"}]}')
    assert hostile.locator("[name=ll-train-data]:checked").input_value() == "ring"


def test_a_drawing_is_learnt(visitor):
    page = visitor()
    page.get_by_text("Draw your own").click()
    page.get_by_role("button", name="Start training").click()
    page.get_by_text("draw more").wait_for()
    box = page.locator(".ll-sketch canvas").bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 180, steps=10)
    page.mouse.up()
    begin(page)
    page.get_by_text("Recall").wait_for()
