"""`TRANSLATION_METRICS`: what is measured of translations, against the truth where there are held-out pairs.

A metric is a function `(comparison, role) -> value`; its floor is the score of doing nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor

from gan.data import faces
from gan.data.seeded import Choice
from gan.evaluation.metrics import face_attributes
from gan.evaluation.metrics.classifier import Classifier
from gan.evaluation.metrics.frechet import frechet_distance
from gan.evaluation.metrics.metric import Metric

MOST_DB = 60.0  # PSNR of equal pictures
GREY = (0.299, 0.587, 0.114)
BINS = 8  # of each channel, in histograms of colours
DIFFERENT = 8  # levels of 255 by which a pixel of the truth differs from the input where a change was wanted


class Extractor(Protocol):
    """Tells pictures uint8 (N, H, W, C) apart by numbers float32 (N, F)."""

    def features(self, images: Tensor) -> Tensor: ...


@dataclass(frozen=True)
class Translated:
    """Translations to be measured, uint8 (N, C, R, R) each.

    inputs of set A, translated, back to A or None; truth: what should have come out, or None; real: pictures of set B.
    classifier: of B's pictures, or None; labels: int64 (N,), its classes of the truth, or None. extractor: what B's
    pictures are compared by, in place of the classifier. faces: whether they are faces, whose attributes can be read.
    """

    inputs: Tensor
    translated: Tensor
    back: Tensor | None
    truth: Tensor | None
    real: Tensor
    classifier: Classifier | None = None
    labels: Tensor | None = None
    extractor: Extractor | None = None
    faces: bool = False

    @cached_property
    def attributes(self) -> dict[str, dict[str, Tensor]]:
        """Read the faces of each role, and of the truth; as `face_attributes.seen` returns it."""
        roles = {"generated": self.translated, "untouched": self.inputs, "truth": self.truth}
        return {
            role: face_attributes.seen(face_attributes.read(_rows(images)))
            for role, images in roles.items()
            if images is not None
        }

    def images(self, role: str) -> Tensor:
        """Return the pictures of a role: generated, the translations, or untouched, the inputs."""
        return self.translated if role == "generated" else self.inputs


def psnr(comparison: Translated, role: str) -> float | None:
    """Return the mean PSNR of a role's pictures to the truth, in dB."""
    if comparison.truth is None:
        return None
    return float(_psnr(comparison.images(role), comparison.truth).mean())


def psnr_kept(comparison: Translated, role: str) -> float | None:
    """Return the mean PSNR to the truth where that is as the input, in dB: what should have been left alone."""
    return _within(comparison, role, changed=False)


def psnr_changed(comparison: Translated, role: str) -> float | None:
    """Return the mean PSNR to the truth where that differs from the input, in dB."""
    return _within(comparison, role, changed=True)


def nearer(comparison: Translated, role: str) -> float | None:
    """Return the share of translations that are nearer to the truth than to the input, where those differ."""
    if comparison.truth is None:
        return None
    where = _differs(comparison).expand_as(comparison.inputs).float()
    made = comparison.images(role).float()
    to_truth, to_input = (
        ((made - other.float()).square() * where).flatten(1).sum(1) for other in (comparison.truth, comparison.inputs)
    )
    return float((to_truth < to_input).double().mean())


def luminance_psnr(comparison: Translated, role: str) -> float:
    """Return the mean PSNR of the translations' luminance to the inputs', in dB."""
    made, given = (_luminance(images) for images in (comparison.translated, comparison.inputs))
    return float(_psnr(made, given).mean())


def colour_distance(comparison: Translated, role: str) -> float | None:
    """Return half the L1 distance, in [0, 1], between histograms of colours of a role's pictures and of the truth.

    Of all pictures together. Without a truth, B's own pictures stand for it.
    """
    made, wanted = comparison.images(role), comparison.real if comparison.truth is None else comparison.truth
    if made.shape[1] != 3:
        return None
    return float((_histogram(made) - _histogram(wanted)).abs().sum() / 2)


def cycle_error(comparison: Translated, role: str) -> float | None:
    """Return the mean absolute error of going there and back, in levels of 255; None for one direction."""
    if comparison.back is None:
        return None
    return float((comparison.back.float() - comparison.inputs.float()).abs().mean())


def frechet(comparison: Translated, role: str) -> float | None:
    """Return the Frechet distance of a role's pictures to B's own; None without features of those.

    Of pairs, of one half of them to the truth of the other half: a picture is not compared with its own truth. role
    "truth": of the truth itself.
    """
    extractor = comparison.extractor or comparison.classifier
    if extractor is None or (role == "truth" and comparison.truth is None):
        return None
    images = comparison.truth if role == "truth" else comparison.images(role)
    assert images is not None
    made, real = (extractor.features(_rows(pictures)).double() for pictures in (images, comparison.real))
    half = len(real) // 2
    return frechet_distance(made, real) if comparison.truth is None else frechet_distance(made[:half], real[half:])


def accuracy(comparison: Translated, role: str) -> float | None:
    """Return the share of a role's pictures in which B's classifier sees the truth's class; None without one."""
    if comparison.classifier is None or comparison.labels is None:
        return None
    return _accuracy(comparison, comparison.images(role))


def accuracy_of_truth(comparison: Translated, role: str) -> float | None:
    """Return the same of the truth itself."""
    if comparison.classifier is None or comparison.labels is None or comparison.truth is None:
        return None
    return _accuracy(comparison, comparison.truth)


def _as_truth(*names: str) -> Callable[[Translated, str], float | None]:
    """Return a measure of how often attributes of faces are read in a role's pictures as in the truth, their mean."""

    def measure(comparison: Translated, role: str) -> float | None:
        if not comparison.faces or comparison.truth is None:
            return None
        made, wanted = comparison.attributes[role], comparison.attributes["truth"]
        return float(torch.stack([(made[name] == wanted[name]).double().mean() for name in names]).mean())

    return measure


MAIN = ("hair", "beard", "mouth")  # the attributes that are told apart
OTHERS = tuple(name for name, one in faces.ATTRIBUTES.items() if isinstance(one, Choice) and name not in MAIN)

TRANSLATION_METRICS: dict[str, Metric] = {
    "psnr": Metric(psnr, "psnr_untouched", "untouched", sentence="PSNR: of a picture to its truth, in dB."),
    "psnr_changed": Metric(
        psnr_changed,
        "psnr_changed_untouched",
        "untouched",
        sentence=f"PSNR changed and kept: where the truth differs from the input by more than {DIFFERENT} levels of "
        "255, and where it does not.",
    ),
    "psnr_kept": Metric(psnr_kept),
    "nearer_truth": Metric(
        nearer, sentence="Nearer truth: share of pictures that are nearer to it than to the input, where those differ."
    ),
    "luminance_psnr": Metric(
        luminance_psnr, sentence="Luminance PSNR: of the translation's luminance to the input's, in dB."
    ),
    "colour_distance": Metric(
        colour_distance,
        "colour_distance_untouched",
        "untouched",
        sentence="Colour distance: between histograms of colours, 0 for the same and 1 for no colour in common.",
    ),
    "cycle_error": Metric(cycle_error, sentence="Cycle error: of going there and back, in levels of 255."),
    "frechet_to_b": Metric(
        frechet,
        "frechet_to_b_untouched",
        "untouched",
        sentence="Frechet to B: distance to pictures of B; of the truth, that is the least there can be.",
    ),
    "frechet_to_b_truth": Metric(lambda comparison, role: frechet(comparison, "truth")),
    **{
        f"{name}_as_truth": Metric(
            _as_truth(name),
            f"{name}_as_truth_untouched",
            "untouched",
            sentence="As truth: share of pictures in which the network that reads the attributes of faces sees what it "
            "sees in the truth; others, the mean over all that are not named.",
        )
        for name in MAIN
    },
    "others_as_truth": Metric(_as_truth(*OTHERS), "others_as_truth_untouched", "untouched"),
    "translation_accuracy": Metric(
        accuracy,
        "translation_accuracy_untouched",
        "untouched",
        sentence="Translation accuracy: share of pictures in which the classifier of B sees what the truth shows.",
    ),
    "translation_accuracy_truth": Metric(accuracy_of_truth),
}


def to_a(key: str) -> str:
    """Return the key under which what `key` holds of translations to B is stored of those to A."""
    return f"to_a_{key.replace('_to_b', '')}"


def worst(comparison: Translated, count: int) -> Tensor:
    """Return the rows (count,) of the translations that are farthest from the truth; without one, the first rows."""
    if comparison.truth is None:
        return torch.arange(min(count, len(comparison.inputs)))
    return _psnr(comparison.translated, comparison.truth).argsort()[:count]


def _psnr(a: Tensor, b: Tensor) -> Tensor:
    error = (a.double() - b.double()).square().flatten(1).mean(1)
    return (10 * torch.log10(255**2 / error.clamp_min(1e-9))).clamp_max(MOST_DB)


def _differs(comparison: Translated) -> Tensor:
    assert comparison.truth is not None
    gap = (comparison.truth.int() - comparison.inputs.int()).abs().amax(1, keepdim=True)
    return gap > DIFFERENT


def _within(comparison: Translated, role: str, changed: bool) -> float | None:
    if comparison.truth is None:
        return None
    where = (_differs(comparison) == changed).expand_as(comparison.inputs).double()
    error = (comparison.images(role).double() - comparison.truth.double()).square() * where
    there = where.flatten(1).sum(1)
    if not there.any():
        return None
    mean = error.flatten(1).sum(1)[there > 0] / there[there > 0]
    return float((10 * torch.log10(255**2 / mean.clamp_min(1e-9))).clamp_max(MOST_DB).mean())


def _luminance(images: Tensor) -> Tensor:
    if images.shape[1] == 1:
        return images.double()
    return (images.double() * torch.tensor(GREY, dtype=torch.float64).view(1, 3, 1, 1)).sum(1, keepdim=True)


def _histogram(images: Tensor) -> Tensor:
    cells = (images.long() * BINS // 256).permute(1, 0, 2, 3).flatten(1)
    index = (cells[0] * BINS + cells[1]) * BINS + cells[2]
    return torch.bincount(index, minlength=BINS**3).double() / index.numel()


def _rows(images: Tensor) -> Tensor:
    return images.permute(0, 2, 3, 1).contiguous()


def _accuracy(comparison: Translated, images: Tensor) -> float:
    assert comparison.classifier is not None and comparison.labels is not None
    seen = comparison.classifier.predict(comparison.classifier.features(_rows(images)))
    return float((seen == comparison.labels).double().mean())
