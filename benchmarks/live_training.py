"""Live training in the browser: updates per second, seconds until it has learnt, and its cost to Explore's sliders.

    python -m benchmarks.live_training [--seconds 20] [--json FILE]

Headless Chromium opens the Train tab of `python app.py` and trains a ring with the lesson "Modern": drawn updates per
second, and seconds until eight of eight modes are found and until half of all points are of high quality. Then digits:
seconds until our classifier's mean confidence is at least MIN_CONFIDENCE and it sees nine of the ten digits (it can be
confident about noise, too). A slider of Explore is moved repeatedly without a run and during each of them: median
milliseconds from the change to the painted picture.
Goals: 15 updates per second, a ring within 60 s, digits within 60 s, sliders within twice their idle latency.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.browser import chromium, running_app
from benchmarks.flags import benchmark_parser, positive_seconds, run_main
from benchmarks.report import report

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parent.parent
MIN_CONFIDENCE = 0.85  # at which digits count as recognisable; that of real digits is .99
MIN_CLASSES, MIN_SHARE = 9, 0.02  # so many of the ten digits must each have such a share of the classifier's answers
TIMEOUT = 180.0  # seconds to wait for anything
MOVE_SLIDER = """async (n) => {
  const slider = document.querySelector('.ll-directions input[type=range]');
  for (let i = 0; i < n; i++) {
    const before = latentLab.stats.latencies.length;
    slider.value = (i % 20 - 10) / 5;
    slider.dispatchEvent(new Event('input', { bubbles: true }));
    while (latentLab.stats.latencies.length === before) await new Promise((resolve) => setTimeout(resolve, 1));
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  const last = latentLab.stats.latencies.slice(-n).sort((a, b) => a - b);
  return last[n >> 1];
}"""


def read_number(page: Page, title: str) -> float | None:
    """Read a number of the Train tab by its title; a percentage as a fraction, None if there is no number."""
    text = page.evaluate(
        "title => [...document.querySelectorAll('.ll-read')].find((e) => e.firstChild.textContent === title)"
        "?.querySelector('b').textContent ?? ''",
        title,
    )
    digits = text.split(" ")[0].replace(",", "")
    try:
        return float(digits) / (100 if "%" in text else 1)
    except ValueError:
        return None


def count_classes(page: Page) -> int:
    """Count the classes with a share of at least MIN_SHARE in the Train tab's histogram."""
    shares = page.locator(".ll-class-shares b").all_text_contents()
    return sum(float(share.strip(" %")) >= 100 * MIN_SHARE for share in shares)


def seconds_until(page: Page, title: str, minimum: float, since: float, classes: int = 0) -> float | None:
    """Return the seconds from `since` until a number reaches a minimum, with so many classes; None after TIMEOUT."""
    while time.perf_counter() - since < TIMEOUT:
        value = read_number(page, title)
        if value is not None and value >= minimum and (not classes or count_classes(page) >= classes):
            return time.perf_counter() - since
        page.wait_for_timeout(50)
    return None


def start_run(page: Page, data: str) -> float:
    """Start a run and return the clock's reading at the click."""
    page.get_by_role("tab", name="Train").first.click()
    page.wait_for_selector("[data-train=begin]:not([disabled])")
    page.get_by_text(data, exact=True).first.click()
    page.locator("[data-train=begin]").click()
    since = time.perf_counter()
    page.wait_for_selector(".ll-screens canvas")
    return since


def slider_latency(page: Page) -> float:
    """Measure the median latency of Explore's first slider, in milliseconds."""
    page.get_by_role("tab", name="Explore").first.click()
    page.wait_for_selector("#ll-explore .ll-others-grid.ll-ready")
    page.wait_for_timeout(1000)
    return page.evaluate(MOVE_SLIDER, 100)


def run(page: Page, url: str, seconds: float) -> dict[str, Any]:
    """Make all measurements on one page."""
    page.goto(url)
    found: dict[str, Any] = {"slider_idle_ms": slider_latency(page)}
    since = start_run(page, "Ring of 8")
    found["ring_8_of_8_s"] = seconds_until(page, "Modes found", 8, since)
    drawn, start = page.evaluate("latentLab.stats.frames"), time.perf_counter()
    page.wait_for_timeout(seconds * 1000)
    found["updates_per_second"] = (page.evaluate("latentLab.stats.frames") - drawn) / (time.perf_counter() - start)
    found["ring_half_s"] = seconds_until(page, "High quality", 0.5, since)
    found["slider_ring_ms"] = slider_latency(page)
    since = start_run(page, "10,000 digits")
    found["digits_s"] = seconds_until(page, "Confidence", MIN_CONFIDENCE, since, MIN_CLASSES)
    found["slider_digits_ms"] = slider_latency(page)
    return found


def goals(found: dict[str, Any]) -> dict[str, bool]:
    """Return whether each goal is met, by its description."""

    def within(key: str, limit: float) -> bool:
        return found[key] is not None and found[key] <= limit

    return {
        "at least 15 drawn updates per second": found["updates_per_second"] >= 15,
        "8 of 8 modes within 60 s": within("ring_8_of_8_s", 60),
        "recognisable digits within 60 s": within("digits_s", 60),
        "sliders within twice their idle latency": max(found["slider_ring_ms"], found["slider_digits_ms"])
        <= 2 * found["slider_idle_ms"],
    }


def main() -> int:
    """Run the benchmark. Returns 1 if a goal is missed."""
    parser = benchmark_parser(__doc__)
    parser.add_argument("--seconds", type=positive_seconds, default=20.0, help="time in which updates are counted")
    args = parser.parse_args()
    with running_app() as (url, _), chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(TIMEOUT * 1000)
        found = run(page, url, args.seconds)
    for name, value in found.items():
        print(f"{name:24}{'never' if value is None else f'{value:.1f}':>10}")
    met = goals(found)
    for goal, good in met.items():
        print(f"{'met' if good else 'MISSED':8}{goal}")
    return report({**found, "goals": met}, args.json, all(met.values()))


if __name__ == "__main__":
    sys.exit(run_main(main))
