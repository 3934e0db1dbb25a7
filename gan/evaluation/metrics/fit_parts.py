"""Teach a small U-Net to find parts in pictures, from pictures whose every pixel is labelled, or most are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from gan.evaluation.metrics.classifier import to_float
from gan.evaluation.metrics.fit import Recipe, train
from gan.networks.parts import PartsNetwork

UNPAINTED = 255  # a pixel that nobody has labelled
# Masks are not moved along. In batches of 16 a network learns in as many pictures what in batches of 128 it does not:
# after 40,000 and 80,000 faces parts overlap by .84 and .56 on average, and mouths and brows are not found at all.
RECIPE = Recipe(epochs=4, shift=0, batch_size=16)
LEARNING_RATE = 3e-3  # of Adam
POWER = 0.25  # see `weights_of`: with 0 parts overlap by .84, with this by .86
BATCH = 64  # pictures read at once: bounds memory
LEAST_SHARE = 1e-4  # of pixels: rarer parts count no more


def weights_of(labels: Tensor, parts: int, power: float = 0.5) -> Tensor:
    """Return how much each part counts in the loss: less the larger it is, as its share of pixels to minus a power."""
    there = labels[labels != UNPAINTED].long()
    share = torch.bincount(there, minlength=parts).float() / max(1, len(there))
    weights = share.clamp_min(LEAST_SHARE) ** -power
    return weights / (weights * share).sum()


def fit_parts(
    images: Tensor,
    labels: Tensor,
    parts: int,
    recipe: Recipe = RECIPE,
    seed: int = 0,
    progress: Callable[[str], None] = lambda line: None,
) -> PartsNetwork:
    """Return a network taught on images uint8 (N, C, R, R) and the part of each pixel, uint8 (N, R, R).

    The same arguments give the same network, to rounding.
    """
    weights = weights_of(labels, parts, POWER)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = PartsNetwork(images.shape[1], parts).to(memory_format=torch.channels_last)

    def loss(outputs: Tensor, chosen: Tensor) -> Tensor:
        wanted = labels[chosen].long()
        return F.cross_entropy(outputs, torch.where(wanted == UNPAINTED, -100, wanted), weights)

    adam = torch.optim.Adam(network.parameters(), LEARNING_RATE)
    return train(network, images, loss, recipe, torch.Generator().manual_seed(seed), adam, progress)


@torch.inference_mode()
def find_parts(network: PartsNetwork, images: Tensor) -> np.ndarray:
    """Return the part that each pixel of images uint8 (N, C, R, R) shows, uint8 (N, R, R)."""
    found = [np.empty((0, *images.shape[2:]), np.uint8)]
    found += [network(to_float(batch)).argmax(1).to(torch.uint8).numpy() for batch in images.split(BATCH)]
    return np.concatenate(found)
