"""Attributes of generated faces beside those of real ones: how often each is seen, and in which new combinations."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from gan.data import faces
from gan.data.seeded import Choice, have_all
from gan.evaluation.metrics import face_attributes
from gan.evaluation.metrics.balance import histogram

if TYPE_CHECKING:
    from gan.evaluation.metrics.comparison import Comparison

QUARTERS = 4  # parts, equally frequent among training pictures, in which attributes without names are counted

DIFFERENCE = (
    "Attribute difference: the largest difference, in points of a hundred, between the shares of generated and of "
    "training pictures in which an attribute has a value, over all attributes and values, as a network reads them "
    "from pictures. What changes continuously is counted in quarters."
)
NEW = (
    "New combinations: how often attributes are seen together that no training picture has together, over how often "
    "they would be if they were independent; of the rarest such combination. 1 is as often. Real pictures have none: "
    "theirs is what the network misreads."
)

Readings = dict[str, Tensor]  # by attribute, values (N,): indices of a choice's names, or a range's value


def differences(comparison: Comparison, role: str) -> dict[str, float] | None:
    """Return each attribute's largest difference of a share of a role's pictures from training ones, in points.

    None unless the pictures are `faces`.
    """
    if not _known(comparison):
        return None
    found, train = comparison.once(_read, role), comparison.once(_read, "train")
    return {name: round(largest_difference(name, found[name], train[name]), 3) for name in train}


def difference(comparison: Comparison, role: str) -> float | None:
    """Return the largest of `differences`."""
    found = differences(comparison, role)
    return max(found.values()) if found else None


def combinations(comparison: Comparison, role: str) -> dict[str, float] | None:
    """Return `made` of each combination that is held out of the data, by its name; None unless they are `faces`."""
    if not _known(comparison):
        return None
    found = comparison.once(_read, role)
    return {name_of(combination): round(made(found, combination), 4) for combination in faces.HELD_OUT}


def rarest_combination(comparison: Comparison, role: str) -> float | None:
    """Return the smallest of `combinations`."""
    found = combinations(comparison, role)
    return min(found.values()) if found else None


def largest_difference(name: str, found: Tensor, train: Tensor) -> float:
    """Return the largest difference between the shares of an attribute's values in two sets (N,) and (M,), in points.

    Values of a range are counted in the quarters of the second set.
    """
    attribute = faces.ATTRIBUTES[name]
    if isinstance(attribute, Choice):
        values = len(attribute.names)
    else:
        values, ends = QUARTERS, train.double().quantile(torch.arange(1, QUARTERS).double() / QUARTERS)
        found, train = (torch.bucketize(one.double(), ends) for one in (found, train))
    return 100 * float((histogram(found, values) - histogram(train, values)).abs().max())


def made(found: Readings, combination: dict[str, tuple[str, ...]]) -> float:
    """Return how often pictures have all of a combination, over how often if its attributes were independent.

    0 where one of them never occurs.
    """
    having = [
        have_all({name: found[name].numpy()}, faces.ATTRIBUTES, {name: names}) for name, names in combination.items()
    ]
    expected = math.prod(float(one.mean()) for one in having)
    return float(np.logical_and.reduce(having).mean()) / expected if expected else 0.0


def name_of(combination: dict[str, tuple[str, ...]]) -> str:
    """Return a combination in words: attributes that have one of several values by their name alone."""
    words = [f"{name} {values[0]}" if len(values) == 1 else name for name, values in combination.items()]
    return " with ".join(words)


def _known(comparison: Comparison) -> bool:
    return comparison.classifier is not None and comparison.classifier.name == "faces"


def _read(comparison: Comparison, role: str) -> Readings:
    comparison.progress(f"reading attributes of {'generated' if role == 'generated' else 'real'} pictures")
    network = face_attributes.load(str(comparison.model.device))
    return face_attributes.seen(face_attributes.read(comparison.images(role), network))
