"""Start-up: seconds from `python app.py` to the first picture in a browser that is already open.

    python -m benchmarks.startup [--runs 5] [--json FILE]

The clock starts with the process and stops in the animation frame in which a picture of the gallery has been decoded
and has a size. Counts requests to other hosts; there must be none. Goal: 6 seconds.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from benchmarks.browser import chromium, running_app
from benchmarks.flags import benchmark_parser, positive_int, run_main
from benchmarks.report import report

if TYPE_CHECKING:
    from playwright.sync_api import Page

GOAL = 6.0  # seconds
LOCAL = ("127.0.0.1", None)  # None: data and blob URLs
PICTURE_SHOWN = """() => {
  const visible = (e) => e.getBoundingClientRect().width > 0 && e.checkVisibility();
  return [...document.images].some((i) => i.complete && i.naturalWidth > 0 && visible(i))
    || [...document.querySelectorAll("canvas")].some((c) => c.width > 1 && visible(c));
}"""


def time_to_picture(page: Page) -> float:
    """Start the app and return the seconds until the first picture is on the screen."""
    start = time.perf_counter()
    with running_app(pause=0.02) as (url, _):
        page.goto(url, wait_until="commit")
        page.wait_for_function(PICTURE_SHOWN, polling="raf", timeout=60_000)
        return time.perf_counter() - start


def main() -> int:
    """Run the benchmark. Returns 1 if the median misses the goal or the page asked another host."""
    parser = benchmark_parser(__doc__)
    parser.add_argument("--runs", type=positive_int, default=5)
    args = parser.parse_args()
    external: list[str] = []
    with chromium() as browser:
        times = []
        for _ in range(args.runs):
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.on("request", lambda r: external.append(r.url) if urlsplit(r.url).hostname not in LOCAL else None)
            times.append(time_to_picture(page))
            page.close()
    median = sorted(times)[len(times) // 2]
    print(f"first picture after {median:.2f} s (median of {len(times)}; {min(times):.2f} to {max(times):.2f})")
    print(f"{'met   ' if median <= GOAL else 'MISSED'}  at most {GOAL:.0f} s; requests to other hosts: {len(external)}")
    result = {"seconds": times, "median": median, "requests_to_other_hosts": external}
    return report(result, args.json, median <= GOAL and not external)


if __name__ == "__main__":
    sys.exit(run_main(main))
