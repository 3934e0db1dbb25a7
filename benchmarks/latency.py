"""Latency of sliders: headless Chromium drags a slider and measures how soon and how often pictures are painted.

    python -m benchmarks.latency [--model emoji] [--seconds 5] [--json FILE]

Compares four arms with the same model: `plain`, a queued `gr.Slider.input` to `gr.Image` with Gradio's defaults;
`tuned`, the same with every option that helps (no progress overlay, a private event, no run history); `explore`, the
Explore tab; `explore +60 ms`, the Explore tab through a local relay that delays every byte by 30 ms each way. In `drag`
the slider moves in every animation frame; in `step` it moves once, and the next move waits for the picture. A picture
is drawn when a canvas has its pixels or an image element has loaded. It is painted when the browser's frame with it is
complete, up to 17 ms later on a display of 60 Hz, which also limits the paints per second.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.browser import chromium, free_port, wait_for
from benchmarks.flags import benchmark_parser, positive_int, positive_seconds, run_main
from benchmarks.report import report

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parent.parent
DELAY = 0.03  # seconds each way
SERVERS = ("plain", "tuned", "explore")

# Counts paints of new pictures and moves one slider; runs before the page's own scripts.
PROBE = """
(() => {
  const probe = window.probe = { paints: 0, drawn: 0, pending: false, waiters: [] };
  const painted = () => {
    probe.drawn ||= performance.now();
    if (probe.pending) return;
    probe.pending = true;
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();  // a message posted in a frame arrives after its paint
      port1.onmessage = () => {
        probe.pending = false;
        probe.paints++;
        probe.waiters.splice(0).forEach((resolve) => resolve());
      };
      port2.postMessage(0);
    });
  };
  const putImageData = CanvasRenderingContext2D.prototype.putImageData;
  CanvasRenderingContext2D.prototype.putImageData = function (...args) { putImageData.apply(this, args); painted(); };
  document.addEventListener("load", (e) => { if (e.target.tagName === "IMG") painted(); }, true);
  const frame = () => new Promise(requestAnimationFrame);
  const move = (slider, t) => {
    const low = +slider.min, high = +slider.max;
    slider.value = low + (high - low) * (0.5 + 0.45 * Math.sin(t));
    slider.dispatchEvent(new Event("input", { bubbles: true }));
  };
  probe.drag = async (selector, seconds) => {
    const slider = document.querySelector(selector);
    const before = probe.paints, start = performance.now();
    while (performance.now() - start < seconds * 1000) { move(slider, performance.now() / 300); await frame(); }
    return (probe.paints - before) / ((performance.now() - start) / 1000);
  };
  probe.step = async (selector, times) => {
    const slider = document.querySelector(selector), out = { drawn: [], painted: [] };
    for (let i = 0; i < times; i++) {
      await new Promise((resolve) => setTimeout(resolve, 30 + Math.random() * 17));  // any phase of a frame
      probe.drawn = 0;
      const start = performance.now();
      const paint = new Promise((resolve) => probe.waiters.push(resolve));
      move(slider, i * 0.7);
      const timeout = new Promise((_, reject) => setTimeout(() => reject(new Error("no paint in 5 s")), 5000));
      await Promise.race([paint, timeout]);
      out.painted.push(performance.now() - start);
      out.drawn.push(probe.drawn - start);
    }
    return out;
  };
})();
"""


def serve(server: str, model: str, port: int) -> None:
    """Run one arm's server in this process and never return."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    import gradio as gr

    from gan.ui import app
    from gan.ui.server.model_info import discover
    from gan.ui.server.model_registry import ModelRegistry

    registry = ModelRegistry([f for f in discover(ROOT / "weights", ROOT / "runs") if f.name == model])
    registry.picture(model, 0)
    if server == "explore":
        app.build(registry).launch(**{**app.settings(registry, port), "quiet": True})
        return
    with gr.Blocks() as demo:
        slider = gr.Slider(-3, 3, 0, step=0.01, elem_id="slider")
        image = gr.Image()

        def show(value: float):
            picture = registry.picture(model, 0, sliders=[value])
            return picture.repeat(3 // picture.shape[-1], axis=-1)  # gr.Image takes no (H, W, 1)

        tuned = server == "tuned"
        options: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"} if tuned else {}
        slider.input(show, slider, image, **options)
    demo.launch(server_port=port, server_name="127.0.0.1", quiet=True, run_history=not tuned)


async def _relay(port: int, target: int) -> None:
    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Every chunk leaves DELAY after it arrived, in order: more latency, but the same bandwidth.
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[tuple[float, bytes] | None] = asyncio.Queue()

        async def send() -> None:
            while (item := await queue.get()) is not None:
                due, chunk = item
                await asyncio.sleep(max(0.0, due - loop.time()))
                writer.write(chunk)
                await writer.drain()
            writer.close()

        sender = asyncio.create_task(send())
        while chunk := await reader.read(65536):
            queue.put_nowait((loop.time() + DELAY, chunk))
        queue.put_nowait(None)
        await sender

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", target)
            await asyncio.gather(pump(reader, up_writer), pump(up_reader, writer))
        except OSError:
            writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


def percentile(values: list[float], p: float) -> float:
    """Return the value that a share p of the values, in [0, 1], does not exceed."""
    return sorted(values)[min(len(values) - 1, int(p * len(values)))]


def measure(page: Page, url: str, selector: str, seconds: float, steps: int, tab: str | None) -> dict[str, float]:
    """Measure one arm: paints per second while dragging, and milliseconds from a change to its paint."""
    page.goto(url)
    if tab:
        page.get_by_role("tab", name=tab).click()
    page.wait_for_selector(selector)
    page.wait_for_timeout(1500)
    page.evaluate("([s, n]) => probe.drag(s, n)", [selector, 1.0])  # warm up
    page.wait_for_timeout(1000)
    fps = page.evaluate("([s, n]) => probe.drag(s, n)", [selector, seconds])
    page.wait_for_timeout(1500)
    times = page.evaluate("([s, n]) => probe.step(s, n)", [selector, steps])
    return {
        "fps": fps,
        "drawn_p50_ms": percentile(times["drawn"], 0.5),
        "p50_ms": percentile(times["painted"], 0.5),
        "p95_ms": percentile(times["painted"], 0.95),
        "steps": len(times["painted"]),
    }


def run(model: str, seconds: float, steps: int) -> dict:
    """Start the servers, measure all arms, and check the goals."""
    ports = {name: free_port() for name in (*SERVERS, "relay")}
    servers = [
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.latency", "--serve", name, "--model", model, "--port", str(ports[name])],
            cwd=ROOT,
        )
        for name in SERVERS
    ]
    threading.Thread(target=lambda: asyncio.run(_relay(ports["relay"], ports["explore"])), daemon=True).start()
    try:
        for name in SERVERS:
            wait_for(f"http://127.0.0.1:{ports[name]}/")
        with chromium() as browser:
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.add_init_script(PROBE)
            direction = "#ll-explore .ll-directions input[type=range]"
            pages = {
                "plain": (f"http://127.0.0.1:{ports['plain']}/", "#slider input[type=range]", None),
                "tuned": (f"http://127.0.0.1:{ports['tuned']}/", "#slider input[type=range]", None),
                "explore": (f"http://127.0.0.1:{ports['explore']}/", direction, "Explore"),
                "explore +60 ms": (f"http://127.0.0.1:{ports['relay']}/", direction, "Explore"),
            }
            arms = {n: measure(page, url, s, seconds, steps, tab) for n, (url, s, tab) in pages.items()}
    finally:
        for server in servers:
            server.terminate()
    explore, delayed = arms["explore"], arms["explore +60 ms"]
    ratio = explore["fps"] / arms["plain"]["fps"]
    goals = {
        "explore paints at least 2.5 times as many frames per second as plain": (ratio, ratio >= 2.5),
        "explore, p50 from change to drawn picture: at most 20 ms": (
            explore["drawn_p50_ms"],
            explore["drawn_p50_ms"] <= 20,
        ),
        "explore, p50 from change to painted frame: at most 20 ms": (explore["p50_ms"], explore["p50_ms"] <= 20),
        "explore +60 ms paints at least 40 frames per second": (delayed["fps"], delayed["fps"] >= 40),
    }
    return {
        "model": model,
        "arms": arms,
        "goals": {goal: {"measured": value, "met": met} for goal, (value, met) in goals.items()},
    }


def main() -> int:
    """Run the benchmark. Returns 1 if a goal is missed."""
    parser = benchmark_parser(__doc__)
    parser.add_argument("--model", default="emoji", help="name of a folder in weights/")
    parser.add_argument("--seconds", type=positive_seconds, default=5.0, help="length of each drag")
    parser.add_argument("--steps", type=positive_int, default=100, help="number of single moves to time")
    parser.add_argument("--serve", choices=SERVERS, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve:
        serve(args.serve, args.model, args.port)
        return 0
    result = run(args.model, args.seconds, args.steps)
    print(f"{'':16}{'':10}{'drawn':>10}{'painted':>10}{'painted':>10}")
    print(f"{'arm':16}{'paints/s':>10}{'p50 ms':>10}{'p50 ms':>10}{'p95 ms':>10}")
    for name, arm in result["arms"].items():
        print(f"{name:16}{arm['fps']:10.1f}{arm['drawn_p50_ms']:10.1f}{arm['p50_ms']:10.1f}{arm['p95_ms']:10.1f}")
    for goal, outcome in result["goals"].items():
        print(f"{'met   ' if outcome['met'] else 'MISSED'}  {goal}: {outcome['measured']:.1f}")
    return report(result, args.json, all(outcome["met"] for outcome in result["goals"].values()))


if __name__ == "__main__":
    sys.exit(run_main(main))
