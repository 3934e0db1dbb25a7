"""`AUGMENTATIONS`: DiffAugment (arXiv:2006.10738), the same kind of change to real and to generated pictures.

The critic (discriminator) never sees an unchanged picture, so it cannot memorise a small data set, and because every
change is differentiable the generator still learns from it. Each augmentation draws its random numbers (N, K) in [0, 1)
separately from applying them, so that they can come from the run's own generator. All are differentiable twice, as
gradient penalties need.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from gan.errors import ConfigError
from gan.networks.layers import full_precision

SHIFT = 1 / 8  # of the side: largest translation, either way
HOLE = 1 / 2  # of the side: length of the square that is cut out


@dataclass(frozen=True)
class Augmentation:
    """An augmentation. numbers: K, drawn for each picture; apply: pictures (N, C, H, W), numbers (N, K) to pictures."""

    numbers: int
    apply: Callable[[Tensor, Tensor], Tensor]


def color(x: Tensor, u: Tensor) -> Tensor:
    """Change brightness by -0.5 to 0.5, multiply saturation by 0 to 2 and contrast by 0.5 to 1.5."""
    brightness, saturation, contrast = u.to(x.dtype)[:, :, None, None, None].unbind(1)
    x = x + (brightness - 0.5)
    grey = x.mean(1, keepdim=True)
    x = grey + (x - grey) * (2 * saturation)
    mean = x.mean((1, 2, 3), keepdim=True)
    return mean + (x - mean) * (contrast + 0.5)


def translation(x: Tensor, u: Tensor) -> Tensor:
    """Shift by up to `SHIFT` of the side, in whole pixels, and fill with grey.

    Two products with shift matrices: gathers have a slow backward pass on CPUs, and grid_sample no second derivative.
    """
    for axis, size in ((0, x.shape[2]), (1, x.shape[3])):
        most = round(size * SHIFT)
        by = (u[:, axis] * (2 * most + 1)).floor() - most
        at = torch.arange(size, device=x.device)
        matrix = (at[None, :, None] - at[None, None, :] == by[:, None, None]).to(x.dtype)  # (N, size, size)
        x = torch.einsum("nij,ncjw->nciw", matrix, x) if axis == 0 else torch.einsum("nij,nchj->nchi", matrix, x)
    return x


def cutout(x: Tensor, u: Tensor) -> Tensor:
    """Fill a square of `HOLE` of the side with grey. Its centre may be anywhere, so part of it may lie outside."""
    inside = []
    for axis, size in ((0, x.shape[2]), (1, x.shape[3])):
        side = int(size * HOLE + 0.5)
        first = (u[:, axis, None] * (size + 1 - side % 2)).floor() - side // 2
        at = torch.arange(size, device=x.device)
        inside.append((at >= first) & (at < first + side))
    rows, columns = inside
    return x * ~(rows[:, None, :, None] & columns[:, None, None, :])


AUGMENTATIONS: dict[str, Augmentation] = {
    "color": Augmentation(3, color),
    "translation": Augmentation(2, translation),
    "cutout": Augmentation(2, cutout),
}


def parse(names: str) -> tuple[Augmentation, ...]:
    """Return the augmentations of a config's `augment`, in the given order. ConfigError for an unknown name."""
    if names == "none":
        return ()
    parts = [name.strip() for name in names.split(",")]
    for name in parts:
        if name not in AUGMENTATIONS:
            raise ConfigError(f"augment must be none, or some of {','.join(AUGMENTATIONS)}, got {names!r}")
    if len(set(parts)) < len(parts):
        raise ConfigError(f"augment must name each augmentation once, got {names!r}")
    return tuple(AUGMENTATIONS[name] for name in parts)


def draw(
    augmentations: tuple[Augmentation, ...], count: int, source: torch.Generator, sometimes: bool = False
) -> Tensor:
    """Draw numbers (count, K) in [0, 1) for `count` pictures; K is the sum over all augmentations.

    sometimes: one number more for each augmentation, which decides whether it happens.
    """
    return torch.rand(count, sum(a.numbers + sometimes for a in augmentations), generator=source)


def apply(
    augmentations: tuple[Augmentation, ...], pictures: Tensor, numbers: Tensor, probability: Tensor | None = None
) -> Tensor:
    """Change pictures (N, C, H, W) by the numbers (N, K) that `draw` returned; under autocast in fp32 too.

    probability: a number, of each augmentation for each picture, where the numbers were drawn for `sometimes`.
    """
    sizes = [a.numbers for a in augmentations]
    own, rest = numbers.split([sum(sizes), numbers.shape[1] - sum(sizes)], 1)
    with full_precision(pictures.device):
        for i, (augmentation, u) in enumerate(zip(augmentations, own.split(sizes, 1), strict=True)):
            changed = augmentation.apply(pictures, u)
            if probability is None:
                pictures = changed
            else:
                pictures = torch.where((rest[:, i] < probability)[:, None, None, None], changed, pictures)
    return pictures
