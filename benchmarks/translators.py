"""Translators beside each other: our preset, pairs, one direction and CycleGAN's own recipe, each for the same seconds.

    python -m benchmarks.translators [--pairs beard,flat-to-3d] [--recipes ours,paired] [--seconds 600] [--json FILE]

Each recipe learns from the same pairs, at one size, for so many seconds of processor time of one thread, and is then
measured as `python -m gan.evaluate` does, on held-out pairs:

  ours         the preset of the pairs, from two sets that are no pairs: its own objective, or --objective cycle
  contrastive  the same with --objective contrastive, which has no way back
  paired       the same with --objective paired: what pairs would bring
  cyclegan     the preset cyclegan, a plain form of CycleGAN's own recipe, on the same two sets

None is told attributes, which a preset may read besides: CycleGAN's recipe knows nothing of them either.
Only training is timed. Learning rates fall to 0 at the end of the time, which a second of training before foretells.
Goals: ours is 1 dB nearer to the truth than cyclegan, or a fifth by the Frechet distance to B; and shows twice as many
pictures a second. Resumable: with --json, runs in the file are not repeated.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import torch

from benchmarks.flags import benchmark_parser, names_from, positive_int, positive_seconds, run_main
from benchmarks.report import report
from benchmarks.result_cache import CacheError, ResultCache
from gan.config import RESOLUTIONS, Config
from gan.data import PAIRS
from gan.data.domains import TrainingSet
from gan.evaluation.evaluate_translator import evaluate_translator
from gan.presets import PRESETS
from gan.training.objectives import OBJECTIVES
from gan.training.trainer import Trainer
from gan.training.validation import prepare

RECIPES = ("ours", "contrastive", "paired", "cyclegan")
COMPARED = [name for name in PAIRS if name in PRESETS]
WARM = 4  # steps before the clock runs
FORETOLD = 1.0  # seconds of processor time that foretell how many images there is time for
DECIBELS, CLOSER, FASTER = 1.0, 0.8, 2.0  # goals beside cyclegan: gain, share of its distance, times its pictures
COLUMNS = (  # of the table: a measurement, its title, its width
    ("images", "images", 9),
    ("images_per_second", "a second", 10),
    ("psnr", "PSNR", 8),
    ("psnr_changed", "changed", 9),
    ("frechet_to_b", "Frechet", 9),
    ("cycle_error", "cycle", 8),
)


def config_of(recipe: str, pairs: str, resolution: int, seed: int) -> Config:
    """Return the config of a recipe on pairs, as the command line would make it."""
    own = PRESETS["cyclegan" if recipe == "cyclegan" else pairs]
    of_preset = own.get("objective", Config.objective)
    unpaired = Config.objective if OBJECTIVES[of_preset].paired else of_preset
    objective = {"ours": unpaired, "cyclegan": "cycle"}.get(recipe, recipe)
    customary = {} if of_preset == objective else OBJECTIVES[objective].customary
    shared = {"dataset": pairs, "objective": objective, "resolution": resolution, "seed": seed, "device": "cpu"}
    return Config(**{**own, **customary, **shared, "attribute_weight": 0.0})


def train(config: Config, dataset: TrainingSet | None, seconds: float) -> tuple[Trainer, TrainingSet, float]:
    """Train for so many seconds of processor time; return what was trained, on what, and the images a second."""
    config, dataset = prepare(config, dataset=dataset)
    foretold = Trainer(config, dataset)
    for _ in range(WARM):
        foretold.advance()
    begun, before = time.process_time(), foretold.shown
    while time.process_time() - begun < min(FORETOLD, seconds):
        foretold.advance()
    rate = (foretold.shown - before) / (time.process_time() - begun)
    trainer = Trainer(Config(**{**vars(config), "images": max(int(rate * seconds), config.batch_size)}), dataset)
    begun = time.process_time()
    while (used := time.process_time() - begun) < seconds:
        trainer.advance()
    return trainer, dataset, trainer.shown / used


def measure(trainer: Trainer, rate: float, samples: int) -> dict[str, Any]:
    """Return a run's images, in all and a second, its weights, and what `gan.evaluate` measures on held-out pairs."""
    found = evaluate_translator(trainer.model(), samples=samples)
    weights = sum(p.numel() for p in trainer.generator.parameters())
    return {"images": trainer.shown, "images_per_second": round(rate, 1), "generator_parameters": weights, **found}


def beside(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """Return what ours gains over CycleGAN's recipe, and whether that is what was asked for."""
    gain = ours["psnr"] - theirs["psnr"]
    mine, other = ours.get("frechet_to_b"), theirs.get("frechet_to_b")
    share = None if mine is None or other is None else mine / other
    faster = ours["images_per_second"] / theirs["images_per_second"]
    nearer = gain >= DECIBELS or (share is not None and share <= CLOSER)
    return {"gain_db": gain, "frechet_share": share, "times_faster": faster, "met": nearer and faster >= FASTER}


def _row(name: str, found: dict[str, Any]) -> None:
    cells = []
    for measurement, _, width in COLUMNS:
        value = found.get(measurement)
        text = "–" if value is None else f"{value:,}" if isinstance(value, int) else f"{value:.2f}"
        cells.append(f"{text:>{width}}")
    print(f"{name:32}{''.join(cells)}", flush=True)


def main() -> int:
    """Run the benchmark. Returns 1 if a goal is missed; without cyclegan there is none."""
    parser = benchmark_parser(__doc__, json_help="keep results in this file, and reuse those in it")
    parser.add_argument("--pairs", type=names_from(COMPARED), default=["beard", "flat-to-3d"], help="joined by commas")
    parser.add_argument("--recipes", type=names_from(RECIPES), default=list(RECIPES), help="joined by commas")
    parser.add_argument("--seconds", type=positive_seconds, default=600.0, help="of training, for each")
    parser.add_argument("--resolution", type=int, choices=RESOLUTIONS, default=32)
    parser.add_argument("--samples", type=positive_int, default=500, help="held-out pairs that are measured, at most")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.set_num_threads(1)
    settings = {name: getattr(args, name) for name in ("seconds", "resolution", "samples", "seed")}
    configs = {
        f"{pairs}/{recipe}": config_of(recipe, pairs, args.resolution, args.seed)
        for pairs in args.pairs
        for recipe in args.recipes
    }
    try:
        cache = ResultCache(
            args.json, {**settings, "presets": {name: PRESETS[name] for name in (*COMPARED, "cyclegan")}}
        )
    except CacheError as error:
        parser.error(str(error))
    print(" " * 32 + "".join(f"{title:>{width}}" for _, title, width in COLUMNS))
    runs: dict[str, Any] = {}
    loaded: dict[tuple[str, bool], TrainingSet] = {}
    for name, config in configs.items():
        found = cache.get(name)
        if found is None:
            key = config.dataset, OBJECTIVES[config.objective].paired
            trainer, loaded[key], rate = train(config, loaded.get(key), args.seconds)
            cache.add(name, found := measure(trainer, rate, args.samples))
        if name.split("/")[0] not in {known.split("/")[0] for known in runs}:
            untouched = {key.removesuffix("_untouched"): value for key, value in found.items() if "_untouched" in key}
            _row(f"{config.dataset}, left as it was", untouched)
        runs[name] = found
        _row(name, found)
    compared = {
        pairs: beside(runs[f"{pairs}/ours"], runs[f"{pairs}/cyclegan"])
        for pairs in args.pairs
        if {f"{pairs}/ours", f"{pairs}/cyclegan"} <= runs.keys()
    }
    for pairs, one in compared.items():
        verdict = "met" if one["met"] else "MISSED"
        print(f"{pairs}: {verdict}, {one['gain_db']:+.2f} dB and {one['times_faster']:.2f} times as fast as cyclegan")
    return report(
        {**settings, "runs": runs, "beside_cyclegan": compared}, None, all(c["met"] for c in compared.values())
    )


if __name__ == "__main__":
    sys.exit(run_main(main))
