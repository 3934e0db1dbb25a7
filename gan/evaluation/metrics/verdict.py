"""The verdict of a classifier's logits: one class a picture, or, of classes in groups, which of each group."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from gan.config import ClassGroup


def check_labels(labels: Tensor, count: int, classes: int, groups: Sequence[ClassGroup] = ()) -> None:
    """Raise ValueError unless labels are those of `count` pictures, in the form that `gan.data.dataset.Dataset` has."""
    shape = (count, classes) if groups else (count,)
    if labels.shape != shape:
        raise ValueError(f"labels must be of shape {shape}, got {tuple(labels.shape)}")
    most = 1 if groups else classes - 1
    if count and (int(labels.min()) < 0 or int(labels.max()) > most):
        raise ValueError(f"labels must be in [0, {most}], got {int(labels.min())} to {int(labels.max())}")


def loss(logits: Tensor, labels: Tensor, groups: Sequence[ClassGroup] = ()) -> Tensor:
    """Return the loss, a scalar, of logits (N, K): cross-entropy, summed over groups.

    labels: int64 (N,), or rows (N, K) of classes in groups. Binary cross-entropy, summed over its classes, of a group
    of which a picture can have several.
    """
    if not groups:
        return functional.cross_entropy(logits, labels)
    parts = []
    for group, own, rows in zip(groups, _split(logits, groups), _split(labels.float(), groups), strict=True):
        if group.most == 1:
            parts.append(functional.cross_entropy(own, rows))
        else:
            parts.append(functional.binary_cross_entropy_with_logits(own, rows, reduction="none").sum(1).mean())
    return torch.stack(parts).sum()


def seen(logits: Tensor, groups: Sequence[ClassGroup] = ()) -> Tensor:
    """Return what pictures show by logits (N, K): the likeliest class int64 (N,); rows uint8 (N, K) of groups.

    In a row, the likeliest class of a group that has one a picture, and each that is likelier than not of another.
    """
    if not groups:
        return logits.argmax(1)
    parts = [
        functional.one_hot(own.argmax(1), group.size) if group.most == 1 else own > 0
        for group, own in zip(groups, _split(logits, groups), strict=True)
    ]
    return torch.cat([part.to(torch.uint8) for part in parts], 1)


def confidence(logits: Tensor, groups: Sequence[ClassGroup] = ()) -> float:
    """Return the mean probability, in [0, 1], of what is `seen` in pictures with logits (N, K); over groups too."""
    parts = []
    for group, own in zip(groups or (ClassGroup("class", logits.shape[1]),), _split(logits, groups), strict=True):
        parts.append(own.softmax(1).amax(1).mean() if group.most == 1 else own.abs().sigmoid().mean())
    return float(torch.stack(parts).mean())


def right(found: Tensor, labels: Tensor) -> Tensor:
    """Return bool (N,): True where what was found, in the form of the labels, is all that they say and no more."""
    return found == labels if labels.ndim == 1 else (found == labels).all(1)


def right_by_group(found: Tensor, labels: Tensor, groups: Sequence[ClassGroup]) -> Tensor:
    """Return bool (N, G): `right` of each group, from rows (N, K)."""
    pairs = zip(_split(found, groups), _split(labels, groups), strict=True)
    return torch.stack([right(own, rows) for own, rows in pairs], 1)


def _split(rows: Tensor, groups: Sequence[ClassGroup]) -> Sequence[Tensor]:
    return rows.split([group.size for group in groups], 1) if groups else (rows,)
