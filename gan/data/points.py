"""`DISTRIBUTIONS`: known distributions of 2-D points, on which one sees exactly what a generator has learnt.

A user's drawing is a distribution too. Its name, `DRAWING_PREFIX` and a bitmap in base64, holds all of it: no file.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from gan.errors import DataError

POINTS = 100_000  # of a training set
DRAWING_PREFIX = "ink:"  # of a drawing's name; stored in the config of models
DRAWING_SIDE = 64  # cells a side of a drawing
MIN_DRAWN_CELLS = 8


@dataclass(frozen=True)
class Points:
    """A data set of 2-D points, with the fields of `Dataset` that training reads. images: float32 (N, 2)."""

    name: str
    images: torch.Tensor
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    labels: torch.Tensor = field(default_factory=lambda: torch.zeros(0, dtype=torch.int64))


@dataclass(frozen=True)
class Distribution:
    """A distribution of 2-D points.

    draw    (count, random generator) -> points float32 (count, 2)
    extent  nearly all points lie in [-extent, extent] squared
    about   a few words for menus
    """

    draw: Callable[[int, torch.Generator], Tensor]
    extent: float
    about: str


@dataclass(frozen=True)
class Mixture(Distribution):
    """A mixture of equal isotropic Gaussians. centres: float32 (M, 2); sd: standard deviation in each direction."""

    centres: Tensor
    sd: float


def _mixture(centres: Tensor, sd: float, extent: float, about: str) -> Mixture:
    def draw(count: int, rng: torch.Generator) -> Tensor:
        which = torch.randint(len(centres), (count,), generator=rng)
        return centres[which] + sd * torch.randn(count, 2, generator=rng)

    return Mixture(draw, extent, about, centres, sd)


def _ring() -> Mixture:
    angle = torch.arange(8) * (2 * math.pi / 8)
    return _mixture(torch.stack([angle.cos(), angle.sin()], 1), 0.01, 1.5, "Ring of 8")


def _grid() -> Mixture:
    line = torch.arange(-4.0, 5.0, 2.0)
    return _mixture(torch.cartesian_prod(line, line), 0.05, 5.0, "Grid of 25")


def _swiss_roll(count: int, rng: torch.Generator) -> Tensor:
    """Draw from a spiral of one and a half turns, uniformly along its angle."""
    angle = 1.5 * math.pi * (1 + 2 * torch.rand(count, generator=rng))
    spiral = torch.stack([angle.cos(), angle.sin()], 1) * (angle / (4.5 * math.pi))[:, None]
    return spiral + 0.02 * torch.randn(count, 2, generator=rng)


def _two_moons(count: int, rng: torch.Generator) -> Tensor:
    """Draw from two interleaved half circles."""
    angle = math.pi * torch.rand(count, generator=rng)
    other = torch.randint(2, (count,), generator=rng).float()
    x = angle.cos() * (1 - 2 * other) + other - 0.5
    y = angle.sin() * (1 - 2 * other) + 0.5 * other - 0.25
    return torch.stack([x, y], 1) * 0.8 + 0.03 * torch.randn(count, 2, generator=rng)


# The benchmarks of VEEGAN (arXiv:1705.07761) and PacGAN (arXiv:1712.04086, section 4.1): their modes can be counted.
MIXTURES: dict[str, Mixture] = {"ring": _ring(), "grid": _grid()}
DISTRIBUTIONS: dict[str, Distribution] = {
    **MIXTURES,
    "swiss-roll": Distribution(_swiss_roll, 1.5, "Swiss roll"),
    "two-moons": Distribution(_two_moons, 1.5, "Two moons"),
}


def is_points(name: str) -> bool:
    """Return True for the name of a distribution of points: a key of `DISTRIBUTIONS`, or a drawing's."""
    return name in DISTRIBUTIONS or is_drawing(name)


def is_drawing(name: str) -> bool:
    """Return True for a name that begins as a drawing's; `distribution_of` checks the rest."""
    return name.startswith(DRAWING_PREFIX)


def distribution_of(name: str) -> Distribution:
    """Return the distribution of a name in `DISTRIBUTIONS`, or of a drawing; DataError for any other name."""
    if is_drawing(name):
        return _parse_drawing(name)
    if name not in DISTRIBUTIONS:
        raise DataError(f"unknown distribution {name!r}: choose {', '.join(DISTRIBUTIONS)}")
    return DISTRIBUTIONS[name]


def load_points(name: str) -> Points:
    """Draw `POINTS` points of a distribution, the same at every call; DataError as `distribution_of`."""
    images = distribution_of(name).draw(POINTS, torch.Generator().manual_seed(20170522))
    return Points(name, images, labels=torch.zeros(POINTS, dtype=torch.int64))


def _parse_drawing(name: str) -> Distribution:
    """Return the uniform distribution over the drawn cells, the whole bitmap being the square [-1, 1] squared."""
    text = name.removeprefix(DRAWING_PREFIX)
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        data = b""
    side = DRAWING_SIDE
    if len(data) != side * side // 8:
        raise DataError(
            f"a drawing is {DRAWING_PREFIX} and {side} x {side} bits in base64, got {len(data)} bytes: draw it again"
        )
    bitmap = np.unpackbits(np.frombuffer(data, np.uint8)).reshape(side, side)
    cells = torch.from_numpy(np.argwhere(bitmap)).float()  # (M, 2): row from the top, column
    if len(cells) < MIN_DRAWN_CELLS:
        raise DataError(
            f"a drawing needs {MIN_DRAWN_CELLS} drawn cells of its {side} x {side}, got {len(cells)}: draw more"
        )

    def draw(count: int, rng: torch.Generator) -> Tensor:
        chosen = cells[torch.randint(len(cells), (count,), generator=rng)]
        down, right = (chosen + torch.rand(count, 2, generator=rng)).unbind(1)
        return torch.stack([right, side - down], 1) / (side / 2) - 1

    return Distribution(draw, 1.2, "A drawing")
