"""`AUGMENTATIONS`: DiffAugment (arXiv:2006.10738), the same kind of change to what is real and what is generated.

The critic never sees a picture as it is, so it cannot learn a small data set by heart, and because every change is
differentiable the generator still learns from it. Each augmentation draws its numbers (N, K) in [0, 1) apart from
applying them, so that they can come from the run's own random stream; all are differentiable twice, as penalties need.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from gan.errors import ConfigError

SHIFT = 1 / 8  # of the side, at most, either way
HOLE = 1 / 2  # of the side


@dataclass(frozen=True)
class Augmentation:
    """numbers: K, drawn for each picture; apply: pictures (N, C, H, W) and numbers (N, K) to pictures."""

    numbers: int
    apply: Callable[[Tensor, Tensor], Tensor]


def color(x: Tensor, u: Tensor) -> Tensor:
    """Brightness by -0.5 to 0.5, saturation times 0 to 2, contrast times 0.5 to 1.5."""
    brightness, saturation, contrast = u.to(x.dtype)[:, :, None, None, None].unbind(1)
    x = x + (brightness - 0.5)
    grey = x.mean(1, keepdim=True)
    x = grey + (x - grey) * (2 * saturation)
    mean = x.mean((1, 2, 3), keepdim=True)
    return mean + (x - mean) * (contrast + 0.5)


def translation(x: Tensor, u: Tensor) -> Tensor:
    """Shift by up to `SHIFT` of the side, whole pixels, filling with grey.

    As two products with shift matrices: gathers have a slow backward on CPUs, and grid_sample no second one.
    """
    for axis, size in ((0, x.shape[2]), (1, x.shape[3])):
        most = round(size * SHIFT)
        by = (u[:, axis] * (2 * most + 1)).floor() - most
        at = torch.arange(size, device=x.device)
        matrix = (at[None, :, None] - at[None, None, :] == by[:, None, None]).to(x.dtype)  # (N, size, size)
        x = torch.einsum("nij,ncjw->nciw", matrix, x) if axis == 0 else torch.einsum("nij,nchj->nchi", matrix, x)
    return x


def cutout(x: Tensor, u: Tensor) -> Tensor:
    """A square of `HOLE` of the side turns grey, as far as it lies in the picture; its centre may be anywhere."""
    masks = []
    for axis, size in ((0, x.shape[2]), (1, x.shape[3])):
        hole = int(size * HOLE + 0.5)
        first = (u[:, axis, None] * (size + 1 - hole % 2)).floor() - hole // 2
        at = torch.arange(size, device=x.device)
        masks.append((at >= first) & (at < first + hole))
    hole = masks[0][:, None, :, None] & masks[1][:, None, None, :]
    return x * ~hole


AUGMENTATIONS: dict[str, Augmentation] = {
    "color": Augmentation(3, color),
    "translation": Augmentation(2, translation),
    "cutout": Augmentation(2, cutout),
}


def parse(names: str) -> tuple[Augmentation, ...]:
    """The augmentations of a config's `augment`, in the given order; ConfigError for an unknown name."""
    if names == "none":
        return ()
    parts = [name.strip() for name in names.split(",")]
    for name in parts:
        if name not in AUGMENTATIONS:
            raise ConfigError(f"augment must be none, or some of {','.join(AUGMENTATIONS)}, got {names!r}")
    if len(set(parts)) < len(parts):
        raise ConfigError(f"augment must name each augmentation once, got {names!r}")
    return tuple(AUGMENTATIONS[name] for name in parts)


def draw(policy: tuple[Augmentation, ...], count: int, source: torch.Generator) -> Tensor:
    """Numbers (count, K) in [0, 1) for `count` pictures, K of all augmentations together."""
    return torch.rand(count, sum(a.numbers for a in policy), generator=source)


def apply(policy: tuple[Augmentation, ...], pictures: Tensor, numbers: Tensor) -> Tensor:
    """Pictures (N, C, H, W) changed by numbers (N, K) that `draw` gave."""
    for augmentation, own in zip(policy, numbers.split([a.numbers for a in policy], 1), strict=True):
        pictures = augmentation.apply(pictures, own)
    return pictures
