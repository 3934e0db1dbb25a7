"""A lesson on the page: a guess, the number to watch, the cure; the picture of the game; and points outside."""

from __future__ import annotations

import pytest
from conftest import end_all, served

from gan.live import worker
from gan.live.export import zip_folder
from gan.live.lessons import LESSONS
from gan.live.runs import Runs

pytestmark = pytest.mark.browser

WAIT = 90.0  # seconds that anything may take on a busy machine
LIT = "[...document.querySelectorAll('.ll-moves li.ll-on')].map((item) => item.dataset.phase).join()"
STEPS = "Number(document.querySelector('[data-at=clock]').innerText.split('\\n')[1].split(' ')[0].replaceAll(',', ''))"


@pytest.fixture(scope="module")
def runs():
    runs = Runs(2, idle=10.0)
    yield runs
    runs.close()


@pytest.fixture(scope="module")
def site(tiny_registry, runs):
    with served(tiny_registry, lambda: runs, plain=True) as url:
        yield url


@pytest.fixture
def page(browser, site, runs):
    """The Train tab, which must log no error."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(WAIT * 1000)
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(f"{site}?tab=train")
    page.wait_for_selector("[data-train=begin]:not([disabled])")
    yield page
    context.close()
    end_all(runs)
    assert not wrong


def start(page) -> str:
    page.locator("[data-train=begin]").press("Enter")
    page.wait_for_function("(latentLab.stats.frames ?? 0) > 3")
    return page.evaluate("new URLSearchParams(location.search).get('run')")


def test_a_lesson_asks_tells_and_is_cured(page, runs, monkeypatch):
    monkeypatch.setitem(worker.DRAW_EVERY, "points", 0.2)  # it takes a thousand steps, of which few need to be seen
    story, said = LESSONS["minimax"].points, page.locator("[data-at=expect]")
    page.locator("[data-list=presets]").get_by_text("Vanishing gradient").click()
    assert page.locator("[data-at=setup]").inner_text() == story.setup
    assert story.expect not in said.inner_text(), "it is not told before the guess"
    page.get_by_role("radio", name=story.answers[0]).press(" ")
    assert said.inner_text() == f"You said “{story.answers[0]}”. Start, and watch the number.", "nor before the start"
    cure = page.locator("[data-train=cure]")
    assert cure.is_disabled(), "nothing trains yet"
    run = runs.find(start(page)).run
    page.wait_for_function(
        "document.querySelector('[data-at=watchNote]').innerText === 'under a thousandth of its start'"
    )
    assert page.locator(".ll-read", has_text="Generator's gradient").count() == 0, "it is shown once, and large"
    assert run.step_delay == story.pace, "a quick machine does not hurry through it"
    assert page.get_by_role("img", name="points outside").count() == 1
    said.get_by_text(f"it is “{story.answers[1]}”").wait_for()
    cure.press("Enter")
    said.get_by_text(story.then).wait_for()
    page.wait_for_function("!document.querySelector('[data-at=watchNote]').innerText.startsWith('under')")
    assert run.configs[0].loss == "nonsaturating" and run.step_delay == 0 and cure.is_disabled()

    page.get_by_role("button", name="Pause").press("Enter")
    page.get_by_role("button", name="Resume").wait_for()
    for move, last in (("Critic step", "c3"), ("Generator step", "g3")):
        page.get_by_role("button", name=move).press("Enter")
        first = f"{last[0]}1"
        for phase in (first, f"{last[0]}2", last, ""):
            page.wait_for_function(f"phase => {LIT} === phase", arg=phase)
    assert page.locator(".ll-moves li", has_text="beside real ones").inner_text().endswith("scores them.")


def test_a_duel_leaves_the_lesson_that_was_chosen_and_offers_one_where_none_was(page):
    chosen = "[document.querySelector('[name=ll-train-data]:checked').value, {}]".format(
        "...[...document.querySelectorAll('[name=ll-train-preset]:checked')].map((one) => one.value)"
    )
    duel = page.get_by_text("Duel: two recipes")
    before = page.evaluate(chosen)
    duel.click()
    assert page.evaluate(chosen) == ["grid", "modern"] != before
    page.reload()
    page.locator("[name=ll-train-preset][value=collapse]").check(force=True)
    duel.click()
    assert page.evaluate(chosen) == [before[0], "collapse"]


@pytest.mark.usefixtures("unhurried")
def test_a_duel_has_colours_of_its_own_and_no_story(page):
    page.get_by_text("Duel: two recipes").click()
    assert page.locator(".ll-story").is_hidden()
    start(page)
    colour = "(caption) => getComputedStyle(caption, '::before').backgroundColor"
    dots = f"[...document.querySelectorAll('.ll-side figcaption')].map({colour})"
    first, second = page.evaluate(dots)
    assert first != second
    assert page.get_by_text("violet those of the second side").is_visible() and page.locator(".ll-game").is_hidden()

    best, live = (page.get_by_role("button", name=name) for name in ("Best so far", "Back to live"))
    page.wait_for_function("!document.querySelector('[data-train=best]').disabled")
    best.press("Enter")
    page.wait_for_function("!document.querySelector('[data-train=live]').disabled")
    assert live.is_enabled()


def test_a_download_opens_again(page, tiny_folder):
    files = {"name": "tiny.zip", "mimeType": "application/zip", "buffer": zip_folder(tiny_folder, "tiny")}
    page.set_input_files("[data-train=model]", {**files, "name": "tiny.txt"})
    page.get_by_text("Choose a model's zip, or the files of its folder.").wait_for()
    page.set_input_files("[data-train=model]", files)
    page.wait_for_selector("#ll-explore .ll-others-grid.ll-ready")
    assert page.locator("#ll-model").input_value().startswith("mnist-")
    chosen = page.locator("#ll-model option:checked")
    assert chosen.inner_text() == "mnist-10k, opened"


@pytest.mark.usefixtures("unhurried")
def test_a_translator_is_watched(page):
    """Its own lessons, rows of pictures with names, layers, and what is said of the game."""
    page.locator("[data-list=data]").get_by_text("Beard off").click()
    lessons = page.locator("[data-list=presets] label")
    assert lessons.all_inner_texts() == ["With the cycle", "Without the cycle", "With pairs", "CycleGAN, 2017"]
    lessons.get_by_text("Without the cycle").click()
    start(page)
    rows = page.locator(".ll-translated span")
    assert rows.all_inner_texts() == ["Given", "Translated", "And back", "The truth"]
    assert page.locator(".ll-side figcaption").inner_text() == "no cycle, relativistic, r1"
    page.locator("[data-train=cure]:not([disabled])").click()
    page.get_by_text("cycle, relativistic, r1", exact=True).wait_for()
    assert page.locator("[data-at=besides]").text_content() == ", and from what does not come back"
    page.locator(".ll-layers").get_by_text("The other way").click()
    assert rows.count() == 7
    page.locator(".ll-layers").get_by_text("The way back").click()
    assert rows.all_inner_texts() == ["Given", "Translated", "The truth", "Given", "Translated"]
    width, height = page.locator(".ll-translated canvas").first.evaluate("c => [c.width, c.height]")
    assert (width, height) == (6 * 32, 32)
    page.locator("[data-train=stop]").click()
    page.locator("[data-train=open]:not([disabled])").get_by_text("Open in Translate").click()
    page.locator("#ll-translate .ll-screen:not(.ll-blank) .ll-result").wait_for()
    assert page.get_by_text("There is no translator yet").count() == 0, "there is one now"
    page.go_back()
    page.locator("[data-list=data]").get_by_text("Ring of 8").click()
    assert "Modern" in lessons.all_inner_texts(), "points have lessons of their own"
