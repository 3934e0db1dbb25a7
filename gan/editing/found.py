"""Measure how well a model finds pictures: decibels by the encoder, by the latent and with the first feature map."""

from __future__ import annotations

import numpy as np
import torch

from gan.editing.encoder import Taught
from gan.models.model import Model

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
