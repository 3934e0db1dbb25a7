"""Losses that a picture can suffer: `OPERATORS`, each a linear function of pictures, such as a hole or a blur.

To add one, write a function `(resolution, channels, strength, mask) -> Operator` and a line in the dict.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

SEAM = 2.0  # pixels over which what fills a hole takes after what is around it
GREY = (0.299, 0.587, 0.114)  # of red, green and blue (ITU-R BT.601)


@dataclass(frozen=True)
class Operator:
    """A linear function of pictures, and what is known of it.

    apply   pictures (N, C, R, R) in [-1, 1] -> what is left of them, of any size and with any channels
    guess   what is left -> pictures as the usual tool brings them back: where a search begins, and what it must beat
    keep    (pictures, what is left) -> the pictures with what is known of them put back
    doubt   standard deviation of what is left around what the best latent makes of it: what noise adds, and what no
            latent says. The more, the more typical are the answers, and the less they follow what is left
    share   of what is left that says anything
    noise   standard deviation of what is added to it
    open    whether very different pictures have the same left of them, so that several answers are asked for
    """

    apply: Callable[[Tensor], Tensor]
    guess: Callable[[Tensor], Tensor]
    keep: Callable[[Tensor, Tensor], Tensor]
    doubt: float
    share: float = 1.0
    noise: float = 0.0
    open: bool = False

    def spoil(self, pictures: Tensor, seed: int = 0) -> Tensor:
        """Return what is left of pictures (N, C, R, R) in [-1, 1], noise by a seed."""
        left = self.apply(pictures)
        if not self.noise:
            return left
        drawn = torch.randn(left.shape, generator=torch.Generator().manual_seed(seed))
        return left + self.noise * drawn.to(left.device)


@dataclass(frozen=True)
class Kind:
    """An entry of `OPERATORS`. strength: what its number means, the range and the default."""

    make: Callable[[int, int, float, np.ndarray | None], Operator]
    strength: str
    low: float
    high: float
    default: float


def hole(resolution: int, channels: int, strength: float, mask: np.ndarray | None) -> Operator:
    """Nothing is seen where the mask (R, R) is not 0; without a mask, of the lowest share `strength` of the rows."""
    seen = torch.ones(resolution, resolution)
    if mask is None:
        seen[round(resolution * (1 - strength)) :] = 0
    else:
        seen[torch.from_numpy(np.asarray(mask) != 0)] = 0

    def guess(left: Tensor) -> Tensor:
        there = seen.to(left)
        mean = (left * there).sum((2, 3), keepdim=True) / there.sum()
        return torch.where(there > 0, left, mean)

    def keep(made: Tensor, left: Tensor) -> Tensor:
        there = seen.to(left)
        seam = 2 * smooth((left - made) * there, SEAM)  # half of the neighbours of a hole's rim are seen
        return torch.where(there > 0, left, (made + seam).clamp(-1, 1))

    share = float(seen.mean())
    return Operator(lambda x: x * seen.to(x), guess, keep, doubt=0.1, share=share, open=True)


def shrink(resolution: int, channels: int, strength: float, mask: np.ndarray | None) -> Operator:
    """Only the means of squares of `strength` pixels a side are seen."""
    factor = round(strength)
    if resolution % factor:
        known = [str(f) for f in range(2, 9) if resolution % f == 0]
        raise ValueError(f"pictures of {resolution} pixels shrink {', '.join(known)} times, not {factor}")

    def apply(x: Tensor) -> Tensor:
        return F.avg_pool2d(x, factor)

    def keep(made: Tensor, left: Tensor) -> Tensor:
        return made + F.interpolate(left - apply(made), scale_factor=float(factor))

    return Operator(apply, lambda left: enlarge(left, resolution), keep, doubt=0.05)


def enlarge(left: Tensor, resolution: int) -> Tensor:
    """Return pictures at a larger size, by bicubic interpolation."""
    return F.interpolate(left, (resolution, resolution), mode="bicubic").clamp(-1, 1)


def blur(resolution: int, channels: int, strength: float, mask: np.ndarray | None) -> Operator:
    """Seen through a Gaussian with a standard deviation of `strength` pixels."""
    return Operator(lambda x: smooth(x, strength), lambda left: left, lambda made, left: made, doubt=0.05)


def smooth(x: Tensor, deviation: float) -> Tensor:
    """Return pictures (N, C, H, W) through a Gaussian with a standard deviation in pixels; the border repeats."""
    reach = max(1, math.ceil(3 * deviation))
    offsets = torch.arange(-reach, reach + 1, device=x.device, dtype=torch.float32)
    weights = torch.exp(-0.5 * (offsets / deviation) ** 2)
    weights = weights / weights.sum()
    flat = F.pad(x, (reach,) * 4, mode="replicate").flatten(0, 1)[:, None]
    flat = F.conv2d(F.conv2d(flat, weights.view(1, 1, 1, -1)), weights.view(1, 1, -1, 1))
    return flat[:, 0].unflatten(0, x.shape[:2])


def noise(resolution: int, channels: int, strength: float, mask: np.ndarray | None) -> Operator:
    """Seen with Gaussian noise of standard deviation `strength`, where black is -1 and white 1."""

    def guess(left: Tensor) -> Tensor:
        return smooth(left, 0.3 + strength).clamp(-1, 1)

    doubt = math.hypot(strength / 2, 0.1)  # all of it makes answers too typical: 20.9 dB beside 21.4 (docs/LOG.md)
    return Operator(lambda x: x, guess, lambda made, left: made, doubt, noise=strength)


def grey(resolution: int, channels: int, strength: float, mask: np.ndarray | None) -> Operator:
    """Seen without colours."""
    if channels != 3:
        raise ValueError("these pictures have no colours to bring back")
    weights = torch.tensor(GREY).view(1, 3, 1, 1)

    def apply(x: Tensor) -> Tensor:
        return (x * weights.to(x)).sum(1, keepdim=True)

    def keep(made: Tensor, left: Tensor) -> Tensor:
        return made + (left - apply(made))

    return Operator(apply, lambda left: left.repeat(1, 3, 1, 1), keep, doubt=0.1, open=True)


OPERATORS: dict[str, Kind] = {
    "hole": Kind(hole, "share of the rows, from below, that is not seen where there is no mask", 0.05, 0.95, 0.5),
    "shrink": Kind(shrink, "how many times smaller", 2, 8, 4),
    "blur": Kind(blur, "standard deviation in pixels", 0.3, 6, 1.5),
    "noise": Kind(noise, "standard deviation, black being -1 and white 1", 0.05, 2, 0.7),
    "grey": Kind(grey, "of no meaning", 0, 1, 1),
}


def operator(
    task: str, resolution: int, channels: int, strength: float | None = None, mask: np.ndarray | None = None
) -> Operator:
    """Return one of `OPERATORS` for pictures of a size. ValueError, with what would do, for values that do not fit.

    mask: of a hole, (R, R), not 0 where nothing is seen.
    """
    if task not in OPERATORS:
        raise ValueError(f"task must be one of {', '.join(OPERATORS)}, got {task!r}")
    kind = OPERATORS[task]
    value = kind.default if strength is None else strength
    if not kind.low <= value <= kind.high:
        raise ValueError(f"strength of {task} must be in [{kind.low:g}, {kind.high:g}] ({kind.strength}), got {value}")
    if mask is not None:
        if task != "hole":
            raise ValueError(f"a mask is for a hole: leave it out for {task}")
        if np.shape(mask) != (resolution, resolution):
            raise ValueError(f"a mask must be ({resolution}, {resolution}), got {np.shape(mask)}")
        if not (np.asarray(mask) == 0).any():
            raise ValueError("the mask hides all of the picture: leave some of it to be seen")
    return kind.make(resolution, channels, value, mask)
