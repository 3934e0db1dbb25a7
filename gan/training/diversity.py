"""Diversity of generated pictures or points relative to real ones: the number that reveals mode collapse."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from gan.evaluation.metrics.distances import pairwise
from gan.models.latent import class_of
from gan.training.rng import shuffled_indices

VISIBLE = 1.0  # of 255 levels: pictures that differ by less, as a root mean square, are equal for all that is seen
MIN_MODES = 6  # modes of a mixture of points; a generator with fewer counts as collapsed


def diversity_ratio(made: Tensor, real: Tensor, groups: Tensor) -> float:
    """Return how much generated pictures or points (N, ...) differ from each other, over the same of real ones.

    real: as many, on the same scale, each of the class of the generated one in its row; groups: those classes, int64
    (N,), all 0 where there are none. Compared within classes is the mean distance of a picture to the one most like
    it. A point of a mixture has neighbours in its mode whatever happens, so that of a point goes to the neighbour that
    is farther than a `MIN_MODES`th of all. Copies among the real ones count once, with as many generated ones. 1 where
    there is nothing to compare with, as when all real ones are equal, or differ by less than `VISIBLE`.

    Measured at 64 pictures and 1,000 points: other real ones score .93 to 1.07; the shipped models .93 to 1.03 (emoji
    .69 to .72, never below .68 since image 20,000 of its training); one picture per class 0, under noise of 8 of 255
    levels .11 to .15; two pictures in all 0 to .10; latents at .3 of their length .43. Points of up to five modes of
    the ring or the grid, of up to three times their width: .15 at most (2 of 8: .02; 2 of 25: .03); points anywhere in
    the square .74 to 1.45.
    """
    of_made, of_real = [], []
    for group in groups.unique():
        different = real[groups == group].unique(dim=0)
        if len(different) > 1:
            of_made.append(_neighbour_distances(made[groups == group][: len(different)]))
            of_real.append(_neighbour_distances(different))
    if not of_made:
        return 1.0
    spread, least = float(torch.cat(of_real).mean()), 0.0 if made.is_floating_point() else VISIBLE
    return float(torch.cat(of_made).mean()) / spread if spread > least * made[0].numel() ** 0.5 else 1.0


def diversity_of_samples(samples: np.ndarray, images: Tensor, labels: Tensor, classes: int, seed: int) -> float:
    """Return `diversity_ratio` of samples of the seeds 0, 1, ... against a random choice of a data set's pictures.

    samples: uint8 (N, H, W, C) or float32 (N, 2). images: of the data set, (n, C, H, W) or (n, 2); labels: int64 (n,),
    their classes, read if `classes` is not 0. Samples that the data set has too few pictures of their class for are
    left out. With hardly two samples of a class, classes are ignored.
    """
    made = torch.from_numpy(samples)
    groups = torch.tensor([class_of(i, classes) if classes else 0 for i in range(len(made))])
    if 2 * len(groups.unique()) > len(made):
        groups, classes = torch.zeros_like(groups), 0
    shuffled = shuffled_indices(seed, len(images), 0, len(images))
    shuffled_labels = labels[shuffled] if classes else torch.zeros_like(shuffled)
    rows_made, rows_real = [], []
    for group in groups.unique():
        own, available = (groups == group).nonzero()[:, 0], shuffled[shuffled_labels == group]
        count = min(len(own), len(available))
        rows_made.append(own[:count])
        rows_real.append(available[:count])
    chosen = torch.cat(rows_made)
    real = images[torch.cat(rows_real).to(images.device)].cpu()
    if real.ndim > 2:
        real = real.permute(0, 2, 3, 1)
    return diversity_ratio(made[chosen], real, groups[chosen])


def _neighbour_distances(pictures: Tensor) -> Tensor:
    # Distances (N,) as `diversity_ratio` describes them; none of fewer than two.
    flat, nth = pictures.flatten(1).float(), max(len(pictures) // MIN_MODES, 1) if pictures.ndim == 2 else 1
    if len(flat) < 2:
        return flat.new_empty(0)
    return pairwise(flat, flat).kthvalue(nth + 1, 1).values  # the nearest is the picture itself
