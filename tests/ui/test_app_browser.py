"""The page that visitors get, in a real browser, offline: the gallery, tabs, addresses, keyboard and phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from browser_steps import (
    FIRST_SLIDER,
    SCREEN,
    becomes,
    changes,
    drag,
    explore,
    shown_tab,
    shows,
    visit,
    walk,
)
from conftest import served
from fake_models import KINDS, fake_load, write_folder

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
    with served(registry) as url:
        yield url


@pytest.fixture
def page(browser: sync_api.Browser, site: str) -> Iterator[sync_api.Page]:
    with visit(browser, site) as page:
        yield page


def test_the_gallery_shows_every_model_and_names_the_damaged_one(page: sync_api.Page, site: str) -> None:
    page.goto(site)
    page.wait_for_selector(".ll-wall button")
    assert page.locator(".ll-card h2").all_inner_texts() == [*KINDS, "broken"]
    assert "broken/config.json: missing" in page.locator(".ll-notice").inner_text()
    assert [wall.locator("button").count() for wall in page.locator(".ll-wall").all()] == [64] * len(KINDS)
    tile = page.locator(".ll-wall button").first
    page.wait_for_function(
        "tile => getComputedStyle(tile).backgroundImage.includes('/files/')", arg=tile.element_handle()
    )
    assert page.locator("#ll-early").count() == 0


def test_a_trained_model_follows_a_dragged_slider(browser: sync_api.Browser, tiny_registry: ModelRegistry) -> None:
    with served(tiny_registry) as site, visit(browser, site) as page:
        start = explore(page, f"{site}?model=tiny&seed=5&label=3&truncation=0.5")
        assert shows(page, tiny_registry.picture("tiny", 5, label=3, truncation=0.5))
        drag(page, FIRST_SLIDER, 0.9)
        changes(page, start)
        page.wait_for_url(re.compile(r"[?&]d=\d"))
        moved = float(page.locator(FIRST_SLIDER).input_value())
        assert moved > 2
        assert shows(page, tiny_registry.picture("tiny", 5, label=3, truncation=0.5, sliders=[moved]))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_never_scrolls_sideways_and_the_theme_follows(browser, site: str, scheme: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme)
    page = context.new_page()
    complete = {
        "gallery": ".ll-wall button",
        "explore": ".ll-others-grid.ll-ready",
        "interpolate": ".ll-walk:not(.ll-waiting) .ll-scrub:enabled",
    }
    for tab, selector in complete.items():
        page.goto(site)
        page.locator(f"#tab-{tab}-button").click()
        page.locator(f"#ll-{tab} {selector}").first.wait_for()
        wide = f"[...document.querySelectorAll('#ll-{tab} *')].filter(e => e.getBoundingClientRect().right > 391)"
        assert page.evaluate(f"{wide}.map(e => e.className)") == []
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        if tab == "explore":
            page.wait_for_function("latentLab.stats.painted > 0")
            assert page.locator(SCREEN).bounding_box()["width"] == 5 * 28
    dark = "document.body.classList.contains('dark')"
    assert page.evaluate(dark) == (scheme == "dark")
    page.get_by_label("Dark colours").click()
    page.reload()
    page.wait_for_selector(".ll-theme")
    page.wait_for_function(f"{dark} === {str(scheme == 'light').lower()}")
    context.close()


def arrives(page: sync_api.Page, site: str, query: str, tab: str) -> None:
    page.wait_for_function("address => location.href === address", arg=f"{site}{query}")
    page.locator(f"#tab-{tab}").wait_for()
    assert shown_tab(page) == tab


def test_back_and_forward_go_from_tab_to_tab_as_each_was(page: sync_api.Page, site: str) -> None:
    page.goto(f"{site}?__theme=light")
    tile = page.get_by_label("colour, seed 8: open in Explore")
    while "tab=explore" not in page.url:  # on a busy machine a key was lost before the page had the focus
        tile.press("Enter")
        end = page.evaluate("performance.now() + 3000")
        page.wait_for_function("end => location.search.includes('tab=explore') || performance.now() > end", arg=end)
    explored, walked = "?__theme=light&tab=explore&model=colour", "?__theme=light&tab=interpolate&model=colour&seeds="
    arrives(page, site, f"{explored}&seed=8", "explore")
    page.wait_for_selector(".ll-others-grid.ll-ready")
    page.locator("#ll-seed").fill("9")
    page.locator("#ll-seed").press("Enter")
    arrives(page, site, f"{explored}&seed=9", "explore")
    page.locator("#tab-interpolate-button").click()
    walk(page)
    arrives(page, site, f"{walked}79,107,153,144", "interpolate")
    page.get_by_label("Seed of keyframe 1").fill("7")
    arrives(page, site, f"{walked}7,107,153,144", "interpolate")
    page.locator("#tab-train-button").click()
    arrives(page, site, "?__theme=light&tab=train", "train")

    page.go_back()
    arrives(page, site, f"{walked}7,107,153,144", "interpolate")
    assert page.get_by_label("Seed of keyframe 1").input_value() == "7"
    page.go_back()
    arrives(page, site, f"{explored}&seed=9", "explore")
    assert page.locator("#ll-seed").input_value() == "9"
    page.go_back()
    arrives(page, site, "?__theme=light", "gallery")
    page.wait_for_function("document.activeElement.ariaLabel === 'colour, seed 8: open in Explore'")
    page.go_forward()
    arrives(page, site, f"{explored}&seed=9", "explore")


def test_a_reload_stays_in_its_tab_and_loses_no_other(page: sync_api.Page, site: str) -> None:
    start = explore(page, f"{site}?model=colour&seed=4&label=1")
    for tab, ready in (("train", "[data-train=begin]:enabled"), ("interpolate", ".ll-scrub:enabled")):
        page.locator(f"#tab-{tab}-button").click()
        page.reload()
        page.wait_for_selector(ready)
        assert shown_tab(page) == tab
    page.locator("#tab-explore-button").click()
    becomes(page, start)
    page.wait_for_url("**/?tab=explore&model=colour&seed=4&label=1")


def test_a_copied_link_speaks_of_its_own_tab_alone(page: sync_api.Page, site: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    explore(page, f"{site}?__sign=secret&run=of-mine&train=plan&model=grey&seed=1&d=2")  # as links once were
    assert shown_tab(page) == "explore"
    page.get_by_role("button", name="Copy link").click()
    page.get_by_text("Link copied.").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == f"{site}?tab=explore&model=grey&seed=1&d=2"
    page.locator("#tab-interpolate-button").click()
    walk(page)
    page.get_by_label("Straight", exact=True).check()
    page.locator("#ll-interpolate").get_by_role("button", name="Copy link").click()
    page.locator("#ll-interpolate").get_by_text("Link copied.").wait_for()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == f"{site}?tab=interpolate&model=grey&seeds=79,107,153,144&mode=lerp"
    with page.context.expect_page() as opened:
        page.evaluate("link => void window.open(link, '_blank', 'noopener')", link)
    opened.value.wait_for_selector(".ll-scrub:enabled")
    assert opened.value.get_by_label("Straight", exact=True).is_checked()


@pytest.mark.parametrize("query", ["tab=nothing", "tab=__proto__", "tab=train&tab=explore&train=%00{", "tab=publish#x"])
def test_an_address_that_makes_no_sense_shows_a_tab(page: sync_api.Page, site: str, query: str) -> None:
    page.goto(f"{site}?{query}")
    page.wait_for_selector("#ll-tabs > [role=tabpanel]:visible")
    page.locator("#tab-explore-button").click()
    page.wait_for_selector(".ll-others-grid.ll-ready")
    assert shown_tab(page) == "explore"


def test_arrow_keys_go_through_the_tabs_and_enter_shows_one(page: sync_api.Page, site: str) -> None:
    focused = "document.activeElement.id"
    page.goto(site)
    page.wait_for_selector("#tab-explore-button[tabindex='-1']")
    page.locator("#tab-gallery-button").focus()
    steps = {"ArrowRight": "explore", "End": "publish", "ArrowLeft": "train", "Home": "gallery"}
    for key, reached in steps.items():
        page.keyboard.press(key)
        assert page.evaluate(focused) == f"tab-{reached}-button"
    page.keyboard.press("ArrowLeft")  # round to the last, and back
    assert page.evaluate(focused) == "tab-publish-button"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert shown_tab(page) == "gallery"
    page.keyboard.press("Enter")
    page.locator("#tab-explore").wait_for()
    page.wait_for_selector(".ll-others-grid.ll-ready")
    page.locator("#ll-seed").focus()
    page.locator("#tab-train-button").focus()
    page.keyboard.press("Shift+Tab")  # the row is one stop
    assert page.evaluate(focused) not in [f"tab-{tab}-button" for tab in ("gallery", "explore", "interpolate")]


def test_the_focus_is_never_lost(page: sync_api.Page, site: str) -> None:
    start = explore(page, f"{site}?model=plain&seed=2")
    page.locator("#ll-seed").fill("3")
    page.locator("#ll-seed").press("Enter")
    changes(page, start)
    page.get_by_role("button", name="Undo").press("Enter")
    becomes(page, start)
    page.wait_for_function("document.activeElement.dataset.do === 'redo'")
    page.get_by_role("button", name="Show all").press("Enter")
    assert page.evaluate("document.activeElement.ariaLabel").startswith("Direction 9")
    page.locator("#tab-gallery-button").click()
    page.get_by_label("grey, seed 1: open in Explore").press("Enter")
    page.wait_for_url("**/?tab=explore&model=grey&seed=1")  # whose sliders are others
    # Where the slider was that had the focus, or on the tab if the new sliders were there before the tab was.
    page.wait_for_function("['ll-model', 'tab-explore-button'].includes(document.activeElement.id)")


def test_what_is_hidden_is_not_seen(page: sync_api.Page, site: str) -> None:
    explore(page, f"{site}?model=plain&seed=2")
    assert page.get_by_role("button", name="Show all 12").is_visible()
    page.get_by_role("button", name="Show all 12").click()
    for tab in ("gallery", "interpolate", "train", "explore"):
        page.locator(f"#tab-{tab}-button").click()
        page.locator(f"#tab-{tab}").wait_for()
        # In one look: `evaluate_all` finds the elements first, and one may be shown before it asks about them.
        shown = "(all) => [...document.querySelectorAll(all)].filter((e) => e.offsetParent).map((e) => e.outerHTML)"
        assert page.evaluate(shown, f"#tab-{tab} [hidden]") == []
    assert page.get_by_role("button", name="Show all").count() == 0
