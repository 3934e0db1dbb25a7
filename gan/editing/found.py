"""Measure how well a model finds pictures: decibels by the encoder, by the latent and with the first feature map."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from gan.editing.encoder import Taught
from gan.models.inversion import Found
from gan.models.model import Model

FAR = 1.0  # decibels below the least usual of a model's own kind from which a picture is none of it
PICTURES = 24
WORST = 5  # per cent of pictures that are found less well than the least usual one


def measure(model: Model, pictures: Taught, count: int = PICTURES, seed: int = 0) -> dict[str, float]:
    """Return decibels (mean PSNR) over `count` of the pictures, drawn by a seed, whose classes are given.

    encoder, latent, map: at each stage of `Model.invert`; encoder_low, latent_low, map_low: what all but `WORST` per
    cent reach.
    """
    chosen = torch.randperm(len(pictures.images), generator=torch.Generator().manual_seed(seed))[:count]
    images = pictures.images[chosen].permute(0, 2, 3, 1).numpy()
    labels = [frozenset(row.nonzero().flatten().tolist()) for row in pictures.rows[chosen]] if model.classes else None
    found = {
        "encoder": model.invert(images, labels, steps=0),
        "latent": model.invert(images, labels, map_steps=0),
        "map": model.invert(images, labels),
    }
    figures: dict[str, float] = {}
    for stage, result in found.items():
        figures[stage] = round(float(result.decibels.mean()), 2)
        figures[f"{stage}_low"] = round(float(np.percentile(result.decibels, WORST)), 2)
    return figures | {"pictures": len(images)}


def how_far(found: Found, figures: Mapping[str, float]) -> list[str]:
    """Return a sentence for each picture that a model cannot know, "" for the others: how far off the nearest is.

    What the latent comes near decides, without offsets of the first feature map: those bend it into anything. figures:
    as `measure` returns them, and as `Model.encoder.figures` has them; without any nothing can be said.
    """
    stage = "encoder" if found.steps == 0 else "latent"
    usual, least = figures.get(stage), figures.get(f"{stage}_low")
    if usual is None or least is None:
        return [""] * len(found.errors)
    return [
        ""
        if value >= least - FAR
        else f"The model cannot draw this: pixels of its nearest picture are {_percent(value)} off, where "
        f"{_percent(usual)} is usual."
        for value in found.decibels_by_latent
    ]


def _percent(decibels: float) -> str:
    """Return by how much of the way from black to white pixels are off."""
    return f"{100 * 10 ** (-decibels / 20):.0f} %"
