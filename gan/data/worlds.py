"""`WORLDS`: distributions of points in the plane, on which it can be seen exactly what a generator has learnt."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch

from gan.data.dataset import DataError

POINTS = 100_000  # of a training set


@dataclass(frozen=True)
class Points:
    """A training set of points; has the fields of `Dataset` that training reads. images: float32 (N, 2)."""

    name: str
    images: torch.Tensor
    classes: tuple[str, ...] = ()
    captions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    labels: torch.Tensor = field(default_factory=lambda: torch.zeros(0, dtype=torch.int64))


@dataclass(frozen=True)
class World:
    """A mixture of equal round Gaussians. centres: float32 (M, 2); sd: standard deviation, in both directions."""

    centres: torch.Tensor
    sd: float

    def sample(self, count: int, source: torch.Generator) -> torch.Tensor:
        """Points float32 (count, 2)."""
        which = torch.randint(len(self.centres), (count,), generator=source)
        return self.centres[which] + self.sd * torch.randn(count, 2, generator=source)


def _ring() -> World:
    angle = torch.arange(8) * (2 * math.pi / 8)
    return World(torch.stack([angle.cos(), angle.sin()], 1), 0.01)


def _grid() -> World:
    line = torch.arange(-4.0, 5.0, 2.0)
    return World(torch.cartesian_prod(line, line), 0.05)


# The two of VEEGAN (arXiv:1705.07761) and PacGAN (arXiv:1712.04086, section 4.1).
WORLDS: dict[str, World] = {"ring": _ring(), "grid": _grid()}


def load_world(name: str) -> Points:
    """`POINTS` points of a world, the same at every call; DataError for an unknown name."""
    if name not in WORLDS:
        raise DataError(f"unknown world {name!r}: choose {', '.join(WORLDS)}")
    images = WORLDS[name].sample(POINTS, torch.Generator().manual_seed(20170522))
    return Points(name, images, labels=torch.zeros(POINTS, dtype=torch.int64))
