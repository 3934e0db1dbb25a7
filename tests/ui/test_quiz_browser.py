"""The Quiz tab in a real browser: played by keys and by finger to the end, shared, and nothing told too early."""

from __future__ import annotations

import pytest
from axe_check import FINDINGS, axe
from conftest import answer, asking_page, served

from gan.ui.server.model_registry import ModelRegistry
from gan.ui.server.quiz_api import QuizApi

pytestmark = pytest.mark.browser

FILLED = "(n) => document.querySelectorAll('#ll-quiz li:is(.ll-right, .ll-wrong)').length === n"
ASKED = "#ll-quiz [data-act=real]:enabled"


@pytest.fixture(scope="module")
def registry(judged_folder):
    return ModelRegistry([judged_folder])


def given(page) -> int:
    return page.locator("#ll-quiz li:is(.ll-right, .ll-wrong)").count()


@pytest.mark.timeout(150)  # axe looks at every element, and a machine may be busy
def test_a_quiz_is_played_by_keys_and_by_finger_and_sent_to_a_friend(browser, registry):
    api = QuizApi(registry)
    truth = [answer(api, "reveal", {"model": "tiny", "number": 7, "at": at}) for at in range(10)]
    look = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "reduced_motion": "reduce"}
    with served(registry, plain=True) as site, asking_page(browser, **look) as page:
        page.add_init_script("navigator.clipboard.writeText = async (text) => void (window.copied = text)")
        page.goto(f"{site}?tab=quiz&model=tiny&quiz=7&beat=6")
        page.wait_for_selector(ASKED)
        page.locator("#tab-quiz-button").focus()  # wherever the focus is, keys answer and Enter goes on
        assert page.inner_text(".ll-quiz-lead") == "A friend got 6 of these ten right. Can you do better?"
        assert "reveal" not in page.asked and given(page) == 0
        before = page.locator("#ll-quiz").evaluate("(tab) => tab.outerHTML")
        assert "ll-right" not in before and "ll-wrong" not in before

        page.keyboard.press("r")
        page.locator(".ll-quiz-stamp:not([hidden])").wait_for()
        right = truth[0]["real"]
        assert page.inner_text(".ll-quiz-stamp").lower() == ("✓ real" if right else "✗ made")
        told = page.inner_text("#ll-quiz .ll-status")
        assert told.startswith("Right: this one is real." if right else "Wrong: a network made this one.")
        page.keyboard.press("m")
        assert given(page) == 1, "it is answered already"
        page.keyboard.press("Enter")
        for at in range(1, 10):
            page.wait_for_selector(ASKED)
            page.tap("#ll-quiz [data-act=made]")
            page.wait_for_function(FILLED, arg=at + 1)
            if at < 9:
                page.tap("#ll-quiz [data-act=next]")
        you = right + sum(not one["real"] for one in truth[1:])
        judged = sum(one["judge"] == one["real"] for one in truth)
        assert page.inner_text(".ll-quiz-points") == f"You {you}, the judge {judged}"
        assert page.inner_text("#ll-quiz .ll-status").startswith("All ten are answered."), "not of the last one"
        words = page.locator("#ll-quiz .ll-quiz-truth").all_inner_texts()
        assert words == ["Real" if one["real"] else "Made" for one in truth]
        both = page.locator("#ll-quiz .ll-both-wrong").count()
        mine = [True, *[False] * 9]
        assert both == sum(m != t["real"] != t["judge"] for m, t in zip(mine, truth, strict=True))

        page.evaluate(axe())
        assert page.evaluate(FINDINGS, {"tab": "quiz"}) == []
        page.get_by_role("button", name="Copy result").click()
        lines = page.evaluate("copied").split("\n")
        assert lines[0] == f"Real or made? tiny: I got {you} of 10, the judge {judged}." and len(lines[1]) == 10
        assert lines[2] == f"{site}?tab=quiz&model=tiny&quiz=7&beat={you}"
        seed = next(one["seed"] for one in truth if one["seed"])
        page.locator(".ll-quiz-open").first.click()
        page.wait_for_url(f"**tab=explore&model=tiny&seed={seed}**")
        page.go_back()
        assert page.inner_text(".ll-quiz-points") == f"You {you}, the judge {judged}", "it is still there"

        page.get_by_role("button", name="Ten more").click()
        page.wait_for_selector(ASKED)
        page.wait_for_function("!location.search.includes('beat')")  # the address follows a little later
        assert given(page) == 0 and not page.url.endswith("quiz=7")
        page.goto(f"{site}?tab=quiz&model=gone&quiz=7&beat=99")
        page.get_by_text("Sorry: there is no model 'gone' here any more. This is tiny instead.").wait_for()
        page.wait_for_selector(ASKED)
        assert page.inner_text(".ll-quiz-lead").startswith("Ten pictures: some are real")
