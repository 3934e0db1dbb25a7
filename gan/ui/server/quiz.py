"""A quiz: ten pictures that follow from a number, some real and some made by a model, and what its judge says of them.

The same number gives the same ten pictures everywhere, so a link to a quiz is a link to these. Real pictures are those
that the package has: faces and scenes are drawn anew, from seeds of neither training nor tests; of other data sets the
bundled pictures are taken, which training has seen.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from gan.io import is_plain

if TYPE_CHECKING:
    from torch import Tensor

    from gan.editing.judge import JudgeNetwork
    from gan.models.heads import Head
    from gan.models.model import Model
    from gan.ui.server.model_info import Info

QUESTIONS = 10
JUDGE = "judge.safetensors"  # as in `gan.models.heads`, which needs torch; a test compares them
# By the data set of a model: what is loaded for its real pictures; "" where they are drawn.
REAL = {
    "faces": "", "faces-10k": "", "scenes": "", "scenes-10k": "", "mnist": "mnist-10k", "mnist-10k": "mnist-10k",
    "fashion-mnist": "fashion-mnist-10k", "fashion-mnist-10k": "fashion-mnist-10k", "emoji": "emoji",
    "emoji-styles": "emoji-styles",
}  # fmt: skip
FIRST_MADE, FIRST_DRAWN = 2**30, 10**7  # seeds from here on are those of a quiz: judges were fitted on lower ones


@dataclass(frozen=True)
class Quiz:
    """Ten pictures uint8 (10, R, R, C), which of them are real, bool (10,), and which the judge takes for real.

    seeds: of those that are made, int64 (10,). figures: of the judge, as `gan.editing.judge.fit_judge` has them.
    """

    pictures: np.ndarray
    real: np.ndarray
    judged: np.ndarray
    seeds: np.ndarray
    figures: dict[str, float]


def obstacle(info: Info, folder: Path) -> str:
    """Return why a model has no quiz, as a sentence without an end; "" where it has one, as far as its files tell."""
    if info.dataset not in REAL:
        return f"there are no real pictures here of {info.dataset}, which it has learnt from"
    if not is_plain(folder, JUDGE):
        return "it has no judge to play against"
    return ""


def deal(model: Model, head: Head[JudgeNetwork], number: int) -> Quiz:
    """Return the quiz of a number in [0, 2**32). Whether a picture is real says nothing about the others."""
    from gan.data.seeded import named_bits
    from gan.editing.judge import SIDES, judge

    rows = np.uint64(number) * np.uint64(QUESTIONS) + np.arange(QUESTIONS, dtype=np.uint64)
    real = named_bits(rows, "quiz: real") >> np.uint64(63) == 1
    bits = (named_bits(rows, "quiz: which") >> np.uint64(33)).astype(np.int64)  # in [0, 2**31)
    seeds = bits + FIRST_MADE
    pictures = np.empty((QUESTIONS, model.resolution, model.resolution, model.channels), np.uint8)
    if real.any():
        pictures[real] = real_pictures(model, bits[real])
    if not real.all():
        pictures[~real] = model.sample(seeds[~real].tolist())
    judged = judge(model, head, pictures)[:, SIDES.index("made")] > 0
    return Quiz(pictures, real, judged, seeds, head.figures)


def real_pictures(model: Model, which: np.ndarray) -> np.ndarray:
    """Return pictures uint8 (N, R, R, C) of what a model has learnt from, for numbers int64 (N,) from 0 on."""
    import torch

    from gan.data import faces, scenes
    from gan.data.dataset import resize

    name = model.config.dataset
    if name not in REAL:
        raise ValueError(f"there are no real pictures here of {name}")
    if REAL[name]:
        found = _bundled(REAL[name], model.resolution)
        images = found[torch.from_numpy(which % len(found))]
    else:
        draw = faces.draw if name.startswith("faces") else scenes.draw
        drawn = torch.from_numpy(draw(which + FIRST_DRAWN)).permute(0, 3, 1, 2)
        images = resize(drawn, model.resolution)
    if images.shape[1] != model.channels:
        raise ValueError(f"the pictures of {name} have other colours than those of {model.name}")
    return images.permute(0, 2, 3, 1).numpy()


@functools.lru_cache(4)  # 6 to 8 MB each
def _bundled(name: str, resolution: int) -> Tensor:
    """Return the pictures of a bundled data set, uint8 (N, C, R, R)."""
    from gan import data

    return data.load(name, resolution).images
