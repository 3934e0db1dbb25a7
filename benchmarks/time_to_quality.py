"""Time to quality: seconds until our digits are as good as those of the classic DCGAN after one epoch.

    python -m benchmarks.time_to_quality [--seed 0] [--critic-norm none] [--data-root data] [--threads 2] [--json FILE]

First the preset `classic-dcgan` (BatchNorm in the generator, dropout in the critic (discriminator), Adam 2e-4 with
beta1 .5, cross-entropy, batch 64, fp32; --critic-norm batch adds BatchNorm to the critic) trains on the 60,000 training
digits once. Then the preset `mnist`, with its average over fewer images, trains until its Frechet distance is no
greater; it is measured every so many images. Only training is timed. Distances are between 10,000 generated digits and
the test split, in the features of the shipped classifier; the floor is the distance of as many training digits. Our
samples are those of the moving average, as in the app; the classic recipe has no average. Ours is conditional on the
classes, as in its preset; the classic recipe is not.
"""

from __future__ import annotations

import math
import sys
import time

import torch

from benchmarks.digit_evaluator import DigitEvaluator
from benchmarks.flags import benchmark_parser, positive_int, run_main
from benchmarks.report import report
from gan.config import Config
from gan.evaluation.metrics.reference import load_reference
from gan.presets import PRESETS
from gan.training.trainer import Trainer
from gan.training.validation import prepare

SAMPLES = 10_000
GOAL = 0.2  # share of the classic recipe's time
EPOCH = 60_000  # images that the classic recipe trains on
EMA_IMAGES = 2_000  # half-life of our average: the preset's is too long for so short a run


def distance(evaluator: DigitEvaluator, trainer: Trainer, average: bool) -> float:
    """Measure the distance of the trainer's average, or of its generator itself, with seeds from 0 on."""
    trainer.generator.eval()
    pictures = trainer.model(average).sample(range(evaluator.samples))
    trainer.generator.train()
    return evaluator.evaluate(pictures)[0]


def train(trainer: Trainer, until: int) -> float:
    """Train until so many images are shown and return the seconds."""
    start = time.perf_counter()
    while trainer.shown < until:
        trainer.advance()
    return time.perf_counter() - start


def run(data_root: str, every: int, limit: int, seed: int = 0, critic_norm: str = "none") -> dict:
    """Run both arms with one seed. limit: images after which ours gives up."""
    evaluator = DigitEvaluator(load_reference("mnist", 28, data_root, SAMPLES))
    print(f"{'':16}{'images':>8}{'seconds':>9}{'distance':>10}")
    _row("real digits", 0, 0.0, evaluator.floor)
    common = {"data_root": data_root, "device": "cpu", "seed": seed}
    classic = Trainer(*prepare(Config(**{**PRESETS["classic-dcgan"], **common, "critic_norm": critic_norm})))
    classic_seconds = train(classic, EPOCH)
    target = distance(evaluator, classic, average=False)
    _row("classic DCGAN", EPOCH, classic_seconds, target)
    ours = Trainer(*prepare(Config(**{**PRESETS["mnist"], **common, "ema_images": EMA_IMAGES})))
    seconds, found = 0.0, math.inf
    curve: list[dict[str, float]] = []
    while not curve or (found > target and ours.shown < limit):
        seconds += train(ours, ours.shown + every)
        found = distance(evaluator, ours, average=True)
        curve.append({"images": ours.shown, "seconds": seconds, "distance": found})
        _row("ours", ours.shown, seconds, found)
    reached = found <= target
    return {
        "seed": seed, "critic_norm": critic_norm, "samples": SAMPLES, "floor": evaluator.floor, "target": target,
        "classic_seconds": classic_seconds, "ours": curve, "reached": reached,
        "share": seconds / classic_seconds, "goal": GOAL, "met": reached and seconds <= GOAL * classic_seconds,
        "threads": torch.get_num_threads(),
    }  # fmt: skip


def _row(name: str, images: int, seconds: float, distance: float) -> None:
    print(f"{name:16}{images:8,}{seconds:9.1f}{distance:10.3f}", flush=True)


def main() -> int:
    """Run the benchmark. Returns 1 if the goal is missed."""
    parser = benchmark_parser(__doc__)
    parser.add_argument("--seed", type=int, default=0, help="seed of both trainings")
    parser.add_argument("--critic-norm", choices=("none", "batch"), default="none", help="norm of the classic critic")
    parser.add_argument("--data-root", default="data")
    parser.add_argument("--threads", type=positive_int, default=torch.get_num_threads(), help="threads that torch uses")
    parser.add_argument("--every", type=positive_int, default=2_000, help="images between measurements of ours")
    parser.add_argument("--limit", type=positive_int, default=200_000, help="images after which ours gives up")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    result = run(args.data_root, args.every, args.limit, args.seed, args.critic_norm)
    verdict = "met" if result["met"] else "MISSED"
    print(f"{verdict}: {result['share']:.2f} of the classic recipe's time; the goal is {GOAL}")
    return report(result, args.json, result["met"])


if __name__ == "__main__":
    sys.exit(run_main(main))
