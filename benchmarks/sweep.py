"""Which loss collapses where: every loss on ring, grid and digits, with the same networks and seeds.

    python -m benchmarks.sweep [--seeds 2] [--points 1280000] [--images 60000] [--data-root data] [--json FILE]

In the plane: the plain 2-D pair with Adam at 1e-3; modes hit, share of points within three standard deviations of a
centre, reverse KL of the modes' shares from uniform. On MNIST: the preset `classic-dcgan` in bf16, whose critic has no
batch normalisation, so that every penalty may be used; digits covered, and Frechet distance between 5,000 generated and
5,000 test pictures in our classifier's features, beside what 5,000 training pictures score. Each loss brings the
settings that its paper uses with it: penalty, clipping, spectral normalisation, critic steps. The critic's batches are
counted, so a loss with five critic steps makes a fifth of the generator's. Seconds are the processor's, one thread.
Resumable: with --json, cells that the file holds are not run again.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import json
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from benchmarks.cells import CellsError, read_cells, write_cells
from benchmarks.flags import count, guarded
from benchmarks.judge import Judge
from gan.config import PRESETS, Config
from gan.data.points import MIXTURES
from gan.evaluation.metrics.balance import covered, histogram
from gan.evaluation.metrics.modes import SAMPLES, coverage
from gan.evaluation.metrics.reference import load_reference
from gan.training.losses import LOSSES
from gan.training.trainer import Trainer
from gan.training.validation import prepare

POINTS: dict[str, Any] = {
    "network": "points", "batch_size": 256, "z_dim": 2, "learning_rate": 1e-3, "beta1": 0.0, "beta2": 0.9, "gamma": 0.1,
    "ema_images": 25_600, "precision": "fp32", "device": "cpu", "anneal": 0.5,
}  # fmt: skip
DIGITS: dict[str, Any] = {
    **{k: v for k, v in PRESETS["classic-dcgan"].items() if k not in ("loss", "penalty")},
    "precision": "bf16", "gamma": 1.0, "device": "cpu",
}  # fmt: skip
PICTURES = 5_000


def trained(config: Config) -> tuple[Trainer, float]:
    """A trainer at its end, or where it stopped being finite, and the processor seconds it took."""
    trainer = Trainer(*prepare(config))
    start = time.process_time()
    while trainer.shown < config.images:
        critic, generator = trainer.advance()
        if not math.isfinite(critic.critic_loss) or not math.isfinite(generator.generator_loss):
            break
    return trainer, time.process_time() - start


def plane(distribution: str, loss: str, seed: int, images: int) -> dict[str, Any]:
    """One cell of the table for a distribution of points."""
    settings = {**POINTS, **LOSSES[loss].customary}
    trainer, seconds = trained(Config(**settings, loss=loss, dataset=distribution, images=images, seed=seed))
    found = coverage(trainer.points(range(10**6, 10**6 + SAMPLES)).nan_to_num(1e9), MIXTURES[distribution])
    kl = found.kl if math.isfinite(found.kl) else None
    return {**dataclasses.asdict(found), "kl": kl, "seconds": seconds}


def digits(loss: str, seed: int, images: int, data_root: str) -> dict[str, Any]:
    """One cell of the table for MNIST."""
    settings = {**DIGITS, **LOSSES[loss].customary, "data_root": data_root}
    trainer, seconds = trained(Config(**{**settings, "loss": loss, "images": images, "seed": seed}))
    judge = judge_of(data_root)
    return {**judged(trainer, judge), "floor": judge.floor, "samples": judge.samples, "seconds": seconds}


@functools.cache
def judge_of(data_root: str) -> Judge:
    """The judge of `PICTURES` digits."""
    return Judge(load_reference("mnist", 28, data_root, PICTURES))


def judged(trainer: Trainer, judge: Judge) -> dict[str, Any]:
    """Digits covered by the trainer's average, and its distance.

    A generator that is not finite draws black pictures, which would have a distance; its own is None.
    """
    if not all(bool(tensor.isfinite().all()) for tensor in trainer.average.state_dict().values()):
        return {"modes": 0, "of": 10, "frechet": None}
    far, seen = judge(trainer.model().sample(range(judge.samples)))
    return {"modes": covered(histogram(seen, 10)), "of": 10, "frechet": far}


def table(cells: dict[str, Any]) -> str:
    """Markdown: a row a loss; where seeds differ the least and the greatest number, but the seconds' mean.

    An average would hide the luck: a loss that finds one digit from one seed and ten from another has not found five.
    """
    floors = [found["floor"] for key, found in cells.items() if key.startswith("mnist/")]
    third = f"MNIST: digits, Frechet distance (floor {sum(floors) / len(floors):.2f})" if floors else "MNIST"
    planes = (f"{distribution}: modes, quality, KL" for distribution in MIXTURES)
    lines = [f"| loss | {' | '.join(planes)} | {third} | seconds |", "|---|---|---|---|---|"]
    for loss in LOSSES:
        row, seconds = [loss], []
        for where in (*MIXTURES, "mnist"):
            found = [v for k, v in cells.items() if k.startswith(f"{where}/{loss}/")]
            row.append(_cell(where, found) if found else "")
            if found:
                seconds.append(f"{sum(f['seconds'] for f in found) / len(found):.0f}")
        lines.append(f"| {' | '.join(row)} | {', '.join(seconds)} |")
    return "\n".join(lines)


def _cell(where: str, found: list[dict[str, Any]]) -> str:
    modes = _span([f["modes"] for f in found], str)
    if where != "mnist":
        kl = [math.inf if f["kl"] is None else f["kl"] for f in found]
        second = f"{_span([100 * f['quality'] for f in found], '{:.0f}'.format)} %, {_span(kl, '{:.2f}'.format)}"
    else:
        far = [math.inf if f["frechet"] is None else f["frechet"] for f in found]
        second = _span(far, lambda value: f"{value:.1f}" if math.isfinite(value) else "not finite")
    return f"{modes} of {found[0]['of']}, {second}"


def _span(values: list[float], words: Callable[[float], str]) -> str:
    least, most = words(min(values)), words(max(values))
    return least if least == most else f"{least} to {most}"


def settings_of(points: int, images: int) -> dict[str, Any]:
    """All that decides a cell beside its distribution, loss and seed, as JSON has it."""
    customary = {name: dict(loss.customary) for name, loss in LOSSES.items()}
    return {"points": points, "images": images, "plane": POINTS, "mnist": DIGITS, "losses": customary}


def main() -> int:
    """Run the sweep and print the table that README holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=count, default=2)
    parser.add_argument("--points", type=count, default=1_280_000, help="points shown, a distribution and loss")
    parser.add_argument("--images", type=count, default=60_000, help="digits shown, a loss")
    parser.add_argument("--data-root", default="data")
    parser.add_argument("--json", type=Path, help="keep the cells here, and read those that are there")
    args = parser.parse_args()
    torch.set_num_threads(1)
    settings = settings_of(args.points, args.images)
    try:
        kept = read_cells(args.json, settings)
    except CellsError as error:
        parser.error(str(error))
    cells: dict[str, Any] = {}
    for seed in range(args.seeds):
        for where in (*MIXTURES, "mnist"):
            for loss in LOSSES:
                key = f"{where}/{loss}/{seed}"
                if key in kept:
                    cells[key] = kept[key]
                    continue
                if where == "mnist":
                    cells[key] = digits(loss, seed, args.images, args.data_root)
                else:
                    cells[key] = plane(where, loss, seed, args.points)
                print(key, {k: round(v, 3) if isinstance(v, float) else v for k, v in cells[key].items()}, flush=True)
                write_cells(args.json, settings, kept | cells)
    print(table(cells))
    print(json.dumps(cells, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(guarded(main))
