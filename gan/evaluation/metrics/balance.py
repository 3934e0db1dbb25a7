"""Class balance: which classes are generated, and how often, against how often they should be."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def histogram(labels: Tensor, classes: int) -> Tensor:
    """Share float64 (K,) of each class among labels int64 (N,), N >= 1, in [0, K); ValueError otherwise."""
    if labels.dtype != torch.int64 or labels.ndim != 1 or not len(labels):
        raise ValueError(f"labels must be int64 (N,), at least one, got {labels.dtype} {tuple(labels.shape)}")
    if int(labels.min()) < 0 or int(labels.max()) >= classes:
        raise ValueError(f"labels must be in [0, {classes - 1}], got {int(labels.min())} to {int(labels.max())}")
    return torch.bincount(labels, minlength=classes).double() / len(labels)


def entropy(shares: Tensor) -> float:
    """-sum p log p of shares (K,), in nats: log K where all classes are as frequent, 0 where there is but one."""
    _check(shares)
    return float(torch.special.entr(shares).sum())


def relative_entropy(shares: Tensor) -> float:
    """`entropy` over its most, log K: in [0, 1]. ValueError for fewer than two classes."""
    if len(shares) < 2:
        raise ValueError(f"shares must be of two classes or more, got {len(shares)}")
    return entropy(shares) / math.log(len(shares))


def kl_divergence(generated: Tensor, real: Tensor) -> float:
    """KL(generated || real) = sum g log(g / r) of two histograms (K,), in nats, >= 0.

    The reverse KL of benchmarks of mode collapse (VEEGAN, arXiv:1705.07761; PacGAN, arXiv:1712.04086): a class that is
    missing costs little, a class too many is infinite where the real share is 0.
    """
    _check(generated)
    _check(real)
    if generated.shape != real.shape:
        raise ValueError(f"both histograms must have one length, got {len(generated)} and {len(real)}")
    return max(0.0, float((torch.special.xlogy(generated, generated) - torch.special.xlogy(generated, real)).sum()))


def covered(shares: Tensor) -> int:
    """How many classes (modes) have a picture at all."""
    _check(shares)
    return int((shares > 0).sum())


def _check(shares: Tensor) -> None:
    if shares.ndim != 1 or not shares.is_floating_point() or not len(shares):
        raise ValueError(f"shares must be floats (K,), got {shares.dtype} {tuple(shares.shape)}")
    if not bool((shares >= 0).all()) or abs(float(shares.sum()) - 1) > 1e-6:
        raise ValueError(f"shares must be >= 0 and sum to 1, got {shares.tolist()[:10]}")
