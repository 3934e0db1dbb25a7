"""`METRICS`: everything that is measured of generated pictures, in the order of the card's table.

`gan.evaluation.evaluate` measures these, and the card is made from them. To add a metric, write one function
`(comparison, role) -> value` in a file of its own, and one entry here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gan.evaluation.metrics import attributes, balance, classifier_accuracy, frechet, kernel, manifold, neighbours
from gan.evaluation.metrics.comparison import Comparison
from gan.evaluation.metrics.metric import Metric
from gan.evaluation.metrics.translated import TRANSLATION_METRICS, to_a


def _samples(comparison: Comparison, role: str) -> int:
    return comparison.samples


# name: (measure, name of the floor, role of its real pictures, ...), see `Metric`
METRICS: dict[str, Metric] = {
    "frechet_distance": Metric(frechet.measure, "frechet_floor", "floor", ratio="frechet_ratio"),
    "frechet_samples": Metric(_samples, row=False),
    "kernel_distance": Metric(kernel.measure, "kernel_floor", "floor", sentence=kernel.SENTENCE),
    "precision": Metric(manifold.precision, "precision_floor", "floor", ratio="precision_ratio"),
    "recall": Metric(manifold.recall, "recall_floor", "floor", ratio="recall_ratio"),
    "density": Metric(manifold.density, "density_floor", "floor"),
    "coverage": Metric(manifold.coverage, "coverage_floor", "floor"),
    "manifold_samples": Metric(_samples, row=False),
    "manifold_nearest": Metric(manifold.neighbours_used, row=False),
    "class_histogram": Metric(balance.class_histogram, "class_histogram_floor", "compared", row=False),
    "classes_covered": Metric(balance.classes_covered, "classes_covered_floor", "compared"),
    "class_entropy": Metric(balance.class_entropy, "class_entropy_floor", "compared"),
    "class_entropy_relative": Metric(balance.class_entropy_relative, row=False),
    "class_kl": Metric(balance.class_kl, "class_kl_floor", "compared"),
    "class_samples": Metric(balance.samples, row=False),
    "attribute_difference": Metric(
        attributes.difference, "attribute_difference_floor", "compared", sentence=attributes.DIFFERENCE
    ),
    "attribute_differences": Metric(attributes.differences, "attribute_differences_floor", "compared", row=False),
    "new_combinations": Metric(
        attributes.rarest_combination, "new_combinations_floor", "compared", sentence=attributes.NEW
    ),
    "new_combinations_by_name": Metric(attributes.combinations, row=False),
    "conditional_accuracy": Metric(
        classifier_accuracy.conditional, "classifier_accuracy", "test_on", sentence=classifier_accuracy.SENTENCE
    ),
    "conditional_accuracy_by_group": Metric(
        classifier_accuracy.conditional_by_group,
        "classifier_accuracy_by_group",
        "test_on",
        sentence=classifier_accuracy.BY_GROUP,
    ),
    "classifier_accuracy_score": Metric(
        classifier_accuracy.score,
        "classifier_accuracy_real",
        "fit_on",
        sentence=classifier_accuracy.SENTENCE,
        trains=True,
    ),
    "classifier_accuracy_samples": Metric(classifier_accuracy.samples, row=False, trains=True),
    "memorisation_features": Metric(neighbours.memorisation_features, sentence=neighbours.MEMORISATION),
    "memorisation_pixels": Metric(neighbours.memorisation_pixels, sentence=neighbours.MEMORISATION),
    "copied_features": Metric(neighbours.copied_features, sentence=neighbours.COPIED),
    "copied_pixels": Metric(neighbours.copied_pixels, sentence=neighbours.COPIED),
    "memorisation_samples": Metric(neighbours.samples, row=False),
}

# How an evaluation was done, stored beside the metrics.
CIRCUMSTANCES = (
    "reference",
    "evaluation_classifier",
    "evaluation_features",
    "evaluation_device",
    "evaluation_seconds",
)
TRANSLATION_CIRCUMSTANCES = ("translation_samples", "translation_split")


def evaluated() -> set[str]:
    """Return every key of metrics.json that an evaluation may write."""
    of_translators = evaluated_by(TRANSLATION_METRICS, TRANSLATION_CIRCUMSTANCES)
    return evaluated_by(METRICS, CIRCUMSTANCES) | of_translators | set(map(to_a, of_translators))


def evaluated_by(metrics: Mapping[str, Metric], circumstances: Sequence[str]) -> set[str]:
    """Return every key of metrics.json that the evaluation of one kind of model may write."""
    return set(circumstances).union(*(metric.keys(name) for name, metric in metrics.items()))
