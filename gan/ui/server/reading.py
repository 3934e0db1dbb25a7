"""A picture in the eyes of a classifier, of the training pictures, of the critic (discriminator) and of the judge."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gan.ui.server import sheets
from gan.ui.server.edit_requests import FindRequest
from gan.ui.server.held_out import Beginnings, Seen

if TYPE_CHECKING:
    from gan.editing.judge import JudgeNetwork
    from gan.evaluation.metrics.classifier import Classifier
    from gan.models.heads import Head
    from gan.models.model import Model

CLASSES, NEAREST = 3, 4  # that are told
REAL = 32  # real pictures that a verdict is compared with


@dataclass(frozen=True)
class Reader:
    """All that is known of a model's kind of pictures. real: of some real ones, the critic's logits, ascending."""

    seen: Seen
    classifier: Classifier | None
    judge: Head[JudgeNetwork] | None
    real: np.ndarray


def reader(model: Model, folder: Path, some: Beginnings) -> Reader:
    """Gather what is known of a model's pictures; some: real ones."""
    from gan.editing.judge import load_judge
    from gan.editing.recognise import can_recognise
    from gan.evaluation.metrics.classifier import available, load_classifier

    dataset, classifier = model.config.dataset, None
    if dataset in available():
        found = load_classifier(dataset)
        fits = found.classes == model.classes and found.channels == model.channels and not found.groups
        classifier = found if fits else None
    head = load_judge(model, folder) if can_recognise(model) else None
    real = np.stack([some.take(i)[0] for i in range(min(REAL, some.count))])
    return Reader(Seen(model), classifier, head, np.sort(model.critic_score(real)))


def read(model: Model, known: Reader, request: FindRequest) -> dict[str, Any]:
    """Say what a picture is: {classes, by, nearest, judge, logit}; parts that nobody can say are null.

    classes: [name, share] of the likeliest. by: who says so, in words. nearest: {pictures, decibels, kind, count}, of
    pictures that training saw. judge: {damage, made, figures, evidence}, as `gan.editing.judge` has them, evidence
    scaled to [-1, 1]. logit: {value, above, made}: the critic's, the share of real pictures that it is above, and how
    well logits tell samples, as the area under the curve.
    """
    from gan.models.pixels import to_tensor, to_uint8

    picture = to_uint8(to_tensor([request.picture], model.resolution, model.channels))
    classes, by = _classes(model, known, picture)
    return {
        "classes": classes,
        "by": by,
        "nearest": _nearest(known.seen, picture),
        "judge": _judge(model, known, picture),
        "logit": _logit(model, known, picture),
    }


def _classes(model: Model, known: Reader, picture: np.ndarray) -> tuple[list[tuple[str, float]] | None, str]:
    import torch

    if not model.classes or model.groups or model.encoder is None:
        return None, ""
    if known.classifier:
        logits = known.classifier.logits(known.classifier.features(picture))[0]
        by = f"a classifier that is right about {100 * known.classifier.accuracy:.4g} % of held-out pictures"
    else:
        encoder = model.encoder.network
        x = torch.from_numpy(picture).permute(0, 3, 1, 2).to(model.device).float().div(127.5).sub(1)
        with torch.no_grad():
            logits, by = encoder.classify(encoder.read(x))[0].float().cpu(), "the encoder"
    shares, order = logits.softmax(0).sort(descending=True)
    named = [model.classes[int(i)] for i in order[:CLASSES]]
    return [(name, round(float(share), 4)) for name, share in zip(named, shares, strict=False)], by


def _nearest(seen: Seen, picture: np.ndarray) -> dict[str, Any] | None:
    pictures = seen.pictures()
    if pictures is None or pictures.shape[1:] != picture.shape[1:]:
        return None
    rows, wanted = pictures.reshape(len(pictures), -1).astype(np.float32), picture.reshape(-1).astype(np.float32)
    errors = np.square((rows - wanted) / 255).mean(1)
    best = np.argsort(errors, kind="stable")[:NEAREST]
    return {
        "pictures": sheets.sheet(pictures[best]),
        "decibels": [round(float(-10 * np.log10(max(errors[i], 1e-10))), 1) for i in best],
        "kind": seen.kind,
        "count": len(pictures),
        "growing": seen.growing,
    }


def _judge(model: Model, known: Reader, picture: np.ndarray) -> dict[str, Any] | None:
    from gan.editing.judge import evidence, judge

    if known.judge is None:
        return None
    damage, made = (round(float(value), 2) for value in judge(model, known.judge, picture)[0])
    (places,) = evidence(model, known.judge, picture)
    places = places / max(float(np.abs(places).max()), 1e-6)
    figures = {name: known.judge.figures[name] for name in ("damage", "made") if name in known.judge.figures}
    return {"damage": damage, "made": made, "figures": figures, "evidence": places.round(2).tolist()}


def _logit(model: Model, known: Reader, picture: np.ndarray) -> dict[str, Any]:
    value = float(model.critic_score(picture)[0])
    above = float(np.searchsorted(known.real, value) / len(known.real))
    told = known.judge.figures.get("critic_made") if known.judge else None
    return {"value": round(value, 2), "above": above, "made": told}
