"""Exact resume: a run that is killed again and again must equal an uninterrupted one, bit for bit, on a CPU.

    python -m benchmarks.resume [--kills 30] [--images 20000] [--json FILE]

Trains the smoke preset once without interruption and once with SIGKILL at random moments, each time continued with
--resume. Checkpoints are written every few steps, so that some kills interrupt their writing. Then compares the
weights, averages and optimiser states of both runs.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from safetensors.torch import load_file

from benchmarks.flags import benchmark_parser, positive_int, run_main
from benchmarks.report import report
from gan.training.checkpoint import holds_run

ROOT = Path(__file__).resolve().parent.parent


def start(*flags: str) -> subprocess.Popen:
    """Start train.py in a process of its own, on one thread."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "train.py", *flags]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def log_lines(out: Path) -> int:
    """Count the lines of the run's log, which grows once training has begun."""
    log = out / "log.jsonl"
    return log.read_bytes().count(b"\n") if log.exists() else 0


def run(kills: int, images: int, folder: Path) -> dict:
    """Make both runs in `folder` and compare them."""
    flags = ["--preset", "smoke", "--images", str(images), "--device", "cpu", "--checkpoint-images", "48"]
    whole, killed = folder / "whole", folder / "killed"
    start(*flags, "--out", str(whole)).wait()
    rng, done, finished = random.Random(0), 0, False
    while not finished:
        before = log_lines(killed)
        process = start("--resume", str(killed)) if holds_run(killed) else start(*flags, "--out", str(killed))
        if done < kills:
            while log_lines(killed) == before and process.poll() is None:
                time.sleep(0.005)
            time.sleep(rng.uniform(0.0, 0.8))
            if process.poll() is None:
                os.kill(process.pid, signal.SIGKILL)
                done += 1
        error = process.communicate()[1].decode()
        finished = process.returncode == 0
        if process.returncode not in (0, -signal.SIGKILL):
            raise RuntimeError(f"after {done} kills: {error}")
        if not any(killed.glob("checkpoint*/state.json")):  # killed before its first checkpoint
            shutil.rmtree(killed, ignore_errors=True)
    a, b = (load_file(out / "checkpoint" / "state.safetensors") for out in (whole, killed))
    different = [name for name in a if name not in b or a[name].numpy().tobytes() != b[name].numpy().tobytes()]
    files = ["model.safetensors", "critic.safetensors", "directions.safetensors", "samples.png"]
    different += [name for name in files if (whole / name).read_bytes() != (killed / name).read_bytes()]
    return {"kills": done, "images": images, "compared": len(a) + len(files), "different": different}


def main() -> int:
    """Run the benchmark. Returns 1 if anything differs, or if the run ended before all kills were done."""
    parser = benchmark_parser(__doc__)
    parser.add_argument("--kills", type=positive_int, default=30)
    parser.add_argument("--images", type=positive_int, default=20_000)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = run(args.kills, args.images, Path(folder))
    good = not result["different"] and result["kills"] == args.kills
    verdict = "bit for bit the same" if not result["different"] else f"DIFFERENT: {result['different'][:5]}"
    print(f"{result['kills']} kills, {result['compared']} tensors and files compared: {verdict}")
    return report(result, args.json, good)


if __name__ == "__main__":
    sys.exit(run_main(main))
