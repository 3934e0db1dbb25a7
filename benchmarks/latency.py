"""How fast does the picture follow the finger? Headless Chromium drags a slider and counts what is painted.

    python -m benchmarks.latency [--model emoji] [--seconds 5] [--json FILE]

Four arms in one run, same model, same machine: `plain`, a queued `gr.Slider.input` to `gr.Image` with Gradio's
defaults; `tuned`, the same with all that helps it (no progress overlay, a private event, no run history); `live`, the
Explore tab; `live +60 ms`, the Explore tab through a relay on this machine that holds every byte for 30 ms each way. In
`drag` a slider moves in every animation frame; in `step` it moves once, and the next move waits for the picture. A
picture is drawn when a canvas has its pixels or an image element has loaded; it is painted when the frame of the
browser that shows it is done, up to 17 ms later on a display of 60 Hz, which also bounds the paints a second.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.browser import chromium, free_port, wait_for
from benchmarks.flags import count, duration, guarded
from benchmarks.report import report

if TYPE_CHECKING:
    from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parent.parent
DELAY = 0.03  # seconds each way
KINDS = ("plain", "tuned", "live")  # of server

# Counts paints of new pictures, and moves one slider; installed before the page's own scripts.
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
        probe.waiters.splice(0).forEach((go) => go());
      };
      port2.postMessage(0);
    });
  };
  const put = CanvasRenderingContext2D.prototype.putImageData;
  CanvasRenderingContext2D.prototype.putImageData = function (...args) { put.apply(this, args); painted(); };
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
      await new Promise((go) => setTimeout(go, 30 + Math.random() * 17));  // any phase of the display's clock
      probe.drawn = 0;
      const start = performance.now();
      const seen = new Promise((go) => probe.waiters.push(go));
      move(slider, i * 0.7);
      await Promise.race([seen, new Promise((_, no) => setTimeout(() => no(new Error("no paint in 5 s")), 5000))]);
      out.painted.push(performance.now() - start);
      out.drawn.push(probe.drawn - start);
    }
    return out;
  };
})();
"""


def serve(kind: str, model: str, port: int) -> None:
    """Run one arm's server in this process, for ever."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    import gradio as gr

    from gan.ui import app
    from gan.ui.server.model_info import discover
    from gan.ui.server.model_registry import ModelRegistry

    registry = ModelRegistry([f for f in discover(ROOT / "weights", ROOT / "runs") if f.name == model])
    registry.picture(model, 0)
    if kind == "live":
        app.build(registry).launch(**{**app.settings(port), "quiet": True})
        return
    with gr.Blocks() as demo:
        slider = gr.Slider(-3, 3, 0, step=0.01, elem_id="slider")
        image = gr.Image()

        def show(value: float):
            picture = registry.picture(model, 0, sliders=[value])
            return picture.repeat(3 // picture.shape[-1], axis=-1)  # gr.Image takes no (H, W, 1)

        tuned = kind == "tuned"
        slider.input(show, slider, image, **({"show_progress": "hidden", "api_visibility": "private"} if tuned else {}))
    demo.launch(server_port=port, server_name="127.0.0.1", quiet=True, run_history=not tuned)


async def _relay(port: int, target: int) -> None:
    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Bytes leave DELAY after they came, in order, however many are on their way: latency, not a thinner line.
        loop, line = asyncio.get_running_loop(), asyncio.Queue()

        async def send() -> None:
            while (item := await line.get()) is not None:
                due, chunk = item
                await asyncio.sleep(max(0.0, due - loop.time()))
                writer.write(chunk)
                await writer.drain()
            writer.close()

        sender = asyncio.create_task(send())
        while chunk := await reader.read(65536):
            line.put_nowait((loop.time() + DELAY, chunk))
        line.put_nowait(None)
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
    """The value that a share p of the values, in [0, 1], does not exceed."""
    return sorted(values)[min(len(values) - 1, int(p * len(values)))]


def measure(page: Page, url: str, selector: str, seconds: float, steps: int, opening: str | None) -> dict[str, float]:
    """Paints a second while dragging, and milliseconds from a change to its paint, of one arm."""
    page.goto(url)
    if opening:
        page.get_by_role("tab", name=opening).click()
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
    """Start the servers, measure all arms, and say whether the goals are met."""
    ports = {kind: free_port() for kind in (*KINDS, "relay")}
    servers = [
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.latency", "--serve", kind, "--model", model, "--port", str(ports[kind])],
            cwd=ROOT,
        )
        for kind in KINDS
    ]
    threading.Thread(target=lambda: asyncio.run(_relay(ports["relay"], ports["live"])), daemon=True).start()
    try:
        for kind in KINDS:
            wait_for(f"http://127.0.0.1:{ports[kind]}/")
        with chromium() as browser:
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.add_init_script(PROBE)
            ours = "#ll-explore .ll-directions input[type=range]"
            plans = {
                "plain": (f"http://127.0.0.1:{ports['plain']}/", "#slider input[type=range]", None),
                "tuned": (f"http://127.0.0.1:{ports['tuned']}/", "#slider input[type=range]", None),
                "live": (f"http://127.0.0.1:{ports['live']}/", ours, "Explore"),
                "live +60 ms": (f"http://127.0.0.1:{ports['relay']}/", ours, "Explore"),
            }
            arms = {n: measure(page, url, s, seconds, steps, tab) for n, (url, s, tab) in plans.items()}
    finally:
        for server in servers:
            server.terminate()
    ratio = arms["live"]["fps"] / arms["plain"]["fps"]
    goals = {
        "live paints at least 2.5 times plain's frames a second": (ratio, ratio >= 2.5),
        "live p50 from change to drawn picture at most 20 ms": (
            arms["live"]["drawn_p50_ms"],
            arms["live"]["drawn_p50_ms"] <= 20,
        ),
        "live p50 from change to painted frame at most 20 ms": (arms["live"]["p50_ms"], arms["live"]["p50_ms"] <= 20),
        "live +60 ms paints at least 40 frames a second": (
            arms["live +60 ms"]["fps"],
            arms["live +60 ms"]["fps"] >= 40,
        ),
    }
    return {
        "model": model,
        "arms": arms,
        "goals": {goal: {"measured": value, "met": met} for goal, (value, met) in goals.items()},
    }


def main() -> int:
    """Run the benchmark; exit status 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="emoji", help="a folder of weights/")
    parser.add_argument("--seconds", type=duration, default=5.0, help="length of each drag")
    parser.add_argument("--steps", type=count, default=100, help="single moves to time")
    parser.add_argument("--json", type=Path, help="also write the JSON here")
    parser.add_argument("--serve", choices=KINDS, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve:
        serve(args.serve, args.model, args.port)
        return 0
    result = run(args.model, args.seconds, args.steps)
    print(f"{'':14}{'':10}{'drawn':>10}{'painted':>10}{'painted':>10}")
    print(f"{'arm':14}{'paints/s':>10}{'p50 ms':>10}{'p50 ms':>10}{'p95 ms':>10}")
    for name, arm in result["arms"].items():
        print(f"{name:14}{arm['fps']:10.1f}{arm['drawn_p50_ms']:10.1f}{arm['p50_ms']:10.1f}{arm['p95_ms']:10.1f}")
    for goal, outcome in result["goals"].items():
        print(f"{'met   ' if outcome['met'] else 'MISSED'}  {goal}: {outcome['measured']:.1f}")
    return report(result, args.json, all(outcome["met"] for outcome in result["goals"].values()))


if __name__ == "__main__":
    sys.exit(guarded(main))
