"""Stacked MNIST, a thousand modes: three digits in one picture, 26,000 samples, one classification per channel.

    python -m benchmarks.stacked_mnist [--out runs/stacked-mnist] [--images 2000000] [--data-root data] [--json FILE]

The protocol of PacGAN (arXiv:1712.04086, section 4.2): modes that at least one sample shows, and reverse KL from the
uniform distribution. Trains the resnet pair without classes, with at most two million generator parameters. Ctrl-C
saves; the same command continues, and one with more --images continues a finished run. Prints two floors: the score of
26,000 draws from a perfectly uniform generator, and that of as many real pictures of the test split, whose digits are
not equally frequent. Published: DCGAN 99 modes and KL 3.40, WGAN-GP 959 and .73, PacDCGAN2 1000 and .06, R3GAN 1000
and .029, with 20 million parameters.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.flags import benchmark_parser, positive_int, run_main
from benchmarks.report import report
from gan import data, train
from gan.config import Config
from gan.evaluation.metrics.balance import covered, histogram, kl_divergence
from gan.evaluation.metrics.classifier import Classifier, load_classifier
from gan.models.model import load
from gan.training.checkpoint import holds_run

MODES, SAMPLES = 1_000, 26_000
SAMPLE_SEEDS = range(1_000_000, 1_000_000 + SAMPLES)
MAX_KL, MAX_PARAMETERS = 0.029, 2_000_000
RECIPE: dict[str, Any] = {
    "dataset": "stacked-mnist", "network": "resnet", "conditional": False, "loss": "relativistic", "penalty": "r1+r2",
    "gamma_start": 1.0, "gamma": 0.1, "burn_in": 400_000, "batch_size": 32, "precision": "bf16",
    "ema_images": 100_000,
}  # fmt: skip


def modes_of(pictures: np.ndarray | Tensor, classifier: Classifier) -> Tensor:
    """Return the number from 0 to 999, int64 (N,), that each of pictures uint8 (N, 28, 28, 3) shows, red first."""
    number = torch.zeros(len(pictures), dtype=torch.int64)
    for channel in range(3):
        number = number * 10 + classifier.predict(classifier.features(pictures[..., channel : channel + 1]))
    return number


def score(numbers: Tensor) -> dict[str, float]:
    """Return modes found and reverse KL from uniform of numbers from 0 to 999, int64 (N,)."""
    shares = histogram(numbers, MODES)
    return {"modes": covered(shares), "kl": kl_divergence(shares, torch.full((MODES,), 1 / MODES).double())}


def floors(classifier: Classifier, data_root: str) -> dict[str, dict[str, float]]:
    """Score perfect generators: of uniform digits (mean of 20 draws), and of digits with their real frequencies."""
    source = torch.Generator().manual_seed(0)
    draws = [score(torch.randint(MODES, (SAMPLES,), generator=source))["kl"] for _ in range(20)]
    real = data.load("stacked-mnist", 28, data_root, split="test").images[:SAMPLES]
    return {
        "uniform": {"kl": float(np.mean(draws)), "sd": float(np.std(draws))},
        "real": score(modes_of(real.permute(0, 2, 3, 1), classifier)),
    }


def measure(out: Path, device: str, data_root: str) -> dict[str, Any]:
    """Score the model in `out`, beside floors and goals."""
    model = load(out, device)
    classifier = load_classifier("mnist", model.device)
    parameters = sum(p.numel() for p in model.generator.parameters())
    found = score(modes_of(model.sample(SAMPLE_SEEDS), classifier))
    good = found["modes"] == MODES and found["kl"] <= MAX_KL and parameters <= MAX_PARAMETERS
    return {
        **found, "of": MODES, "samples": SAMPLES, "generator_parameters": parameters,
        "floors": floors(classifier, data_root), "classifier_accuracy": classifier.accuracy, "met": good,
    }  # fmt: skip


def main() -> int:
    """Run the benchmark. Returns 1 if a goal is missed."""
    parser = benchmark_parser(__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/stacked-mnist"), help="the run's folder")
    parser.add_argument("--images", type=positive_int, default=2_000_000, help="images shown, over all parts")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--data-root", default="data")
    args = parser.parse_args()
    config = Config(**RECIPE, images=args.images, device=args.device, data_root=args.data_root)
    if status := train.run(config, args.out, resume=holds_run(args.out)):
        return status
    metrics = json.loads((args.out / "metrics.json").read_text())
    result = {k: metrics[k] for k in ("images", "seconds", "device")}
    result |= measure(args.out, args.device, args.data_root)
    floor = result["floors"]
    print(f"{'':28}{'modes':>7}{'KL':>8}")
    print(f"{'ours':28}{result['modes']:7}{result['kl']:8.4f}  {result['generator_parameters']:,} parameters")
    print(f"{'real pictures':28}{floor['real']['modes']:7}{floor['real']['kl']:8.4f}")
    print(f"{'a uniform generator':28}{MODES:7}{floor['uniform']['kl']:8.4f}  +- {floor['uniform']['sd']:.4f}")
    print("met" if result["met"] else f"MISSED: {MODES} modes and KL at most {MAX_KL}")
    return report(result, args.json, result["met"])


if __name__ == "__main__":
    sys.exit(run_main(main))
