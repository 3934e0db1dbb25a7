"""Latency of sliders: headless Chromium drags a slider and measures how soon and how often pictures are painted.

    python -m benchmarks.latency [--model emoji] [--seconds 5] [--json FILE]

Compares arms with the same model: `plain`, a queued `gr.Slider.input` to `gr.Image` with Gradio's defaults; `tuned`,
the same with every option that helps (no progress overlay, a private event, no run history); `explore`, the Explore tab
with the server's pictures; `browser`, the Explore tab once it draws in the browser. `+60 ms` and `+300 ms`: through a
local relay that delays every byte by half of that each way. In `drag` the slider moves in every animation frame; in
`step` it moves once, and the next move waits for the picture. A picture is drawn when a canvas has its pixels or an
image element has loaded. It is painted when the browser's frame with it is complete, up to 17 ms later on a display of
60 Hz, which also limits the paints per second. Requests are those to the server during the drag; worker, the time that
the browser's worker takes for one picture.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.browser import chromium, free_port, wait_for
from benchmarks.flags import benchmark_parser, positive_int, positive_seconds, run_main
from benchmarks.report import report

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parent.parent
DELAYS = {"+60 ms": 0.03, "+300 ms": 0.15}  # seconds each way
SERVERS = ("plain", "tuned", "explore")
WORKER_MS = {32: 6, 64: 14}  # goals of a picture by its size, which is at most this

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


async def _relay(port: int, target: int, delay: float) -> None:
    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Every chunk leaves `delay` after it arrived, in order: more latency, but the same bandwidth.
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
            queue.put_nowait((loop.time() + delay, chunk))
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


# Milliseconds that the worker took for each of 60 pictures, drawn one by one.
WORKER = """async (model) => {
  const { picture } = latentLab.paintPictures({});
  const times = [];
  for (let seed = 0; seed < 60; seed++) times.push((await picture({ model, seed })).here);
  return times;
}"""


@dataclass(frozen=True)
class Arm:
    """A page with a slider. model: the one that the browser is to draw itself; None where the server draws."""

    url: str
    selector: str
    tab: str | None = None
    model: str | None = None


def measure(browser: Browser, arm: Arm, seconds: float, steps: int) -> dict[str, float]:
    """Measure one arm: paints per second while dragging, and milliseconds from a change to its paint."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.add_init_script(PROBE)
    if arm.model is None:
        page.route("**/engine/pack/*", lambda route: route.abort())
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    selector = arm.selector
    page.goto(arm.url)
    if arm.tab:
        page.get_by_role("tab", name=arm.tab).click()
    page.wait_for_selector(selector)
    if arm.model is not None:
        page.wait_for_function("(model) => latentLab.painterState(model) === 'ready'", arg=arm.model)
    page.wait_for_timeout(1500)
    page.evaluate("([s, n]) => probe.drag(s, n)", [selector, 1.0])  # warm up
    page.wait_for_timeout(1000)
    requests.clear()
    fps = page.evaluate("([s, n]) => probe.drag(s, n)", [selector, seconds])
    asked = len(requests)
    page.wait_for_timeout(1500)
    times = page.evaluate("([s, n]) => probe.step(s, n)", [selector, steps])
    worker = {} if arm.model is None else {"worker_p50_ms": percentile(page.evaluate(WORKER, arm.model), 0.5)}
    page.close()
    return {
        "fps": fps,
        "drawn_p50_ms": percentile(times["drawn"], 0.5),
        "p50_ms": percentile(times["painted"], 0.5),
        "p95_ms": percentile(times["painted"], 0.95),
        "steps": len(times["painted"]),
        "requests": asked,
        **worker,
    }


def run(model: str, seconds: float, steps: int) -> dict:
    """Start the servers, measure all arms, and check the goals."""
    ports = {name: free_port() for name in (*SERVERS, *DELAYS)}
    servers = [
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.latency", "--serve", name, "--model", model, "--port", str(ports[name])],
            cwd=ROOT,
        )
        for name in SERVERS
    ]
    for name, delay in DELAYS.items():
        relay = _relay(ports[name], ports["explore"], delay)
        threading.Thread(target=asyncio.run, args=(relay,), daemon=True).start()
    try:
        for name in SERVERS:
            wait_for(f"http://127.0.0.1:{ports[name]}/")
        with chromium() as browser:
            at = {name: f"http://127.0.0.1:{port}/" for name, port in ports.items()}
            direction = "#ll-explore .ll-named input[type=range]", "Explore"
            pages = {name: Arm(at[name], "#slider input[type=range]") for name in ("plain", "tuned")}
            pages |= {"explore": Arm(at["explore"], *direction), "explore +60 ms": Arm(at["+60 ms"], *direction)}
            pages["browser"] = Arm(at["explore"], *direction, model)
            pages |= {f"browser {delay}": Arm(at[delay], *direction, model) for delay in DELAYS}
            arms = {name: measure(browser, arm, seconds, steps) for name, arm in pages.items()}
    finally:
        for server in servers:
            server.terminate()
    resolution = json.loads((ROOT / "weights" / model / "config.json").read_text(encoding="utf-8"))["resolution"]
    most = next(ms for size, ms in WORKER_MS.items() if resolution <= size)
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
    for name, here in ((name, arm) for name, arm in arms.items() if name.startswith("browser")):
        goals[f"{name} asks the server for nothing"] = (here["requests"], here["requests"] == 0)
        goals[f"{name}, p50 from change to painted frame: at most 17 ms"] = (here["p50_ms"], here["p50_ms"] <= 17)
        goals[f"{name} paints at least 58 frames per second"] = (here["fps"], here["fps"] >= 58)
        goals[f"{name}, worker: at most {most} ms for a picture of {resolution} pixels"] = (
            here["worker_p50_ms"],
            here["worker_p50_ms"] <= most,
        )
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
    print(f"{'':16}{'':10}{'drawn':>10}{'painted':>10}{'painted':>10}{'':10}{'worker':>10}")
    print(f"{'arm':16}{'paints/s':>10}{'p50 ms':>10}{'p50 ms':>10}{'p95 ms':>10}{'requests':>10}{'p50 ms':>10}")
    for name, arm in result["arms"].items():
        worker = f"{arm['worker_p50_ms']:10.1f}" if "worker_p50_ms" in arm else ""
        times = f"{arm['drawn_p50_ms']:10.1f}{arm['p50_ms']:10.1f}{arm['p95_ms']:10.1f}"
        print(f"{name:16}{arm['fps']:10.1f}{times}{arm['requests']:10}{worker}")
    for goal, outcome in result["goals"].items():
        print(f"{'met   ' if outcome['met'] else 'MISSED'}  {goal}: {outcome['measured']:.1f}")
    return report(result, args.json, all(outcome["met"] for outcome in result["goals"].values()))


if __name__ == "__main__":
    sys.exit(run_main(main))
