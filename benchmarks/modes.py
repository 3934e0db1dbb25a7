"""Mode coverage: ring of 8 and grid of 25, the published protocol, five seeds each.

    python -m benchmarks.modes [--distributions ring,grid] [--seeds 5] [--images N] [--json FILE]

Trains the 2-D pair whose critic (discriminator) reads Fourier features, with the relativistic loss and R1 + R2, and
samples 2,500 points. Counts as VEEGAN and PacGAN do: modes hit, the share of points within three standard deviations of
a centre (quality), and the reverse KL of the modes' shares from uniform. Published on the grid: plain GAN 17.3 modes,
94.8 %, .70; PacGAN4 24.8 modes, 93.6 %, .04 (arXiv:1712.04086, table 1). One thread per run. Resumable: with --json,
runs in the file are not repeated.
"""

from __future__ import annotations

import dataclasses
import math
import sys
import time
from typing import Any

import torch

from benchmarks.flags import benchmark_parser, names_from, positive_int, run_main
from benchmarks.report import report
from benchmarks.result_cache import CacheError, ResultCache
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
SAMPLE_SEEDS = range(1_000_000, 1_000_000 + SAMPLES)
MIN_QUALITY, MAX_KL, MAX_SECONDS = 0.95, 0.01, 300.0


def run(config: Config) -> dict[str, Any]:
    """Train on one distribution with one seed. Returns its coverage and the seconds of training."""
    config, points = prepare(config)
    trainer = Trainer(config, points)
    start = time.perf_counter()
    while trainer.shown < config.images:
        trainer.advance()
    seconds = time.perf_counter() - start
    found = coverage(trainer.points(SAMPLE_SEEDS), MIXTURES[config.dataset])
    result = dataclasses.asdict(found) | {"kl": found.kl if math.isfinite(found.kl) else None}  # JSON has no infinity
    return {"seed": config.seed, **result, "seconds": seconds, "met": met(found, seconds)}


def met(found: Coverage, seconds: float) -> bool:
    """Return whether a run reaches all goals."""
    good = found.modes == found.of and found.quality >= MIN_QUALITY and found.kl <= MAX_KL
    return good and seconds <= MAX_SECONDS


def main() -> int:
    """Run the benchmark. Returns 1 if any run misses a goal."""
    parser = benchmark_parser(__doc__, json_help="keep results in this file, and reuse those in it")
    parser.add_argument("--distributions", type=names_from(MIXTURES), default=list(MIXTURES), help="joined by commas")
    parser.add_argument("--seeds", type=positive_int, default=5)
    parser.add_argument("--images", type=positive_int, default=IMAGES, help="points shown")
    args = parser.parse_args()
    torch.set_num_threads(1)
    settings = {"recipe": RECIPE, "images": args.images}
    try:
        cache = ResultCache(args.json, settings)
    except CacheError as error:
        parser.error(str(error))
    runs: dict[str, Any] = {}
    print(f"{'distribution':12}{'seed':>5}{'modes':>9}{'quality':>9}{'KL':>9}{'seconds':>9}", flush=True)
    for distribution in args.distributions:
        for seed in range(args.seeds):
            name = f"{distribution}/{seed}"
            found = cache.get(name)
            if found is None:
                found = run(Config(**RECIPE, dataset=distribution, images=args.images, seed=seed))
                cache.add(name, found)
            runs[name] = found
            modes = f"{found['modes']}/{found['of']}"
            kl = "none hit" if found["kl"] is None else f"{found['kl']:.4f}"
            numbers = f"{found['quality']:9.3f}{kl:>9}{found['seconds']:9.0f}"
            print(f"{distribution:12}{seed:5}{modes:>9}{numbers}  {'met' if found['met'] else 'MISSED'}", flush=True)
    return report(settings | {"runs": runs}, None, all(found["met"] for found in runs.values()))


if __name__ == "__main__":
    sys.exit(run_main(main))
