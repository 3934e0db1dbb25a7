"""A start from a model: 200 faces with glasses, learnt from scratch and from the weights of a model.

    python -m benchmarks.start MODEL [--arms scratch,model] [--images 100000] [--every 5000] [--seed 0] [--threads 2]
        [--work runs/start] [--json FILE]

MODEL is a folder or hub:USER/NAME[@REVISION], a model of 64 pixels in colour, such as weights/faces. Writes 200
pictures of the data set `faces`, all with glasses, into WORK/glasses, and trains on that folder twice: with random
weights, and with those of MODEL. Both have the same network and the recipe for few pictures, mirrored and adaptively
augmented. Every so many images the moving average is measured: the Frechet distance of 2,000 generated faces to as
many other faces with glasses, none of which was trained on, in the features of the shipped classifier; the floor is
that of 2,000 more. Minutes are those of training alone. Each run's model folder stays in WORK. Resumable: with
--json, measurements in the file are not repeated, and a run that was stopped goes on from its last one.
"""

from __future__ import annotations

import dataclasses
import math
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from benchmarks.flags import benchmark_parser, names_from, positive_int, run_main
from benchmarks.report import report
from benchmarks.result_cache import CacheError, ResultCache
from gan.config import Config
from gan.data import faces
from gan.data.dataset import Dataset
from gan.data.folder import load_folder
from gan.data.seeded import Choice
from gan.evaluation.evaluate import Evaluator
from gan.evaluation.metrics.classifier import load_classifier
from gan.evaluation.metrics.face_attributes import AttributeFeatures
from gan.evaluation.metrics.reference import Reference
from gan.models.model import Model
from gan.train_flags import find_model
from gan.training.best import MEASURED, Measure
from gan.training.checkpoint import holds_run
from gan.training.control import Control
from gan.training.events import Evaluated, Stepped
from gan.training.loop import run
from gan.training.start import SHAPES
from gan.training.trainer import Trainer
from gan.training.validation import prepare

ARMS = ("scratch", "model")
PICTURES, SAMPLES = 200, 2_000
RECIPE: dict[str, Any] = {
    "loss": "relativistic", "penalty": "r1+r2", "penalty_every": 4, "batch_size": 16, "mirror": True,
    "augment": "color,translation", "augment_target": 0.6, "augment_images": 20_000, "ema_images": 10_000,
    "precision": "bf16",
}  # fmt: skip
MINUTES = 30  # by then there must be something good


def with_glasses(split: str, count: int) -> list[int]:
    """Return the first `count` seeds of a split whose faces wear glasses."""
    seeds = np.asarray(faces.SEEDS[split])
    glasses = faces.ATTRIBUTES["glasses"]
    assert isinstance(glasses, Choice)
    return seeds[faces.attributes(seeds)["glasses"] != glasses.names.index("none")][:count].tolist()


def pictures(seeds: list[int]) -> Dataset:
    """Return the faces of these seeds, without classes."""
    images = torch.from_numpy(faces.draw(seeds)).permute(0, 3, 1, 2).contiguous()
    return Dataset("faces", images, torch.zeros(len(seeds), dtype=torch.int64), ())


def write_folder(folder: Path, seeds: list[int]) -> None:
    """Write a PNG of each seed's face into the folder, in place of what was there."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for seed, picture in zip(seeds, faces.draw(seeds), strict=True):
        Image.fromarray(picture).save(folder / f"{seed}.png")


def measurement(trained_on: Dataset, seeds: list[int]) -> Measure:
    """Return a function that measures models; seeds: of training faces with glasses, for the floor."""
    compared, floor = pictures(with_glasses("test", SAMPLES)), pictures(seeds)
    real = Reference("test", trained_on, compared, floor, trained_on, compared)
    evaluator = Evaluator(load_classifier("faces"), real, AttributeFeatures())
    return lambda model: evaluator.measure(model, MEASURED)


def train(config: Config, model: Model | None, out: Path, measure: Measure, arm: str, cache: ResultCache) -> list[Any]:
    """Train in the folder `out`, or go on there; return a dict of numbers for each measurement, which are in the cache.

    model: to begin with, None for random weights.
    """
    config, dataset = prepare(config)
    trainer = Trainer(config, dataset)
    points = (cache.get(arm) or {"points": []})["points"]
    if points and holds_run(out):
        trainer.restore(out / "checkpoint")
        points = [point for point in points if point["images"] <= trainer.shown]
    else:
        points = []
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        if model:
            trainer.begin_with(model)
    for event in run(trainer, len(dataset.images), (), out, Control(), measure=measure):
        if isinstance(event, Stepped):
            minutes, augmented = event.seconds / 60, event.augment_probability
        elif isinstance(event, Evaluated):
            found = dataclasses.asdict(event)
            point = {"images": found.pop("shown"), "minutes": minutes, **found, "augment_probability": augmented}
            points.append(point)
            cache.add(arm, {"points": points})
            show(arm, point)
    return points


def show(arm: str, point: dict[str, Any]) -> None:
    """Print a measurement."""
    print(
        f"{arm:10}{point['images']:9,}{point['minutes']:9.1f}{point['frechet_distance']:10.3f}"
        f"{point['frechet_floor']:8.3f}{point['precision']:11.3f}{point['recall']:8.3f}",
        flush=True,
    )


def best_within(points: list[dict[str, Any]], minutes: float) -> float:
    """Return the least distance that was measured in so many minutes of training, infinity for none."""
    return min((point["frechet_distance"] for point in points if point["minutes"] <= minutes), default=math.inf)


def main() -> int:
    """Run the benchmark. Returns 1 unless the model's start is the nearer one after half an hour."""
    parser = benchmark_parser(__doc__, json_help="keep measurements in this file, and reuse those in it")
    parser.add_argument("model", metavar="MODEL", help="a model folder, or hub:USER/NAME[@REVISION]")
    parser.add_argument("--arms", type=names_from(ARMS), default=list(ARMS), help="joined by commas")
    parser.add_argument("--images", type=positive_int, default=100_000, help="images shown in each run")
    parser.add_argument("--every", type=positive_int, default=5_000, help="images between measurements")
    parser.add_argument("--seed", type=int, default=0, help="seed of both runs")
    parser.add_argument("--threads", type=positive_int, default=torch.get_num_threads(), help="threads that torch uses")
    parser.add_argument("--work", type=Path, default=Path("runs/start"), help="folder of pictures and runs")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    settings = {"model": args.model, "recipe": RECIPE, "images": args.images, "every": args.every, "seed": args.seed}
    try:
        cache = ResultCache(args.json, settings)
    except CacheError as error:
        parser.error(str(error))
    model = find_model(args.model)
    if not isinstance(model, Model):
        parser.error(f"{args.model} translates pictures: choose a model that generates them")
    shapes = {name: getattr(model.config, name) for name in SHAPES}
    seeds, folder = with_glasses("train", PICTURES + SAMPLES), args.work / "glasses"
    write_folder(folder, seeds[:PICTURES])
    measure = measurement(load_folder(folder, faces.RESOLUTION, print), seeds[PICTURES:])
    print(f"{'':10}{'images':>9}{'minutes':>9}{'Frechet':>10}{'floor':>8}{'precision':>11}{'recall':>8}")
    arms: dict[str, list[dict[str, Any]]] = {}
    for arm in args.arms:
        config = Config(
            **{**RECIPE, **shapes}, dataset=str(folder), images=args.images, measure_images=args.every,
            checkpoint_images=args.every, sample_images=args.images, seed=args.seed, device="cpu",
            init=args.model if arm == "model" else "",
        )  # fmt: skip
        arms[arm] = train(config, model if arm == "model" else None, args.work / arm, measure, arm, cache)
    best = {arm: best_within(points, MINUTES) for arm, points in arms.items()}
    met = best.get("model", math.inf) < best.get("scratch", math.inf)
    told = ", ".join(f"{arm} {distance:.3f}" for arm, distance in best.items())
    print(f"{'met' if met else 'MISSED'}: least distance in {MINUTES} minutes: {told}; the model's is to be less")
    finite = {arm: distance if math.isfinite(distance) else None for arm, distance in best.items()}
    result = {"best_within_30_minutes": finite, "met": met, "threads": args.threads, "arms": arms}
    return report(settings | result, None, met)


if __name__ == "__main__":
    sys.exit(run_main(main))
