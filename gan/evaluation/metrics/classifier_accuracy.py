"""Accuracies by class: conditional accuracy, and the classifier accuracy score."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import torch

from gan.evaluation.metrics import verdict
from gan.evaluation.metrics.classifier import fit_size
from gan.evaluation.metrics.fit import RECIPES, accuracy, fit
from gan.evaluation.metrics.reference import SEED

if TYPE_CHECKING:
    from gan.evaluation.metrics.comparison import Comparison

MAX_SAMPLES = 20_000  # pictures on which a classifier is trained for the score
SHOWN = 200_000  # pictures shown to it, repetitions counted

SENTENCE = (
    "Classifier accuracy score: a classifier trained on generated pictures, tested on real ones. Conditional accuracy "
    "is its reverse: trained on real pictures, tested on generated ones; beside it, on real ones that it did not learn "
    "from."
)
BY_GROUP = (
    "By group: the same of each group of classes alone, in the order in which the classes are listed above. In all, a "
    "picture counts where every class that it was to have is seen, and no other one."
)


def conditional(comparison: Comparison, role: str) -> float | None:
    """Return the share of a role's pictures whose class the classifier predicts.

    None for an unconditional model, and where there is no classifier.

    Where a picture has several classes, the share in which it sees each of them and no other one.
    """
    labels = comparison.labels(role)
    if labels is None or comparison.classifier is None:
        return None
    return float(verdict.right(comparison.predicted(role), labels).double().mean())


def conditional_by_group(comparison: Comparison, role: str) -> list[float] | None:
    """Return `conditional` of each group of classes by itself; None where pictures have one class, or it is None."""
    labels, groups = comparison.labels(role), comparison.classifier.groups if comparison.classifier else ()
    if labels is None or not groups:
        return None
    right = verdict.right_by_group(comparison.predicted(role), labels, groups)
    return [round(float(share), 5) for share in right.double().mean(0)]


def score(comparison: Comparison, role: str) -> float | None:
    """Return the accuracy on real test pictures of a classifier trained on a role's pictures (arXiv:1905.10887).

    The number of training pictures, the recipe and the test pictures are the same for every role. None where
    `conditional` is.
    """
    n = samples(comparison, role)
    classifier, test = comparison.classifier, comparison.real.test_on
    if n is None or classifier is None:
        return None
    if role == "generated":
        images, labels = comparison.generate(n)
    else:
        chosen = torch.randperm(len(comparison.images(role)), generator=torch.Generator().manual_seed(SEED))[:n]
        images, labels = comparison.images(role)[chosen], comparison.labels(role)
        labels = None if labels is None else labels[chosen]
    assert labels is not None, "conditional models, and data sets that have a classifier, are labelled"
    comparison.progress(f"training a classifier on {n:,} {'generated' if role == 'generated' else 'real'} pictures")
    recipe = dataclasses.replace(RECIPES[classifier.name], epochs=-(-SHOWN // n))
    pictures = fit_size(images.permute(0, 3, 1, 2), classifier.resolution)
    groups, device = classifier.groups, comparison.model.device
    network = fit(pictures, labels, len(classifier.classes), recipe, SEED, device, groups=groups)
    return accuracy(network, fit_size(test.images, classifier.resolution), test.labels, groups)


def samples(comparison: Comparison, role: str) -> int | None:
    """Return the number of pictures on which `score` trains a classifier; None where it is None."""
    if not comparison.model.classes or comparison.classifier is None:
        return None
    return min(MAX_SAMPLES, len(comparison.real.fit_on.images))
