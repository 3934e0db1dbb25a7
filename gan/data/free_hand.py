"""Faces as they are drawn by who cannot draw: in other proportions, without this and that, with dots for eyes.

Outlines of faces are exact; a hand's are not. A translator that has seen only the former makes of an eye that is too
high whatever is most often there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from gan.data import faces

CELLS = 4  # places a side that move; those between follow
BENT = 2.0  # pixels of 64 by which they move, as a standard deviation
SEED = 40_487  # times a face's own
# Chances: brows not drawn, clothes not drawn, eyes as dots, eyes as circles with a dot.
NO_BROWS, NO_CLOTHES, DOTS, PUPILS = 0.25, 0.15, 0.2, 0.2
DOT, PUPIL = 3, 5  # pixels a side by which an eye shrinks to a dot, to a dot in a circle

_BACKGROUND, _SKIN, _BROWS, _EYES, _CLOTHES = (
    faces.REGIONS.index(region) for region in ("background", "skin", "brows", "eyes", "clothes")
)


@dataclass(frozen=True)
class FreeHand:
    """Hold what hands do to faces, by the seeds of these, each with chance and way of its own.

    bent: float32 (N, 64, 64, 2), where each place of a picture comes from, as `grid_sample` takes it.
    without_brows, without_clothes, dots, pupils: bool (N,).
    """

    bent: Tensor
    without_brows: Tensor
    without_clothes: Tensor
    dots: Tensor
    pupils: Tensor

    @classmethod
    def of(cls, seeds: Sequence[int] | np.ndarray, side: int) -> FreeHand:
        """Return it for pictures of so many pixels a side. The same seeds give the same."""
        sources = [torch.Generator().manual_seed(int(seed) * SEED + 1) for seed in seeds]
        moves = torch.stack([torch.randn(2, CELLS, CELLS, generator=source) for source in sources])
        chances = torch.stack([torch.rand(3, generator=source) for source in sources])
        field = F.interpolate(moves * (2 * BENT / 64), (side, side), mode="bicubic", align_corners=True)
        places = F.affine_grid(torch.eye(2, 3).expand(len(moves), -1, -1), [len(moves), 1, side, side], False)
        return cls(
            places + field.permute(0, 2, 3, 1),
            chances[:, 0] < NO_BROWS,
            chances[:, 1] < NO_CLOTHES,
            chances[:, 2] < DOTS,
            (chances[:, 2] >= DOTS) & (chances[:, 2] < DOTS + PUPILS),
        )

    def bend(self, images: Tensor) -> Tensor:
        """Return pictures uint8 (N, C, 64, 64) in the proportions of the hand."""
        moved = F.grid_sample(images.float(), self.bent, "bicubic", "border", align_corners=False)
        return moved.round().clamp(0, 255).to(torch.uint8)

    def leave_out(self, coverage: Tensor) -> tuple[Tensor, Tensor]:
        """Return regions (N, K, 64, 64) of 255 as far as they are drawn, and eyes, likewise (N, 64, 64), that are dots.

        coverage: as `gan.data.faces.coverage` gives it.
        """
        regions = coverage.clone()
        eyes = regions[:, _EYES].clone()
        for chosen, left_out, instead in (
            (self.without_brows, _BROWS, _SKIN),
            (self.without_clothes, _CLOTHES, _BACKGROUND),
            (self.dots, _EYES, _SKIN),
        ):
            both = regions[chosen, instead].to(torch.int16) + regions[chosen, left_out]
            regions[chosen, instead] = both.clamp(max=255).to(torch.uint8)  # a pixel's numbers sum to 258 at most
            regions[chosen, left_out] = 0
        dots = torch.zeros_like(eyes)
        for chosen, by in ((self.dots, DOT), (self.pupils, PUPIL)):
            dots[chosen] = _shrunk(eyes[chosen], by)
        return regions, dots


def _shrunk(region: Tensor, by: int) -> Tensor:
    """Return what of a region uint8 (N, H, H) is left when its edge moves in by so many pixels, a side."""
    return (255 - F.max_pool2d(255 - region[:, None].float(), by, 1, by // 2))[:, 0].to(torch.uint8)
