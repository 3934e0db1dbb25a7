"""A thousand modes: three digits in one picture, 26,000 samples, a classifier's answer for each channel.

    python -m benchmarks.stacked_mnist [--out runs/stacked-mnist] [--images 2000000] [--data-root data] [--json FILE]

The protocol of PacGAN (arXiv:1712.04086, section 4.2): modes that at least one sample shows, and reverse KL from the
uniform distribution. Trains the modern pair, without classes, with at most two million generator parameters. Ctrl-C
saves; the same command goes on from there, and one with more --images goes on from a finished run. Beside the result,
two floors: what 26,000 draws from a perfectly uniform generator score, and what as many real pictures of the test split
do, whose digits are not equally frequent. Published: DCGAN 99 modes and KL 3.40, WGAN-GP 959 and .73, PacDCGAN2 1000
and .06, R3GAN 1000 and .029, with 20 million parameters.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.flags import count, guarded
from benchmarks.report import report
from gan import data, train
from gan.config import Config
from gan.evaluation.metrics.balance import covered, histogram, kl_divergence
from gan.evaluation.metrics.classifier import Classifier, load_classifier
from gan.models.model import load
from gan.training.checkpoint import holds_run

MODES, SAMPLES = 1_000, 26_000
FRESH = range(1_000_000, 1_000_000 + SAMPLES)  # seeds of the pictures that are counted
MOST_KL, MOST_PARAMETERS = 0.029, 2_000_000
RECIPE: dict[str, Any] = {
    "dataset": "stacked-mnist", "network": "resnet", "conditional": False, "loss": "relativistic", "penalty": "r1+r2",
    "gamma_start": 1.0, "gamma": 0.1, "burn_in": 400_000, "batch_size": 32, "precision": "bf16",
    "ema_images": 100_000,
}  # fmt: skip


def modes_of(pictures: np.ndarray | Tensor, classifier: Classifier) -> Tensor:
    """The number from 0 to 999, int64 (N,), that each of pictures uint8 (N, 28, 28, 3) shows, red first."""
    number = torch.zeros(len(pictures), dtype=torch.int64)
    for channel in range(3):
        number = number * 10 + classifier.predict(classifier.features(pictures[..., channel : channel + 1]))
    return number


def score(numbers: Tensor) -> dict[str, float]:
    """Modes found and reverse KL from uniform, of numbers from 0 to 999, int64 (N,)."""
    shares = histogram(numbers, MODES)
    return {"modes": covered(shares), "kl": kl_divergence(shares, torch.full((MODES,), 1 / MODES).double())}


def floors(classifier: Classifier, data_root: str) -> dict[str, dict[str, float]]:
    """What a perfect generator scores: of uniform digits, over 20 draws, and of digits as frequent as they are."""
    source = torch.Generator().manual_seed(0)
    draws = [score(torch.randint(MODES, (SAMPLES,), generator=source))["kl"] for _ in range(20)]
    real = data.load("stacked-mnist", 28, data_root, split="test").images[:SAMPLES]
    return {
        "uniform": {"kl": float(np.mean(draws)), "sd": float(np.std(draws))},
        "real": score(modes_of(real.permute(0, 2, 3, 1), classifier)),
    }


def measure(out: Path, device: str, data_root: str) -> dict[str, Any]:
    """The result of the model in `out`, with floors and goals."""
    model = load(out, device)
    classifier = load_classifier("mnist", model.device)
    parameters = sum(p.numel() for p in model.generator.parameters())
    found = score(modes_of(model.sample(FRESH), classifier))
    good = found["modes"] == MODES and found["kl"] <= MOST_KL and parameters <= MOST_PARAMETERS
    return {
        **found, "of": MODES, "samples": SAMPLES, "generator_parameters": parameters,
        "floors": floors(classifier, data_root), "classifier_accuracy": classifier.accuracy, "met": good,
    }  # fmt: skip


def main() -> int:
    """Run the benchmark; exit status 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs/stacked-mnist"), help="the run's folder")
    parser.add_argument("--images", type=count, default=2_000_000, help="shown, over all parts of the run")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--data-root", default="data")
    parser.add_argument("--json", type=Path, help="also write the JSON here")
    args = parser.parse_args()
    config = Config(**RECIPE, images=args.images, device=args.device, data_root=args.data_root)
    if status := train.run(config, args.out, resume=holds_run(args.out)):
        return status
    told = json.loads((args.out / "metrics.json").read_text())
    result = {k: told[k] for k in ("images", "seconds", "device")}
    result |= measure(args.out, args.device, args.data_root)
    floor = result["floors"]
    print(f"{'':28}{'modes':>7}{'KL':>8}")
    print(f"{'ours':28}{result['modes']:7}{result['kl']:8.4f}  {result['generator_parameters']:,} parameters")
    print(f"{'real pictures':28}{floor['real']['modes']:7}{floor['real']['kl']:8.4f}")
    print(f"{'a uniform generator':28}{MODES:7}{floor['uniform']['kl']:8.4f}  +- {floor['uniform']['sd']:.4f}")
    print("met" if result["met"] else f"MISSED: {MODES} modes and KL at most {MOST_KL}")
    return report(result, args.json, result["met"])


if __name__ == "__main__":
    sys.exit(guarded(main))
