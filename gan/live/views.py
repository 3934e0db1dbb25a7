"""Views of a run at one moment: arrays ready to be drawn, and the numbers beside them.

The thread that trains makes them between two steps. Nothing here changes what the run does next.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from gan.data.dataset import Dataset
from gan.data.points import MIXTURES, distribution_of
from gan.errors import DataError
from gan.evaluation.metrics import balance, verdict
from gan.evaluation.metrics.classifier import load_classifier
from gan.evaluation.metrics.frechet import frechet_distance
from gan.evaluation.metrics.manifold import manifold
from gan.evaluation.metrics.modes import coverage
from gan.models.latent import class_rows, latents
from gan.models.model import to_uint8
from gan.training.diversity import diversity_ratio
from gan.training.rng import shuffled_indices
from gan.training.trainer import Trainer

POINTS, ARROWS = 600, 140  # generated points drawn; those of them with an arrow
HEAT, MARGIN = 32, 1.1  # cells a side of the critic's map; its half width in extents of the distribution
WARP, LATENT_RANGE = 17, 2.0  # lines each way of the grid of latents, which covers [-LATENT_RANGE, LATENT_RANGE]^2
MEASURED_POINTS = 1_000  # points of the averaged generator whose coverage is measured
PICTURES, JUDGED = 36, 8  # pictures of fixed seeds; those of them, and as many real ones, that the critic judges
MEASURED_PICTURES = 512  # pictures compared with as many real ones
CLASS_FOUND = 0.2  # of its usual share, from which on a class counts as found
SCALE = 32_000  # int16 of a coordinate at the edge


@dataclass
class View:
    """One moment. arrays: by name, C-contiguous, int16 or uint8; numbers: JSON values."""

    arrays: dict[str, np.ndarray]
    numbers: dict[str, Any] = field(default_factory=dict)


class Viewer(Protocol):
    """The views of one kind of data."""

    def backdrop(self) -> View:
        """Return what stays the same through a run."""
        ...

    def look(self, trainer: Trainer) -> View:
        """Return the run at this moment; takes milliseconds."""
        ...

    def measure(self, trainer: Trainer) -> dict[str, Any]:
        """Measure samples of the averaged generator; takes longer, for now and then."""
        ...


@contextmanager
def eval_mode(trainer: Trainer) -> Iterator[None]:
    """Put generator and critic into evaluation mode inside, for dropout and batch normalisation."""
    players = (trainer.generator, trainer.critic)
    for player in players:
        player.eval()
    try:
        yield
    finally:
        for player in players:
            player.train()


def critic_accuracy(real: Tensor, fake: Tensor) -> dict[str, float]:
    """Return the share of real logits above the mean fake one, and of fake logits below the mean real one.

    It means the same for a loss whose logits have a zero and for one where only differences count.
    """
    return {
        "accuracy_real": float((real > fake.mean()).float().mean()),
        "accuracy_fake": float((fake < real.mean()).float().mean()),
    }


def judge(critic: Callable[[Tensor], Tensor], pictures: Tensor) -> tuple[Tensor, np.ndarray]:
    """Return the logits (N,) of pictures (N, C, H, W), on the CPU, and where the critic (discriminator) looks.

    That is uint8 (N, H, W), the length of its gradient on each pixel, the longest of each picture 255.
    """
    x = pictures.detach().clone().requires_grad_(True)
    scores = critic(x)
    (gradient,) = torch.autograd.grad(scores.sum(), x)
    length = gradient.square().sum(1).sqrt()
    heat = length / length.amax((1, 2), keepdim=True).clamp_min(1e-12) * 255
    return scores.detach().float().cpu(), heat.round().byte().cpu().numpy()


class PointViewer:
    """Views of a distribution of points.

    backdrop: `real` int16 (600, 2), `centres` int16 (M, 2) of a mixture; extent, radius (of a mode, over the extent).
    look: `points` int16 (600, 2); `heat` uint8 (32, 32), the critic's logits from low to high, top row first; `at` and
    `arrows` int16 (140, 2), where the critic would move points; `warp` int16 (17, 17, 2), a grid of latents, if these
    have two dimensions. Coordinates are in units of 1.1 extents over 32,000.
    """

    def __init__(self, name: str) -> None:
        self.distribution, self.mixture = distribution_of(name), MIXTURES.get(name)
        self.reach = MARGIN * self.distribution.extent
        self.real = self.distribution.draw(POINTS, torch.Generator().manual_seed(1))
        line = torch.linspace(-self.reach, self.reach, HEAT)
        self.cells = torch.stack(torch.meshgrid(line.flip(0), line, indexing="ij")[::-1], -1).reshape(-1, 2)
        line = torch.linspace(-LATENT_RANGE, LATENT_RANGE, WARP)
        self.grid = torch.stack(torch.meshgrid(line, line, indexing="ij"), -1).reshape(-1, 2)
        self.latents = functools.cache(latents)

    def backdrop(self) -> View:
        """Return the arrays and numbers that the class lists."""
        arrays, numbers = {"real": self._quantised(self.real)}, {"extent": self.distribution.extent}
        if self.mixture:
            arrays["centres"] = self._quantised(self.mixture.centres)
            numbers |= {"modes_of": len(self.mixture.centres), "radius": 3 * self.mixture.sd / self.reach}
        return View(arrays, numbers)

    def look(self, trainer: Trainer) -> View:
        """Return the arrays that the class lists; numbers: accuracy_real, accuracy_fake."""
        with eval_mode(trainer), torch.no_grad():
            points = trainer.average(self.latents(range(POINTS), trainer.config.z_dim))
            heat, real, fake = trainer.critic(torch.cat([self.cells, self.real, points])).split(
                [len(self.cells), POINTS, POINTS]
            )
            arrays = {
                "points": self._quantised(points),
                "heat": _shades(heat, real, fake, trainer.config.loss).reshape(HEAT, HEAT),
            }
            if trainer.config.z_dim == 2:
                arrays["warp"] = self._quantised(trainer.average(self.grid)).reshape(WARP, WARP, 2)
        arrays |= self._arrows(trainer, points[:ARROWS])
        return View(arrays, critic_accuracy(real, fake))

    def _arrows(self, trainer: Trainer, points: Tensor) -> dict[str, np.ndarray]:
        x = points.detach().clone().requires_grad_(True)
        with eval_mode(trainer):
            (gradient,) = torch.autograd.grad(trainer.critic(x).sum(), x)
        longest = gradient.norm(dim=1).quantile(0.9).clamp_min(1e-12)
        return {"at": self._quantised(points), "arrows": self._quantised(gradient / longest * 0.12 * self.reach)}

    @torch.no_grad()
    def measure(self, trainer: Trainer) -> dict[str, Any]:
        """Return modes, quality and kl, infinite without a hit, of a mixture; precision and recall of others."""
        points = trainer.average(self.latents(range(10_000, 10_000 + MEASURED_POINTS), trainer.config.z_dim))
        if not bool(points.isfinite().all()):
            return {}
        if self.mixture:
            covered = coverage(points, self.mixture)
            return {
                "modes": covered.modes, "modes_of": covered.of, "quality": covered.quality,
                "kl": max(covered.kl, 0.0),
            }  # fmt: skip
        support = manifold(self.real.double(), points[:POINTS].double())
        return {"precision": support.precision, "recall": support.recall}

    def _quantised(self, points: Tensor) -> np.ndarray:
        scaled = points.detach().float().nan_to_num(0.0) * (SCALE / self.reach)
        return scaled.round().clamp(-32_767, 32_767).to(torch.int16).numpy()


class PictureViewer:
    """Views of pictures.

    backdrop: nothing; classes, by which `histogram` counts, classes_of: how many there are, and floor, of `frechet`,
    where there is a classifier; and where pictures have several classes, class_shares: how many of the data have each.
    look: `pictures` uint8 (36, H, W, C) of fixed seeds; `judged` uint8 (16, H, W, C), eight real ones and the first
    eight generated; `heat` uint8 (16, H, W), the length of the critic's gradient on each pixel, the longest 255.
    """

    def __init__(self, data: Dataset, name: str) -> None:
        chosen = shuffled_indices(7, len(data.images), 0, min(2 * MEASURED_PICTURES, len(data.images)))
        self.real, self.class_weights = data.images[chosen], data.class_weights()[chosen]
        self.strata = data.strata()[chosen]
        self.latents = functools.cache(latents)
        self.classifier, self.floor = None, None
        try:
            self.classifier = load_classifier(name)
        except DataError:  # a data set of the user's own, which has no classifier
            return
        features = self.classifier.features(self.real.permute(0, 2, 3, 1)).double()
        self.real_features, other = features[: len(features) // 2], features[len(features) // 2 :]
        self.floor = frechet_distance(other, self.real_features)

    def backdrop(self) -> View:
        """Return the arrays and numbers that the class lists."""
        if self.classifier is None:
            return View({})
        names = list(self.classifier.classes)
        numbers = {"classes": names, "classes_of": len(names), "frechet_floor": self.floor}
        if self.classifier.groups:
            numbers["class_shares"] = [round(share, 4) for share in self.class_weights.mean(0).tolist()]
        return View({}, numbers)

    def look(self, trainer: Trainer) -> View:
        """Return the arrays that the class lists; numbers: accuracy_real, accuracy_fake, and scores, sixteen logits."""
        config, k = trainer.config, len(trainer.config.classes)
        with torch.no_grad():
            seeds = range(PICTURES)
            y = class_rows(seeds, k, config.class_groups).to(trainer.device) if k else None
            pictures = to_uint8(trainer.average(self.latents(seeds, trainer.config.z_dim).to(trainer.device), y))
        real = self.real[:JUDGED].to(trainer.device)
        fake = torch.from_numpy(pictures[:JUDGED]).permute(0, 3, 1, 2).to(trainer.device)
        x = torch.cat([real, fake]).float().div(127.5).sub(1)
        y = torch.full((len(x), k), 1 / k, device=x.device) if k else None
        with eval_mode(trainer):
            scores, heat = judge(lambda judged: trainer.critic(judged, y), x)
        arrays = {
            "pictures": pictures,
            "judged": np.ascontiguousarray(
                x.detach().add(1).mul(127.5).round().byte().permute(0, 2, 3, 1).cpu().numpy()
            ),
            "heat": heat,
        }
        numbers = critic_accuracy(*scores.split([len(real), len(fake)]))
        return View(arrays, numbers | {"scores": [round(float(s), 3) for s in scores]})

    @torch.no_grad()
    def measure(self, trainer: Trainer) -> dict[str, Any]:
        """Return diversity; with a classifier also histogram, classes_found, frechet and confidence, its mean highest
        probability.
        """
        half = len(self.real) // 2
        k = len(trainer.config.classes)
        y = self.class_weights[:half].to(trainer.device) if k else None
        z = self.latents(range(10_000, 10_000 + half), trainer.config.z_dim).to(trainer.device)
        made = torch.cat([
            trainer.average(z[i : i + 64], None if y is None else y[i : i + 64]) for i in range(0, half, 64)
        ])  # fmt: skip
        if not bool(made.isfinite().all()):
            return {}
        pictures = to_uint8(made)
        some = min(half, 64)
        real, groups = self.real[:some].permute(0, 2, 3, 1), self.strata[:some] * bool(k)
        numbers = {"diversity": diversity_ratio(torch.from_numpy(pictures[:some]), real, groups)}
        if self.classifier is None:
            return numbers
        features = self.classifier.features(pictures)
        shares = balance.shares(self.classifier.predict(features), len(self.classifier.classes))
        confidence = verdict.confidence(self.classifier.logits(features), self.classifier.groups)
        return numbers | {
            "histogram": [round(float(s), 4) for s in shares],
            "classes_found": int((shares >= CLASS_FOUND * self._usual_shares()).sum()),
            "frechet": frechet_distance(features.double(), self.real_features),
            "confidence": confidence,
        }

    def _usual_shares(self) -> Tensor:
        """Return the share of each class that generated pictures should have, as `backdrop` tells it."""
        assert self.classifier is not None
        if self.classifier.groups:
            return self.class_weights.mean(0)
        return torch.full((len(self.classifier.classes),), 1 / len(self.classifier.classes))


def _shades(heat: Tensor, real: Tensor, fake: Tensor, loss: str) -> np.ndarray:
    """Map logits to bytes, 128 half-way between those of real and fake points: only differences mean anything.

    A colour means the same at all times: a difference of 1 is 76 % of the way to the end. But Wasserstein's scores are
    no logits: theirs are seen on the scale of their own deviation.
    """
    middle = (real.mean() + fake.mean()) / 2
    width = torch.cat([real, fake]).std().clamp_min(1e-6) * 2 if loss.startswith("wgan") else 1
    return (((heat - middle) / width).tanh() * 127 + 128).nan_to_num(128.0).round().clamp(0, 255).byte().numpy()
