"""Parts of pictures from a few painted ones: a small head on the generator's feature maps, taught in about a second.

The maps of a generator already tell an eye from a mouth, so that one to ten pictures are enough (RepurposeGAN,
arXiv:2103.04379; DatasetGAN, arXiv:2104.06490). Whatever has a latent can then be coloured: samples, the same with a
slider moved, and real pictures once they have been found (`Model.invert`). What a head says of single pixels spreads to
where the picture has no edge (`gan.editing.spread`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol, cast

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from gan.editing.heads import HIDDEN, WIDE, Average, DeepHead, Head, LinearHead
from gan.editing.recolour import colour_coordinates, recoloured
from gan.editing.spread import PULL, spread
from gan.evaluation.metrics.fit_parts import UNPAINTED
from gan.models.model import Model

AROUND = 5  # pixels a side that a head without feature maps looks at
STEPS, DECAY = 120, 1e-3  # of AdamW, with all painted pixels in each step
WARM = 30  # steps in which its rate rises: the first ones, at full rate, can spoil a head for good
SINGLE = 5.0  # times as many steps, each with the pixels of one picture, where there are many parts; half with few
FEW = 6  # painted pictures, below which a linear head needs another beside it; with ten it is better alone
MANY = 5  # parts, from which on some are a pixel or two wide: a deep head is better then, and they spread less
RECOLOURED = 8  # times as many pictures there, in other colours, where those are known to change nothing else
PATIENCE, COLOURINGS = 3, 8  # times as many steps, and pictures in other colours asked, where there is time
THIN_PULL = 1.0  # how strongly many parts spread, see `gan.editing.spread.PULL`
BATCH = 16  # pictures coloured at once
LEAST_SHARE = 1e-3  # of pixels: rarer parts count no more


class Layered(Protocol):
    """A generator whose feature maps can be looked at."""

    def unfold(self, z: Tensor, y: Tensor | None = None) -> Tensor: ...

    def draw(self, maps: Tensor, z: Tensor, y: Tensor | None = None) -> Tensor: ...

    def pyramid(self, maps: Tensor, z: Tensor, y: Tensor | None = None) -> list[Tensor]: ...


@dataclass(frozen=True)
class Painted:
    """Pictures of a model with a label for some or all of their pixels.

    latents  float32 (N, z_dim)
    classes  float32 (N, K), None for a model without classes
    labels   uint8 (N, R, R): an index into `names`, or `UNPAINTED`
    names    of the parts
    offsets  float32 (N, F, S, S) of the first feature map, as `Model.invert` finds them; None for none
    """

    latents: Tensor
    classes: Tensor | None
    labels: np.ndarray
    names: tuple[str, ...]
    offsets: Tensor | None = None

    def __post_init__(self) -> None:
        """Raise ValueError, with what is wrong, for labels from which nothing can be learnt."""
        painted = self.labels[self.labels != UNPAINTED]
        if not 2 <= len(self.names) < UNPAINTED:
            raise ValueError(f"parts must have 2 to {UNPAINTED - 1} names, got {len(self.names)}")
        if len(self.labels) != len(self.latents):
            raise ValueError(f"labels must be one for each latent, got {len(self.labels)} and {len(self.latents)}")
        if painted.size and painted.max() >= len(self.names):
            raise ValueError(f"labels must be below {len(self.names)}, or {UNPAINTED} for none, got {painted.max()}")
        if len(np.unique(painted)) < 2:
            raise ValueError("paint at least two parts: with one there is nothing to tell apart")


class Maps(NamedTuple):
    """Feature maps (N, F, S, S) of several sizes, coarse to fine, and the pictures (N, C, R, R) that they become."""

    layers: list[Tensor]
    pictures: Tensor


class Parts:
    """Taught heads in use: colours pictures by their latents. Made by `teach`.

    saw_offsets: whether they were taught on maps with offsets; those that were not take them for something else.
    colourings: how often a picture is looked at, each time in other colours, where a latent says what those are.
    """

    def __init__(
        self,
        model: Model,
        names: tuple[str, ...],
        maps: MapsOf,
        heads: Average,
        saw_offsets: bool = False,
        colourings: int = 1,
    ) -> None:
        self.model, self.names, self._maps, self._heads = model, names, maps, heads
        self.saw_offsets, self._colourings = saw_offsets, colourings

    @torch.inference_mode()
    def of(self, z: Tensor, y: Tensor | None, offsets: Tensor | None = None) -> np.ndarray:
        """Return the part that each pixel shows, uint8 (N, R, R), an index into `names`, of the pictures of latents."""
        side = self.model.resolution
        found = [np.empty((0, side, side), np.uint8)]
        for i in range(0, len(z), BATCH):
            rows = None if y is None else y[i : i + BATCH]
            moved = None if offsets is None else offsets[i : i + BATCH]
            some = z[i : i + BATCH]
            seen = (self._shares(latents, rows, moved) for latents in self._in_colours(some).split(len(some)))
            found.append(sum(seen, torch.zeros(())).argmax(1).to(torch.uint8).cpu().numpy())
        return np.concatenate(found)

    def _in_colours(self, z: Tensor) -> Tensor:
        coordinates = colour_coordinates(self.model.config) if self._colourings > 1 else []
        return recoloured(z, coordinates, self._colourings) if coordinates else z

    def _shares(self, z: Tensor, y: Tensor | None, offsets: Tensor | None) -> Tensor:
        maps = self._maps(self.model, z, y, offsets)
        return spread(self._heads(maps.layers), maps.pictures, PULL if len(self.names) < MANY else THIN_PULL)


AnyHead = LinearHead | Head | DeepHead
MapsOf = Callable[[Model, Tensor, Tensor | None, Tensor | None], Maps]


def feature_maps(model: Model, z: Tensor, y: Tensor | None, offsets: Tensor | None = None) -> Maps:
    """Return the feature maps of latents, coarse to fine; the last also has the picture, and the places in it.

    ValueError for a network that has no such maps.
    """
    if not can_tell_parts(model):
        raise ValueError(f"{model.name} has no feature maps to look at: its network is {model.config.network}")
    generator = cast(Layered, model.generator)
    known = z.to(model.device), None if y is None else y.to(model.device)
    first = generator.unfold(*known)
    first = first if offsets is None else first + offsets.to(model.device)
    maps, picture = generator.pyramid(first, *known), generator.draw(first, *known).clamp(-1, 1)
    finest = maps[-1]
    if finest.shape[-1] < model.resolution:
        maps[-1] = finest = F.interpolate(finest, (model.resolution,) * 2, mode="bilinear", align_corners=False)
    place = torch.linspace(-1, 1, model.resolution, device=finest.device)
    grid = torch.stack([place[:, None].expand(-1, len(place)), place.expand(len(place), -1)])
    return Maps([*maps[:-1], torch.cat([finest, picture, grid.expand(len(finest), -1, -1, -1)], 1)], picture)


def pixel_maps(model: Model, z: Tensor, y: Tensor | None, offsets: Tensor | None = None) -> Maps:
    """Return the pixels around each pixel, (N, C * AROUND², R, R): what a head has that knows no feature maps."""
    pictures = torch.from_numpy(model.render(z, y, offsets)).permute(0, 3, 1, 2).float().div(127.5).sub(1)
    return Maps([F.unfold(pictures, AROUND, padding=AROUND // 2).unflatten(2, pictures.shape[2:])], pictures)


def can_tell_parts(model: Model) -> bool:
    """Return whether the model's network has feature maps from which parts can be told."""
    return hasattr(model.generator, "pyramid")


def teach(
    model: Model,
    painted: Painted,
    maps: MapsOf = feature_maps,
    steps: int = STEPS,
    seed: int = 0,
    colourings: int = 1,
    hidden: int = HIDDEN,
) -> Parts:
    """Return what has learnt from painted pictures. The same ones give the same parts, to rounding.

    A part counts the more the rarer it is, as its share of the painted pixels to the power -1/2. seed: of what does not
    begin with nothing, which is a head of pixels, or of fewer pictures than `FEW`, or of `MANY` parts. colourings: see
    `Parts`. hidden: channels of heads of many parts.
    """
    count = len(painted.names)
    rows = _recoloured(model, painted) if count >= MANY else painted
    with torch.inference_mode(False), torch.no_grad():
        seen = maps(model, rows.latents, rows.classes, rows.offsets).layers
        features = [m.float().clone() for m in seen]
    labels = torch.from_numpy(rows.labels.astype(np.int64)).to(features[0].device)
    with torch.inference_mode(False), torch.enable_grad(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        heads: list[AnyHead]
        if count >= MANY:
            shown = round(steps * (SINGLE if len(painted.labels) >= FEW else SINGLE / 2))
            heads = [_fit(DeepHead.of(features, count, hidden), features, labels, shown, single=True)]
        else:
            kinds: list[AnyHead] = [] if maps is pixel_maps else [LinearHead(features, count)]
            if maps is pixel_maps or len(labels) < FEW:
                kinds.append(Head.of(features, count))
            heads = [_fit(head, features, labels, steps) for head in kinds]
    both = Average(heads).eval().requires_grad_(False)
    return Parts(model, painted.names, maps, both, painted.offsets is not None, colourings)


def teach_well(model: Model, painted: Painted) -> Parts:
    """Return what has learnt from painted pictures as `teach`, for sets that nobody waits for: slower, and better."""
    return teach(model, painted, steps=PATIENCE * STEPS, colourings=COLOURINGS, hidden=WIDE)


def _recoloured(model: Model, painted: Painted) -> Painted:
    """Return painted pictures and, where their latents say what their colours are, the same in others."""
    coordinates = colour_coordinates(model.config)
    if not coordinates:
        return painted
    y, offsets = painted.classes, painted.offsets
    return replace(
        painted,
        latents=recoloured(painted.latents, coordinates, RECOLOURED),
        classes=None if y is None else y.repeat(RECOLOURED, 1),
        labels=np.tile(painted.labels, (RECOLOURED, 1, 1)),
        offsets=None if offsets is None else offsets.repeat(RECOLOURED, 1, 1, 1),
    )


def _fit(head: AnyHead, features: list[Tensor], labels: Tensor, steps: int, single: bool = False) -> AnyHead:
    """Teach a head, by all pictures in each step or, where `single`, by one; return it."""
    known = labels != UNPAINTED
    share = torch.bincount(labels[known], minlength=head.parts).float() / known.sum()
    weights = share.clamp_min(LEAST_SHARE).rsqrt() * (share > 0)
    adam = torch.optim.AdamW(head.parameters(), head.rate, weight_decay=DECAY)
    painted = known.flatten(1).any(1).nonzero()
    rows: Tensor | slice = slice(None)
    warm = WARM if single else 1
    for step in range(steps):
        for group in adam.param_groups:
            group["lr"] = head.rate * min(1.0, (step + 1) / warm, 2 * (1 - step / steps))
        if single:
            rows = painted[torch.randint(len(painted), ())]
        loss = F.cross_entropy(head([m[rows] for m in features]), labels[rows], weights, ignore_index=UNPAINTED)
        adam.zero_grad()
        loss.backward()
        adam.step()
    return head


def overlaps(found: np.ndarray, truth: np.ndarray, parts: int) -> np.ndarray:
    """Return, by part, the share of its pixels in either of two labellings that it has in both (IoU), float64 (parts,).

    NaN for a part that is in neither; unpainted pixels of the truth do not count.
    """
    known = truth != UNPAINTED
    result = np.full(parts, np.nan)
    for i in range(parts):
        a, b = (found == i) & known, (truth == i) & known
        if either := int((a | b).sum()):
            result[i] = float((a & b).sum() / either)
    return result
