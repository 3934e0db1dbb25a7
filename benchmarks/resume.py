"""Is a run that is killed again and again the run that nobody touched? Bit for bit, on a CPU.

    python -m benchmarks.resume [--kills 30] [--images 20000] [--json FILE]

Trains the smoke preset once without interruption, and once with SIGKILL at random moments, each time going on with
--resume; checkpoints are written every few steps, so that kills fall into their writing too. Then compares the weights,
the averages and the optimisers' memories of both runs.
"""

from __future__ import annotations

import argparse
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

from benchmarks.flags import count, guarded
from benchmarks.report import report
from gan.training.checkpoint import holds_run

ROOT = Path(__file__).resolve().parent.parent


def start(*flags: str) -> subprocess.Popen:
    """train.py in a process of its own, on one thread."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "train.py", *flags]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def steps(out: Path) -> int:
    """Lines of the log so far: it grows once training has begun."""
    log = out / "log.jsonl"
    return log.read_bytes().count(b"\n") if log.exists() else 0


def run(kills: int, images: int, folder: Path) -> dict:
    """Both runs, in `folder`; what was compared and whether it was equal."""
    flags = ["--preset", "smoke", "--images", str(images), "--device", "cpu", "--checkpoint-images", "48"]
    whole, killed = folder / "whole", folder / "killed"
    start(*flags, "--out", str(whole)).wait()
    chance, done, finished = random.Random(0), 0, False
    while not finished:
        before = steps(killed)
        process = start("--resume", str(killed)) if holds_run(killed) else start(*flags, "--out", str(killed))
        if done < kills:
            while steps(killed) == before and process.poll() is None:
                time.sleep(0.005)
            time.sleep(chance.uniform(0.0, 0.8))
            if process.poll() is None:
                os.kill(process.pid, signal.SIGKILL)
                done += 1
        error = process.communicate()[1].decode()
        finished = process.returncode == 0
        if process.returncode not in (0, -signal.SIGKILL):
            raise RuntimeError(f"after {done} kills: {error}")
        if not any(killed.glob("checkpoint*/state.json")):  # killed before the first checkpoint: begin again
            shutil.rmtree(killed, ignore_errors=True)
    a, b = (load_file(out / "checkpoint" / "state.safetensors") for out in (whole, killed))
    different = [name for name in a if name not in b or a[name].numpy().tobytes() != b[name].numpy().tobytes()]
    files = ["model.safetensors", "critic.safetensors", "directions.safetensors", "samples.png"]
    different += [name for name in files if (whole / name).read_bytes() != (killed / name).read_bytes()]
    return {"kills": done, "images": images, "compared": len(a) + len(files), "different": different}


def main() -> int:
    """Run it; exit status 1 when anything differs, or the run ended before all kills were done."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=count, default=30)
    parser.add_argument("--images", type=count, default=20_000)
    parser.add_argument("--json", type=Path, help="also write the JSON here")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = run(args.kills, args.images, Path(folder))
    good = not result["different"] and result["kills"] == args.kills
    verdict = "bit for bit the same" if not result["different"] else f"DIFFERENT: {result['different'][:5]}"
    print(f"{result['kills']} kills, {result['compared']} tensors and files compared: {verdict}")
    return report(result, args.json, good)


if __name__ == "__main__":
    sys.exit(guarded(main))
