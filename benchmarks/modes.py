"""Does the generator find every mode? Ring of 8 and grid of 25, the published protocol, five seeds each.

    python -m benchmarks.modes [--distributions ring,grid] [--seeds 5] [--images N] [--json FILE]

Trains the 2-D pair whose critic sees waves, with the relativistic loss and R1 + R2, samples 2,500 points, and counts
modes hit, the share of points within three standard deviations of a centre, and the reverse KL of the modes' shares
from uniform, as VEEGAN and PacGAN do. Published on the grid: plain GAN 17.3 modes, 94.8 %, .70; PacGAN4 24.8 modes,
93.6 %, .04 (arXiv:1712.04086, table 1). One thread a run. Resumable: with --json, runs that the file holds are not made
again.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import sys
import time
from pathlib import Path
from typing import Any

import torch

from benchmarks.cells import CellsError, read_cells, write_cells
from benchmarks.flags import count, guarded, some_of
from benchmarks.report import report
from gan.config import Config
from gan.data.points import MIXTURES
from gan.evaluation.metrics.modes import SAMPLES, Coverage, coverage
from gan.training.trainer import Trainer
from gan.training.validation import prepare

RECIPE: dict[str, Any] = {
    "network": "points-fourier", "loss": "relativistic", "penalty": "r1+r2", "gamma": 0.1, "batch_size": 128,
    "z_dim": 2, "width": 48, "learning_rate": 3e-3, "beta2": 0.9, "anneal": 0.5, "ema_images": 192_000,
    "precision": "fp32", "device": "cpu",
}  # fmt: skip
IMAGES = 4_096_000
FRESH = range(1_000_000, 1_000_000 + SAMPLES)  # seeds of the points that are counted
LEAST_QUALITY, MOST_KL, MOST_SECONDS = 0.95, 0.01, 300.0


def run(config: Config) -> dict[str, Any]:
    """Train one distribution from one seed; its coverage and the seconds that training took."""
    config, points = prepare(config)
    trainer = Trainer(config, points)
    start = time.perf_counter()
    while trainer.shown < config.images:
        trainer.advance()
    seconds = time.perf_counter() - start
    found = coverage(trainer.points(FRESH), MIXTURES[config.dataset])
    told = dataclasses.asdict(found) | {"kl": found.kl if math.isfinite(found.kl) else None}  # JSON has no infinity
    return {"seed": config.seed, **told, "seconds": seconds, "met": met(found, seconds)}


def met(found: Coverage, seconds: float) -> bool:
    """Whether one run reaches the goals."""
    good = found.modes == found.of and found.quality >= LEAST_QUALITY and found.kl <= MOST_KL
    return good and seconds <= MOST_SECONDS


def main() -> int:
    """Run the benchmark; exit status 1 when any run misses a goal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--distributions", type=some_of(MIXTURES), default=list(MIXTURES), help="joined by commas")
    parser.add_argument("--seeds", type=count, default=5)
    parser.add_argument("--images", type=count, default=IMAGES, help="points shown")
    parser.add_argument("--json", type=Path, help="keep the runs here, and read those that are there")
    args = parser.parse_args()
    torch.set_num_threads(1)
    settings = {"recipe": RECIPE, "images": args.images}
    try:
        kept = read_cells(args.json, settings)
    except CellsError as error:
        parser.error(str(error))
    runs: dict[str, Any] = {}
    print(f"{'distribution':8}{'seed':>5}{'modes':>9}{'quality':>9}{'KL':>9}{'seconds':>9}", flush=True)
    for distribution in args.distributions:
        for seed in range(args.seeds):
            key = f"{distribution}/{seed}"
            found = kept.get(key) or run(Config(**RECIPE, dataset=distribution, images=args.images, seed=seed))
            runs[key] = found
            write_cells(args.json, settings, kept | runs)
            modes = f"{found['modes']}/{found['of']}"
            kl = "none hit" if found["kl"] is None else f"{found['kl']:.4f}"
            numbers = f"{found['quality']:9.3f}{kl:>9}{found['seconds']:9.0f}"
            print(f"{distribution:8}{seed:5}{modes:>9}{numbers}  {'met' if found['met'] else 'MISSED'}", flush=True)
    return report(settings | {"runs": runs}, None, all(found["met"] for found in runs.values()))


if __name__ == "__main__":
    sys.exit(guarded(main))
