"""Tabs whose scripts come after the first screen's, over a line that loses them."""

from __future__ import annotations

import pytest
from conftest import asking_page, served

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("times", [1, 99])
def test_a_script_that_is_lost_is_asked_for_again_and_then_told(browser, tiny_registry, times):
    asked: list[str] = []  # addresses of scripts; the first is the page's own

    def lose(route) -> None:
        url = route.request.url
        if route.request.resource_type == "script":
            asked.append(url)
        if url in asked[1:] and url != asked[0] and asked.count(url) <= times:
            route.abort()
        else:
            route.continue_()

    with served(tiny_registry) as site, asking_page(browser) as page:
        page.route("**/files/*", lose)
        page.goto(f"{site}?tab=train")
        if times == 1:
            page.wait_for_selector("[data-train=begin]:enabled")
            assert page.locator("#ll-train .ll-problem").inner_text() == ""
        else:
            page.get_by_text("This tab could not be loaded: please reload the page.").wait_for()
        later = set(asked[1:]) - {asked[0]}  # there is no translator here, so the tab Translate asks for nothing
        assert [asked.count(url) for url in later] == [min(times + 1, 4)]
