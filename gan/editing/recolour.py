"""The same pictures in other colours: a few painted ones become many, whose parts are where they were.

Who has seen a single head of hair knows hair by its colour. Where coordinates of a latent stand for colours alone, as
a run with `Config.attributes` teaches them, others can be drawn there.
"""

from __future__ import annotations

import torch
from torch import Tensor

from gan.config import Config
from gan.data import faces, full_set
from gan.data.attribute_codes import coordinates_of

# Data sets whose attributes are known: those that a latent can stand for, and which of them are colours.
COLOURS = {"faces": (faces.CODED, faces.COLOURS)}


def colour_coordinates(config: Config) -> list[int]:
    """Return the coordinates of a model's latent that stand for colours alone; none where that is not known."""
    known = COLOURS.get(full_set(config.dataset))
    return coordinates_of(*known) if known and config.attributes else []


def recoloured(latents: Tensor, coordinates: list[int], times: int, seed: int = 0) -> Tensor:
    """Return latents (times * N, z_dim): the given ones (N, z_dim) first, then with colours that are drawn anew."""
    rows = latents.repeat(times, 1)
    drawn = torch.randn(len(rows) - len(latents), len(coordinates), generator=torch.Generator().manual_seed(seed))
    rows[len(latents) :, coordinates] = drawn.to(rows)
    return rows
