"""The pen of the Translate tab: how often the translation is painted while somebody draws.

    python -m benchmarks.pen [--model sketch-to-face] [--seconds 5] [--json FILE]

Headless Chromium moves a pen over the page 60 times a second, in loops, first with the translator in the browser, then
with its weights withheld, so that the server translates. Counts the frames in which another translation was painted.
Goal: 30 a second in the browser.
"""

from __future__ import annotations

import math
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.browser import chromium, running_app
from benchmarks.flags import benchmark_parser, positive_seconds, run_main
from benchmarks.report import report

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parent.parent
MOVES, GOAL = 60, 30  # a second
RESULT = "#ll-translate .ll-made .ll-screen:not(.ll-blank) .ll-result"
# Counts the frames in which the translation changed.
COUNT = """
window.translated = 0;
let pending = false;
const { putImageData } = CanvasRenderingContext2D.prototype;
CanvasRenderingContext2D.prototype.putImageData = function (...all) {
  putImageData.apply(this, all);
  if (pending || !this.canvas.matches(".ll-result")) return;
  pending = true;
  requestAnimationFrame(() => { pending = false; window.translated++; });
};
"""


def draw(page: Page, seconds: float) -> float:
    """Draw loops for so long; return the translations painted a second."""
    box = page.locator("#ll-translate .ll-paper").bounding_box()
    assert box is not None
    before, start = page.evaluate("translated"), time.perf_counter()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    for move in range(1, round(seconds * MOVES)):
        turn, reach = move / 20, 0.1 + 0.3 * (move % 400) / 400
        x, y = 0.5 + reach * math.sin(turn), 0.5 + reach * math.cos(turn)
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        time.sleep(max(0.0, start + move / MOVES - time.perf_counter()))
    painted, took = page.evaluate("translated") - before, time.perf_counter() - start
    page.mouse.up()
    return painted / took


def measure(browser: Browser, url: str, model: str, seconds: float) -> dict[str, float]:
    """Return the paints a second, in the browser and by the server."""
    found = {}
    for where in ("browser", "server"):
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(60_000)
        page.add_init_script(COUNT)
        if where == "server":
            page.route("**/engine/pack/*", lambda route: route.abort())
        page.goto(f"{url}?tab=translate&model={model}")
        page.wait_for_selector(RESULT)
        if where == "browser":
            page.wait_for_function("(model) => latentLab.painterState(model) === 'ready'", arg=model)
        draw(page, min(1.0, seconds))  # warm up
        found[where] = draw(page, seconds)
        page.close()
    return found


def main() -> int:
    """Run the benchmark. Returns 1 if the goal is missed."""
    parser = benchmark_parser(__doc__)
    parser.add_argument("--model", default="sketch-to-face", help="name of a translator's folder in weights/")
    parser.add_argument("--seconds", type=positive_seconds, default=5.0, help="length of the drawing")
    args = parser.parse_args()
    with running_app() as (url, _), chromium() as browser:
        found = measure(browser, url, args.model, args.seconds)
    for where, paints in found.items():
        print(f"{where}: {paints:.1f} paints/s")
    met = found["browser"] >= GOAL
    print(f"{'met   ' if met else 'MISSED'}  in the browser at least {GOAL} paints/s")
    return report({"paints_per_second": found}, args.json, met)


if __name__ == "__main__":
    sys.exit(run_main(main))
