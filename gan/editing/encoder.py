"""Teach a model's encoder: pictures go through it and on through the generator, which stays as it is, and come back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from gan import data
from gan.editing.operators import OPERATORS, operator
from gan.errors import DataError
from gan.models.inversion import PRIOR, precision
from gan.models.model import Model
from gan.networks.encoder import Encoder

IMAGES, BATCH = 100_000, 16
LEARNING_RATE, BETAS, WARM_UP = 1e-3, (0.9, 0.99), 50  # of Adam; steps until the rate is whole
CLASS_WEIGHT = 0.01  # of the classes' cross-entropy beside the mean squared difference
SAMPLES = 8_192  # of the model itself, where its data set is not there

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Taught:
    """Pictures to learn from: uint8 (N, C, R, R), class weights (N, K), and whether they are the model's own."""

    images: Tensor
    rows: Tensor
    own: bool = False


def pictures_for(model: Model, dataset: str, root: str, split: str, progress: Progress) -> Taught | None:
    """Return the pictures of a split of the data set that a model was trained on; None where there are none."""
    try:
        name = data.full_set(dataset) if split == "test" else dataset
        found = data.load(name, model.resolution, root, split, progress)
    except DataError as error:
        progress(f"note: {error}")
        return None
    if found.images.shape[1] != model.channels or (model.classes and found.classes != model.classes):
        progress(f"note: the pictures of {dataset} have other colours or classes than {model.name}'s")
        return None
    return Taught(found.images, found.class_weights())


def own_pictures(model: Model, count: int = SAMPLES) -> Taught:
    """Return samples of the model, seeds 0 to `count`: what is left where its data set is not there."""
    rows = model.class_weights(range(count))
    made = torch.from_numpy(model.render(model.latents(range(count)), rows)).permute(0, 3, 1, 2)
    return Taught(made.contiguous(), torch.empty(count, 0) if rows is None else rows, own=True)


def teach(
    model: Model,
    pictures: Taught,
    images: int = IMAGES,
    seed: int = 0,
    progress: Progress = lambda line: None,
    begin: Encoder | None = None,
) -> Encoder:
    """Return an encoder, taught on so many pictures, in eval mode and without gradients.

    begin: one to go on from, of a model with the same shapes, such as this one before it was trained on; it stays as it
    is. ValueError for one of other shapes.

    What is minimised is the difference of a picture to what the generator makes of its latent; the latent's own, known
    for samples, teaches next to nothing (docs/LOG.md). Half of the pictures are shown spoilt, as the usual tools bring
    them back, so that a restoration begins well too. The same arguments give the same encoder, to rounding.
    """
    source = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        encoder = Encoder(model.config).to(model.device)
    if begin is not None:
        _begin_as(encoder, begin)
    adam = torch.optim.Adam(encoder.parameters(), LEARNING_RATE, BETAS)
    steps = max(1, images // BATCH)
    summed = 0.0
    for step in range(steps):
        for group in adam.param_groups:
            group["lr"] = LEARNING_RATE * min(1.0, (step + 1) / WARM_UP, 2 * (1 - step / steps) + 0.02)
        chosen = torch.randint(len(pictures.images), (BATCH,), generator=source)
        x = pictures.images[chosen].to(model.device).float().div(127.5).sub(1)
        y = pictures.rows[chosen].to(model.device) if model.classes else None
        seen = _spoil_half(x, source)
        with precision(model, BATCH):
            z, logits = encoder(seen, y)
            made = model.generator(z, y)
        error = (made.float() - x).square().mean()
        loss = error + PRIOR * z.float().square().mean()
        if y is not None:
            loss = loss + CLASS_WEIGHT * _class_loss(logits.float(), y, bool(model.groups))
        adam.zero_grad()
        loss.backward()
        adam.step()
        summed += error.item()
        if (step + 1) % 125 == 0:
            decibels = -10 * torch.tensor(summed / 500).log10().item()
            progress(f"{(step + 1) * BATCH:,} of {images:,} pictures: {decibels:.2f} dB")
            summed = 0.0
    return encoder.eval().requires_grad_(False)


def _begin_as(encoder: Encoder, other: Encoder) -> None:
    """Give an encoder the weights of another."""
    try:
        encoder.load_state_dict(other.state_dict())
    except RuntimeError:
        told = "the encoder to begin with is of another network, size or classes: take that of a model like this one"
        raise ValueError(told) from None


def _spoil_half(x: Tensor, source: torch.Generator) -> Tensor:
    """Return pictures (N, C, R, R) of which half have lost something, one of `OPERATORS` drawn for all of them."""
    resolution, channels = x.shape[3], x.shape[1]
    names = [name for name in OPERATORS if name != "grey" or channels == 3]
    name = names[int(torch.randint(len(names), (), generator=source))]
    kind = OPERATORS[name]
    share = float(torch.rand((), generator=source))
    mask, strength = None, kind.low + share * (1.5 * kind.default - kind.low)
    if name == "hole":
        mask = _random_hole(resolution, source)
    elif name == "shrink":
        strength = 4.0 if share < 0.7 else 2.0
    elif name == "grey":
        strength = 1.0
    lost = operator(name, resolution, channels, strength, mask)
    half = len(x) // 2
    seed = int(torch.randint(2**31, (), generator=source))
    return torch.cat([lost.guess(lost.spoil(x[:half], seed)), x[half:]])


def _random_hole(resolution: int, source: torch.Generator) -> np.ndarray:
    """Return a mask (R, R) of half of the picture on one of its sides, or of a rectangle."""
    mask = np.zeros((resolution, resolution), np.uint8)
    kind, *cuts = torch.randint(2**31, (5,), generator=source).tolist()
    if kind % 2:
        half = resolution // 2
        side = (slice(half, None), slice(None)), (slice(half), slice(None))
        where = (*side, *(pair[::-1] for pair in side))[(kind // 2) % 4]
    else:
        top, left = (cut % (resolution // 2) for cut in cuts[:2])
        height, width = (resolution // 4 + cut % (resolution // 3) for cut in cuts[2:])
        where = slice(top, top + height), slice(left, left + width)
    mask[where] = 1
    return mask


def _class_loss(logits: Tensor, y: Tensor, several: bool) -> Tensor:
    if several:
        return F.binary_cross_entropy_with_logits(logits, y)
    return F.cross_entropy(logits, y)
