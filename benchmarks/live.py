"""Live training in the browser: how often it is drawn, how soon it has learnt, and what it costs the sliders.

    python -m benchmarks.live [--seconds 20] [--json FILE]

Headless Chromium opens the Train tab of `python app.py`. A ring is trained with the lesson "Modern": drawn updates a
second, and seconds until eight of eight modes are found and until half of all points are of high quality. Then digits:
seconds until our own classifier is as sure of what it sees as LEAST says, and sees all ten digits but one at least
(noise, too, can look surely like an eight). Then a slider of Explore is moved again and again, with no run and while
each of them trains: median milliseconds from the change to the painted picture.
Goals: 15 updates a second, a ring within 60 s, digits within 60 s, sliders within twice their idle latency.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.browser import chromium, free_port, wait_for
from benchmarks.flags import duration, guarded
from benchmarks.report import report

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parent.parent
LEAST = 0.85  # mean confidence at which digits count as recognisable; of real ones it is .99
KINDS, SHARE = 9, 0.02  # of the ten digits, so many must make up such a share of what it sees
MOST = 180.0  # seconds to wait for anything
SLIDE = """async (n) => {
  const slider = document.querySelector('.ll-directions input');
  for (let i = 0; i < n; i++) {
    const before = latentLab.stats.latencies.length;
    slider.value = (i % 20 - 10) / 5;
    slider.dispatchEvent(new Event('input', { bubbles: true }));
    while (latentLab.stats.latencies.length === before) await new Promise((wake) => setTimeout(wake, 1));
    await new Promise((wake) => setTimeout(wake, 30));
  }
  const last = latentLab.stats.latencies.slice(-n).sort((a, b) => a - b);
  return last[n >> 1];
}"""


def read(page: Page, title: str) -> float | None:
    """A read-out of the Train tab by its title, as a number; percentages as shares."""
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


def kinds(page: Page) -> int:
    """How many classes the Train tab's histogram gives a share of SHARE or more."""
    titles = page.evaluate("[...document.querySelectorAll('.ll-classes-bar span')].map((e) => e.title)")
    return sum(float(title.rsplit(":", 1)[1].strip(" %")) >= 100 * SHARE for title in titles)


def reached(page: Page, title: str, least: float, since: float, varied: bool = False) -> float | None:
    """Seconds from `since` until a read-out is at least so much, of KINDS classes if varied; None after MOST."""
    while time.perf_counter() - since < MOST:
        value = read(page, title)
        if value is not None and value >= least and (not varied or kinds(page) >= KINDS):
            return time.perf_counter() - since
        page.wait_for_timeout(50)
    return None


def begin(page: Page, data: str) -> float:
    """Start a run; the clock's reading at the click."""
    page.get_by_role("tab", name="Train").first.click()
    page.wait_for_selector("[data-train=begin]:not([disabled])")
    page.get_by_text(data, exact=True).first.click()
    page.locator("[data-train=begin]").click()
    since = time.perf_counter()
    page.wait_for_selector(".ll-screens canvas")
    return since


def slide(page: Page) -> float:
    """Median latency of Explore's first slider, in milliseconds."""
    page.get_by_role("tab", name="Explore").first.click()
    page.wait_for_selector("#ll-explore .ll-others-grid.ll-ready")
    page.wait_for_timeout(1000)
    return page.evaluate(SLIDE, 100)


def run(page: Page, url: str, seconds: float) -> dict[str, Any]:
    """All measurements over one page."""
    page.goto(url)
    found: dict[str, Any] = {"slider_idle_ms": slide(page)}
    since = begin(page, "Ring of 8")
    found["ring_8_of_8_s"] = reached(page, "Modes found", 8, since)
    drawn, start = page.evaluate("latentLab.stats.frames"), time.perf_counter()
    page.wait_for_timeout(seconds * 1000)
    found["updates_a_second"] = (page.evaluate("latentLab.stats.frames") - drawn) / (time.perf_counter() - start)
    found["ring_half_s"] = reached(page, "High quality", 0.5, since)
    found["slider_ring_ms"] = slide(page)
    since = begin(page, "10,000 digits")
    found["digits_s"] = reached(page, "Classifier's confidence", LEAST, since, varied=True)
    found["slider_digits_ms"] = slide(page)
    return found


def goals(found: dict[str, Any]) -> dict[str, bool]:
    """Which goals are met, by a sentence."""
    within = lambda key, most: found[key] is not None and found[key] <= most  # noqa: E731
    return {
        "at least 15 drawn updates a second": found["updates_a_second"] >= 15,
        "8 of 8 modes within 60 s": within("ring_8_of_8_s", 60),
        "recognisable digits within 60 s": within("digits_s", 60),
        "sliders within twice their idle latency": max(found["slider_ring_ms"], found["slider_digits_ms"])
        <= 2 * found["slider_idle_ms"],
    }


def main() -> int:
    """Run the benchmark; exit status 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=duration, default=20.0, help="over which updates are counted")
    parser.add_argument("--json", type=Path, help="also write the JSON here")
    args = parser.parse_args()
    port = free_port()
    server = subprocess.Popen([sys.executable, "app.py", "--port", str(port)], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{port}/")
        with chromium() as browser:
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.set_default_timeout(MOST * 1000)
            found = run(page, f"http://127.0.0.1:{port}/", args.seconds)
    finally:
        server.terminate()
        server.wait()
    for name, value in found.items():
        print(f"{name:24}{'never' if value is None else f'{value:.1f}':>10}")
    met = goals(found)
    for sentence, good in met.items():
        print(f"{'met' if good else 'MISSED':8}{sentence}")
    return report({**found, "goals": met}, args.json, all(met.values()))


if __name__ == "__main__":
    sys.exit(guarded(main))
