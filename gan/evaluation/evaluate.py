"""Measure a model's pictures beside real ones, and record the result in its folder."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gan import data
from gan.config import Config
from gan.data.dataset import Dataset
from gan.data.points import is_points
from gan.errors import DataError, FolderError
from gan.evaluation import loss_curve
from gan.evaluation.card import NEIGHBOURS, card, licence_of
from gan.evaluation.metrics import neighbours
from gan.evaluation.metrics.classifier import Classifier, available, load_classifier
from gan.evaluation.metrics.comparison import Comparison
from gan.evaluation.metrics.face_attributes import AttributeFeatures
from gan.evaluation.metrics.general import Extractor, load_extractor
from gan.evaluation.metrics.reference import load_reference
from gan.evaluation.metrics.registry import METRICS
from gan.io import read_json, write_bytes
from gan.models.model import Model
from gan.text import listed

SAMPLES = 10_000  # generated pictures, and as many real ones
MIN_SAMPLES = 16  # fewer say nothing, and have too few neighbours for precision and recall
FEW = 200  # fewer get a word on what to expect


def evaluate(
    model: Model,
    data_root: str | Path = "data",
    samples: int = SAMPLES,
    score: bool = True,
    sheet: Path | None = None,
    progress: Callable[[str], None] = lambda line: None,
    dataset: str = "",
) -> dict[str, Any]:
    """Measure everything in `METRICS`; return flat JSON values, by the keys of `gan.evaluation.metrics.registry`.

    The pictures are those of seeds 0, 1, 2, ..., with classes as frequent as in training: see `Comparison`. The same
    model and data give the same numbers, to rounding.

    samples  generated pictures, at least 16; fewer where there are fewer real ones to compare with
    score    also train two classifiers for the classifier accuracy score (conditional models only)
    sheet    also write a PNG there: generated pictures, each beside its nearest training pictures
    dataset  a data set or folder to compare with; "" for the one that the model was trained on

    Features are those of the data set's own classifier, of faces those of the network that reads their attributes. Of
    other data, such as a folder, they are those of `gan.evaluation.metrics.general`, and nothing is measured by class.

    DataError, with the cure, for samples out of range, and for data that is missing, of too few pictures or not the
    model's.
    """
    if isinstance(samples, bool) or not isinstance(samples, int) or not MIN_SAMPLES <= samples <= 10**6:
        raise DataError(f"samples must be a whole number in [{MIN_SAMPLES}, 1000000], got {samples!r}")
    started = time.perf_counter()
    name = dataset or model.config.dataset
    classifier = _load_classifier(model, name)
    extractor = _load_features(model, classifier)
    real = load_reference(name, model.resolution, data_root, samples)
    _check_data(model, name, real.train)
    if (n := len(real.compared.images)) < min(FEW, samples):
        progress(f"only {n} real pictures to compare with: small differences say little")
    comparison = Comparison(model, classifier, real, progress, extractor)
    progress("comparing them with real pictures")
    result: dict[str, Any] = {"reference": real.split}
    for name, metric in METRICS.items():
        if score or not metric.trains:
            result |= metric.record(name, comparison)
    if sheet is not None:
        neighbours.write_sheet(sheet, comparison)
    result["evaluation_classifier"] = extractor.about
    result["evaluation_features"] = extractor.kind
    result["evaluation_device"] = model.device.type
    result["evaluation_seconds"] = round(time.perf_counter() - started, 1)
    return result


def _load_classifier(model: Model, name: str) -> Classifier | None:
    """Load the classifier of a data set; None where it has none. DataError unless its pictures are like the model's."""
    if is_points(name):
        raise DataError(f"{model.name} makes points: python -m benchmarks.modes measures what finds their modes")
    if name not in available():
        if name not in data.DATASETS and not Path(name).expanduser().is_dir():
            raise DataError(
                f"{model.name} was trained on {name!r}, which is neither a data set nor a folder here: pass the folder "
                "of its pictures with --dataset"
            )
        return None
    classifier = load_classifier(name, model.device)
    own = model.classes, tuple(model.config.class_groups)
    if model.channels != classifier.channels or own not in (((), ()), (classifier.classes, classifier.groups)):
        raise DataError(
            f"{model.name} was trained on {model.config.dataset!r}, whose channels or classes are not those of "
            f"the data set {name!r}: pass the folder of its pictures with --dataset"
        )
    return classifier


def _load_features(model: Model, classifier: Classifier | None) -> Extractor:
    """Return what makes the features of pictures whose classifier is given, None for those that have none."""
    if classifier is None:
        return load_extractor(model.device)
    return AttributeFeatures(model.device) if classifier.name == "faces" else classifier


def _check_data(model: Model, name: str, found: Dataset) -> None:
    """Raise DataError unless pictures have the model's channels and, where it has some, its classes."""
    channels = found.images.shape[1]
    if channels != model.channels:
        kinds = {1: "grey", 3: "in colour"}
        raise DataError(
            f"the pictures of {name} are {kinds[channels]}, those of {model.name} {kinds[model.channels]}: pass others "
            "with --dataset"
        )
    if model.classes and (found.classes, found.groups) != (model.classes, tuple(model.config.class_groups)):
        raise DataError(
            f"the classes of {name} ({listed(found.classes) or 'none'}) are not those of {model.name} "
            f"({listed(model.classes)}): pass with --dataset the pictures that it was trained on"
        )


def record(folder: Path, config: Config, result: dict[str, Any]) -> None:
    """Add `result` to the folder's metrics.json, whose other keys stay, and write its card anew.

    Each file is written whole or not at all. FolderError for a metrics.json that is not a JSON object.
    """
    metrics = read_metrics(folder) | result
    if type(metrics.get("images")) is not int:  # a card needs it
        metrics = {"images": config.images} | {k: v for k, v in metrics.items() if k != "images"}
    write_bytes(folder / "metrics.json", (json.dumps(metrics, indent=2) + "\n").encode())
    has = {name: (folder / name).is_file() for name in (loss_curve.NAME, NEIGHBOURS)}
    text = card(config, metrics, licence_of(config), curve=has[loss_curve.NAME], neighbours=has[NEIGHBOURS])
    write_bytes(folder / "README.md", text.encode())


def read_metrics(folder: Path) -> dict[str, Any]:
    """Return the content of the folder's metrics.json, {} without one; FolderError unless it is a JSON object."""
    path = folder / "metrics.json"
    metrics = read_json(path) if path.exists() else {}
    if not isinstance(metrics, dict):
        raise FolderError(f"{path}: expected a JSON object, got {type(metrics).__name__}")
    return metrics
