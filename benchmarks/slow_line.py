"""The page on a slow line: when something is painted, when the first samples are, and how many bytes came.

    python -m benchmarks.slow_line [--runs 3] [--latency 400] [--rate 50] [--url URL] [--json FILE]

Chromium slows its own network down: so many milliseconds before each answer, so many kB a second for all of them
together. First paint is the browser's own "first contentful paint"; samples are there when a first picture of them has
been decoded, and the page works when its tabs are there. A second visit, with a warm cache, is measured too. `--url`
measures a page that is served already. Goals: half of what the page took when all of it was in its HTML.
"""

from __future__ import annotations

import statistics
import sys
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from benchmarks.browser import chromium, running_app
from benchmarks.flags import benchmark_parser, positive_int, run_main
from benchmarks.report import report

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

BEFORE = {"first paint": 12.0, "samples": 20.0}  # seconds, with all of it in the HTML
SAMPLES = """async () => {
  const early = document.querySelector("#ll-early img");
  const wall = document.querySelector("#ll-gallery .ll-wall")?.style.getPropertyValue("--sheet").slice(5, -2);
  if (early?.complete && early.naturalWidth) return performance.now() / 1000;
  if (!wall) return 0;
  const image = new Image();
  image.src = wall;
  await image.decode();
  return performance.now() / 1000;
}"""
WORKS = (
    "document.querySelector('#ll-gallery .ll-wall')?.style.getPropertyValue('--tile') ? performance.now() / 1000 : 0"
)
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime / 1000 || 0"


def visit(context: BrowserContext, url: str, latency: int, rate: int) -> dict[str, float]:
    """Load the page on a line of that latency, ms, and rate, kB/s; return seconds, and bytes that came."""
    page = context.new_page()
    line = context.new_cdp_session(page)
    came = {"html": 0, "all": 0}
    kinds: dict[str, str] = {}

    def note(event: dict[str, Any]) -> None:
        kinds[event["requestId"]] = event["type"]

    def count(event: dict[str, Any]) -> None:
        came["all"] += event["encodedDataLength"]
        if kinds.get(event["requestId"]) == "Document":
            came["html"] += event["encodedDataLength"]

    line.on("Network.responseReceived", note)
    line.on("Network.loadingFinished", count)
    line.send("Network.enable")
    speed = {"downloadThroughput": rate * 1000, "uploadThroughput": rate * 1000}
    line.send("Network.emulateNetworkConditions", {"offline": False, "latency": latency, **speed})
    page.goto(url, wait_until="commit", timeout=120_000)
    deadline, samples, works = time.monotonic() + 120, 0.0, 0.0
    while not (samples and works) and time.monotonic() < deadline:
        samples, works = samples or page.evaluate(SAMPLES), page.evaluate(WORKS)
        time.sleep(0.02)
    times = {"first paint": page.evaluate(PAINT), "samples": samples, "works": works}
    page.close()
    return {**times, "html kB": came["html"] / 1000, "all kB": came["all"] / 1000}


def measure(browser: Browser, url: str, latency: int, rate: int) -> tuple[dict[str, float], dict[str, float]]:
    """Return a first and a second visit of one visitor."""
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    visits = visit(context, url, latency, rate), visit(context, url, latency, rate)
    context.close()
    return visits


def main() -> int:
    """Run the benchmark. Returns 1 if a first visit takes more than half of what it took before."""
    parser = benchmark_parser(__doc__)
    parser.add_argument("--runs", type=positive_int, default=3)
    parser.add_argument("--latency", type=positive_int, default=400, help="ms before each answer")
    parser.add_argument("--rate", type=positive_int, default=50, help="kB a second")
    parser.add_argument("--url", help="of a page that is served already; else the app is started")
    args = parser.parse_args()
    with nullcontext((args.url, 0)) if args.url else running_app() as (url, _), chromium() as browser:
        visits = [measure(browser, url, args.latency, args.rate) for _ in range(args.runs)]
    result = {
        which: {name: statistics.median(visit[i][name] for visit in visits) for name in visits[0][i]}
        for i, which in enumerate(("first visit", "second visit"))
    }
    for which, values in result.items():
        print(f"{which}: " + ", ".join(f"{name} {value:.2f}" for name, value in values.items()))
    met = True
    for name, before in BEFORE.items():
        good = result["first visit"][name] <= before / 2
        met &= good
        print(f"{'met   ' if good else 'MISSED'}  {name} at most {before / 2:g} s")
    return report(result, args.json, met)


if __name__ == "__main__":
    sys.exit(run_main(main))
