"""Points trained in the visitor's browser: a step's processor time beside torch's, and how soon a ring is learnt.

    python -m benchmarks.local_training [--seconds 20] [--json FILE]

Node runs the page's own WebAssembly and torch, on one thread, the same steps: milliseconds of processor a step. Then
headless Chromium opens the Train tab of `python app.py` and trains a ring in its own worker with the lesson "Modern":
seconds until eight of eight modes are found, and drawn updates per second.
Goals: a step no longer than torch's, a ring within 10 s, 30 updates per second.
"""

from __future__ import annotations

import json
import subprocess
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
STEPS, WARM = 300, 20  # steps that are timed by torch, after so many
CASES: dict[str, dict[str, Any]] = {
    "modern": {},
    "fourier, width 48": {"network": "points-fourier", "width": 48},
}
TIMEOUT = 120.0  # seconds to wait for a ring
MODES = "[...document.querySelectorAll('.ll-read')].some((e) => e.innerText.includes('8 of 8'))"


def step_of_node(changes: dict[str, Any]) -> float:
    """Return the milliseconds of processor that a step takes in WebAssembly, the first ones included."""
    from gan.ui.server import train_form

    config = {**train_form.menus()["local"]["presets"]["modern"], **changes, "dataset": "ring", "seed": 0}
    job = {"job": "steps", "config": config, "moves": ["both"] * STEPS}
    done = subprocess.run(
        ["node", "tests/js/points.mjs"], cwd=ROOT, input=json.dumps([job]), capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)[0]["ms"]


def step_of_torch(changes: dict[str, Any]) -> float:
    """Return the milliseconds of processor that a step takes in torch, on one thread."""
    import torch

    from gan.live.lessons import config_of
    from gan.training.trainer import Trainer
    from gan.training.validation import prepare

    torch.set_num_threads(1)
    trainer = Trainer(*prepare(config_of("modern", "ring", changes)))
    for _ in range(WARM):
        trainer.advance()
    begun = time.process_time()
    for _ in range(STEPS):
        trainer.advance()
    return (time.process_time() - begun) * 1000 / STEPS


def watch(page: Page, url: str, seconds: float) -> dict[str, Any]:
    """Train a ring in the page's own worker."""
    page.goto(f"{url}?tab=train")
    page.wait_for_selector("[data-train=begin]:not([disabled])")
    begun = time.perf_counter()
    page.evaluate("document.querySelector('[data-train=here]').click()")  # as if the server had no place
    page.wait_for_function(MODES, timeout=TIMEOUT * 1000)
    found = time.perf_counter() - begun
    drawn, start = page.evaluate("latentLab.stats.frames"), time.perf_counter()
    page.wait_for_timeout(seconds * 1000)
    drawn = page.evaluate("latentLab.stats.frames") - drawn
    return {"ring_8_of_8_s": found, "updates_per_second": drawn / (time.perf_counter() - start)}


def main() -> int:
    """Run the benchmark. Returns 1 if a goal is missed."""
    parser = benchmark_parser(__doc__)
    parser.add_argument("--seconds", type=positive_seconds, default=20.0, help="time in which updates are counted")
    args = parser.parse_args()
    steps = {name: {"node_ms": step_of_node(c), "torch_ms": step_of_torch(c)} for name, c in CASES.items()}
    with running_app(OMP_NUM_THREADS="1") as (url, _), chromium() as browser:
        seen = watch(browser.new_page(viewport={"width": 1280, "height": 900}), url, args.seconds)
    goals = {
        "a step takes no longer than torch's": all(step["node_ms"] <= step["torch_ms"] for step in steps.values()),
        "8 of 8 modes within 10 s": seen["ring_8_of_8_s"] <= 10,
        "at least 30 drawn updates per second": seen["updates_per_second"] >= 30,
    }
    return report({"steps": steps, **seen, "goals": goals}, args.json, all(goals.values()))


if __name__ == "__main__":
    sys.exit(run_main(main))
