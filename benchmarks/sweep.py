"""Which loss collapses where: every loss on ring, grid and digits, with the same networks and seeds.

    python -m benchmarks.sweep [--seeds 2] [--points 1280000] [--images 60000] [--data-root data] [--json FILE]

In the plane: the 2-D pair of `benchmarks.modes` with Adam at 1e-3; modes hit, share of
points within three standard deviations of a centre. On MNIST: the classic DCGAN pair without batch normalisation in the
critic, so that every penalty may be used; Frechet distance in our classifier's features, digits covered. Each loss
brings the settings that its paper uses with it (penalty, clipping, spectral normalisation, critic steps). Batches are
counted, so a loss with five critic steps makes a fifth of the generator's. Resumable: with --json, cells that the file
holds are not run again.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import sys
import time
from pathlib import Path
from typing import Any

import torch

from gan.config import PRESETS, Config
from gan.data.worlds import MIXTURES
from gan.losses import LOSSES
from gan.metrics.balance import covered, histogram
from gan.metrics.classifier import load_classifier
from gan.metrics.frechet import frechet_distance
from gan.metrics.modes import SAMPLES, coverage
from gan.metrics.reference import load_reference
from gan.model import Model
from gan.trainer import Trainer, prepare

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
    """A trainer at its end, or where it stopped being finite, and the seconds it took."""
    trainer = Trainer(*prepare(config))
    start = time.perf_counter()
    while trainer.shown < config.images:
        critic, generator = trainer.advance()
        if not math.isfinite(critic.critic_loss) or not math.isfinite(generator.generator_loss):
            break
    return trainer, time.perf_counter() - start


def plane(world: str, loss: str, seed: int, images: int) -> dict[str, Any]:
    """One cell of the table for a world of points."""
    settings = {**POINTS, **LOSSES[loss].customary}
    trainer, seconds = trained(Config(**settings, loss=loss, dataset=world, images=images, seed=seed))
    found = coverage(trainer.points(range(10**6, 10**6 + SAMPLES)).nan_to_num(1e9), MIXTURES[world])
    kl = found.kl if math.isfinite(found.kl) else None
    return {**dataclasses.asdict(found), "kl": kl, "seconds": seconds}


def digits(loss: str, seed: int, images: int, data_root: str) -> dict[str, Any]:
    """One cell of the table for MNIST."""
    settings = {**DIGITS, **LOSSES[loss].customary, "data_root": data_root}
    trainer, seconds = trained(Config(**{**settings, "loss": loss, "images": images, "seed": seed}))
    classifier, real = load_classifier("mnist"), load_reference("mnist", 28, data_root, PICTURES)
    none = torch.empty(0, trainer.config.z_dim)
    model = Model("", trainer.config, trainer.average, trainer.critic, none, none)
    features = classifier.features(model.sample(range(PICTURES)))
    test = classifier.features(real.compared.images.permute(0, 2, 3, 1))
    distance = frechet_distance(features.double(), test.double()) if features.isfinite().all() else None
    shares = histogram(classifier.predict(features), 10)
    return {"modes": covered(shares), "of": 10, "frechet": distance, "seconds": seconds}


def table(cells: dict[str, Any]) -> str:
    """Markdown: a row a loss, cells averaged over seeds."""
    lines = ["| loss | ring: modes, quality | grid: modes, quality | MNIST: digits, Frechet |", "|---|---|---|---|"]
    for loss in LOSSES:
        row = [f"| {loss} "]
        for where in (*MIXTURES, "mnist"):
            found = [v for k, v in cells.items() if k.startswith(f"{where}/{loss}/")]
            if not found:
                row.append("| ")
                continue
            modes = sum(f["modes"] for f in found) / len(found)
            if where == "mnist":
                far = [f["frechet"] for f in found]
                second = "not finite" if None in far else f"{sum(far) / len(far):.2f}"
            else:
                second = f"{sum(f['quality'] for f in found) / len(found):.0%}"
            row.append(f"| {modes:.3g} of {found[0]['of']}, {second} ")
        lines.append("".join(row) + "|")
    return "\n".join(lines)


def main() -> int:
    """Run the sweep and print the table that README holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--points", type=int, default=1_280_000, help="points shown, a world and loss")
    parser.add_argument("--images", type=int, default=60_000, help="digits shown, a loss")
    parser.add_argument("--data-root", default="data")
    parser.add_argument("--json", type=Path, help="keep the cells here, and read those that are there")
    args = parser.parse_args()
    torch.set_num_threads(1)
    cells = json.loads(args.json.read_text()) if args.json and args.json.exists() else {}
    for seed in range(args.seeds):
        for where in (*MIXTURES, "mnist"):
            for loss in LOSSES:
                key = f"{where}/{loss}/{seed}"
                if key in cells:
                    continue
                if where == "mnist":
                    cells[key] = digits(loss, seed, args.images, args.data_root)
                else:
                    cells[key] = plane(where, loss, seed, args.points)
                print(key, {k: round(v, 3) if isinstance(v, float) else v for k, v in cells[key].items()}, flush=True)
                if args.json:
                    args.json.write_text(json.dumps(cells, indent=2) + "\n")
    print(table(cells))
    print(json.dumps(cells, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
