"""The Train tab in a real browser."""

from __future__ import annotations

import base64
import dataclasses
import io
import re
import time

import numpy as np
import pytest
from conftest import end_all, served
from PIL import Image

from gan.data.points import DISTRIBUTIONS
from gan.live import uploads
from gan.live.runs import Runs
from gan.live.worker import Alarm
from gan.networks import POINT_NETWORKS
from gan.training.losses import LOSSES

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("unhurried")]

WAIT = 90.0  # seconds that anything may take on a busy machine
CALLS = re.compile("/component_server")
OFFLINE = "Failed to load resource: net::ERR_INTERNET_DISCONNECTED"  # what Chromium logs itself


@pytest.fixture(scope="module")
def brief():
    """The runs of the site, which end ten seconds after their visitor has left."""
    runs = Runs(2, idle=10.0)
    yield runs
    runs.close()


@pytest.fixture(scope="module")
def site(tiny_registry, brief):
    with served(tiny_registry, lambda: brief, plain=True) as url:
        yield url


@pytest.fixture
def visitor(browser, site, brief):
    """Opens fresh visitors' pages; fails if one logs an error or asks another host for anything."""
    wrong, contexts = [], []

    def log(message):
        if message.type == "error" and message.text != OFFLINE:
            wrong.append(message.text)

    def visit(address: str = "", width: int = 1280, height: int = 900, script: str = ""):
        context = browser.new_context(viewport={"width": width, "height": height}, accept_downloads=True)
        context.add_init_script(script)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT * 1000)
        page.on("console", log)
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
    end_all(brief)
    assert not wrong


def begin(page) -> str:
    """Start the run that is planned; its name."""
    page.get_by_role("button", name="Start training").click()
    page.wait_for_function("new URLSearchParams(location.search).has('run')")
    page.wait_for_function("(latentLab.stats.frames ?? 0) > 3")
    return page.evaluate("new URLSearchParams(location.search).get('run')")


def address(page, key: str) -> str:
    return page.evaluate("key => new URLSearchParams(location.search).get(key)", key)


def frames_go_on(page) -> None:
    page.wait_for_function("n => latentLab.stats.frames > n", arg=page.evaluate("latentLab.stats.frames"))


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
    page.get_by_text(re.compile("[1-8] of 8")).wait_for()
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
    shown = int(re.match(r"Forked at ([\d,]+) shown\.", forked)[1].replace(",", ""))
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
    for layer in ("Critic's map", "Gradients", "Noise grid", "Generated", "Real"):
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


def test_five_seconds_without_network_are_told_and_got_over(visitor, brief):
    page = visitor()
    begin(page)
    page.context.set_offline(True)
    told = page.locator("#ll-train .ll-problem")
    told.get_by_text("The connection is lost").wait_for()
    page.get_by_role("button", name="Pause").click()
    told.get_by_text("the connection was lost; please try again").wait_for()
    page.context.set_offline(False)
    frames_go_on(page)
    until(lambda: "Trying again" not in told.inner_text())
    pause(page)
    assert told.inner_text() == ""


SAVING = "Object.defineProperty(navigator, 'connection', {value: {saveData: true}})"  # so the server draws


@pytest.mark.parametrize(
    ("tab", "ready", "change"),
    [
        ("Explore", "#ll-explore .ll-others-grid.ll-ready", "[data-do=dice]"),
        ("Interpolate", ".ll-walk .ll-play:not([disabled])", "[data-walk=shuffle]"),
    ],
)
def test_other_tabs_tell_a_lost_connection_and_get_over_it(visitor, tab, ready, change):
    page = visitor(script=SAVING)
    page.get_by_role("tab", name=tab).first.click()
    page.wait_for_selector(ready)
    told = page.locator(f"#ll-{tab.lower()} .ll-problem")
    page.context.set_offline(True)
    page.click(change)
    told.get_by_text("The connection is lost").wait_for()
    page.context.set_offline(False)
    until(lambda: told.inner_text() == "")


def test_what_has_happened_is_seen_in_every_tab(visitor):
    page = visitor()
    for tab in ("Train", "Explore", "Interpolate"):
        page.get_by_role("tab", name=tab).first.click()
        line = page.locator(f"#ll-{tab.lower()} .ll-status")
        line.wait_for(state="attached")
        page.evaluate(
            "tab => latentLab.notifier(document.getElementById(`ll-${tab}`)).status('News of some length.')",
            tab.lower(),
        )
        until(lambda line=line: line.bounding_box()["width"] > 100)  # once what surrounds it is laid out
        box = line.bounding_box()
        assert line.is_visible() and 14 < box["height"] < 40, tab
        assert line.evaluate("element => element.scrollWidth <= element.clientWidth + 1"), tab
        assert line.get_attribute("role") == "status", tab


def test_a_run_in_line_says_so_on_the_stage(visitor, brief, monkeypatch):
    monkeypatch.setattr(brief, "at_once", 0)
    monkeypatch.setattr(brief, "longest_wait", lambda name: 130.0)
    page = visitor()
    stage = "getComputedStyle(document.querySelector('.ll-screens'), '::before').content"
    assert "press Start" in page.evaluate(stage)
    page.get_by_role("button", name="Start training").click()
    line = page.locator("#ll-train .ll-status").get_by_text("1st in line: all places are taken")
    assert "when one is free, in 3 minutes at the latest." in line.inner_text()
    assert "Waiting for a place" in page.evaluate(stage), "once is enough"
    assert page.locator("[data-train=stop]").inner_text() == "Leave the line"
    monkeypatch.setattr(brief, "at_once", 2)
    page.wait_for_function("latentLab.stats.frames > 3")
    assert page.locator("#ll-train .ll-status").inner_text() == ""
    assert page.locator("[data-train=stop]").inner_text() == "Stop"


def test_a_run_is_kept_until_the_next_one_has_begun(visitor, brief):
    page = visitor()
    first = begin(page)
    page.get_by_text("Draw your own").click()
    page.get_by_role("button", name="Start again").click()
    page.locator("#ll-train .ll-problem").get_by_text("draw more").wait_for()
    assert address(page, "run") == first
    frames_go_on(page)
    page.get_by_text("Two moons").click()
    page.get_by_role("button", name="Start again").click()
    until(lambda: address(page, "run") != first)
    frames_go_on(page)
    until(lambda: first not in brief._runs)


def test_an_alarm_is_cured_by_its_button(visitor, brief):
    page = visitor()
    page.locator("[data-list=presets]").get_by_text("Classic DCGAN").click()
    run = brief.find(begin(page)).run
    run.alarms.append(Alarm(0, 1280, "critic-won", "the critic scores higher"))
    alarm = page.locator(".ll-alarms li").filter(has_text="At 1,280 shown, the critic scores higher.")
    run.alarms.append(Alarm(0, 2560, "diversity", "samples grow alike"))
    page.locator(".ll-alarms").get_by_role("button", name="Use the relativistic loss and add the penalty").wait_for()
    of = ".ll-findings, .ll-alarms .ll-button, .ll-steps"
    find = "of => [...document.querySelectorAll(of)].map((one) => one.getBoundingClientRect().right)"
    places = page.evaluate(find, of)
    assert max(places) <= page.viewport_size["width"], "words on a button must not push the numbers off the page"
    stop, below = (page.locator(one).bounding_box()["y"] for one in ("[data-train=stop]", ".ll-alarms li:last-child"))
    assert stop < below + 200, "alarms must not push the controls down the page"
    alarm.get_by_role("button", name="Add the penalty").click()
    page.get_by_text(re.compile(r"^Since step [\d,]+: add the penalty\.$")).wait_for()
    until(lambda: run.configs[0].penalty == "r1+r2")
    alarm.get_by_text("Settings were changed since.").wait_for()
    advice = alarm.get_by_role("button", name="Double the penalty's weight")
    assert not advice.is_visible(), "it is cured, as far as anybody knows"
    alarm.get_by_text("If it lasts, try more").click()
    advice.wait_for()
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_text("Next time, double the penalty's weight").first.wait_for()
    assert page.locator(".ll-alarms button").count() == 0


def test_there_is_a_way_from_the_past_to_the_present(visitor):
    page = visitor()
    begin(page)
    live = page.get_by_role("button", name="Back to live")
    assert live.is_disabled()
    page.locator("[data-train=scrub]").fill("0")
    page.wait_for_function("document.querySelector('[data-at=clock]').innerText.startsWith('0 shown')")
    live.click()
    page.wait_for_function("!document.querySelector('[data-at=clock]').innerText.startsWith('0 shown')")
    assert live.is_disabled()


def test_a_fork_has_an_address_of_its_own_and_leads_back(visitor, brief, monkeypatch):
    monkeypatch.setattr(brief, "at_once", 9)  # runs of other tests may not have ended yet
    page = visitor()
    first = begin(page)
    page.get_by_role("button", name="Fork from here").click()
    until(lambda: address(page, "run") != first)
    fork = address(page, "run")
    assert not brief.find(first).run.done
    page.get_by_role("button", name="Back to the original").click()
    until(lambda: address(page, "run") == first)
    frames_go_on(page)
    assert page.get_by_role("button", name="Back to the original").is_hidden()
    page.get_by_role("button", name="Fork from here").click()
    until(lambda: address(page, "run") not in (first, fork))
    page.go_back()
    until(lambda: address(page, "run") == first)
    frames_go_on(page)


@pytest.mark.parametrize("data", ["Ring of 8", "10,000 digits"])
@pytest.mark.parametrize("duel", [False, True], ids=["one", "duel"])
def test_picture_and_numbers_are_on_one_screen(visitor, data, duel):
    page = visitor()
    page.get_by_text(data, exact=True).click()
    if duel:
        page.get_by_text("Duel: two recipes").click()
    page.get_by_role("button", name="Start training").click()
    page.wait_for_selector(".ll-read >> nth=8")
    seen = (".ll-screens figure >> nth=-1", "[data-train=play]", ".ll-read >> nth=-1")
    for what in seen if duel else (*seen, ".ll-legend"):
        box = page.locator(what).bounding_box()
        assert box["y"] >= 0 and box["y"] + box["height"] <= 900, (what, box)
    assert page.locator(".ll-screens canvas >> nth=0").bounding_box()["width"] >= 200
    assert page.evaluate("document.documentElement.scrollWidth") == 1280


def test_start_shows_the_stage_on_a_phone(visitor):
    page = visitor(width=390, height=844)
    begin(page)
    box = page.locator(".ll-screens canvas >> nth=0").bounding_box()
    assert box["y"] >= 0 and box["y"] + box["height"] <= 844 and box["width"] > 300
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_explanations_need_no_mouse(visitor):
    page = visitor()
    begin(page)
    explanation = page.get_by_text("Centres with at least one generated point")
    assert explanation.is_hidden()
    page.locator(".ll-readouts [data-explain]").press("Enter")
    assert explanation.is_visible()
    page.locator("summary", has_text="Settings").press("Enter")
    gamma = page.get_by_label("gamma", exact=True)
    help = page.locator(f"#{gamma.get_attribute('aria-describedby')}")
    assert help.is_hidden() and "weight of the penalty" in help.text_content()
    page.locator(".ll-plan [data-explain]").press("Enter")
    assert help.is_visible()


def test_the_keyboard_keeps_its_place_from_the_plan_to_the_cure(visitor, brief):
    page = visitor()
    focused = "document.activeElement.value ?? document.activeElement.className"
    names = page.eval_on_selector_all("[name=ll-train-data]", "all => all.map(({ value }) => value)")
    page.locator("[name=ll-train-data]:checked").focus()
    at = names.index(page.evaluate(focused))
    for key, to in (("ArrowRight", at + 1), ("ArrowRight", at + 2), ("ArrowLeft", at + 1), ("ArrowLeft", at)):
        page.keyboard.press(key)
        assert page.evaluate(focused) == names[to]
    page.locator("[name=ll-train-preset]:checked").focus()
    chosen = ["modern"]
    while chosen[-1] != "collapse":
        page.keyboard.press("ArrowRight")
        assert page.locator("[name=ll-train-preset]:checked").get_attribute("value") == page.evaluate(focused)
        chosen.append(page.evaluate(focused))
        assert len(chosen) == len(set(chosen)), "each arrow goes on from the one before"

    button = page.locator("[data-train=begin]")
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.textContent === 'Start again'")
    page.wait_for_selector("[data-train=cure]:enabled")
    page.locator("[data-train=cure]").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-train=cure]:disabled")
    assert "ll-story" in page.evaluate(focused), "what was pressed is of no more use, and the story goes on"


def photo(i: int, width: int = 900, height: int = 600) -> dict:
    """Return a chosen file: a photograph in JPEG."""
    out = io.BytesIO()
    noise = np.random.default_rng(i).integers(0, 256, (height, width, 3), np.uint8)
    Image.fromarray(noise).save(out, "JPEG", quality=90)
    return {"name": f"IMG {i}.JPG", "mimeType": "image/jpeg", "buffer": out.getvalue()}


def test_photographs_are_sent_as_small_as_training_can_use(visitor):
    page, sent = visitor(), []

    def keep(route):
        if '"fn_name":"begin"' not in (body := route.request.post_data or ""):
            return route.continue_()
        sent.append((len(body), route.request.post_data_json["data"]["files"]))
        return route.fulfill(json={"error": "seen"})

    page.route(CALLS, keep)
    page.get_by_text("Your pictures").click()
    page.get_by_text("Up to 2,000 pictures and 36 MB").wait_for()
    assert page.locator("[data-at=watchTitle]").inner_text() == "Diversity", "as it will be while they are learnt"
    box = page.locator("[data-train=begin]").bounding_box()
    assert 0 <= box["y"] <= 900 - box["height"], "Start is in sight"
    photos = [photo(i) for i in range(3)]
    other = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"hello"}
    page.set_input_files("[data-train=files]", [*photos, other])
    page.locator("[data-at=files]").get_by_text("4 files, 0.1 MB to send").wait_for()
    page.get_by_role("button", name="Start training").click()
    page.get_by_text("Sorry: seen.").wait_for()
    (size, files) = sent[0]
    assert size < sum(len(one["buffer"]) for one in photos) / 5
    assert [file["name"] for file in files] == ["IMG 0.webp", "IMG 1.webp", "IMG 2.webp", "notes.txt"]
    for file in files[:3]:
        with Image.open(io.BytesIO(base64.b64decode(file["data"]))) as picture:
            assert picture.size == (192, uploads.USEFUL_SIDE)
    assert base64.b64decode(files[3]["data"]) == b"hello"


def test_more_than_may_be_sent_is_told_with_the_limit_and_nothing_is_sent(visitor, monkeypatch):
    monkeypatch.setattr(uploads, "SENT_BYTES", 2**20)
    page = visitor()
    page.get_by_text("Collapse on purpose", exact=True).first.click()
    page.get_by_text("Your pictures").click()
    recipe = page.locator("[name=ll-train-preset]:checked").get_attribute("value")
    assert recipe == "modern", "one's own pictures are there for what comes of them"
    archive = {"name": "all.zip", "mimeType": "application/zip", "buffer": b"PK" + bytes(2**21)}
    page.set_input_files("[data-train=files]", archive)
    page.get_by_text("Sorry: all.zip does not fit: at most 1.0 MB can be sent.").wait_for()
    page.get_by_role("button", name="Start training").click()
    page.get_by_text("Choose pictures or a zip of them first.").wait_for()


def test_two_sets_of_ones_own_are_sent_apart(visitor):
    page, sent = visitor(), []

    def keep(route):
        if '"fn_name":"begin"' not in (route.request.post_data or ""):
            return route.continue_()
        sent.append(route.request.post_data_json["data"])
        return route.fulfill(json={"error": "seen"})

    page.route(CALLS, keep)
    page.get_by_text("Collapse on purpose", exact=True).first.click()
    page.get_by_text("Your two sets").click()
    slots = {name: page.locator(f"[data-upload={name}]") for name in ("files", "sourceFiles", "targetFiles")}
    slots["sourceFiles"].get_by_text("Up to 2,000 pictures and 18 MB").wait_for()
    assert [name for name, slot in slots.items() if slot.is_visible()] == ["sourceFiles", "targetFiles"]
    assert page.locator("[name=ll-train-preset]:checked").get_attribute("value") == "cycle"
    assert not page.locator("[data-at=heldOut]").is_visible(), "the pictures shown of it are learnt from"
    page.set_input_files("[data-train=sourceFiles]", [photo(0)])
    slots["sourceFiles"].get_by_text("1 file, ").wait_for()
    page.get_by_role("button", name="Start training").click()
    page.get_by_text("Choose pictures of both sets first.").wait_for()
    page.set_input_files("[data-train=targetFiles]", [photo(1), photo(2)])
    slots["targetFiles"].get_by_text("2 files, ").wait_for()
    page.get_by_role("button", name="Start training").click()
    page.get_by_text("Sorry: seen.").wait_for()
    assert [[file["name"] for file in sent[0][key]] for key in ("source_files", "files")] == [
        ["IMG 0.webp"],
        ["IMG 1.webp", "IMG 2.webp"],
    ]
    page.get_by_text("Beard off").click()
    assert not any(slot.is_visible() for slot in slots.values()) and page.locator("[data-at=heldOut]").is_visible()


def test_a_lesson_is_not_offered_where_it_does_not_show(visitor):
    page = visitor()
    lessons = page.locator("[data-list=presets]")
    page.get_by_text("Beard off").click()
    lessons.get_by_text("Without the cycle").click()
    page.get_by_text("Sketch to face").click()
    lessons.get_by_text("With pairs").wait_for()
    assert not lessons.get_by_text("Without the cycle").count()
    assert page.locator("[name=ll-train-preset]:checked").get_attribute("value") == "cycle"


NO_CLIPBOARD = "Object.defineProperty(navigator, 'clipboard', { value: undefined });"  # as over plain http


def test_a_link_is_copied_without_a_clipboard(visitor):
    page = visitor(script=NO_CLIPBOARD)
    page.get_by_role("button", name="Copy link").click()
    page.get_by_text("Link copied. It starts the same run.").wait_for()
    page.evaluate("document.body.append(Object.assign(document.createElement('textarea'), { id: 'pasted' }))")
    page.locator("#pasted").press("Control+v")
    assert page.locator("#pasted").input_value().split("?")[1].startswith("tab=train&train=")


def test_a_link_that_may_not_be_copied_is_shown(visitor):
    page = visitor(script=NO_CLIPBOARD + "document.execCommand = () => false;")
    page.get_by_role("button", name="Copy link").click()
    page.locator("#ll-train .ll-status").get_by_text("The browser does not allow copying. The link is http").wait_for()
