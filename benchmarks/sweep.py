"""Losses compared: every loss on ring, grid and digits, with the same networks and seeds.

    python -m benchmarks.sweep [--seeds 2] [--points 1280000] [--images 60000] [--data-root data] [--json FILE]

On 2-D points: the plain 2-D pair with Adam at 1e-3; modes hit, share of points within three standard deviations of a
centre (quality), reverse KL of the modes' shares from uniform. On MNIST: the preset `classic-dcgan` in bf16, whose
critic (discriminator) has no batch normalisation, so that every penalty may be used; digits covered, and Frechet
distance between 5,000 generated and 5,000 test pictures in our classifier's features, beside that of 5,000 training
pictures. Each loss has the penalty, clipping, spectral normalisation and critic steps of its paper; the
optimiser is Adam for all, also for wgan, whose paper has RMSprop. The images that the critic sees are counted, so a
loss with five critic steps makes a fifth of the generator steps. Seconds are processor time on one thread. Resumable:
with --json, results in the file are not computed again.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import math
import sys
import time
from collections.abc import Callable
from typing import Any

import torch

from benchmarks.digit_evaluator import DigitEvaluator
from benchmarks.flags import benchmark_parser, positive_int, run_main
from benchmarks.result_cache import CacheError, ResultCache
from gan.config import Config
from gan.data.points import MIXTURES
from gan.evaluation.metrics.balance import covered, histogram
from gan.evaluation.metrics.modes import SAMPLES, coverage
from gan.evaluation.metrics.reference import load_reference
from gan.presets import PRESETS
from gan.training.losses import LOSSES
from gan.training.trainer import Trainer
from gan.training.validation import prepare

POINT_RECIPE: dict[str, Any] = {
    "network": "points", "batch_size": 256, "z_dim": 2, "learning_rate": 1e-3, "beta1": 0.0, "beta2": 0.9, "gamma": 0.1,
    "ema_images": 25_600, "precision": "fp32", "device": "cpu", "anneal": 0.5,
}  # fmt: skip
DIGIT_RECIPE: dict[str, Any] = {
    **{k: v for k, v in PRESETS["classic-dcgan"].items() if k not in ("loss", "penalty")},
    "precision": "bf16", "gamma": 1.0, "device": "cpu",
}  # fmt: skip
PICTURES = 5_000  # compared with as many real ones


def train(config: Config) -> tuple[Trainer, float]:
    """Train to the end, or until a loss is not finite. Returns the trainer and the processor seconds."""
    trainer = Trainer(*prepare(config))
    start = time.process_time()
    while trainer.shown < config.images:
        critic, generator = trainer.advance()
        assert critic and generator, "a whole step moves both"
        if not math.isfinite(critic.critic_loss) or not math.isfinite(generator.generator_loss):
            break
    return trainer, time.process_time() - start


def run_points(distribution: str, loss: str, seed: int, images: int) -> dict[str, Any]:
    """Return the result of a loss on a distribution of 2-D points."""
    settings = {**POINT_RECIPE, **LOSSES[loss].customary}
    trainer, seconds = train(Config(**settings, loss=loss, dataset=distribution, images=images, seed=seed))
    found = coverage(trainer.points(range(10**6, 10**6 + SAMPLES)).nan_to_num(1e9), MIXTURES[distribution])
    kl = found.kl if math.isfinite(found.kl) else None
    return {**dataclasses.asdict(found), "kl": kl, "seconds": seconds}


def run_digits(loss: str, seed: int, images: int, data_root: str) -> dict[str, Any]:
    """Return the result of a loss on MNIST."""
    settings = {**DIGIT_RECIPE, **LOSSES[loss].customary, "data_root": data_root}
    trainer, seconds = train(Config(**{**settings, "loss": loss, "images": images, "seed": seed}))
    evaluator = digit_evaluator(data_root)
    numbers = {"floor": evaluator.floor, "samples": evaluator.samples, "seconds": seconds}
    return {**evaluate(trainer, evaluator), **numbers}


@functools.cache
def digit_evaluator(data_root: str) -> DigitEvaluator:
    """Return an evaluator of `PICTURES` digits."""
    return DigitEvaluator(load_reference("mnist", 28, data_root, PICTURES))


def evaluate(trainer: Trainer, evaluator: DigitEvaluator) -> dict[str, Any]:
    """Return the digits covered by the trainer's averaged generator, and its Frechet distance.

    The distance is None for a generator that is not finite, whose pictures would be black.
    """
    if not all(bool(tensor.isfinite().all()) for tensor in trainer.average.state_dict().values()):
        return {"modes": 0, "of": 10, "frechet": None}
    distance, digits = evaluator.evaluate(trainer.model().sample(range(evaluator.samples)))
    return {"modes": covered(histogram(digits, 10)), "of": 10, "frechet": distance}


def table(results: dict[str, Any]) -> str:
    """Format results as Markdown, one row per loss: the range over seeds, but the mean of the seconds.

    An average would mislead: a loss that finds one digit with one seed and ten with another has not found five.
    """
    floors = [found["floor"] for name, found in results.items() if name.startswith("mnist/")]
    third = f"MNIST: digits, Frechet distance (floor {sum(floors) / len(floors):.2f})" if floors else "MNIST"
    mixtures = (f"{distribution}: modes, quality, KL" for distribution in MIXTURES)
    lines = [f"| loss | {' | '.join(mixtures)} | {third} | seconds |", "|---|---|---|---|---|"]
    for loss in LOSSES:
        row, seconds = [loss], []
        for dataset in (*MIXTURES, "mnist"):
            found = [result for name, result in results.items() if name.startswith(f"{dataset}/{loss}/")]
            row.append(_cell(dataset, found) if found else "")
            if found:
                seconds.append(f"{sum(f['seconds'] for f in found) / len(found):.0f}")
        lines.append(f"| {' | '.join(row)} | {', '.join(seconds)} |")
    return "\n".join(lines)


def _cell(dataset: str, found: list[dict[str, Any]]) -> str:
    modes = _span([f["modes"] for f in found], str)
    if dataset != "mnist":
        kl = [math.inf if f["kl"] is None else f["kl"] for f in found]
        second = f"{_span([100 * f['quality'] for f in found], '{:.0f}'.format)} %, {_span(kl, '{:.2f}'.format)}"
    else:
        distances = [math.inf if f["frechet"] is None else f["frechet"] for f in found]
        second = _span(distances, lambda value: f"{value:.1f}" if math.isfinite(value) else "not finite")
    return f"{modes} of {found[0]['of']}, {second}"


def _span(values: list[float], text: Callable[[float], str]) -> str:
    low, high = text(min(values)), text(max(values))
    return low if low == high else f"{low} to {high}"


def settings_of(points: int, images: int) -> dict[str, Any]:
    """Return all that decides a result besides data set, loss and seed, as JSON values."""
    customary = {name: dict(loss.customary) for name, loss in LOSSES.items()}
    return {
        "points": points,
        "images": images,
        "point_recipe": POINT_RECIPE,
        "digit_recipe": DIGIT_RECIPE,
        "losses": customary,
    }


def main() -> int:
    """Run the benchmark and print README's table."""
    parser = benchmark_parser(__doc__, json_help="keep results in this file, and reuse those in it")
    parser.add_argument("--seeds", type=positive_int, default=2)
    parser.add_argument("--points", type=positive_int, default=1_280_000, help="points shown per distribution and loss")
    parser.add_argument("--images", type=positive_int, default=60_000, help="digits shown per loss")
    parser.add_argument("--data-root", default="data")
    args = parser.parse_args()
    torch.set_num_threads(1)
    settings = settings_of(args.points, args.images)
    try:
        cache = ResultCache(args.json, settings)
    except CacheError as error:
        parser.error(str(error))
    results: dict[str, Any] = {}
    for seed in range(args.seeds):
        for dataset in (*MIXTURES, "mnist"):
            for loss in LOSSES:
                name = f"{dataset}/{loss}/{seed}"
                result = cache.get(name)
                if result is None:
                    if dataset == "mnist":
                        result = run_digits(loss, seed, args.images, args.data_root)
                    else:
                        result = run_points(dataset, loss, seed, args.points)
                    print(name, {k: round(v, 3) if isinstance(v, float) else v for k, v in result.items()}, flush=True)
                    cache.add(name, result)
                results[name] = result
    print(table(results))
    print(json.dumps(results, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(run_main(main))
