"""Seconds until digits are as good as the classic DCGAN's after an epoch.

    python -m benchmarks.time_to_quality [--seed 0] [--critic-norm none] [--data-root data] [--threads 2] [--json FILE]

First the preset `classic-dcgan` (BatchNorm in the generator, dropout in the critic, Adam 2e-4 with beta1 .5,
cross-entropy, batch 64, fp32; --critic-norm batch adds BatchNorm to the critic) is shown the 60,000 training digits
once. Then the preset `mnist`, its average over fewer images, trains until its Frechet distance, measured every so many
images, is no greater. Only training counts, not measuring. Distances are between 10,000 generated digits and the test
split, in the features of the shipped classifier; the floor is what as many training digits score. Ours is sampled from
its running average, as the app does; the classic recipe has none, so its generator itself is. Ours is told the classes,
as its preset has it; the classic recipe knows none.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import torch

from benchmarks.flags import count, guarded
from benchmarks.judge import Judge
from benchmarks.report import report
from gan.config import PRESETS, Config
from gan.evaluation.metrics.reference import load_reference
from gan.training.trainer import Trainer
from gan.training.validation import prepare

SAMPLES = 10_000
GOAL = 0.2  # of the classic recipe's time
EPOCH = 60_000  # images that the classic recipe is shown
EMA_IMAGES = 2_000  # half-life of our average: the preset's is long against so short a run


def distance(judge: Judge, trainer: Trainer, average: bool) -> float:
    """Of the trainer's average, or of its generator as it is, at seeds 0 to 9,999."""
    trainer.generator.eval()
    pictures = trainer.model(average).sample(range(judge.samples))
    trainer.generator.train()
    return judge(pictures)[0]


def train(trainer: Trainer, until: int) -> float:
    """Seconds of training until so many images are shown."""
    start = time.perf_counter()
    while trainer.shown < until:
        trainer.advance()
    return time.perf_counter() - start


def run(data_root: str, every: int, most: int, seed: int = 0, critic_norm: str = "none") -> dict:
    """Both arms, from one seed; `most`: images after which ours gives up."""
    judge = Judge(load_reference("mnist", 28, data_root, SAMPLES))
    print(f"{'':16}{'images':>8}{'seconds':>9}{'distance':>10}")
    _row("real digits", 0, 0.0, judge.floor)
    place = {"data_root": data_root, "device": "cpu", "seed": seed}
    classic = Trainer(*prepare(Config(**{**PRESETS["classic-dcgan"], **place, "critic_norm": critic_norm})))
    classic_seconds = train(classic, EPOCH)
    target = distance(judge, classic, average=False)
    _row("classic DCGAN", EPOCH, classic_seconds, target)
    ours = Trainer(*prepare(Config(**{**PRESETS["mnist"], **place, "ema_images": EMA_IMAGES})))
    seconds, curve = 0.0, []
    while not curve or (curve[-1]["distance"] > target and ours.shown < most):
        seconds += train(ours, ours.shown + every)
        curve.append({"images": ours.shown, "seconds": seconds, "distance": distance(judge, ours, average=True)})
        _row("ours", *curve[-1].values())
    reached = curve[-1]["distance"] <= target
    return {
        "seed": seed, "critic_norm": critic_norm, "samples": SAMPLES, "floor": judge.floor, "target": target,
        "classic_seconds": classic_seconds, "ours": curve, "reached": reached,
        "share": seconds / classic_seconds, "goal": GOAL, "met": reached and seconds <= GOAL * classic_seconds,
        "threads": torch.get_num_threads(),
    }  # fmt: skip


def _row(name: str, images: int, seconds: float, distance: float) -> None:
    print(f"{name:16}{images:8,}{seconds:9.1f}{distance:10.3f}", flush=True)


def main() -> int:
    """Run the benchmark; exit status 1 when the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0, help="of both trainings")
    parser.add_argument("--critic-norm", choices=("none", "batch"), default="none", help="of the classic recipe")
    parser.add_argument("--data-root", default="data")
    parser.add_argument("--threads", type=count, default=torch.get_num_threads(), help="torch's")
    parser.add_argument("--every", type=count, default=2_000, help="images between measurements of ours")
    parser.add_argument("--most", type=count, default=200_000, help="images after which ours gives up")
    parser.add_argument("--json", type=Path, help="also write the JSON here")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    result = run(args.data_root, args.every, args.most, args.seed, args.critic_norm)
    verdict = "met" if result["met"] else "MISSED"
    print(f"{verdict}: {result['share']:.2f} of the classic recipe's time; the goal is {GOAL}")
    return report(result, args.json, result["met"])


if __name__ == "__main__":
    sys.exit(guarded(main))
