"""Start-up: seconds from `python app.py` to the first picture in a browser that is already open.

    python -m benchmarks.startup [--runs 5] [--json FILE]

The clock starts with the process and stops in the animation frame in which a picture of the gallery has been decoded
and has a size. Counts requests to other hosts; there must be none. Goal: 6 seconds.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from benchmarks.browser import chromium, free_port, wait_for
from benchmarks.flags import benchmark_parser, positive_int, run_main
from benchmarks.report import report

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parent.parent
GOAL = 6.0  # seconds
LOCAL = ("127.0.0.1", None)  # None: data and blob URLs
PICTURE_SHOWN = """() => {
  const visible = (e) => e.getBoundingClientRect().width > 0 && e.checkVisibility();
  return [...document.images].some((i) => i.complete && i.naturalWidth > 0 && visible(i))
    || [...document.querySelectorAll("canvas")].some((c) => c.width > 1 && visible(c));
}"""


def time_to_picture(page: Page, port: int) -> float:
    """Start the app and return the seconds until the first picture is on the screen."""
    start = time.perf_counter()
    server = subprocess.Popen([sys.executable, "app.py", "--port", str(port)], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{port}/", pause=0.02)
        page.goto(f"http://127.0.0.1:{port}/", wait_until="commit")
        page.wait_for_function(PICTURE_SHOWN, polling="raf", timeout=60_000)
        return time.perf_counter() - start
    finally:
        server.terminate()
        server.wait()


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
            times.append(time_to_picture(page, free_port()))
            page.close()
    median = sorted(times)[len(times) // 2]
    print(f"first picture after {median:.2f} s (median of {len(times)}; {min(times):.2f} to {max(times):.2f})")
    print(f"{'met   ' if median <= GOAL else 'MISSED'}  at most {GOAL:.0f} s; requests to other hosts: {len(external)}")
    result = {"seconds": times, "median": median, "requests_to_other_hosts": external}
    return report(result, args.json, median <= GOAL and not external)


if __name__ == "__main__":
    sys.exit(run_main(main))
