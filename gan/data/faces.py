"""`faces`: portraits laid together from drawn parts, as many as wanted, each with the truth about it.

A seed decides a face: its attributes are a function of the seed, its picture a function of the attributes, and both use
integers alone, so that they are the same bit for bit on every machine. In the way of Google's Cartoon Set
(google.github.io/cartoonset); the parts are those of ToonHead by Johan Melin (CC BY 4.0, bundled/NOTICE.md).

    draw([1, 2, 3])                              # pictures of three faces
    draw([1, 2, 3], glasses="round", skin=900)   # the same faces with two things changed
    attributes([1, 2, 3])["beard"]               # the truth about them
    labels([1, 2, 3])                            # which part of the face each pixel shows
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gan.data import face_colors as ramps
from gan.data import seeded
from gan.data.attribute_codes import AttributeCodes
from gan.data.dataset import Dataset, Progress, resize
from gan.data.face_layers import LAYERS, RESOLUTION, cover, paint
from gan.data.seeded import Choice, Range, check_seeds, have_all

_STYLES = ("bald", *LAYERS["hair"])
_SWITCH = Choice(("no", "yes"), (1, 1))
_PLACE = "thousandths of the way along the colours"
ATTRIBUTES: dict[str, Choice | Range] = {
    "hair": Choice(_STYLES, (6, 18, 16, 16, 16, 13, 15)),
    "rear_hair": Choice(("none", *LAYERS["rear_hair"]), (48, 12, 14, 14, 12)),
    "hair_family": Choice(tuple(ramps.HAIR), (20, 22, 18, 14, 10, 16)),
    "hair_tone": Range(0, 1000, _PLACE + " of the family"),
    "hair_mirrored": _SWITCH,
    "skin": Range(0, 1000, _PLACE + ", from light to dark"),
    "undertone": Range(-100, 100, "hundredths, from rose to olive"),
    "eyes": Choice(LAYERS["eyes"], (38, 32, 10, 8, 12)),
    "eye_color": Range(0, 1000, _PLACE),
    "eyes_mirrored": _SWITCH,
    "eye_height": Range(-9, 9, "units up"),
    "eye_distance": Range(-7, 9, "units of each eye from the axis"),
    "brows": Choice(LAYERS["brows"], (20, 16, 24, 16, 24)),
    "brow_height": Range(-8, 6, "units up"),
    "mouth": Choice(LAYERS["mouth"], (26, 22, 16, 12, 13, 11)),
    "mouth_size": Range(800, 1300, "thousandths"),
    "beard": Choice(("none", *LAYERS["beard"]), (62, 8, 9, 6, 7, 8)),
    "glasses": Choice(("none", *LAYERS["glasses"]), (66, 13, 12, 9)),
    "frame_color": Range(0, 1000, _PLACE),
    "clothes": Choice(LAYERS["clothes"], (1, 1, 1, 1, 1)),
    "clothes_hue": Range(0, 359, "degrees", circular=True),
    "clothes_light": Range(50, 950, "thousandths, from dark to light"),
    "background_hue": Range(0, 359, "degrees", circular=True),
    "background_light": Range(400, 780, "thousandths, from dark to light"),
    "head_width": Range(900, 1100, "thousandths"),
    "tilt": Range(-80, 80, "tenths of a degree, clockwise"),
    "scale": Range(900, 1040, "thousandths"),
    "shift_x": Range(-28, 28, "units to the right"),
    "shift_y": Range(-6, 30, "units down"),
}

# Never drawn, though they can be asked for: what a generator makes of them was not shown to it.
HELD_OUT: tuple[dict[str, tuple[str, ...]], ...] = (
    {"hair": ("bun",), "beard": LAYERS["beard"]},
    {"hair": ("spiky",), "glasses": LAYERS["glasses"]},
)
_NEEDS_HAIR = {"hair": ("bald",), "rear_hair": LAYERS["rear_hair"]}  # nor is this, because it looks torn
# What a face must have for an attribute to show; the others show on every face.
SHOWN_WITH: dict[str, dict[str, tuple[str, ...]]] = {
    "frame_color": {"glasses": LAYERS["glasses"]},
    "eye_color": {"eyes": ("happy", "wide", "wink"), "glasses": ("none", "round", "square")},
    "hair_mirrored": {"hair": LAYERS["hair"]},
}

# Attributes that say how a face is coloured, and nothing of where its parts are.
COLOURS = (
    "hair_family", "hair_tone", "skin", "undertone", "eye_color", "frame_color", "clothes_hue", "clothes_light",
    "background_hue", "background_light",
)  # fmt: skip
# What a latent can stand for: all but the class.
CODED = {one: kind for one, kind in ATTRIBUTES.items() if one != "hair"}
# What a word alone means: who asks for a beard does not want a moustache.
MEANT = {"beard": ("full", "long")}

# What a pixel can show, in the order of `coverage` and `labels`.
REGIONS = ("background", "skin", "hair", "brows", "eyes", "mouth", "beard", "glasses", "clothes")
COLOURED = ("skin", "hair", "clothes", "background")
_REGION_OF = {"rear_hair": "hair", "body": "skin", "head": "skin"}

SEEDS = {"train": range(50_000), "test": range(1_000_000, 1_010_000)}
SUBSET = 10_000
CHUNK = 16  # faces drawn at once: their pictures stay in the processor's cache


def load_faces(root: Path, resolution: int, split: str, progress: Progress) -> Dataset:
    """Return 50,000 faces, or 10,000 others for split "test": images (N, 3, resolution, resolution).

    Classes are styles of hair, the attribute that covers most of a face and has nothing between its values. `root` is
    not used. Raises DataError for a missing or damaged file of the package.
    """
    return _load("faces", SEEDS[split], resolution, progress)


def load_faces_10k(root: Path, resolution: int, split: str, progress: Progress) -> Dataset:
    """Return the first 10,000 training faces, otherwise as `load_faces`."""
    return _load("faces-10k", SEEDS["train"][:SUBSET], resolution, progress)


def attributes(seeds: Sequence[int] | np.ndarray, **changes: Any) -> dict[str, np.ndarray]:
    """Return every attribute of the faces, int64 (N,) by name: an index into a choice's names, or a range's value.

    changes: attributes to set, to a name of a choice or a number of a range, one for all faces or one a face. The
    others stay as they were. Raises DataError, with what there is, for an unknown attribute and for a wrong value.
    """
    rows = check_seeds(seeds)
    found = seeded.draw(ATTRIBUTES, rows, _held_out)
    seeded.change(ATTRIBUTES, found, changes, len(rows))
    return found


def draw(seeds: Sequence[int] | np.ndarray, **changes: Any) -> np.ndarray:
    """Return the pictures of faces, uint8 (N, 64, 64, 3); changes as for `attributes`."""
    found = attributes(seeds, **changes)
    out = np.empty((len(found["hair"]), RESOLUTION, RESOLUTION, 3), np.uint8)
    for rows, some in _chunks(found):
        out[rows] = paint(_background(some), _parts(some), _tints(some), some)
    return out


def coverage(seeds: Sequence[int] | np.ndarray, **changes: Any) -> np.ndarray:
    """Return how much of each pixel each region covers, uint8 (N, len(REGIONS), 64, 64).

    A pixel's numbers sum to 255, or by rounding to up to 3 more.
    """
    found = attributes(seeds, **changes)
    of = {layer: REGIONS.index(_REGION_OF.get(layer, layer)) - 1 for layer in LAYERS}
    out = np.empty((len(found["hair"]), len(REGIONS), RESOLUTION, RESOLUTION), np.uint8)
    for rows, some in _chunks(found):
        out[rows, 1:] = cover(_parts(some), some, of, len(REGIONS) - 1)
        out[rows, 0] = np.maximum(255 - out[rows, 1:].sum(1, dtype=np.int64), 0)
    return out


def labels(seeds: Sequence[int] | np.ndarray, **changes: Any) -> np.ndarray:
    """Return the region that covers most of each pixel, uint8 (N, 64, 64), an index into `REGIONS`."""
    return coverage(seeds, **changes).argmax(1).astype(np.uint8)


def colours(seeds: Sequence[int] | np.ndarray, **changes: Any) -> dict[str, np.ndarray]:
    """Return the colours that faces are painted in, by `COLOURED`: int64 (N, 3) each, red, green and blue, 0 to 255."""
    found = attributes(seeds, **changes)
    tints = _tints(found)
    return {"skin": tints["head"], "hair": tints["hair"], "clothes": tints["clothes"], "background": _background(found)}


def _load(name: str, seeds: range, resolution: int, progress: Progress) -> Dataset:
    progress(f"{name}: drawing {len(seeds):,} faces")
    images = torch.empty(len(seeds), 3, resolution, resolution, dtype=torch.uint8)
    for start in range(0, len(seeds), 1000):
        pictures = torch.from_numpy(draw(seeds[start : start + 1000])).permute(0, 3, 1, 2)
        images[start : start + 1000] = resize(pictures, resolution)
    found = attributes(seeds)
    classes = tuple(style.capitalize() for style in _STYLES)
    codes = AttributeCodes(CODED, found)
    return Dataset(name, images, torch.from_numpy(found["hair"]), classes, codes=codes)


def _chunks(found: Mapping[str, np.ndarray]) -> Iterator[tuple[slice, dict[str, np.ndarray]]]:
    """Yield rows and their attributes, a few at a time."""
    n = len(found["hair"])
    for start in range(0, n, CHUNK):
        rows = slice(start, min(start + CHUNK, n))
        yield rows, {name: values[rows] for name, values in found.items()}


def _held_out(found: dict[str, np.ndarray]) -> np.ndarray:
    """Mark the faces that are never drawn, bool (N,)."""
    return np.logical_or.reduce([have_all(found, ATTRIBUTES, c) for c in (*HELD_OUT, _NEEDS_HAIR)])


def _parts(found: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    none = {"hair", "rear_hair", "beard", "glasses"}
    zero = np.zeros_like(found["hair"])
    return {layer: found[layer] - (layer in none) if layer in found else zero for layer in LAYERS}


def _tints(found: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    skin = ramps.warm(ramps.along(ramps.SKIN, found["skin"]), found["undertone"])
    hair = ramps.mix_hair(found["hair_family"], found["hair_tone"])
    clothes = ramps.lighten(ramps.around(ramps.CLOTHES, found["clothes_hue"]), found["clothes_light"])
    return {
        "rear_hair": hair, "body": skin, "head": skin, "clothes": clothes, "mouth": skin, "beard": hair,
        "eyes": ramps.along(ramps.EYES, found["eye_color"]), "brows": hair,
        "glasses": ramps.along(ramps.FRAMES, found["frame_color"]), "hair": hair,
    }  # fmt: skip


def _background(found: dict[str, np.ndarray]) -> np.ndarray:
    ring = ramps.around(ramps.BACKGROUND, found["background_hue"])
    return ramps.lighten(ring, found["background_light"])
