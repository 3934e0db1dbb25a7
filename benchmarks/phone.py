"""A drag on a phone that draws by itself: paints a second with a slow processor, and the tab's memory over minutes.

    python -m benchmarks.phone [--model faces] [--seconds 10] [--minutes 5] [--json FILE]

A window of 390 x 844 with touch, in headless Chromium, on the Explore tab. Two ways to slow its processor fourfold:
`page`, as the browser's developer tools do it, which spares the worker that draws; and `all`, where the whole process
of the page, worker included, is stopped for three quarters of the time. Memory is of that process, and of its
JavaScript after a collection, in MB, once a minute of a drag that does not end. Goals: 25 paints a second both ways;
after the first minute neither memory grows by more than a tenth; and, which a busy machine can tell too, no thread
of the page takes more than 10 ms of processor for a paint, which a fourfold slower one does 25 times a second.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.browser import chromium, running_app
from benchmarks.flags import benchmark_parser, positive_seconds, run_main
from benchmarks.latency import PROBE
from benchmarks.report import report_goals

if TYPE_CHECKING:
    from playwright.sync_api import Browser, CDPSession, Page

ROOT = Path(__file__).resolve().parent.parent
SLIDER = "#ll-explore input[type=range]"
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
SLOWER, PERIOD = 4, 0.012  # times; seconds in which a process is once stopped and once let go
PAINTS, GROWTH = 25, 1.1  # goals: a second; times what it was after the first minute
THREAD_MS = 1000 / PAINTS / SLOWER  # goal


@contextmanager
def stopped_mostly(process: int) -> Iterator[None]:
    """Let a process run for one part in `SLOWER` of the time within the block."""
    ended = threading.Event()

    def halt_and_resume() -> None:
        while not ended.is_set():
            os.kill(process, signal.SIGSTOP)
            time.sleep(PERIOD * (1 - 1 / SLOWER))
            os.kill(process, signal.SIGCONT)
            time.sleep(PERIOD / SLOWER)

    thread = threading.Thread(target=halt_and_resume)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def renderer(browser: Browser) -> int:
    """Return the number of the process that shows the page; the one that has worked most."""
    found = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    return max((one for one in found if one["type"] == "renderer"), key=lambda one: one["cpuTime"])["id"]


def megabytes(session: CDPSession, process: int) -> dict[str, float]:
    """Return what the process holds of the machine's memory, and what JavaScript holds after a collection."""
    session.send("HeapProfiler.collectGarbage")
    metrics = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    return {"process": pages * os.sysconf("SC_PAGE_SIZE") / 1e6, "javascript": metrics["JSHeapUsedSize"] / 1e6}


def thread_ms(process: int) -> dict[str, float]:
    """Return the milliseconds of processor that each thread of a process has used, by its number."""
    used = {}
    for task in Path(f"/proc/{process}/task").iterdir():
        fields = (task / "stat").read_text(encoding="ascii").rpartition(")")[2].split()
        used[task.name] = 1000 * (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return used


def drag(page: Page, seconds: float) -> float:
    """Drag the first named slider for so long; return the paints a second."""
    return page.evaluate("([slider, seconds]) => probe.drag(slider, seconds)", [SLIDER, seconds])


def measure(browser: Browser, url: str, model: str, seconds: float, minutes: float) -> dict[str, Any]:
    """Return paints a second, at full speed and slowed, and the memory minute by minute."""
    context = browser.new_context(**PHONE)
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.add_init_script(PROBE)
    page.goto(f"{url}?tab=explore&model={model}")
    page.wait_for_function("(model) => window.latentLab?.painterState(model) === 'ready'", arg=model)
    page.wait_for_selector(SLIDER)
    session = context.new_cdp_session(page)
    session.send("Performance.enable")
    process = renderer(browser)
    drag(page, 1)  # warm up
    before = thread_ms(process)
    paints = {"as it is": drag(page, seconds)}
    took = {thread: ms - before.get(thread, 0.0) for thread, ms in thread_ms(process).items()}
    busiest = max(took.values()) / max(1.0, paints["as it is"] * seconds)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    paints["page"] = drag(page, seconds)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    with stopped_mostly(process):
        paints["all"] = drag(page, seconds)
    memory = []
    for _ in range(max(2, round(minutes))):
        drag(page, 60 * minutes / max(2, round(minutes)))
        memory.append(megabytes(session, process))
    context.close()
    return {"paints_per_second": paints, "thread_ms": busiest, "memory_mb": memory}


def goals(found: dict[str, Any]) -> dict[str, tuple[float, bool]]:
    """Return what was measured for each goal, and whether that is enough."""
    slow = {way: found["paints_per_second"][way] for way in ("page", "all")}
    met = {f"paints a second, {way} slowed: at least {PAINTS}": (fps, fps >= PAINTS) for way, fps in slow.items()}
    busiest = found["thread_ms"]
    met[f"processor time of a paint in the busiest thread: at most {THREAD_MS:g} ms"] = (busiest, busiest <= THREAD_MS)
    first, *later = found["memory_mb"]
    for which in first:
        growth = max(one[which] for one in later) / first[which]
        met[f"memory of the {which}: at most {GROWTH} times that after the first minute"] = (growth, growth <= GROWTH)
    return met


def main() -> int:
    """Run the benchmark. Returns 1 if a goal is missed."""
    parser = benchmark_parser(__doc__)
    parser.add_argument("--model", default="faces", help="name of a folder in weights/")
    parser.add_argument("--seconds", type=positive_seconds, default=10.0, help="length of each drag")
    parser.add_argument("--minutes", type=positive_seconds, default=5.0, help="of dragging while memory is watched")
    args = parser.parse_args()
    with running_app() as (url, _), chromium() as browser:
        found = measure(browser, url, args.model, args.seconds, args.minutes)
    for way, fps in found["paints_per_second"].items():
        print(f"{way:>9}: {fps:5.1f} paints/s")
    for minute, one in enumerate(found["memory_mb"], 1):
        print(f"{minute:9}: " + ", ".join(f"{which} {value:.1f} MB" for which, value in one.items()))
    return report_goals(found, goals(found), args.json)


if __name__ == "__main__":
    sys.exit(run_main(main))
