"""Measure a model's pictures beside real ones, and record the result in its folder."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch

from gan import data
from gan.config import Config
from gan.data.dataset import Dataset
from gan.data.hub_pictures import is_hub_name
from gan.data.points import is_points
from gan.errors import DataError, FolderError
from gan.evaluation import loss_curve
from gan.evaluation.card import card, licence_of
from gan.evaluation.card_tables import NEIGHBOURS, SLIDERS
from gan.evaluation.metrics import neighbours
from gan.evaluation.metrics.classifier import Classifier, available, load_classifier
from gan.evaluation.metrics.comparison import Comparison
from gan.evaluation.metrics.face_attributes import AttributeFeatures
from gan.evaluation.metrics.general import Extractor, load_extractor
from gan.evaluation.metrics.reference import Reference, load_reference
from gan.evaluation.metrics.registry import METRICS
from gan.io import read_json, write_bytes
from gan.models.directions import Directions, slider_entries, write_directions
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
    started = time.perf_counter()
    evaluator = load_evaluator(model.config, model.device, data_root, samples, dataset=dataset)
    if (n := len(evaluator.real.compared.images)) < min(FEW, samples):
        progress(f"only {n} real pictures to compare with: small differences say little")
    names = [name for name, metric in METRICS.items() if score or not metric.trains]
    result = evaluator.measure(model, names, sheet, progress)
    result["evaluation_classifier"] = evaluator.extractor.about
    result["evaluation_features"] = evaluator.extractor.kind
    result["evaluation_device"] = model.device.type
    result["evaluation_seconds"] = round(time.perf_counter() - started, 1)
    return result


class Evaluator:
    """Measures models, one after the other, by one network and beside the same real pictures.

    classifier  of the data set; None for pictures that have none, of which nothing is measured by class
    extractor   makes the features; by default the classifier
    """

    def __init__(self, classifier: Classifier | None, real: Reference, extractor: Extractor | None = None) -> None:
        chosen = extractor or classifier
        assert chosen is not None, "an evaluator needs something that makes features"
        self.classifier, self.real = classifier, real
        self.extractor: Extractor = chosen
        self._of_real: dict[Any, Any] = {}

    def measure(
        self,
        model: Model,
        names: Iterable[str] = METRICS,
        sheet: Path | None = None,
        progress: Callable[[str], None] = lambda line: None,
    ) -> dict[str, Any]:
        """Measure a model by the metrics of these names; return values by key, as `evaluate` does."""
        comparison = Comparison(model, self.classifier, self.real, progress, self._of_real, self.extractor)
        progress("comparing them with real pictures")
        result: dict[str, Any] = {"reference": self.real.split}
        for name in names:
            result |= METRICS[name].record(name, comparison)
        if sheet is not None:
            neighbours.write_sheet(sheet, comparison)
        return result


def load_evaluator(
    config: Config,
    device: torch.device,
    data_root: str | Path = "data",
    samples: int = SAMPLES,
    train: Dataset | None = None,
    dataset: str = "",
) -> Evaluator:
    """Load what models with this config are measured with.

    samples, dataset and errors as for `evaluate`. train: the training pictures, where they are loaded already.
    """
    if isinstance(samples, bool) or not isinstance(samples, int) or not MIN_SAMPLES <= samples <= 10**6:
        raise DataError(f"samples must be a whole number in [{MIN_SAMPLES}, 1000000], got {samples!r}")
    name = dataset or config.dataset
    classifier = _load_classifier(config, name, device)
    real = load_reference(name, config.resolution, data_root, samples, train)
    _check_data(config, name, real.train)
    return Evaluator(classifier, real, _load_features(classifier, device))


def _load_classifier(config: Config, name: str, device: torch.device) -> Classifier | None:
    """Load the classifier of a data set; None where it has none. DataError unless its pictures are like the model's."""
    if is_points(name):
        raise DataError(f"{name} are points, no pictures: python -m benchmarks.modes measures what finds their modes")
    if name not in available():
        if name not in data.DATASETS and not is_hub_name(name) and not Path(name).expanduser().is_dir():
            raise DataError(
                f"the model's pictures were {name!r}, which is neither a data set nor a folder here: pass the folder "
                "where they are now with --dataset"
            )
        return None
    classifier = load_classifier(name, device)
    own = config.classes, tuple(config.class_groups)
    if config.channels != classifier.channels or own not in (((), ()), (classifier.classes, classifier.groups)):
        raise DataError(
            f"pictures are called {name!r}, and their channels or classes are not those of the data set of that name: "
            "pass the folder of the model's pictures with --dataset"
        )
    return classifier


def _load_features(classifier: Classifier | None, device: torch.device) -> Extractor:
    """Return what makes the features of pictures whose classifier is given, None for those that have none."""
    if classifier is None:
        return load_extractor(device)
    return AttributeFeatures(device) if classifier.name == "faces" else classifier


def _check_data(config: Config, name: str, found: Dataset) -> None:
    """Raise DataError unless pictures have a model's channels and, where it has some, its classes."""
    channels = found.images.shape[1]
    if channels != config.channels:
        kinds = {1: "grey", 3: "in colour"}
        raise DataError(
            f"the pictures of {name} are {kinds[channels]}, the model's {kinds[config.channels]}: pass others with "
            "--dataset"
        )
    if config.classes and (found.classes, found.groups) != (config.classes, tuple(config.class_groups)):
        raise DataError(
            f"the classes of {name} ({listed(found.classes) or 'none'}) are not the model's "
            f"({listed(config.classes)}): pass with --dataset the pictures that it was trained on"
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


def record_sliders(folder: Path, config: Config, directions: Directions) -> list[dict[str, Any]]:
    """Write directions with their names into the folder, its metrics.json and its card; return what metrics.json has.

    Each file is written whole or not at all. Principal directions stay as they are.
    """
    about = slider_entries(directions.sliders)
    write_directions(folder / "directions.safetensors", directions)
    record(folder, config, {SLIDERS: about})
    return about


def read_metrics(folder: Path) -> dict[str, Any]:
    """Return the content of the folder's metrics.json, {} without one; FolderError unless it is a JSON object."""
    path = folder / "metrics.json"
    metrics = read_json(path) if path.exists() else {}
    if not isinstance(metrics, dict):
        raise FolderError(f"{path}: expected a JSON object, got {type(metrics).__name__}")
    return metrics
