"""Recognise: a linear probe on the feature map of a critic (discriminator), beside one on pixels.

The map before the dense layers tells more than they do, and the logits tell next to nothing (docs/LOG.md). A
conditional critic has seen the labels of every training picture: what it tells with few of them is no proof of learning
from few; an unconditional one (`train.py --no-conditional`) has seen none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, cast

import torch
from torch import Tensor, nn

from gan.models.model import BATCH, Model
from gan.models.pixels import to_floats

RIDGE = 1e-2  # of the features' own mean square, times their number


def can_recognise(model: Model) -> bool:
    """Return whether the model's critic has a feature map to look at."""
    return hasattr(model.critic, "maps")


@torch.inference_mode()
def critic_features(model: Model, images: Tensor) -> Tensor:
    """Return the critic's last feature map, float32 (N, F), of pictures uint8 (N, C, R, R).

    ValueError for a critic without one.
    """
    if not can_recognise(model):
        raise ValueError(f"the critic of {model.name} has no feature map to look at")
    maps = cast(Callable[[Tensor], Tensor], model.critic.maps)
    parts = [maps(to_floats(part.to(model.device))).flatten(1).cpu() for part in images.split(BATCH)]
    return torch.cat(parts).float()


def pixel_features(model: Model, images: Tensor) -> Tensor:
    """Return the pixels, float32 (N, F) in [-1, 1]: what a probe has that knows no critic."""
    return to_floats(images.flatten(1))


class Probe:
    """Ridge regression of targets (N, T) on features (N, F), each feature centred and divided by its deviation."""

    def __init__(self, features: Tensor, targets: Tensor, ridge: float = RIDGE) -> None:
        self.mean, self.scale = features.mean(0), 1 / features.std(0, correction=0).clamp_min(1e-3)
        x, self.offset = self._normal(features).double(), targets.double().mean(0)
        y = targets.double() - self.offset
        n, f = x.shape
        if n < f:
            kernel = x @ x.T + ridge * f * torch.eye(n, dtype=x.dtype)
            self.weights = x.T @ torch.linalg.solve(kernel, y)
        else:
            self.weights = torch.linalg.solve(x.T @ x + ridge * n * torch.eye(f, dtype=x.dtype), x.T @ y)

    def _normal(self, features: Tensor) -> Tensor:
        return (features - self.mean) * self.scale

    def __call__(self, features: Tensor) -> Tensor:
        """Return predictions float32 (N, T)."""
        return (self._normal(features).double() @ self.weights + self.offset).float()


class ReadsClasses(Protocol):
    """A critic (discriminator) that tells classes; made by `train.py --labels N`."""

    def features(self, x: Tensor) -> Tensor: ...

    def class_logits(self, h: Tensor) -> Tensor: ...


def class_logits(critic: nn.Module, pictures: Tensor) -> Tensor:
    """Return the logits (N, K) of the classes that such a critic sees in pictures, float (N, C, R, R) in [-1, 1]."""
    reads = cast(ReadsClasses, critic)
    return reads.class_logits(reads.features(pictures))


@torch.inference_mode()
def tell_classes(model: Model, images: Tensor) -> Tensor:
    """Return how likely a model's critic takes each class, float32 (N, K), of pictures uint8 (N, C, R, R).

    Classes are `model.config.read_classes`. ValueError for a critic that tells none.
    """
    if not model.config.read_classes:
        raise ValueError(f"the critic of {model.name} tells no classes: train one with --labels")
    parts = [class_logits(model.critic, to_floats(part.to(model.device))) for part in images.split(BATCH)]
    return torch.cat(parts).float().softmax(1).cpu()


def few_of_each(labels: Tensor, count: int, seed: int = 0) -> Tensor:
    """Return the numbers of `count` pictures of each class, int64, which depend on nothing but labels and seed.

    ValueError where a class has fewer.
    """
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    chosen = [order[labels[order] == one][:count] for one in labels.unique()]
    if short := [int(labels[c[0]]) for c in chosen if len(c) < count]:
        raise ValueError(f"class {short[0]} has fewer than {count} pictures")
    return torch.cat(chosen)


def probe_accuracy(features: Tensor, labels: Tensor, test: Tensor, test_labels: Tensor) -> float:
    """Return the share of test pictures whose class a probe tells that was fitted on labelled features."""
    probe = Probe(features, torch.eye(int(labels.max()) + 1)[labels])
    return float((probe(test).argmax(1) == test_labels).float().mean())


def area_under_curve(higher: Tensor, lower: Tensor) -> float:
    """Return how often a value of `higher` (N,) is above one of `lower` (M,), ties counting half: the AUC."""
    both = torch.cat([higher, lower]).double().sort()[0]
    values = higher.double().contiguous()
    ranks = (torch.searchsorted(both, values) + torch.searchsorted(both, values, right=True) - 1).double() / 2
    n, m = len(higher), len(lower)
    return float((ranks.sum() - n * (n - 1) / 2) / (n * m))
