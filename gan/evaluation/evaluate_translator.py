"""Measure a translator on pictures that training did not use."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gan import data
from gan.data import PAIRS
from gan.data.dataset import Dataset
from gan.data.domains import Pairs, in_colour
from gan.errors import DataError
from gan.evaluation.metrics.classifier import Classifier, available, load_classifier
from gan.evaluation.metrics.face_attributes import AttributeFeatures
from gan.evaluation.metrics.translated import TRANSLATION_METRICS, Translated, to_a, worst
from gan.models.image_grid import write_grid
from gan.models.model import to_uint8
from gan.models.translator import Translator, other

SHOWN = 8  # translations on the sheet of the worst


def evaluate_translator(
    model: Translator,
    data_root: str | Path = "data",
    samples: int = 500,
    sheet: Path | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Measure everything in `TRANSLATION_METRICS` of translations to B; return flat JSON values.

    Of `PAIRS` the pictures are those of the test split, and so there is a truth, and the way back is measured, too,
    under the names that `to_a` gives. Otherwise they are of the test split
    of A, or, if it has none, of its training pictures, and there is none. The same model and data give the same
    numbers, to rounding. sheet: also write a PNG there, of inputs above translations above truths, the worst ones.
    DataError, with the cure, for data that is missing.
    """
    started = time.perf_counter()
    if samples < 2:
        raise DataError(f"samples must be at least 2, got {samples}")
    config = model.config
    if config.source:
        a, b, split = _sides(model, data_root, samples)
        pairs, labels = None, None
    elif config.dataset in PAIRS:
        split = "test"
        pairs = data.load_pairs(config.dataset, model.resolution, data_root, split, progress)
        a, b, labels = pairs.a[:samples], pairs.b[:samples], None if pairs.labels is None else pairs.labels[:samples]
    else:
        raise DataError(f"the pairs {config.dataset!r} are not at hand: evaluate a model of {', '.join(PAIRS)}")
    progress(f"translating {len(a):,} pictures")
    comparison, back = _compared(model, a, b, pairs, labels)
    result: dict[str, Any] = {"translation_samples": len(a), "translation_split": split}
    for name, metric in TRANSLATION_METRICS.items():
        result |= metric.record(name, comparison)
        if back is not None:
            result |= {to_a(key): value for key, value in metric.record(name, back).items()}
    if sheet is not None:
        _write_sheet(sheet, comparison)
    result["evaluation_device"] = model.device.type
    result["evaluation_seconds"] = round(time.perf_counter() - started, 1)
    return result


def _sides(model: Translator, data_root: str | Path, samples: int) -> tuple[Tensor, Tensor, str]:
    """Return pictures of A and of B, and the split that A's come from."""
    config = model.config
    splits = data.DATASETS[config.source].splits if config.source in data.DATASETS else ("train",)
    split = splits[-1]
    sides: list[Dataset] = []
    for name, part in ((config.source, split), (config.dataset, "train")):
        if name not in data.DATASETS:
            raise DataError(f"the pictures {name!r} are not at hand: evaluate a model of {', '.join(data.DATASETS)}")
        sides.append(data.load(name, model.resolution, data_root, split=part))
    a, b = in_colour(sides[0].images, sides[1].images)
    return a[:samples], b[:samples], split


def _compared(
    model: Translator, a: Tensor, b: Tensor, pairs: Pairs | None, labels: Tensor | None
) -> tuple[Translated, Translated | None]:
    """Return translations of A to B, to be measured, and those of B to A where they have a truth."""
    told = pairs.conditions[: len(a)] if pairs and pairs.conditions is not None and model.condition_names else None
    known = PAIRS.get(model.config.dataset) if pairs else None
    faces = known is not None and known.faces and model.channels == 3
    extractor = AttributeFeatures(model.device) if faces else None
    made, returned = _there_and_back(model, a, "b", told)
    to_b = Translated(a, made, returned, b if pairs else None, b, _classifier(model), labels, extractor, faces)
    if pairs is None or returned is None:
        return to_b, None
    made, returned = _there_and_back(model, b, "a", told)
    return to_b, Translated(b, made, returned, a, a, extractor=extractor, faces=faces)


def _there_and_back(model: Translator, pictures: Tensor, to: str, told: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """Translate uint8 pictures to a side and, where the model can, back. told: conditions of translations to B."""
    there = model.render(pictures.float().div(127.5).sub(1), to, told if to == "b" else None)
    if other(to) not in model.sides:
        return _planes(there), None
    return _planes(there), _planes(model.render(there, other(to), told if to == "a" else None))


def _planes(pictures: Tensor) -> Tensor:
    return torch.from_numpy(to_uint8(pictures)).permute(0, 3, 1, 2).contiguous()


def _classifier(model: Translator) -> Classifier | None:
    known = PAIRS.get(model.config.dataset)
    name = known.classifier if known else model.config.dataset
    if name not in available():
        return None
    found = load_classifier(name, model.device)
    return found if found.channels == model.channels else None


def _write_sheet(path: Path, comparison: Translated) -> None:
    rows = worst(comparison, SHOWN)
    shown = [comparison.inputs[rows], comparison.translated[rows]]
    if comparison.truth is not None:
        shown.append(comparison.truth[rows])
    write_grid(path, torch.cat(shown).permute(0, 2, 3, 1).numpy())
