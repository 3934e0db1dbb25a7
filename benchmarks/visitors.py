"""Visitors whose browsers draw by themselves: what one's page asks the server for, and what many such cost it.

A real page is watched once, in Chromium: what it fetches to arrive, which connections it leaves open, and what it asks
for while a slider is dragged. Any number of visitors then do the same, each with connections of its own.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from benchmarks.browser import chromium
from benchmarks.latency import PROBE

if TYPE_CHECKING:
    from playwright.sync_api import Request

SLIDER = "#ll-explore input[type=range]"
TOGETHER = 8  # visitors who arrive at a time


@dataclass(frozen=True)
class Asked:
    """A request that a page made. after: seconds from the begin of the drag; 0 of those before it."""

    method: str
    path: str
    body: bytes | None
    after: float = 0.0


@dataclass(frozen=True)
class Visit:
    """What a page asks for: to arrive, on connections that stay open, and while a slider is dragged."""

    arrival: tuple[Asked, ...]
    standing: tuple[Asked, ...]
    drag: tuple[Asked, ...]


def watch(url: str, model: str, seconds: float) -> Visit:
    """Open the app's page in Chromium, wait until it draws by itself, and drag a slider for so long."""
    url = url.rstrip("/")
    begun: dict[Request, float] = {}
    ended: set[Request] = set()

    def note(request: Request) -> None:
        begun[request] = time.perf_counter()

    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(60_000)
        page.add_init_script(PROBE)
        page.on("request", note)
        page.on("requestfinished", lambda request: ended.add(request))
        page.on("requestfailed", lambda request: ended.add(request))
        page.goto(f"{url}/?tab=explore&model={model}")
        page.wait_for_function("(model) => window.latentLab?.painterState(model) === 'ready'", arg=model)
        page.wait_for_selector(SLIDER)
        page.wait_for_timeout(3000)  # the last pictures of others come late
        start = time.perf_counter()
        page.evaluate("([slider, seconds]) => probe.drag(slider, seconds)", [SLIDER, seconds])
        known = [
            (Asked(one.method, one.url.removeprefix(url), one.post_data_buffer, max(0.0, when - start)), one in ended)
            for one, when in begun.items()
            if one.url.startswith(url)
        ]
    return Visit(
        tuple(asked for asked, done in known if not asked.after and done),
        tuple(asked for asked, done in known if not asked.after and not done),
        tuple(asked for asked, _ in known if asked.after),
    )


def processor_seconds(process: int) -> float:
    """Return the seconds of processor that a process has used, all its threads together."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cost(url: str, process: int, visit: Visit, count: int, seconds: float) -> dict[str, float]:
    """Let so many visitors arrive and then drag for so long.

    Returns `arrival_seconds`, what the arrival of one takes of the server's processor, and `share`, the part of one
    core that the server needs while all of them drag; `requests`: of all of them during the drag.
    """
    return asyncio.run(_cost(url, process, visit, count, seconds))


async def _cost(url: str, process: int, visit: Visit, count: int, seconds: float) -> dict[str, float]:
    turn = asyncio.Semaphore(TOGETHER)
    async with AsyncExitStack() as stack:
        limits = httpx.Limits(max_connections=None)
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=60, limits=limits))

        async def send(asked: Asked) -> None:
            await client.request(asked.method, asked.path, content=asked.body, headers=_headers(asked))

        async def arrive() -> None:
            async with turn:
                for asked in visit.arrival:
                    await send(asked)
                for asked in visit.standing:
                    request = client.stream(asked.method, asked.path, content=asked.body, headers=_headers(asked))
                    await stack.enter_async_context(request)

        async def drag() -> None:
            start = time.perf_counter() + random.random() * min(1.0, seconds)
            for asked in visit.drag:
                await asyncio.sleep(max(0.0, start + asked.after - time.perf_counter()))
                await send(asked)

        before = processor_seconds(process)
        await asyncio.gather(*(arrive() for _ in range(count)))
        arrived = processor_seconds(process)
        await asyncio.sleep(1)
        start, used = time.perf_counter(), processor_seconds(process)
        drags = [asyncio.create_task(drag()) for _ in range(count)]
        await asyncio.sleep(seconds)
        share = (processor_seconds(process) - used) / (time.perf_counter() - start)
        await asyncio.gather(*drags)
    requests = count * len(visit.drag)
    return {"arrival_seconds": (arrived - before) / count, "share": share, "requests": requests}


def _headers(asked: Asked) -> dict[str, str]:
    """Return what a browser says of a body, and that it reads compressed replies."""
    kind = {"Content-Type": "application/json"} if asked.body else {}
    return {"Accept-Encoding": "gzip, br", **kind}
