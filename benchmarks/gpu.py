"""Everything that this project promises of CUDA, tried on a machine that has it, in ten minutes at most.

    python -m benchmarks.gpu [--device cuda] [--minutes 10] [--parts gradients,rates] [--json FILE]

Needs torch 2.11 or newer and what `train.py` needs, not Gradio. Each part runs in a process of its own, with a share of
the time: one that fails, hangs or takes the device down costs none of the others. On a CPU (--device cpu) it runs all
that does not need CUDA. Prints a table and JSON. Exit status 1 if anything failed, by name; what could not be run, such
as two processes on one GPU, is told and is no failure.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch

from benchmarks.flags import benchmark_parser, names_from, positive_seconds, run_main
from benchmarks.gpu_checks import PARTS, ROOT, Check
from benchmarks.report import report
from gan.models.model import pick_device

GRACE = 20.0  # seconds that a part may take beyond its time, to start and to notice it
COMMAND = [sys.executable, "-m", "benchmarks.gpu"]
WORDS = {True: "ok", False: "FAILED", None: "not run"}


def run_part(name: str, device: str, seconds: float, show: Callable[[str, Check], None]) -> list[Check]:
    """Run a part in a process of its own; return its checks, and a failed one where it came to no good end."""
    with tempfile.TemporaryDirectory() as folder:
        out, log = Path(folder) / "checks.jsonl", Path(folder) / "log"
        words = ["--part", name, "--device", device, "--seconds", f"{seconds:.1f}", "--out", str(out)]
        with log.open("wb") as said:
            process = subprocess.Popen(
                [*COMMAND, *words], cwd=ROOT, stdout=said, stderr=said,
                start_new_session=True,
            )  # fmt: skip
            late = False
            try:
                process.wait(seconds + GRACE)
            except subprocess.TimeoutExpired:
                late = True
            finally:
                with contextlib.suppress(ProcessLookupError):  # with all that it has started
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        checks = read_checks(out)
        last = log.read_text(errors="replace").strip().splitlines()[-1:] or [""]
        if late:
            note = f"stopped after {seconds + GRACE:.0f} s. {last[0]}"
            checks.append(Check("came to an end", False, note=note[:300]))
        elif process.returncode:
            checks.append(Check("came to an end", False, note=f"status {process.returncode}: {last[0]}"[:300]))
        elif not checks:
            checks.append(Check("found something", False, note="the part ended without a result"))
        for check in checks:
            show(name, check)
        return checks


def read_checks(path: Path) -> list[Check]:
    """Return what a part has written so far; a line that was cut off does not count."""
    checks = []
    for line in path.read_text().splitlines() if path.is_file() else ():
        with contextlib.suppress(ValueError):
            checks.append(Check(**json.loads(line)))
    return checks


def work(name: str, device: str, seconds: float, out: Path) -> int:
    """Do a part in this process, and write each check to `out` as soon as it is there. Returns the exit status."""
    until, checks = time.time() + seconds, PARTS[name][0]
    with out.open("w") as file:
        for check in checks(torch.device(device), until):
            file.write(json.dumps(dataclasses.asdict(check)) + "\n")
            file.flush()
    return 0


def machine(device: torch.device) -> dict[str, Any]:
    """Return what the figures were measured with."""
    about: dict[str, Any] = {"torch": torch.__version__, "python": platform.python_version(), "device": device.type}
    if device.type == "cuda":
        own = torch.cuda.get_device_properties(device)
        about |= {"name": own.name, "gpus": torch.cuda.device_count(), "memory": f"{own.total_memory / 2**30:.0f} GiB"}
        about |= {"cuda": torch.version.cuda, "cudnn": torch.backends.cudnn.version()}
    return about


def line(part: str, check: Check) -> str:
    """Return a row of the table."""
    value = "" if check.value is None else f"{check.value:,.4g} {check.unit}"
    return f"{part:10} {check.name[:44]:44} {value:>18}  {WORDS[check.ok]:8}{check.note}".rstrip()


def failures(found: Iterable[tuple[str, Check]]) -> list[str]:
    """Return the names of what failed."""
    return [f"{part}: {check.name}" for part, check in found if check.ok is False]


def main() -> int:
    """Run the benchmark. Returns 1 if anything failed."""
    parser = benchmark_parser(__doc__)
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"), help="what to try (default: cuda)")
    parser.add_argument("--minutes", type=positive_seconds, default=10.0, help="length of the whole, at most")
    parser.add_argument("--parts", type=names_from(PARTS), default=list(PARTS), help="joined by commas")
    for flag, kind in (("--part", str), ("--seconds", float), ("--out", Path)):  # of the process of one part
        parser.add_argument(flag, type=kind, help=argparse.SUPPRESS)
    args = parser.parse_args()
    device = pick_device(args.device)
    if args.part:
        return work(args.part, args.device, args.seconds, args.out)
    started, found = time.time(), []  # type: float, list[tuple[str, Check]]
    for i, name in enumerate(args.parts):
        shares = [PARTS[part][1] for part in args.parts[i:]]
        left = 60 * args.minutes - (time.time() - started) - GRACE * len(shares)
        seconds = max(5.0, left * shares[0] / sum(shares))
        checks = run_part(name, args.device, seconds, lambda part, check: print(line(part, check), flush=True))
        found += [(name, check) for check in checks]
    failed = failures(found)
    print("\n".join(["", "failed:", *failed] if failed else ["", "nothing failed"]))
    parts: dict[str, list[dict[str, Any]]] = {name: [] for name in args.parts}
    for name, check in found:
        parts[name].append(dataclasses.asdict(check))
    result = {"machine": machine(device), "seconds": round(time.time() - started, 1), "failed": failed, "parts": parts}
    return report(result, args.json, not failed)


if __name__ == "__main__":
    sys.exit(run_main(main))
