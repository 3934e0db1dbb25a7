"""Lessons of the Train tab: do they happen, and do their cures help? Seeds 0 to 4, on points, digits and a translation.

    python -m benchmarks.lessons [--lessons collapse,minimax] [--data ring,grid] [--seeds 5] [--json FILE]

Trains as the tab does (`gan.live.lessons`, one thread) and measures as it does (`gan.live.views`), every few steps,
then takes the lesson's cure and goes on. Asked for, in steps, so that it holds on any machine:

  collapse  half of the modes or fewer, all the time, for HOLD steps; on points that is 30 s even on a machine that is
            quick, for the tab waits between steps. Cured, four fifths of the modes
  minimax   the generator's gradient under 1e-3 of that of the first step, for the second half of the time; cured, above
            a tenth of it
  wgan      under 30 % high quality, all the time, with every mode of the ring in the second half of it; of pictures,
            a Frechet distance that the cure brings to less than three quarters
  classic   modes that were found are lost again, FALLS times and more; cured, in its second half on average four fifths
            of the modes; of pictures, fixed seeds that change less than three quarters as fast, and a lower distance
  modern    every mode
  cycle     held-out pictures end 2 dB nearer to their truth than they were; pairs the same
  no-cycle  a cycle error of 1.5 times what it is once it is cured

A digit's mode is its class, as our own classifier sees it. Resumable: with --json, runs in the file are not repeated.
"""

from __future__ import annotations

import math
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from benchmarks.flags import benchmark_parser, names_from, positive_int, run_main
from benchmarks.report import report
from benchmarks.result_cache import CacheError, ResultCache
from gan.live.lessons import LESSONS, PICTURES, POINTS, config_of, story_of
from gan.live.viewers import viewer_of
from gan.training.trainer import Trainer
from gan.training.validation import prepare

DATA = ("ring", "grid", "mnist-10k", "beard-close-up", "sketch-one-palette")
HOLD = {"ring": 6_000, "grid": 4_000, "mnist-10k": 600}  # steps of a trouble
QUALITY = 0.30  # share of points that clipped weights stay under
FADED, BACK = 1e-3, 0.1  # of the first gradient: under which it has vanished, above which it is back
RECOVERED = 0.8  # of the modes
FALLS = 4  # measurements that find fewer modes than the one before
CALMER = 0.75  # share of changes and of distances, once cured
DECIBELS = 2.0  # that translations come nearer to the truth
DRIFT = 1.5  # times the cycle error with a cycle


@dataclass(frozen=True)
class Row:
    """One measurement. gradient: the generator's, the median of the steps since the one before.

    frechet, change: of pictures; the latter in levels, of those of fixed seeds since the measurement before. psnr,
    cycle_error: of a translation.
    """

    step: int
    modes: int
    of: int
    quality: float
    gradient: float
    psnr: float = math.nan
    cycle_error: float = math.nan
    frechet: float = math.nan
    change: float = math.nan


@dataclass(frozen=True)
class Course:
    """A lesson's run. trouble, cured: its measurements; first: the first step's gradient; ms: of processor, a step.

    untouched: of a translation the PSNR of pictures that are left as they were.
    """

    trouble: list[Row]
    cured: list[Row]
    first: float
    ms: float
    untouched: float = math.nan


@dataclass(frozen=True)
class Trial:
    """A lesson's test. steps, cured: how long each lasts, by data set; every: steps between measurements."""

    steps: dict[str, int]
    cured: dict[str, int]
    every: dict[str, int]
    judge: Callable[[Course], tuple[bool, str]]


def held_modes(course: Course) -> tuple[bool, str]:
    """Judge a collapse: never more than half of the modes, and most of them once it is cured."""
    most, of = max(row.modes for row in course.trouble), course.trouble[0].of
    best = max(row.modes for row in course.cured)
    enough = math.ceil(RECOVERED * of)
    after = next((row.step for row in course.cured if row.modes >= enough), None)
    told = f"at most {most} of {of}; cured {best}, {enough} after {after} steps"
    return most <= of / 2 and after is not None, told


def lost_gradient(course: Course) -> tuple[bool, str]:
    """Judge a vanishing gradient: gone for the second half, and back once it is cured."""
    shares = [row.gradient / course.first for row in course.trouble]
    gone = next((row.step for row, share in zip(course.trouble, shares, strict=True) if share < FADED), None)
    worst = max(shares[len(shares) // 2 :])
    back = next((row.step for row in course.cured if row.gradient > BACK * course.first), None)
    most = max(row.modes for row in course.cured)
    told = f"gone after {gone} steps, then at most {worst:.1e}; cured, back after {back}, {most} modes"
    return worst < FADED and back is not None, told


def kept_blurred(course: Course) -> tuple[bool, str]:
    """Judge clipped weights: few points of high quality, and all modes of a ring.

    So few of the points measured lie in a mode that now and then one has none: the second half counts as a whole.
    Pictures have no modes to lie in: `stayed_soft`.
    """
    if not math.isnan(course.trouble[0].frechet):
        return stayed_soft(course)
    of = course.trouble[0].of
    modes = max(row.modes for row in course.trouble[len(course.trouble) // 2 :])
    most = max(row.quality for row in course.trouble)
    best = max(row.quality for row in course.cured)
    told = f"quality at most {most:.2f}, {modes} of {of} modes; cured {best:.2f}"
    return most < QUALITY and (of > 8 or modes == of), told


def stayed_soft(course: Course) -> tuple[bool, str]:
    """Judge clipped weights on pictures: how much nearer the cure brings them."""
    before, after = course.trouble[-1].frechet, course.cured[-1].frechet
    return after < CALMER * before, f"Frechet distance {before:.1f}; cured {after:.1f}"


def came_and_went(course: Course) -> tuple[bool, str]:
    """Judge the classic recipe: what it found it loses again, and less so once it is cured."""
    before, after = (rows[len(rows) // 2 :] for rows in (course.trouble, course.cured))
    modes = [row.modes for row in course.trouble]
    falls = sum(later < earlier for earlier, later in zip(modes, modes[1:], strict=False))
    held, kept = (statistics.fmean(row.modes for row in rows) for rows in (before, after))
    told = f"{falls} falls, {held:.1f} modes; cured {kept:.1f}"
    if math.isnan(before[-1].frechet):
        calm = kept >= RECOVERED * course.trouble[0].of
    else:
        change, less = (statistics.median(row.change for row in rows) for rows in (before, after))
        distance, nearer = before[-1].frechet, after[-1].frechet
        calm = less < CALMER * change and nearer < distance
        told += f", changes of {change:.1f} and {less:.1f} levels, Frechet distance {distance:.1f} and {nearer:.1f}"
    return falls >= FALLS and kept > held and calm, told


def found_all(course: Course) -> tuple[bool, str]:
    """Judge the recipe that works: every mode."""
    best = max(course.trouble, key=lambda row: row.modes)
    last = course.trouble[-1]
    told = f"{best.modes} of {best.of} after {best.step} steps; {last.modes} in the end, quality {last.quality:.2f}"
    return best.modes == best.of, told


def came_nearer(course: Course) -> tuple[bool, str]:
    """Judge a translation that is learnt: held-out pictures come near to what nobody showed it."""
    seen = next((row.step for row in course.trouble if row.psnr - course.untouched >= DECIBELS), None)
    last = course.trouble[-1]
    told = (
        f"{last.psnr:.2f} dB in the end, left as it was {course.untouched:.2f}; {DECIBELS:g} dB nearer after {seen} "
        f"steps; cycle error {last.cycle_error:.1f}"
    )
    return last.psnr - course.untouched >= DECIBELS, told


def lost_itself(course: Course) -> tuple[bool, str]:
    """Judge a missing cycle: pictures do not come back, and do once it is cured."""
    worst, after = course.trouble[-1].cycle_error, course.cured[-1].cycle_error
    back = next((row.step for row in course.cured if row.cycle_error * DRIFT <= worst), None)
    told = f"cycle error {worst:.1f}; cured {after:.1f}, low after {back} steps, {course.cured[-1].psnr:.2f} dB"
    return worst >= DRIFT * after, told


EVERY = {"ring": 20, "grid": 20, "mnist-10k": 25, "beard-close-up": 50, "sketch-one-palette": 50}
TRIALS = {
    "collapse": Trial(HOLD, {"ring": 1_500, "grid": 5_000, "mnist-10k": 300}, EVERY, held_modes),
    "minimax": Trial(
        {"ring": 500, "grid": 500, "mnist-10k": 300}, {"ring": 300, "grid": 300, "mnist-10k": 50}, EVERY, lost_gradient
    ),
    "classic": Trial(
        {"ring": 1_500, "grid": 1_500, "mnist-10k": 600},
        {"ring": 1_500, "grid": 5_000, "mnist-10k": 600},
        EVERY,
        came_and_went,
    ),
    "wgan": Trial(
        {"ring": 1_000, "grid": 1_000, "mnist-10k": 400},
        {"ring": 1_500, "grid": 1_500, "mnist-10k": 800},
        EVERY,
        kept_blurred,
    ),
    "modern": Trial({"ring": 1_000, "grid": 5_000, "mnist-10k": 600}, {}, EVERY, found_all),
    "cycle": Trial({"beard-close-up": 400, "sketch-one-palette": 400}, {}, EVERY, came_nearer),
    "pairs": Trial({"beard-close-up": 200, "sketch-one-palette": 200}, {}, EVERY, came_nearer),
    "no-cycle": Trial({"beard-close-up": 200}, {"beard-close-up": 200}, EVERY, lost_itself),
}


def watch(preset: str, dataset: str, seed: int, trial: Trial) -> Course:
    """Run a lesson and its cure."""
    config, data = prepare(config_of(preset, dataset, {"seed": seed}))
    trainer, viewer = Trainer(config, data), viewer_of(data, dataset)
    behind = viewer.backdrop().numbers
    of = behind.get("modes_of") or behind.get("classes_of", 0)
    begun = time.process_time()
    first = math.nan
    shown: np.ndarray | None = None

    def go(steps: int) -> list[Row]:
        nonlocal first, shown
        rows, gradients = [], []
        for step in range(1, steps + 1):
            _, generator = trainer.advance()
            assert generator is not None
            gradients.append(float(generator.generator_gradient))
            first = gradients[0] if math.isnan(first) else first
            if step % trial.every[dataset] == 0:
                found = viewer.measure(trainer)
                modes = found.get("modes", found.get("classes_found", 0))
                psnr, cycle, frechet = (found.get(name, math.nan) for name in ("psnr", "cycle_error", "frechet"))
                quality = found.get("quality", math.nan)
                before, shown = shown, viewer.look(trainer).arrays.get("pictures")
                change = math.nan if before is None or shown is None else float(np.abs(before - 1.0 * shown).mean())
                rows.append(Row(step, modes, of, quality, statistics.median(gradients), psnr, cycle, frechet, change))
                gradients = []
        return rows

    trouble = go(trial.steps[dataset])
    ms = (time.process_time() - begun) * 1000 / trial.steps[dataset]
    cure, cured = story_of(preset, dataset).cure, []
    if cure is not None and dataset in trial.cured:
        trainer.change(**cure.changes)
        cured = go(trial.cured[dataset])
    return Course(trouble, cured, first, ms, behind.get("psnr_untouched", math.nan))


def main() -> int:
    """Run the benchmark. Returns 1 if a lesson does not happen."""
    parser = benchmark_parser(__doc__, json_help="keep results in this file, and reuse those in it")
    parser.add_argument("--lessons", type=names_from(TRIALS), default=list(TRIALS), help="joined by commas")
    parser.add_argument("--data", type=names_from(DATA), default=list(DATA), help="joined by commas")
    parser.add_argument("--seeds", type=positive_int, default=5)
    args = parser.parse_args()
    torch.set_num_threads(1)
    lessons = {name: list(LESSONS[name].settings.values()) for name in TRIALS}
    settings = {"steps": HOLD, "points": POINTS, "pictures": PICTURES, "lessons": lessons}
    try:
        cache = ResultCache(args.json, settings)
    except CacheError as error:
        parser.error(str(error))
    runs: dict[str, Any] = {}
    for lesson in args.lessons:
        trial = TRIALS[lesson]
        for dataset in (name for name in args.data if name in trial.steps):
            for seed in range(args.seeds):
                name = f"{lesson}/{dataset}/{seed}"
                found = cache.get(name)
                if found is None:
                    course = watch(lesson, dataset, seed, trial)
                    met, told = trial.judge(course)
                    seconds = trial.steps[dataset] * (course.ms / 1000 + story_of(lesson, dataset).pace)
                    found = {"met": met, "told": told, "ms": round(course.ms, 2), "seconds": round(seconds, 1)}
                    cache.add(name, found)
                runs[name] = found
                verdict = "met" if found["met"] else "MISSED"
                print(f"{name:22}{verdict:8}{found['seconds']:6.0f} s here  {found['told']}", flush=True)
    return report(settings | {"runs": runs}, None, all(found["met"] for found in runs.values()))


if __name__ == "__main__":
    sys.exit(run_main(main))
