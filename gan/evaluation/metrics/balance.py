"""Class balance: the share of each class among generated pictures, against the share it should have."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from gan.evaluation.metrics.comparison import Comparison


def samples(comparison: Comparison, role: str) -> int | None:
    """Return the number of generated pictures whose classes are counted; None where there is no classifier."""
    return comparison.samples if comparison.classifier else None


def class_histogram(comparison: Comparison, role: str) -> list[float] | None:
    """Return the share of each class among a role's pictures, to 5 decimals; they sum to more than 1 in groups.

    Classes are those that the classifier predicts, for real pictures too: its mistakes then count in both. None where
    there is no classifier.
    """
    return [round(float(share), 5) for share in _shares(comparison, role)] if comparison.classifier else None


def classes_covered(comparison: Comparison, role: str) -> int | None:
    """Return the number of classes among a role's pictures; None where there is no classifier."""
    return int((_shares(comparison, role) > 0).sum()) if comparison.classifier else None


def class_entropy(comparison: Comparison, role: str) -> float | None:
    """Return the entropy of a role's class shares, in nats; None where pictures do not have one class each."""
    return entropy(_shares(comparison, role)) if _one_each(comparison) else None


def class_entropy_relative(comparison: Comparison, role: str) -> float | None:
    """Return the entropy of a role's class shares over its maximum; None where `class_entropy` is."""
    return relative_entropy(_shares(comparison, role)) if _one_each(comparison) else None


def class_kl(comparison: Comparison, role: str) -> float | None:
    """Return the KL divergence of a role's class shares from those of the training pictures, in nats.

    None where `class_entropy` is.
    """
    if not _one_each(comparison):
        return None
    return kl_divergence(_shares(comparison, role), _shares(comparison, "train"))


def _one_each(comparison: Comparison) -> bool:
    return comparison.classifier is not None and not comparison.classifier.groups


def _shares(comparison: Comparison, role: str) -> Tensor:
    assert comparison.classifier is not None
    return shares(comparison.predicted(role), len(comparison.classifier.classes))


def shares(found: Tensor, classes: int) -> Tensor:
    """Return the share float64 (K,) of pictures with each class, found in the form of `Dataset.labels`."""
    return histogram(found, classes) if found.ndim == 1 else found.double().mean(0)


def histogram(labels: Tensor, classes: int) -> Tensor:
    """Return the share float64 (K,) of each class among labels int64 (N,), N >= 1, in [0, K); ValueError otherwise."""
    if labels.dtype != torch.int64 or labels.ndim != 1 or not len(labels):
        raise ValueError(f"labels must be int64 (N,), at least one, got {labels.dtype} {tuple(labels.shape)}")
    if int(labels.min()) < 0 or int(labels.max()) >= classes:
        raise ValueError(f"labels must be in [0, {classes - 1}], got {int(labels.min())} to {int(labels.max())}")
    return torch.bincount(labels, minlength=classes).double() / len(labels)


def entropy(shares: Tensor) -> float:
    """Return -sum p log p of shares (K,), in nats: log K for equally frequent classes, 0 for a single class."""
    _check(shares)
    return float(torch.special.entr(shares).sum())


def relative_entropy(shares: Tensor) -> float:
    """Return `entropy` over its maximum, log K: in [0, 1]. ValueError for fewer than two classes."""
    if len(shares) < 2:
        raise ValueError(f"shares must be of two classes or more, got {len(shares)}")
    return entropy(shares) / math.log(len(shares))


def kl_divergence(generated: Tensor, real: Tensor) -> float:
    """Return KL(generated || real) = sum g log(g / r) of two histograms (K,), in nats, >= 0.

    The reverse KL of benchmarks of mode collapse (VEEGAN, arXiv:1705.07761; PacGAN, arXiv:1712.04086). A missing class
    costs little; a class whose real share is 0 costs infinity.
    """
    _check(generated)
    _check(real)
    if generated.shape != real.shape:
        raise ValueError(f"both histograms must have one length, got {len(generated)} and {len(real)}")
    return max(0.0, float((torch.special.xlogy(generated, generated) - torch.special.xlogy(generated, real)).sum()))


def covered(shares: Tensor) -> int:
    """Return the number of classes (modes) with any picture."""
    _check(shares)
    return int((shares > 0).sum())


def _check(shares: Tensor) -> None:
    if shares.ndim != 1 or not shares.is_floating_point() or not len(shares):
        raise ValueError(f"shares must be floats (K,), got {shares.dtype} {tuple(shares.shape)}")
    if not bool((shares >= 0).all()) or abs(float(shares.sum()) - 1) > 1e-6:
        raise ValueError(f"shares must be >= 0 and sum to 1, got {shares.tolist()[:10]}")
