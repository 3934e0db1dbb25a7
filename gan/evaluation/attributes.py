"""`ATTRIBUTES`: what can be measured of a picture by itself and makes a slider, such as slant, weight or warmth.

To add some, write one function `uint8 (N, H, W, C) -> float (N, number of names)` and one entry. The function may run a
network that tells many attributes at once, in a file of its own: numbers, or probabilities of what is there or not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from torch import Tensor

from gan.config import Config
from gan.data import faces, full_set
from gan.data.attribute_codes import towards
from gan.data.seeded import Range
from gan.evaluation.metrics import face_attributes, face_regions
from gan.networks import POINT_NETWORKS

_TINY = 1e-6
_SUBJECT = 0.1  # how far from the background a pixel is that is none


def _meant_of_faces(name: str, z_dim: int) -> Tensor | None:
    return towards(faces.CODED, name, faces.MEANT[name], z_dim) if name in faces.MEANT else None


@dataclass(frozen=True)
class Attributes:
    """Attributes that one function measures together.

    names     one for each column of what `measure` returns, each a Python identifier
    measure   pictures uint8 (N, H, W, C) -> float (N, len(names)), finite for every picture
    channels  of the pictures that it takes
    datasets  the data sets for which it is meant; empty for all
    but       data sets for which it is not meant
    switches  names whose column is a probability: there or not, such as glasses
    parts     names that say something of a small part of the picture, such as a mouth: their sliders need not change
              the whole picture more than random directions do
    elsewhere (name, pictures, the same pictures changed) -> mean absolute change in levels outside what the name says
              something of; None where its place in a picture is not known
    taught    whether these are what a run with `Config.attributes` teaches its latent
    kinds     of names that are kinds of one attribute, which exclude each other: what that is called
    meant     (name, z_dim) -> unit row (z_dim,) of such a latent towards the kinds that the name alone means; None for
              a name that means any
    """

    names: tuple[str, ...]
    measure: Callable[[np.ndarray], np.ndarray]
    channels: int
    datasets: frozenset[str] = frozenset()
    but: frozenset[str] = frozenset()
    switches: frozenset[str] = frozenset()
    parts: frozenset[str] = frozenset()
    elsewhere: Callable[[str, np.ndarray, np.ndarray], float] | None = None
    taught: bool = False
    kinds: Mapping[str, str] = field(default_factory=dict)
    meant: Callable[[str, int], Tensor | None] = lambda name, z_dim: None


def subject(pictures: np.ndarray) -> np.ndarray:
    """Return how far each pixel is from the background, float32 (N, H, W) in [0, 1].

    The background is the median of the picture's border, in each channel; the farthest channel counts.
    """
    x = pictures.astype(np.float32) / 255
    border = np.concatenate([x[:, 0], x[:, -1], x[:, 1:-1, 0], x[:, 1:-1, -1]], axis=1)
    return np.abs(x - np.median(border, axis=1)[:, None, None]).max(3)


def shape(pictures: np.ndarray) -> np.ndarray:
    """Return slant, width and height (N, 3) of what is not background, from its second moments.

    slant   the shift to the right for each pixel upwards
    width   standard deviation across, in parts of the picture's side, with the slant taken out
    height  standard deviation upwards, in parts of the picture's side
    """
    ink = subject(pictures)
    side = ink.shape[1]
    mass = ink.sum((1, 2)) + _TINY
    across = np.arange(side, dtype=np.float32) / side
    x = across - (ink.sum(1) @ across / mass)[:, None]
    y = across - (ink.sum(2) @ across / mass)[:, None]
    xx = np.einsum("nhw,nw,nw->n", ink, x, x) / mass
    yy = np.einsum("nhw,nh,nh->n", ink, y, y) / mass
    xy = np.einsum("nhw,nh,nw->n", ink, y, x) / mass
    slant = -xy / (yy + _TINY)
    return np.stack([slant, np.sqrt(np.maximum(xx - slant**2 * yy, 0)), np.sqrt(yy)], 1)


def extent(pictures: np.ndarray) -> np.ndarray:
    """Return width and height (N, 2) as `shape` has them: for what stands upright, where a slant says little."""
    return shape(pictures)[:, 1:]


def weight(pictures: np.ndarray) -> np.ndarray:
    """Return the mean width of strokes (N, 1) in pixels: twice the ink, divided by the length of its outline."""
    ink = np.pad(subject(pictures), ((0, 0), (0, 1), (0, 1)))
    down, right = np.diff(ink, axis=1)[:, :, :-1], np.diff(ink, axis=2)[:, :-1]
    outline = np.hypot(down, right).sum((1, 2))
    return (2 * ink.sum((1, 2)) / (outline + _TINY))[:, None]


def brightness(pictures: np.ndarray) -> np.ndarray:
    """Return the mean level (N, 1) of all pixels and channels, in [0, 1]."""
    return pictures.mean((1, 2, 3), dtype=np.float64)[:, None] / 255


def colors(pictures: np.ndarray) -> np.ndarray:
    """Return colourfulness and warmth (N, 2) of all pixels, in levels.

    colourfulness  spread and mean of red-green and yellow-blue (Hasler and Suesstrunk, 2003)
    warmth         mean of red minus blue
    """
    red, green, blue = np.moveaxis(pictures.astype(np.float32), 3, 0)
    opponents = np.stack([red - green, (red + green) / 2 - blue])
    spread, mean = opponents.std((2, 3)), opponents.mean((2, 3))
    colourful = np.hypot(*spread) + 0.3 * np.hypot(*mean)
    return np.stack([colourful, (red - blue).mean((1, 2))], 1)


def shade(pictures: np.ndarray) -> np.ndarray:
    """Return the mean level (N, 1) of what is not background, in [0, 1]: of clothes, how light the cloth is."""
    return _of_subject(pictures, (pictures / np.float32(255)).mean(3))


def tint(pictures: np.ndarray) -> np.ndarray:
    """Return colourfulness and warmth (N, 2) of what is not background, in [0, 1] and [-1, 1].

    Unlike those of all pixels they do not follow its size. colourfulness: mean of the largest minus the least channel.
    warmth: mean of red minus blue.
    """
    x = pictures / np.float32(255)
    return np.concatenate(
        [_of_subject(pictures, x.max(3) - x.min(3)), _of_subject(pictures, x[..., 0] - x[..., 2])], axis=1
    )


def size(pictures: np.ndarray) -> np.ndarray:
    """Return the share of the picture (N, 1) that is not background, in [0, 1]."""
    return (subject(pictures) > _SUBJECT).mean((1, 2))[:, None]


def _of_subject(pictures: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the mean (N, 1) of values (N, H, W) where a picture is not background; 0 where all of it is."""
    there = subject(pictures) > _SUBJECT
    return ((values * there).sum((1, 2)) / np.maximum(there.sum((1, 2)), 1))[:, None]


_DIGITS, _CLOTHES = frozenset({"mnist"}), frozenset({"fashion-mnist"})
_EMOJI = frozenset({"emoji", "emoji-styles"})  # on white
_FACES = frozenset({"faces"})
# Columns of `face_attributes` that are numbers; the others are probabilities.
_NUMBERS = frozenset(name for name, found in faces.ATTRIBUTES.items() if isinstance(found, Range))
_NUMBERS |= {name for name in face_attributes.NAMES if name.endswith(("_red", "_yellow")) and name != "hair_family_red"}
ATTRIBUTES: tuple[Attributes, ...] = (
    Attributes(("slant", "width", "height"), shape, 1, but=_CLOTHES),
    Attributes(("width", "height"), extent, 1, datasets=_CLOTHES),
    Attributes(("weight",), weight, 1, datasets=_DIGITS),
    Attributes(("brightness",), shade, 1, but=_DIGITS),
    Attributes(("brightness",), shade, 3, datasets=_EMOJI),
    Attributes(("colourfulness", "warmth"), tint, 3, datasets=_EMOJI),
    Attributes(("size",), size, 3, datasets=_EMOJI),
    Attributes(("brightness",), brightness, 3, but=_EMOJI | _FACES),
    Attributes(("colourfulness", "warmth"), colors, 3, but=_EMOJI | _FACES),
    Attributes(
        face_attributes.NAMES,
        face_attributes.measure,
        3,
        datasets=_FACES,
        switches=frozenset(face_attributes.NAMES) - _NUMBERS,
        parts=frozenset(name for name in face_attributes.NAMES if not name.startswith(("background", "skin"))),
        elsewhere=face_regions.change_elsewhere,
        taught=True,
        kinds=face_attributes.KINDS,
        meant=_meant_of_faces,
    ),
)


def attributes_of(config: Config) -> tuple[Attributes, ...]:
    """Return the entries of `ATTRIBUTES` that say something of a model's pictures; none of plots of points."""
    if config.network in POINT_NETWORKS:
        return ()
    dataset = full_set(config.dataset)
    return tuple(
        found
        for found in ATTRIBUTES
        if found.channels == config.channels
        and (not found.datasets or dataset in found.datasets)
        and dataset not in found.but
    )
