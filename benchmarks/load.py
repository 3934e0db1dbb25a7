"""Load: what a crowd leaves to itself and to others. wrk drags sliders, beside another visitor and beside live runs.

    python -m benchmarks.load [--seconds 8] [--in-flight 8,50,250] [--crowd 50] [--idle-pages 20]
                              [--visitors 50,200] [--json FILE]

Starts `python app.py` and asks for pictures of all its models with so many requests in flight, a number after the
other. Then, with `--crowd` requests in flight: one other visitor who changes a slider ten times a second, with idle
pages open; and two live runs on points, first alone and then beside the crowd. Last, `--visitors` whose browsers draw
by themselves (`benchmarks.visitors`). wrk drives the load (Debian's package of that name), because a client in Python
is itself the bottleneck; it needs a part of the processor, too.
Goals: with every number in flight at least .8 of the pictures a second of the first, without an error; p95 of the
crowd's own at most 400 ms; of the other visitor's, from the change to a picture of it or of a later one, 300 ms; the
runs keep a third of their speed; visitors who draw by themselves leave the server below 10 % of a core. On a machine
that does other work only the ratios mean anything.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx

from benchmarks.browser import running_app
from benchmarks.flags import benchmark_parser, positive_int, positive_seconds, run_main
from benchmarks.latency import percentile
from benchmarks.report import report_goals
from benchmarks.visitors import cost, watch
from gan.errors import ConfigError

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "benchmarks" / "load.lua"
CHANGES = 10  # a second, of the other visitor
RUNS = 2  # live runs beside the crowd
KEPT, CROWD_P95, OTHER_P95, RUNS_KEPT = 0.8, 400, 300, 1 / 3  # goals; ms for the p95
DRAWING_SHARE = 0.1  # goal: of a core


class Site:
    """A running app, called as its page calls it. Every function of it blocks."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.client = httpx.Client(base_url=url, timeout=60)
        components = self.client.get("/config").json()["components"]
        self.ids = {c["props"].get("elem_id"): c["id"] for c in components}

    def body(self, tab: str, name: str, data: dict[str, Any], session: str) -> dict[str, Any]:
        """Return the JSON of a call of a tab's function."""
        return {"component_id": self.ids[f"ll-{tab}"], "fn_name": name, "data": data, "session_hash": session}

    def call(self, tab: str, name: str, data: dict[str, Any], session: str = "load") -> dict[str, Any]:
        """Call a tab's function and return its reply."""
        reply = self.client.post("/gradio_api/component_server", json=self.body(tab, name, data, session)).json()
        if reply.get("error"):
            raise ConfigError(f"{name} answered: {reply['error']}")
        return reply


def crowd(site: Site, models: list[str], in_flight: int, seconds: float) -> dict[str, float]:
    """Let one visitor have so many requests for pictures in flight; return what load.lua prints of it."""
    with wrk(site, models, in_flight, seconds) as process:
        return json.loads(process.communicate()[0].splitlines()[-1])


@contextmanager
def wrk(site: Site, models: list[str], in_flight: int, seconds: float) -> Iterator[subprocess.Popen[str]]:
    """Run wrk with load.lua within the block."""
    environment = {"COMPONENT": str(site.ids["ll-explore"]), "SESSION": "crowd", "MODELS": ",".join(models)}
    duration = f"-d{max(1, round(seconds))}s"
    command = ["wrk", "-t1", f"-c{in_flight}", duration, "-s", str(SCRIPT), site.url]
    with subprocess.Popen(command, env=os.environ | environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def crowd_beside(site: Site, models: list[str], in_flight: int, seconds: float) -> Iterator[None]:
    """Have a crowd at work within the block, which takes about so many seconds."""
    with wrk(site, models, in_flight, seconds + 30):
        time.sleep(0.5)  # until its first pictures have come
        yield


async def drag(site: Site, model: str, seconds: float) -> list[float]:
    """Change a slider ten times a second; return the ms from each change to a picture of it or of a later one."""
    changed: list[float] = []  # when
    ages: dict[int, float] = {}  # by the number of the change

    async def ask(client: httpx.AsyncClient, number: int) -> None:
        data = {"model": model, "seed": 1, "sliders": [number % 80 / 20 - 2], "follows": True}
        body = site.body("explore", "picture", data, "other")
        reply = (await client.post("/gradio_api/component_server", json=body)).json()
        if "p" in reply:
            now = time.perf_counter()
            for older in range(number, -1, -1):
                if older in ages:
                    break
                ages[older] = 1000 * (now - changed[older])

    async with httpx.AsyncClient(base_url=site.url, timeout=30) as client, asyncio.TaskGroup() as tasks:
        for number in range(max(1, round(seconds * CHANGES))):
            changed.append(time.perf_counter())
            tasks.create_task(ask(client, number))
            await asyncio.sleep(1 / CHANGES)
    now = time.perf_counter()
    return [ages.get(number, 1000 * (now - changed[number])) for number in range(len(changed))]


@contextmanager
def idle_pages(site: Site, count: int) -> Iterator[None]:
    """Keep as many pages open as a browser does that only looks: each holds a connection on which nothing comes."""
    with ExitStack() as stack:
        for i in range(count):
            stack.enter_context(site.client.stream("GET", f"/gradio_api/heartbeat/idle{i}"))
        yield


@contextmanager
def live_runs(site: Site) -> Iterator[list[str]]:
    """Train on points in as many runs as have places; yield their names."""
    side = {"preset": "modern", "changes": {}}
    names = []
    try:
        for seed in range(RUNS):
            request = {"sides": [side], "dataset": "ring", "seed": seed}
            names.append(site.call("train", "begin", request, f"run {seed}")["run"])
        while min(steps(site, names)) == 0:
            time.sleep(0.1)
        yield names
    finally:
        for name in names:
            site.call("train", "ask", {"run": name, "what": "stop"})


def steps(site: Site, runs: list[str]) -> list[int]:
    """Return the steps of each run so far."""
    return [site.call("train", "news", {"run": run, "after": -1}).get("moment", {}).get("steps", 0) for run in runs]


def steps_per_second(site: Site, runs: list[str], seconds: float) -> float:
    """Return the steps a second of all runs together, which are asked for news twice a second, as pages do."""
    start, before = time.perf_counter(), sum(steps(site, runs))
    while time.perf_counter() - start < seconds:
        time.sleep(0.5)
        after, now = sum(steps(site, runs)), time.perf_counter()
    return (after - before) / (now - start)


def generators(folders: Path) -> list[str]:
    """Return the names of the models in a folder that draw from a seed; others translate pictures."""
    configs = {path.parent.name: json.loads(path.read_text(encoding="utf-8")) for path in folders.glob("*/config.json")}
    return sorted(name for name, config in configs.items() if config.get("task", "generate") == "generate")


def measure(site: Site, args: argparse.Namespace, process: int) -> dict[str, Any]:
    """Make all measurements on one app, which runs in that process."""
    models = generators(ROOT / "weights")
    for model in models:
        site.call("explore", "picture", {"model": model, "seed": 1})
    found: dict[str, Any] = {"in_flight": {}}
    for number in args.in_flight:
        found["in_flight"][number] = crowd(site, models, number, args.seconds)
    with idle_pages(site, args.idle_pages):
        alone = asyncio.run(drag(site, models[0], args.seconds))
        with crowd_beside(site, models, args.crowd, args.seconds):
            beside = asyncio.run(drag(site, models[0], args.seconds))
    found["other_p95_ms"] = {"alone": percentile(alone, 0.95), "beside": percentile(beside, 0.95)}
    with live_runs(site) as runs:
        alone_steps = steps_per_second(site, runs, args.seconds)
        with crowd_beside(site, models, args.crowd, args.seconds):
            found["steps_per_second"] = {
                "alone": alone_steps,
                "beside": steps_per_second(site, runs, args.seconds),
            }
    visit = watch(site.url, models[0], args.seconds)
    found["drawing"] = {number: cost(site.url, process, visit, number, args.seconds) for number in args.visitors}
    return found


def goals(found: dict[str, Any]) -> dict[str, tuple[float, bool]]:
    """Return what was measured for each goal, and whether that is enough."""
    first, *others = found["in_flight"].values()
    kept = min((other["pictures_per_second"] / first["pictures_per_second"] for other in others), default=1.0)
    errors = sum(one["errors"] for one in found["in_flight"].values())
    slowest = max((one["p95_ms"] for number, one in found["in_flight"].items() if number <= 50), default=0.0)
    other = found["other_p95_ms"]["beside"]
    runs = found["steps_per_second"]["beside"] / found["steps_per_second"]["alone"]
    return {
        f"in a crowd at least {KEPT:g} of the first's pictures a second": (kept, kept >= KEPT),
        "no error": (errors, errors == 0),
        f"p95 of up to 50 in flight at most {CROWD_P95} ms": (slowest, slowest <= CROWD_P95),
        f"p95 of another visitor at most {OTHER_P95} ms": (other, other <= OTHER_P95),
        "live runs keep a third of their speed": (runs, runs >= RUNS_KEPT),
        **{
            f"{number} visitors who draw by themselves take at most {DRAWING_SHARE:g} of a core": (
                drawing["share"],
                drawing["share"] <= DRAWING_SHARE,
            )
            for number, drawing in found["drawing"].items()
        },
    }


def numbers(text: str) -> list[int]:
    """Parse whole numbers of at least 1, joined by commas."""
    return [positive_int(part) for part in text.split(",")]


def main() -> int:
    """Run the benchmark. Returns 1 if a goal is missed."""
    parser = benchmark_parser(__doc__)
    parser.add_argument("--seconds", type=positive_seconds, default=8.0, help="length of each measurement")
    parser.add_argument(
        "--in-flight", type=numbers, default=[8, 50, 250], help="requests in flight, one after the other"
    )
    parser.add_argument("--crowd", type=positive_int, default=50, help="requests in flight beside others")
    parser.add_argument("--idle-pages", type=positive_int, default=20, help="pages that are open meanwhile")
    parser.add_argument(
        "--visitors",
        type=numbers,
        default=[50, 200],
        help="visitors who draw by themselves, one number after the other",
    )
    args = parser.parse_args()
    if not shutil.which("wrk"):
        raise ConfigError("wrk is not installed, which drives the load: apt-get install wrk")
    with running_app() as (url, process):
        found = measure(Site(url), args, process)
    columns = {"pictures_per_second": "pictures/s", "busy_per_second": "busy/s", "p50_ms": "p50 ms", "p95_ms": "p95 ms"}
    columns |= {"errors": "errors"}
    print(f"{'in flight':>10}" + "".join(f"{title:>12}" for title in columns.values()))
    for number, one in found["in_flight"].items():
        print(f"{number:10}" + "".join(f"{one[key]:12.1f}" for key in columns))
    for number, one in found["drawing"].items():
        print(f"{number} who draw by themselves: {one['arrival_seconds']:.2f} s of processor to arrive, each")
    return report_goals(found, goals(found), args.json)


if __name__ == "__main__":
    sys.exit(run_main(main))
