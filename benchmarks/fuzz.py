"""Hostile requests against a running app: what fails, what is told of others, and whether memory comes back.

    python -m benchmarks.fuzz [--requests 10000] [--pause 120] [--seed 0] [--json FILE]

Starts `python app.py`. A visitor trains a ring, opens its model in the other tabs and leaves. Then four connections
send requests drawn from a seed: nonsense, and nearly sensible values, to every function of the page, to the API and to
every route there is; bodies that are no JSON, nested deep, of another kind or from another site; small uploads made to
do harm. Then all is quiet for a while, in which runs that nobody watches end.
Goals: no answer of 500 from our own functions, no traceback through our code in the app's log (Gradio's own are
counted), every request answered, nothing of the first visitor's told or changed, and at most 300 MB more memory.
"""

from __future__ import annotations

import base64
import http.client
import io
import json
import random
import sys
import tempfile
import threading
import time
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from benchmarks.browser import running_app
from benchmarks.flags import benchmark_parser, positive_int, positive_seconds, run_main
from benchmarks.report import report

ROOT = Path(__file__).resolve().parent.parent
FUNCTION = "/gradio_api/component_server/"
THREADS = 4
PATIENCE = 60.0  # seconds until a request counts as not answered
MOST_GROWTH = 300  # megabytes
FAULT = "something went wrong on the server"  # what our functions say of an exception that they did not expect
NAMES = [
    "model", "seed", "seeds", "label", "truncation", "sliders", "x", "y", "frames", "mode", "loop", "fps", "format",
    "kind", "scale", "run", "number", "side", "what", "move", "seconds", "settings", "changes", "preset", "dataset",
    "sides", "files", "after", "count", "size", "directions", "name", "data", "picture", "mask", "task", "offsets",
    "raw", "parts", "names", "painted", "states", "row",
]  # fmt: skip
LIKELY: dict[str, list[Any]] = {
    "model": ["mnist", "emoji"], "seed": [0, 1, 2**32 - 1], "seeds": [[1, 2], [1, 2, 3]], "label": [None, 0, "3"],
    "truncation": [0.0, 1.0], "frames": [2, 60], "mode": ["slerp", "lerp"], "format": ["gif", "webp", "mp4"],
    "kind": ["gif", "webp"], "preset": ["modern", "classic"], "dataset": ["ring", "grid", "mnist-10k"], "side": [0, 1],
    "what": ["play", "pause", "step", "slow", "change", "stop", "forget"], "number": [0, 10**6], "after": [-1, 0],
    "picture": ["AAAA" * 784], "mask": [None, "AAAA" * 261 + "AA=="], "task": ["hole", "noise"], "offsets": [None, ""],
    "raw": [[0.5]], "names": [["a", "b"]], "painted": [[{"seed": 0, "labels": "AAAA"}]], "states": [[{"seed": 0}]],
    "parts": [None], "row": [0, 7], "move": ["critic", "generator", "both"], "seconds": [0.0, 1.0],
    "settings": [{"learning_rate": 1e-3}, {"seed": 1}],
    "sides": [[{"preset": "modern", "changes": {}}]], "fps": [24], "loop": [True],
}  # fmt: skip
PATHS = [
    "/", "/config", "/theme.css", "/gradio_api/info", "/gradio_api/upload", "/gradio_api/queue/join",
    "/gradio_api/queue/data", "/gradio_api/heartbeat/x", "/gradio_api/call/generate", "/gradio_api/call/interpolate",
    "/gradio_api/call/generate/x", "/gradio_api/cancel", "/gradio_api/reset", "/gradio_api/run/generate", "/owner",
    "/gradio_api/file=/etc/passwd", "/gradio_api/file=../../etc/passwd", "/gradio_api/file=app.py", "/login", "/logout",
    "/gradio_api/proxy=http://127.0.0.1:1/", "/gradio_api/process_recording", "/gradio_api/stream/x", "/monitoring",
    "/gradio_api/deep_link", "/gradio_api/vibe-edit", "/gradio_api/runs", "/assets/../../app.py", "/static/..%2fapp.py",
    "/gradio_api/custom_component/1/client/x/../../app.py", "/gradio_api/startup-events", "/gradio_api/mcp/sse",
    FUNCTION,
]  # fmt: skip
METHODS = ["GET", "POST", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"]


@dataclass
class Outcome:
    """The answers. faults: requests that our own code failed at; leaks: answers that held a secret of another."""

    statuses: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)


class Site:
    """An app at an address: its server functions as (component id, name), and one connection a thread."""

    def __init__(self, url: str) -> None:
        self.place = urlsplit(url).netloc
        self._local = threading.local()
        _, text = self.ask("GET", "/config")
        components = json.loads(text)["components"]
        self.functions = [(c["id"], name) for c in components for name in c["props"].get("server_fns") or ()]

    def ask(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> tuple[int, str]:
        """Send one request; return (status, text), without what a stream sends. OSError and HTTPException: no reply."""
        kept = getattr(self._local, "connection", None)
        try:
            return self._ask(method, path, body, headers)
        except ConnectionError:
            if kept is None:
                raise
            return self._ask(method, path, body, headers)  # the server had closed a connection that rested

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str] | None) -> tuple[int, str]:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = http.client.HTTPConnection(self.place, timeout=PATIENCE)
        try:
            connection.request(method, path, body or None, headers or {})
            reply = connection.getresponse()
            if "event-stream" in reply.getheader("content-type", ""):
                self.close()
                return reply.status, ""
            return reply.status, reply.read().decode(errors="replace")
        except (OSError, http.client.HTTPException):
            self.close()
            raise

    def close(self) -> None:
        """Close this thread's connection."""
        if getattr(self._local, "connection", None):
            self._local.connection.close()
            self._local.connection = None

    def call(self, name: str, payload: Any, session: str = "first") -> Any:
        """Call a server function; return what it answers."""
        number = next(i for i, known in self.functions if known == name)
        body = {"component_id": number, "fn_name": name, "data": payload, "session_hash": session}
        _, text = self.ask("POST", FUNCTION, json.dumps(body).encode(), {"Content-Type": "application/json"})
        return json.loads(text)


def value(draw: random.Random, depth: int = 0) -> Any:
    """Return a value that no function asks for, of any JSON type."""
    plain = [
        None, True, False, 0, -1, 1.5, 1e308, -1e-320, 2**63, 10**40, float("nan"), float("inf"), "", " ", "0",
        "x" * 5000, "../../etc/passwd", "/etc/passwd", "<img src=x onerror=alert(1)>", "\ud800", "\0", "\u202e",
        "__class__", "a\nb",
    ]  # fmt: skip
    if depth < 3 and draw.random() < 0.3:
        if draw.random() < 0.5:
            return [value(draw, depth + 1) for _ in range(draw.choice([0, 1, 2, 9, 300]))]
        return {draw.choice([*NAMES, "", "\ud800"]): value(draw, depth + 1) for _ in range(draw.randrange(4))}
    return draw.choice(plain)


def payload(draw: random.Random) -> Any:
    """Return the argument of a server function: sensible in most of its fields, or not at all."""
    if draw.random() < 0.1:
        return value(draw)
    fields = draw.sample(NAMES, draw.randrange(1, 12))
    likely = {name: draw.choice(LIKELY[name]) for name in fields if name in LIKELY}
    out = {name: value(draw) if draw.random() < 0.3 or name not in likely else likely[name] for name in fields}
    if draw.random() < 0.05:
        out |= {"sides": LIKELY["sides"][0], "files": uploads(draw)}
    return out


def uploads(draw: random.Random) -> Any:
    """Return files for `begin`: pictures that are none, or far larger than they look, or zips that lie."""
    flat = b"P5 9000 9000 255\n"
    comments = b"GIF89a\x28\0\x28\0\x80\0\0\0\0\0\xff\xff\xff!\xfe" + b"\x01a" * 20_000 + b"\0;"
    noise = draw.randbytes(200)
    contents = [b"", b"x", flat, comments, b"\x89PNG\r\n\x1a\n" + noise, b"\xff\xd8\xff" + noise]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for i in range(draw.choice([0, 20, 3000])):
            archive.writestr(f"{draw.choice(['', '../', '/etc/'])}{i}.png", draw.choice(contents))
    contents.append(packed.getvalue()[: draw.choice([None, -10, 60])])
    names = ["a.png", "../a.gif", "\ud800.zip", "", "a.ppm", "x" * 300 + ".jpg"]
    files = [(draw.choice(names), draw.choice(contents)) for _ in range(draw.choice([1, 20]))]
    return [{"name": name, "data": base64.b64encode(data).decode()} for name, data in files]


def request(draw: random.Random, site: Site) -> tuple[str, str, bytes, dict[str, str]]:
    """Draw a request: method, path, body, headers."""
    headers = {"Content-Type": draw.choice(["application/json"] * 6 + ["text/plain", "", "multipart/form-data"])}
    if draw.random() < 0.1:
        headers["Origin"] = draw.choice(["https://evil.example", "null", f"http://{site.place}", "\xff"])
    if draw.random() < 0.05:
        headers["Cookie"] = draw.choice(["latent-lab-owner=x", "a" * 3000, "=;=;\xff"])
    if draw.random() < 0.6:
        number, name = draw.choice(site.functions)
        body: Any = {"component_id": number, "fn_name": name, "data": payload(draw), "session_hash": "fuzz"}
        if draw.random() < 0.1:
            body[draw.choice(list(body))] = value(draw)
        return "POST", FUNCTION, _bytes(body), headers
    if draw.random() < 0.3:
        deep = [b"[" * 50_000, b'{"a":' * 5000]
        raw = [b"", b"{", b"null", b"\xff\xfe", b"1e999999", b"9" * 10_000, draw.randbytes(100), *deep]
        return "POST", draw.choice([FUNCTION, *PATHS]), draw.choice(raw), headers
    path = draw.choice(PATHS)
    if draw.random() < 0.3:
        path += draw.choice(["/", "?", "//", "%00", "/.."]) + quote(draw.choice(["a=b", "\0", "../x", "é" * 50]))
    method = draw.choice(METHODS)
    data = {"data": [value(draw) for _ in range(draw.randrange(4))], "fn_index": value(draw), "session_hash": "fuzz"}
    return method, path, _bytes(data) if method not in ("GET", "HEAD") else b"", headers


def _bytes(body: Any) -> bytes:
    return json.dumps(body).encode()


def attack(site: Site, count: int, seed: int, secrets: list[str], threads: int = THREADS) -> Outcome:
    """Send `count` requests on several connections; the same seed sends the same requests, in another order."""
    outcome, lock = Outcome(), threading.Lock()

    def send(draw: random.Random) -> None:
        method, path, body, headers = request(draw, site)
        what = f"{method} {path} {body[:300]!r}"
        try:
            status, text = site.ask(method, path, body, headers)
        except (OSError, http.client.HTTPException) as error:
            with lock:
                outcome.unanswered.append(f"{what}: {error!r}")
            return
        ours = path.startswith(FUNCTION.rstrip("/"))
        with lock:
            outcome.statuses[f"{status}{'' if ours else ' elsewhere'}"] += 1
            if (ours and status >= 500 and status != 503) or FAULT in text:
                outcome.faults.append(f"{what}: {status} {text[:200]}")
            if any(secret in text for secret in secrets):
                outcome.leaks.append(what)

    def work(turn: int) -> None:
        for i in range(turn, count, threads):
            send(random.Random(f"{seed} {i}"))
        site.close()

    workers = [threading.Thread(target=work, args=(turn,), daemon=True) for turn in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return outcome


@dataclass(frozen=True)
class Work:
    """The first visitor's: names of a run and of its model, which nobody else knows, and the moment it is of."""

    run: str
    model: str
    number: int


def first_visitor(site: Site) -> Work:
    """Train a ring until it has something to show, open its model, and stop it."""
    run = site.call("begin", {"sides": LIKELY["sides"][0], "dataset": "ring", "seed": 0})["run"]
    end = time.monotonic() + PATIENCE
    while (news := site.call("news", {"run": run, "after": -1})).get("moment") is None:
        if time.monotonic() > end:
            raise TimeoutError("the first visitor's run shows nothing")
        time.sleep(0.2)
    number = news["moment"]["number"]
    model = site.call("open", {"run": run, "number": number, "side": 0})["model"]
    site.call("ask", {"run": run, "what": "stop"})
    return Work(run, model, number)


def what_is_lost(site: Site, work: Work) -> str:
    """Return what the first visitor no longer finds as it was, in the app's words; "" where all is there."""
    news = site.call("news", {"run": work.run, "after": -1})
    if not news.get("moment"):
        return f"the run: {str(news)[:200]}"
    opened = site.call("open", {"run": work.run, "number": work.number, "side": 0})
    return "" if opened.get("model") == work.model else f"the model: {str(opened)[:200]}"


def megabytes(pid: int) -> float:
    """Return the memory of a process that is in use, in megabytes; 0 where the system does not tell."""
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), 0.0)


def tracebacks(log: str) -> tuple[list[str], int]:
    """Return the tracebacks in a log that go through our code, as their last frames and line, and how many do not."""
    ours, others = [], 0
    for part in log.split("Traceback (most recent call last):")[1:]:
        lines = part.splitlines()[1:]
        frames = next((i for i, line in enumerate(lines) if not line.startswith(" ")), len(lines))
        if any(str(ROOT / "gan") in line for line in lines[:frames]):
            ours.append("\n".join(lines[max(0, frames - 4) : frames + 1]))
        else:
            others += 1
    return ours, others


def run(count: int, pause: float, seed: int) -> dict[str, Any]:
    """Start an app, attack it, wait, and return what was found."""
    with tempfile.TemporaryFile("w+", errors="replace") as log:
        with running_app(log) as (url, process):
            site = Site(url)
            work = first_visitor(site)
            secrets = [work.run, work.model]
            attack(site, count // 20, seed + 1, secrets)  # loads what is loaded once
            time.sleep(pause / 4)
            before, begun = megabytes(process), time.perf_counter()
            outcome = attack(site, count, seed, secrets)
            seconds, peak = time.perf_counter() - begun, megabytes(process)
            time.sleep(pause)
            after = megabytes(process)
            lost = what_is_lost(site, work)
        log.seek(0)
        found, of_gradio = tracebacks(log.read())
    goals = {
        "no fault of our own functions": not outcome.faults,
        "no traceback through our code": not found,
        "every request answered": not outcome.unanswered,
        "nothing of another visitor's told": not outcome.leaks,
        "what the first visitor made is as it was": not lost,
        f"at most {MOST_GROWTH} MB more": after - before <= MOST_GROWTH,
    }
    return {
        "requests": sum(outcome.statuses.values()), "seconds": round(seconds, 1),
        "answers": dict(sorted(outcome.statuses.items())), "faults": outcome.faults[:20], "tracebacks": found[:20],
        "of Gradio's own": of_gradio,
        "unanswered": outcome.unanswered[:20], "leaks": outcome.leaks[:20], "lost": lost,
        "megabytes": {"before": round(before), "at the end": round(peak), "after": round(after)}, "goals": goals,
    }  # fmt: skip


def main() -> int:
    """Run the benchmark. Returns 1 if a goal is missed."""
    parser = benchmark_parser(__doc__)
    parser.add_argument("--requests", type=positive_int, default=10_000)
    parser.add_argument("--pause", type=positive_seconds, default=120.0, help="seconds of quiet before memory is read")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    result = run(args.requests, args.pause, args.seed)
    for goal, met in result["goals"].items():
        print(f"{'met' if met else 'MISSED':8}{goal}")
    return report(result, args.json, all(result["goals"].values()))


if __name__ == "__main__":
    sys.exit(run_main(main))
