"""What the page keeps to, narrow and wide, light and dark: nothing shifts, paints come soon, axe finds nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_check import COLOURS, FINDINGS, THE_REST, axe
from conftest import asking_page, served

from gan.ui.server.model_registry import ModelRegistry

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
SHIFT = 0.02  # of the layout, in all that a tab does until it is complete
PAINT = 1500  # ms until the largest paint, on loopback
READY = {
    "gallery": ".ll-wall button",
    "explore": ".ll-others-grid.ll-ready",
    "interpolate": ".ll-walk:not(.ll-waiting) .ll-scrub:enabled",
    "translate": "",
    "quiz": "[data-act=real]:enabled",
    "edit": ".ll-nearest canvas",  # after it: a tab longer than the window moves the footer as it goes
    "train": "[data-train=begin]:enabled",
    "publish": "",
}
OTHERS = {"train"}  # whose form has no size before its lessons come
WATCH = """
window.shifts = 0;
new PerformanceObserver((list) => {
  for (const { value, hadRecentInput } of list.getEntries()) if (!hadRecentInput) window.shifts += value;
}).observe({ type: "layout-shift", buffered: true });
new MutationObserver(() => {
  const early = document.getElementById("ll-early");
  if (early) window.seen = true;
  else if (window.seen) window.built ??= performance.now(); // Gradio's scripts have run
}).observe(document, { childList: true, subtree: true });
new PerformanceObserver((list) => (window.largest = list.getEntries().at(-1).startTime)).observe({
  type: "largest-contentful-paint", buffered: true,
});
"""
# All that can be opened, but for a hundred sliders that are alike.
OPEN = "tab => tab.querySelectorAll('details:not(.ll-advanced)').forEach((one) => (one.open = true))"


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with served(ModelRegistry([ROOT / "weights/emoji", ROOT / "weights/mnist"])) as url:
        yield url


@pytest.mark.slow
@pytest.mark.timeout(150)  # axe looks at every element, and a machine may be busy
@pytest.mark.parametrize(
    "width, height, scheme, rules",
    [(390, 844, "light", {}), (390, 844, "dark", COLOURS), (1280, 900, "light", THE_REST)],
)
def test_every_tab_stands_still_and_axe_finds_nothing(browser, site, width, height, scheme, rules):
    script = axe()
    look = {"viewport": {"width": width, "height": height}, "color_scheme": scheme, "reduced_motion": "reduce"}
    with asking_page(browser, **look) as page:
        page.add_init_script(WATCH)
        page.goto(site)
        for tab, ready in READY.items():
            page.evaluate("tab => latentLab.showTab(tab)", tab)
            page.locator(f"#tab-{tab} {ready}").first.wait_for()
            page.wait_for_function("!latentLab.stats.running")
            if tab == "gallery":
                largest, built = page.evaluate("[largest, built]")
                assert largest < max(PAINT, built)  # on a busy machine at least before Gradio has run
                page.evaluate(script)
            assert page.evaluate("shifts") < SHIFT or tab in OTHERS, tab
            page.locator(f"#ll-{tab}").evaluate(OPEN)
            assert page.evaluate(FINDINGS, {"tab": tab, **rules}) == [], tab
            page.evaluate("window.shifts = 0")


@pytest.mark.parametrize("width, height", [(390, 844), (1280, 900)])
def test_translate_stands_still_from_its_address_on(browser, width, height):
    registry = ModelRegistry([ROOT / "weights/emoji", ROOT / "weights/sketch-to-face"])
    look = {"viewport": {"width": width, "height": height}, "reduced_motion": "reduce"}
    with served(registry) as url, asking_page(browser, **look) as page:
        page.add_init_script(WATCH)
        page.goto(f"{url}?tab=translate")
        page.locator(".ll-translate [data-verdict]", has_text="%").wait_for()
        assert page.locator(".ll-translate .ll-swatch").first.is_visible()
        assert page.evaluate("shifts") < SHIFT
