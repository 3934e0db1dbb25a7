"""`DISTRIBUTIONS`: distributions of points in the plane, on which it can be seen exactly what a generator has learnt.

A drawing is one too: its name, `ink:` and 64 x 64 bits in base64, says all of it, so it needs no file.
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
INK, SIDE = "ink:", 64  # how a drawing's name begins; its cells a side
LEAST_INK = 8  # cells: fewer are no drawing


@dataclass(frozen=True)
class Points:
    """A training set of points; has the fields of `Dataset` that training reads. images: float32 (N, 2)."""

    name: str
    images: torch.Tensor
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    labels: torch.Tensor = field(default_factory=lambda: torch.zeros(0, dtype=torch.int64))


@dataclass(frozen=True)
class Distribution:
    """A distribution. draw: (count, random source) -> points float32 (count, 2). extent: they lie in [-extent, extent],
    but for a few. about: a few words for menus."""

    draw: Callable[[int, torch.Generator], Tensor]
    extent: float
    about: str


@dataclass(frozen=True)
class Mixture(Distribution):
    """Equal round Gaussians. centres: float32 (M, 2); sd: standard deviation, in both directions."""

    centres: Tensor
    sd: float


def _mixture(centres: Tensor, sd: float, extent: float, about: str) -> Mixture:
    def draw(count: int, source: torch.Generator) -> Tensor:
        which = torch.randint(len(centres), (count,), generator=source)
        return centres[which] + sd * torch.randn(count, 2, generator=source)

    return Mixture(draw, extent, about, centres, sd)


def _ring() -> Mixture:
    angle = torch.arange(8) * (2 * math.pi / 8)
    return _mixture(torch.stack([angle.cos(), angle.sin()], 1), 0.01, 1.5, "Ring of 8")


def _grid() -> Mixture:
    line = torch.arange(-4.0, 5.0, 2.0)
    return _mixture(torch.cartesian_prod(line, line), 0.05, 5.0, "Grid of 25")


def _swiss_roll(count: int, source: torch.Generator) -> Tensor:
    """A spiral of one and a half turns, evenly along its angle."""
    angle = 1.5 * math.pi * (1 + 2 * torch.rand(count, generator=source))
    spiral = torch.stack([angle.cos(), angle.sin()], 1) * (angle / (4.5 * math.pi))[:, None]
    return spiral + 0.02 * torch.randn(count, 2, generator=source)


def _two_moons(count: int, source: torch.Generator) -> Tensor:
    """Two half circles, each reaching into the other."""
    angle = math.pi * torch.rand(count, generator=source)
    other = torch.randint(2, (count,), generator=source).float()
    x = angle.cos() * (1 - 2 * other) + other - 0.5
    y = angle.sin() * (1 - 2 * other) + 0.5 * other - 0.25
    return torch.stack([x, y], 1) * 0.8 + 0.03 * torch.randn(count, 2, generator=source)


# The two of VEEGAN (arXiv:1705.07761) and PacGAN (arXiv:1712.04086, section 4.1): their modes can be counted.
MIXTURES: dict[str, Mixture] = {"ring": _ring(), "grid": _grid()}
DISTRIBUTIONS: dict[str, Distribution] = {
    **MIXTURES,
    "swiss-roll": Distribution(_swiss_roll, 1.5, "Swiss roll"),
    "two-moons": Distribution(_two_moons, 1.5, "Two moons"),
}


def is_points(name: str) -> bool:
    """Whether a data set of that name is made of points."""
    return name in DISTRIBUTIONS or name.startswith(INK)


def distribution_of(name: str) -> Distribution:
    """The distribution of a name in `DISTRIBUTIONS`, or of a drawing; DataError for any other name."""
    if name.startswith(INK):
        return _drawing(name)
    if name not in DISTRIBUTIONS:
        raise DataError(f"unknown distribution {name!r}: choose {', '.join(DISTRIBUTIONS)}")
    return DISTRIBUTIONS[name]


def load_points(name: str) -> Points:
    """`POINTS` points of a distribution, the same at every call; DataError as `distribution_of`."""
    images = distribution_of(name).draw(POINTS, torch.Generator().manual_seed(20170522))
    return Points(name, images, labels=torch.zeros(POINTS, dtype=torch.int64))


def _drawing(name: str) -> Distribution:
    text = name.removeprefix(INK)
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if len(data) != SIDE * SIDE // 8:
        raise DataError(f"a drawing is {INK} and {SIDE} x {SIDE} bits in base64, got {len(data)} bytes: draw it again")
    cells = np.unpackbits(np.frombuffer(data, np.uint8)).reshape(SIDE, SIDE)
    where = torch.from_numpy(np.argwhere(cells)).float()
    if len(where) < LEAST_INK:
        raise DataError(f"a drawing needs ink in {LEAST_INK} cells of its {SIDE} x {SIDE}, got {len(where)}: draw more")

    def draw(count: int, source: torch.Generator) -> Tensor:
        chosen = where[torch.randint(len(where), (count,), generator=source)]
        down, right = (chosen + torch.rand(count, 2, generator=source)).unbind(1)
        return torch.stack([right, SIDE - down], 1) / (SIDE / 2) - 1

    return Distribution(draw, 1.2, "A drawing")
