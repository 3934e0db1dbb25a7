"""How long from `python app.py` to the first picture? A browser that is already open waits for it.

    python -m benchmarks.startup [--runs 5] [--json FILE]

The clock starts when the process is started and stops in the animation frame in which a picture of the gallery has
been decoded and has a size. Requests that leave this machine are counted; there must be none. Goal: 6 seconds.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from benchmarks.browser import chromium, free_port, wait_for
from benchmarks.flags import count, guarded
from benchmarks.report import report

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parent.parent
GOAL = 6.0  # seconds
LOCAL = ("127.0.0.1", None)  # None: data and blob URLs
SHOWN = """() => {
  const seen = (e) => e.getBoundingClientRect().width > 0 && e.checkVisibility();
  return [...document.images].some((i) => i.complete && i.naturalWidth > 0 && seen(i))
    || [...document.querySelectorAll("canvas")].some((c) => c.width > 1 && seen(c));
}"""


def once(page: Page, port: int) -> float:
    """Seconds from starting the process to the first picture on the screen."""
    start = time.perf_counter()
    server = subprocess.Popen([sys.executable, "app.py", "--port", str(port)], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{port}/", pause=0.02)
        page.goto(f"http://127.0.0.1:{port}/", wait_until="commit")
        page.wait_for_function(SHOWN, polling="raf", timeout=60_000)
        return time.perf_counter() - start
    finally:
        server.terminate()
        server.wait()


def main() -> int:
    """Run the benchmark; exit status 1 when the median misses the goal or anything was asked of another host."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=count, default=5)
    parser.add_argument("--json", type=Path, help="also write the JSON here")
    args = parser.parse_args()
    strangers: list[str] = []
    with chromium() as browser:
        times = []
        for _ in range(args.runs):
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.on("request", lambda r: strangers.append(r.url) if urlsplit(r.url).hostname not in LOCAL else None)
            times.append(once(page, free_port()))
            page.close()
    median = sorted(times)[len(times) // 2]
    print(f"first picture after {median:.2f} s (median of {len(times)}; {min(times):.2f} to {max(times):.2f})")
    print(
        f"{'met   ' if median <= GOAL else 'MISSED'}  at most {GOAL:.0f} s; requests to other hosts: {len(strangers)}"
    )
    result = {"seconds": times, "median": median, "requests_to_other_hosts": strangers}
    return report(result, args.json, median <= GOAL and not strangers)


if __name__ == "__main__":
    sys.exit(guarded(main))
