"""Detect: where in a picture each thing is, told from the feature maps of a critic (discriminator).

To tell real pictures from made ones a critic had to learn what belongs where, so a small head on its maps finds things
from few labelled pictures. Beside it stands the same network with fresh weights, all of it taught on those pictures: a
plain supervised detector of the same size. One box a kind: of each kind there is one thing at most.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gan import networks
from gan.editing.heads import Head
from gan.evaluation.metrics.fit_parts import UNPAINTED, weights_of
from gan.models.model import Model
from gan.models.pixels import to_floats

STEPS, BATCH, RATE, DECAY = 300, 16, 0.003, 1e-3  # of AdamW
LEAST_PIXELS = 12  # of a kind that counts as seen
SPARSE = 0.08  # of its fullest row or column: emptier ones at its rim do not belong to it
MATCH = 0.5  # least overlap of two boxes that show the same


class Pyramidal(Protocol):
    """A critic (discriminator) whose feature maps of every size can be looked at."""

    def pyramid(self, x: Tensor) -> list[Tensor]: ...


class Detected(NamedTuple):
    """Hold how well things were found.

    found: the share of those that are there. right: the share of boxes that fit one. each: `found` by kind, NaN where
    there is none of it.
    """

    found: float
    right: float
    each: np.ndarray


class Detector:
    """A taught critic and head in use; names: of the kinds, the first of which is the background."""

    def __init__(self, critic: nn.Module, head: Head, names: tuple[str, ...]) -> None:
        self.names, self._critic, self._head = names, critic, head

    @torch.inference_mode()
    def masks(self, images: np.ndarray) -> np.ndarray:
        """Return the kind that each pixel of pictures uint8 (N, R, R, C) shows, uint8 (N, R, R)."""
        device = next(self._head.parameters()).device
        found = [np.empty((0, *images.shape[1:3]), np.uint8)]
        for part in torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).split(BATCH):
            logits = self._head(critic_maps(self._critic, to_floats(part).to(device)))
            found.append(logits.argmax(1).to(torch.uint8).cpu().numpy())
        return np.concatenate(found)

    def boxes(self, images: np.ndarray) -> np.ndarray:
        """Return where each kind but the first is in pictures uint8 (N, R, R, C), as `boxes_of`."""
        return boxes_of(self.masks(images), len(self.names))


def can_detect(model: Model) -> bool:
    """Return whether the model's critic has feature maps of every size."""
    return hasattr(model.critic, "pyramid")


def critic_maps(critic: nn.Module, x: Tensor) -> list[Tensor]:
    """Return a critic's feature maps of pictures (N, C, R, R), coarse to fine; the last is the picture, and places."""
    maps = cast(Pyramidal, critic).pyramid(x)
    place = torch.linspace(-1, 1, x.shape[2], device=x.device)
    grid = torch.stack([place[:, None].expand(-1, len(place)), place.expand(len(place), -1)])
    return [*(m.float() for m in reversed(maps)), torch.cat([x, grid.expand(len(x), -1, -1, -1)], 1)]


def teach_detector(
    model: Model,
    images: Tensor,
    masks: np.ndarray,
    names: tuple[str, ...],
    scratch: bool = False,
    steps: int = STEPS,
    seed: int = 0,
    progress: Callable[[str], None] = lambda line: None,
) -> Detector:
    """Return what has learnt from images uint8 (N, C, R, R) and the kind of each pixel, uint8 (N, R, R).

    scratch: with fresh weights instead of the critic's, all of which learn too. The same arguments give the same
    detector, to rounding. ValueError for a critic without such maps, and for masks that do not fit.
    """
    if not can_detect(model):
        raise ValueError(f"the critic of {model.name} has no feature maps of every size")
    if not len(images) or len(masks) != len(images) or masks[masks != UNPAINTED].max(initial=0) >= len(names):
        raise ValueError(f"needs a mask for each picture, with numbers below {len(names)}")
    labels = torch.from_numpy(masks)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        critic = networks.build(model.config)[1].to(model.device) if scratch else model.critic
        sizes = [m.shape[1] for m in critic_maps(critic, to_floats(images[:1]).to(model.device))]
        head = Head(sizes, len(names)).to(model.device)
    weights = weights_of(labels, len(names)).to(model.device)
    learning = [*head.parameters(), *(critic.parameters() if scratch else ())]
    adam = torch.optim.AdamW(learning, RATE, weight_decay=DECAY)
    source = torch.Generator().manual_seed(seed)
    with torch.inference_mode(False), torch.enable_grad():
        for step in range(steps):
            adam.param_groups[0]["lr"] = RATE * min(1.0, (step + 1) / 20, 2 * (1 - step / steps))
            chosen = torch.randint(len(images), (min(BATCH, len(images)),), generator=source)
            with torch.set_grad_enabled(scratch):
                maps = critic_maps(critic, to_floats(images[chosen]).to(model.device))
            wanted = labels[chosen].long().to(model.device)
            loss = F.cross_entropy(head(maps), torch.where(wanted == UNPAINTED, -100, wanted), weights)
            adam.zero_grad()
            loss.backward()
            adam.step()
            if (step + 1) % 100 == 0:
                progress(f"step {step + 1} of {steps}: loss {loss.item():.4f}")
    if scratch:
        critic.eval().requires_grad_(False)
    return Detector(critic, head.eval().requires_grad_(False), names)


def boxes_of(masks: np.ndarray, kinds: int) -> np.ndarray:
    """Return left, top, right and bottom edge of each kind but the first in masks (N, H, W), int64 (N, kinds - 1, 4).

    Zeros for a kind of which fewer than `LEAST_PIXELS` are there. Rows and columns at the rim that hold next to nothing
    of it, single pixels gone astray, are left out.
    """
    there = masks[:, None] == np.arange(1, kinds, dtype=masks.dtype)[:, None, None]
    found = np.zeros((*there.shape[:2], 4), np.int64)
    for axis, low in ((2, 0), (3, 1)):  # sums down the columns give left and right, along the rows top and bottom
        sums = there.sum(axis)
        dense = sums > np.maximum(1, SPARSE * sums.max(2, keepdims=True))
        found[..., low] = dense.argmax(2)
        found[..., low + 2] = dense.shape[2] - dense[..., ::-1].argmax(2)
    return found * (there.sum((2, 3)) >= LEAST_PIXELS)[..., None]


def box_overlaps(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the overlap (IoU) of boxes (..., 4) with others of the same shape, (...), 0 where either is empty."""
    inner = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    shared = inner.clip(0).prod(-1)
    sizes = [(box[..., 2:] - box[..., :2]).clip(0).prod(-1) for box in (a, b)]
    return shared / np.maximum(sizes[0] + sizes[1] - shared, 1)


def detected(found: np.ndarray, truth: np.ndarray, least: float = MATCH) -> Detected:
    """Compare boxes of each kind (N, K, 4), zeros for none: what is found overlaps the truth by `least` or more."""
    fits = box_overlaps(found, truth) >= least
    there, said = truth.any(2), found.any(2)
    with np.errstate(invalid="ignore"):
        each = (fits & there).sum(0) / there.sum(0)
    return Detected(
        float((fits & there).sum() / max(1, there.sum())), float((fits & said).sum() / max(1, said.sum())), each
    )
