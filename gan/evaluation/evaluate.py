"""Measure a model: each number beside what real pictures score in place of the generated ones."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gan.config import Config
from gan.data import Dataset
from gan.errors import DataError, FolderError
from gan.evaluation import loss_curve
from gan.evaluation.card import NEIGHBOURS, card, licence_of
from gan.evaluation.metrics import balance
from gan.evaluation.metrics.classifier import Classifier, fit_size, load_classifier
from gan.evaluation.metrics.fit import RECIPES, accuracy, fit
from gan.evaluation.metrics.frechet import frechet_distance
from gan.evaluation.metrics.manifold import NEAREST, manifold
from gan.evaluation.metrics.neighbours import SHEET, copied, gaps, memorisation, nearest, pixels, write_sheet
from gan.evaluation.metrics.reference import SEED, Reference, load_reference
from gan.io import read_json, write_bytes
from gan.models.model import Model

SAMPLES = 10_000  # generated pictures, and as many real ones
LEAST = 16  # samples: fewer say nothing, and have no `NEAREST` neighbours
QUERIES = 1_000  # pictures whose nearest training pictures are looked for
SCORE_SAMPLES = 20_000  # pictures that a classifier learns from for the classifier accuracy score
SCORE_IMAGES = 200_000  # shown to it, repetitions counted

Progress = Callable[[str], None]


def evaluate(
    model: Model,
    data_root: str | Path = "data",
    samples: int = SAMPLES,
    score: bool = True,
    sheet: Path | None = None,
    progress: Progress = lambda line: None,
) -> dict[str, Any]:
    """Everything that is measured, as flat JSON values, by the names in `gan.evaluation.card.EVALUATED`.

    Pictures are those of seeds 0, 1, 2, ..., with the classes of training pictures drawn at random, so that classes are
    as frequent as they were in training. The same model and data give the same numbers, to rounding.

    samples  generated pictures, at least 16; fewer where there are fewer real ones to compare with
    score    also train two classifiers for the classifier accuracy score (conditional models only)
    sheet    also write a PNG there: `SHEET` generated pictures, each with its nearest training pictures

    DataError, with the cure, for samples out of range, and where the data set has no classifier or is not there.
    """
    if isinstance(samples, bool) or not isinstance(samples, int) or not LEAST <= samples <= 10**6:
        raise DataError(f"samples must be a whole number in [{LEAST}, 1000000], got {samples!r}")
    started = time.perf_counter()
    classifier = _classifier(model)
    real = load_reference(model.config.dataset, model.resolution, data_root, samples)
    n = len(real.compared.images)
    progress(f"generating {n:,} pictures")
    generated, labels = _generate(model, real, range(n))
    progress("looking at them")
    eyes = {"generated": classifier.features(generated)}
    for role in ("compared", "floor", "train"):
        eyes[role] = classifier.features(_rows(getattr(real, role).images))
    result: dict[str, Any] = {"reference": real.split}
    result |= _distances(eyes["generated"].double(), eyes["compared"].double(), eyes["floor"].double())
    result |= _balance(classifier, eyes, real, labels)
    progress("looking for their nearest training pictures")
    result |= _memory(eyes, generated, real)
    if sheet is not None:
        _write_sheet(sheet, eyes, generated, real)
    if score and model.classes:
        result |= _score(model, classifier, real, generated, labels, progress)
    result["evaluation_classifier"] = f"{classifier.name}, {classifier.accuracy:.2%} accurate"
    result["evaluation_device"] = model.device.type
    result["evaluation_seconds"] = round(time.perf_counter() - started, 1)
    return result


def _classifier(model: Model) -> Classifier:
    classifier = load_classifier(model.config.dataset, model.device)
    if model.channels != classifier.channels or model.classes not in ((), classifier.classes):
        raise DataError(
            f"{model.name} was trained on {model.config.dataset!r}, whose channels or classes are not those of "
            "the data set of that name: evaluate a model of the data set itself"
        )
    return classifier


def _generate(model: Model, real: Reference, seeds: range) -> tuple[np.ndarray, Tensor | None]:
    """Pictures uint8 (N, H, W, C) of seeds, and their classes int64 (N,), None for an unconditional model."""
    if not model.classes:
        return model.sample(seeds), None
    source = torch.Generator().manual_seed(SEED)
    drawn = real.train.labels[torch.randperm(len(real.train.labels), generator=source)]
    labels = drawn[torch.tensor(seeds) % len(drawn)]
    return model.sample(seeds, label=labels.tolist()), labels


def _rows(images: Tensor) -> Tensor:
    """uint8 (N, C, H, W) seen as (N, H, W, C)."""
    return images.permute(0, 2, 3, 1)


def _ratio(value: float, floor: float) -> float | None:
    return value / floor if floor else None


def _distances(generated: Tensor, compared: Tensor, floor: Tensor) -> dict[str, Any]:
    """Frechet distance, precision, recall, density, coverage, of generated and real pictures, from features (N, D)."""
    far, least = frechet_distance(generated, compared), frechet_distance(floor, compared)
    result: dict[str, Any] = {
        "frechet_distance": far,
        "frechet_floor": least,
        "frechet_ratio": _ratio(far, least),
        "frechet_samples": len(generated),
    }
    own, best = (dataclasses.asdict(manifold(compared, x)) for x in (generated, floor))
    result |= own | {f"{name}_floor": value for name, value in best.items()}
    result |= {f"{name}_ratio": _ratio(own[name], best[name]) for name in ("precision", "recall")}
    return result | {"manifold_samples": len(generated), "manifold_nearest": NEAREST}


def _balance(
    classifier: Classifier, eyes: dict[str, Tensor], real: Reference, labels: Tensor | None
) -> dict[str, float | int | list[float]]:
    """Class shares by the classifier, of generated and of real pictures: what it mistakes, it mistakes in both."""
    predicted = {role: classifier.predict(rows) for role, rows in eyes.items()}
    shares = {role: balance.histogram(rows, len(classifier.classes)) for role, rows in predicted.items()}
    result = {
        "class_histogram": [round(float(p), 5) for p in shares["generated"]],
        "class_histogram_floor": [round(float(p), 5) for p in shares["compared"]],
        "class_entropy": balance.entropy(shares["generated"]),
        "class_entropy_floor": balance.entropy(shares["compared"]),
        "class_entropy_relative": balance.relative_entropy(shares["generated"]),
        "class_kl": balance.kl_divergence(shares["generated"], shares["train"]),
        "class_kl_floor": balance.kl_divergence(shares["compared"], shares["train"]),
        "classes_covered": balance.covered(shares["generated"]),
        "classes_covered_floor": balance.covered(shares["compared"]),
        "class_samples": len(predicted["generated"]),
        "classifier_accuracy": _accuracy(classifier, real.test_on),
    }
    if labels is not None:
        result["conditional_accuracy"] = float((predicted["generated"] == labels).double().mean())
    return result


def _accuracy(classifier: Classifier, held_out: Dataset) -> float:
    predicted = classifier.predict(classifier.features(_rows(held_out.images)))
    return float((predicted == held_out.labels).double().mean())


def _memory(eyes: dict[str, Tensor], generated: np.ndarray, real: Reference) -> dict[str, float | int]:
    """How near generated pictures are to training pictures, by features and by pixels, against other real ones."""
    some, members = slice(min(QUERIES, len(generated))), real.split == "train"
    seen = {role: rows.double() for role, rows in eyes.items()}
    result: dict[str, float | int] = {}
    for space, rows in (
        ("features", (seen["generated"][some], seen["train"], seen["compared"][some])),
        ("pixels", tuple(map(pixels, (generated[some], _rows(real.train.images), _rows(real.compared.images[some]))))),
    ):
        own, other = gaps(*rows, members)
        result |= {f"memorisation_{space}": memorisation(own, other), f"copied_{space}": copied(own, other)}
    return result | {"memorisation_samples": some.stop}


def _write_sheet(path: Path, eyes: dict[str, Tensor], generated: np.ndarray, real: Reference) -> None:
    rows, columns = min(SHEET[0], len(generated)), min(SHEET[1], len(eyes["train"]))
    _, found = nearest(eyes["generated"][:rows], eyes["train"], columns)
    write_sheet(path, generated[:rows], _rows(real.train.images).numpy(), found)


def _score(
    model: Model, classifier: Classifier, real: Reference, generated: np.ndarray, labels: Tensor, progress: Progress
) -> dict[str, float | int]:
    """Classifier accuracy score (arXiv:1905.10887): trained on generated pictures, tested on real ones.

    Beside it, the same recipe trained on as many real pictures, and tested on the same.
    """
    n = min(SCORE_SAMPLES, len(real.fit_on.images))
    if n > len(generated):
        progress(f"generating {n - len(generated):,} more pictures")
        more, classes = _generate(model, real, range(len(generated), n))
        generated, labels = np.concatenate([generated, more]), torch.cat([labels, classes])
    chosen = torch.randperm(len(real.fit_on.images), generator=torch.Generator().manual_seed(SEED))[:n]
    recipe = dataclasses.replace(RECIPES[classifier.name], epochs=-(-SCORE_IMAGES // n))
    size = classifier.resolution
    test = fit_size(real.test_on.images, size), real.test_on.labels
    found = []
    for what, images, classes in (
        ("generated", torch.from_numpy(generated[:n]).permute(0, 3, 1, 2), labels[:n]),
        ("real", real.fit_on.images[chosen], real.fit_on.labels[chosen]),
    ):
        progress(f"training a classifier on {n:,} {what} pictures")
        network = fit(fit_size(images, size), classes, len(classifier.classes), recipe, SEED, model.device)
        found.append(accuracy(network, *test))
    return {
        "classifier_accuracy_score": found[0],
        "classifier_accuracy_real": found[1],
        "classifier_accuracy_samples": n,
    }


def record(folder: Path, config: Config, result: dict[str, Any]) -> None:
    """Add `result` to the folder's metrics.json, whose other keys stay, and write its card anew; each whole or not."""
    metrics = read_metrics(folder) | result
    if type(metrics.get("images")) is not int:  # a card needs it
        metrics = {"images": config.images} | {k: v for k, v in metrics.items() if k != "images"}
    write_bytes(folder / "metrics.json", (json.dumps(metrics, indent=2) + "\n").encode())
    has = {name: (folder / name).is_file() for name in (loss_curve.NAME, NEIGHBOURS)}
    text = card(config, metrics, licence_of(config), curve=has[loss_curve.NAME], neighbours=has[NEIGHBOURS])
    write_bytes(folder / "README.md", text.encode())


def read_metrics(folder: Path) -> dict[str, Any]:
    path = folder / "metrics.json"
    metrics = read_json(path) if path.exists() else {}
    if not isinstance(metrics, dict):
        raise FolderError(f"{path}: expected a JSON object, got {type(metrics).__name__}")
    return metrics
