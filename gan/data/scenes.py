"""`scenes`: animals in a landscape, as many pictures as wanted, each with several classes and the truth about it.

A seed decides a scene: its attributes are a function of the seed, its picture a function of the attributes, and both
use integers alone, so that they are the same bit for bit on every machine. The animals are those of the bundled emoji
(bundled/NOTICE.md), in the drawings of one designer a scene; what is around them is drawn by our own code.

    draw([1, 2, 3])                                # pictures of three scenes
    draw([1, 2, 3], background="snow", style="noto")  # the same scenes with two things changed
    attributes([1, 2, 3])["animal_1"]              # the truth about them
    labels([1, 2, 3])                              # what each pixel shows
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gan.config import ClassGroup
from gan.data import emoji, seeded
from gan.data import scene_animals as animals
from gan.data.attribute_codes import ABSENT, AttributeCodes
from gan.data.dataset import Dataset, Progress, resize
from gan.data.ramps import ramp
from gan.data.scene_backgrounds import BACKGROUNDS
from gan.data.scene_canvas import SIZE, UNIT
from gan.data.scene_elements import Look
from gan.data.seeded import Choice, Range, check_seeds
from gan.errors import DataError

KINDS = tuple(animals.KINDS)
CLASSES = (*BACKGROUNDS, *KINDS)
GROUPS = (ClassGroup("background", len(BACKGROUNDS)), ClassGroup("animals", len(KINDS), animals.MOST))
REGIONS = ("background", *KINDS)  # what a pixel can show, in the order of `coverage` and `labels`
LEAST = 650  # thousandths of an animal's pixels that no other one covers, unless attributes are changed

_ANIMALS = tuple(f"animal_{i + 1}" for i in range(animals.MOST))
_SEEN: dict[str, Choice | Range] = {
    "background": Choice(tuple(BACKGROUNDS), (1,) * len(BACKGROUNDS)),
    **{name: Choice(("none", *KINDS), (0, *(1,) * len(KINDS))) for name in _ANIMALS},
    "style": Choice(emoji.STYLES, (1,) * len(emoji.STYLES)),
    "horizon": Range(0, 1000, "thousandths, from high to low"),
    "sky": Range(0, 1000, "thousandths of the way along the background's skies"),
    "ground": Range(0, 1000, "thousandths of the way along the background's grounds"),
    "sun": Range(0, 1000, "thousandths of the way to the right, of sun or moon"),
    "weather": Range(0, 1000, "thousandths of what clouds, stars, flakes or lit windows there can be"),
    "details": Range(0, 2**31 - 1, "a seed of its own, for hills, trees, waves, houses"),
}
_PLACES: dict[str, Choice | Range] = {
    f"{what}_{i + 1}": attribute
    for i in range(animals.MOST)
    for what, attribute in (
        ("x", Range(0, 1000, "thousandths of the way that the animal can go to the right")),
        ("depth", Range(0, 1000, "thousandths of the way from the horizon to the viewer")),
        ("mirrored", Choice(("no", "yes"), (1, 1))),
    )
}
ATTRIBUTES: dict[str, Choice | Range] = {**_SEEN, **_PLACES}
_LOOK = ("style", "horizon", "sky", "ground", "sun", "weather")
_COUNT: dict[str, Choice | Range] = {"count": Range(1, animals.MOST, "animals")}

# Never drawn, though they can be asked for: what a generator makes of them was not shown to it.
HELD_OUT: tuple[tuple[str, str, str], ...] = (
    ("snow", "mouse", "elephant"),
    ("sea", "cat", "penguin"),
    ("night", "dog", "cow"),
)

SEEDS = {"train": range(50_000), "test": range(1_000_000, 1_010_000)}
SUBSET = 10_000
CHUNK = 64  # scenes drawn at once


def load_scenes(root: Path, resolution: int, split: str, progress: Progress) -> Dataset:
    """Return 50,000 scenes, or 10,000 others for split "test": images (N, 3, resolution, resolution).

    Each has one class of the group "background" and one to three of the group "animals"; its caption is in words.
    `root` is not used. Raises DataError for missing or damaged files of the package.
    """
    return _load("scenes", SEEDS[split], resolution, progress)


def load_scenes_10k(root: Path, resolution: int, split: str, progress: Progress) -> Dataset:
    """Return the first 10,000 training scenes, otherwise as `load_scenes`."""
    return _load("scenes-10k", SEEDS["train"][:SUBSET], resolution, progress)


def attributes(seeds: Sequence[int] | np.ndarray, **changes: Any) -> seeded.Values:
    """Return every attribute of the scenes, int64 (N,) by name: an index into a choice's names, or a range's value.

    How many animals there are, from one to three, and then which, is uniform but for `HELD_OUT`; of each at least
    `LEAST` of its pixels are in sight.

    changes: attributes to set, to a name of a choice or a number of a range, one for all scenes or one a scene. The
    others stay as they were, so that an animal may now be hidden. Raises DataError, with what there is, for an unknown
    attribute, for a wrong value, and for two animals of a kind.
    """
    rows = check_seeds(seeds)
    found = seeded.draw({**_SEEN, **_COUNT}, rows, _refused)
    count = found.pop("count")
    for i, name in enumerate(_ANIMALS):
        found[name] = found[name] * (i < count)
    found |= seeded.draw(_PLACES, rows, _hidden, found)
    seeded.change(ATTRIBUTES, found, changes, len(rows))
    if changes and len(twice := np.flatnonzero(_twice(found))):
        names = [ATTRIBUTES[name].names[found[name][twice[0]]] for name in _ANIMALS]  # type: ignore[union-attr]
        raise DataError(f"a scene has one animal of a kind, got {', '.join(names)}: change the other one, or to 'none'")
    return found


def draw(seeds: Sequence[int] | np.ndarray, **changes: Any) -> np.ndarray:
    """Return the pictures of scenes, uint8 (N, 64, 64, 3); changes as for `attributes`."""
    found = attributes(seeds, **changes)
    out = np.empty((len(found["style"]), SIZE, SIZE, 3), np.uint8)
    for number, background in enumerate(BACKGROUNDS.values()):
        for rows in _chunks(np.flatnonzero(found["background"] == number)):
            some = {name: values[rows] for name, values in found.items()}
            pictures = background.draw(Look(**{name: some[name] for name in Look.__dataclass_fields__}))
            animals.paint(pictures, _standing(some), ramp(background.light)[0])
            out[rows] = pictures
    return out


def classes(seeds: Sequence[int] | np.ndarray, **changes: Any) -> np.ndarray:
    """Return which of `CLASSES` scenes have, uint8 (N, len(CLASSES)), 1 for each."""
    return _classes(attributes(seeds, **changes))


def codes(seeds: Sequence[int] | np.ndarray) -> AttributeCodes:
    """Return what is known of scenes besides their classes, and can be any together: look, and of each kind some.

    Not where an animal stands, since what others leave in sight decides that too.
    """
    return _codes(attributes(seeds))


def coverage(seeds: Sequence[int] | np.ndarray, **changes: Any) -> np.ndarray:
    """Return how much of each pixel each region covers, uint8 (N, len(REGIONS), 64, 64), summing to 255.

    A shadow belongs to the background.
    """
    return animals.cover(_standing(attributes(seeds, **changes)))


def labels(seeds: Sequence[int] | np.ndarray, **changes: Any) -> np.ndarray:
    """Return the region that covers most of each pixel, uint8 (N, 64, 64), an index into `REGIONS`."""
    return coverage(seeds, **changes).argmax(1).astype(np.uint8)


def boxes(seeds: Sequence[int] | np.ndarray, **changes: Any) -> np.ndarray:
    """Return left, top, right and bottom edge of each kind's drawing, in pixels, int64 (N, len(KINDS), 4).

    What other animals cover of it counts too; zeros for a kind that is not there.
    """
    standing = _standing(attributes(seeds, **changes))
    height, width = standing.shape()
    edges = [standing.left, standing.foot - height, standing.left + width, standing.foot]
    return _by_kind(standing, np.stack(edges, -1))


def visible(seeds: Sequence[int] | np.ndarray, **changes: Any) -> np.ndarray:
    """Return the share of each kind's pixels that is in sight, in thousandths, int64 (N, len(KINDS)); 0 for none."""
    standing = _standing(attributes(seeds, **changes))
    seen, whole = animals.visible(standing)
    return _by_kind(standing, seen * 1000 // np.maximum(whole, 1))


def _load(name: str, seeds: range, resolution: int, progress: Progress) -> Dataset:
    progress(f"{name}: drawing {len(seeds):,} scenes")
    images = torch.empty(len(seeds), 3, resolution, resolution, dtype=torch.uint8)
    for start in range(0, len(seeds), 1000):
        pictures = torch.from_numpy(draw(seeds[start : start + 1000])).permute(0, 3, 1, 2)
        images[start : start + 1000] = resize(pictures, resolution)
    found = attributes(seeds)
    rows = torch.from_numpy(_classes(found))
    captions = tuple(_caption(row) for row in rows.tolist())
    return Dataset(
        name, images, rows, tuple(n.capitalize() for n in CLASSES), captions, groups=GROUPS, codes=_codes(found)
    )


def _codes(found: seeded.Values) -> AttributeCodes:
    table = {name: ATTRIBUTES[name] for name in _LOOK}
    values = {name: found[name] for name in _LOOK}
    for number, kind in enumerate(KINDS):
        for what in ("depth", "mirrored"):
            table[f"{kind}_{what}"] = ATTRIBUTES[f"{what}_1"]
            own = values[f"{kind}_{what}"] = np.full(len(found["style"]), ABSENT, np.int64)
            for i, name in enumerate(_ANIMALS):
                there = found[name] == number + 1
                own[there] = found[f"{what}_{i + 1}"][there]
    return AttributeCodes(table, values)


def _caption(row: list[int]) -> str:
    background, *kinds = (name for name, there in zip(CLASSES, row, strict=True) if there)
    return f"{', '.join(kinds)}; {background}"


def _chunks(rows: np.ndarray) -> Iterator[np.ndarray]:
    """Yield indices, a few at a time."""
    for start in range(0, len(rows), CHUNK):
        yield rows[start : start + CHUNK]


def _standing(found: seeded.Values) -> animals.Animals:
    kind = np.stack([found[name] - 1 for name in _ANIMALS], 1)
    x, depth, mirrored = (
        np.stack([found[f"{what}_{i + 1}"] for i in range(animals.MOST)], 1) for what in ("x", "depth", "mirrored")
    )
    return animals.place(kind, found["style"], x, depth, mirrored, _ground(found))


def _ground(found: seeded.Values) -> np.ndarray:
    """Return the row of pixels in which the ground begins, int64 (N,)."""
    begin = np.stack([background.begin(found["horizon"]) for background in BACKGROUNDS.values()])
    return begin[found["background"], np.arange(begin.shape[1])] // UNIT


def _by_kind(standing: animals.Animals, values: np.ndarray) -> np.ndarray:
    """Order values (N, 3, ...) of animals by kind, (N, len(KINDS), ...), with zeros for kinds that are not there."""
    out = np.zeros((len(values), len(KINDS), *values.shape[2:]), np.int64)
    n, i = np.nonzero(standing.there)
    out[n, standing.kind[n, i]] = values[n, i]
    return out


def _classes(found: seeded.Values) -> np.ndarray:
    out = np.zeros((len(found["style"]), len(CLASSES)), np.uint8)
    each = np.arange(len(out))
    out[each, found["background"]] = 1
    for name in _ANIMALS:
        there = found[name] > 0
        out[each[there], len(BACKGROUNDS) + found[name][there] - 1] = 1
    return out


def _refused(found: seeded.Values) -> np.ndarray:
    """Mark scenes that are never drawn, bool (N,): two animals of a kind, or a combination that is held out."""
    kept = {name: found[name] * (i < found["count"]) for i, name in enumerate(_ANIMALS)}
    rows = _classes({**found, **kept}).astype(bool)
    held = [np.logical_and.reduce([rows[:, CLASSES.index(name)] for name in combination]) for combination in HELD_OUT]
    return np.logical_or.reduce([_twice(found), *held])


def _twice(found: seeded.Values) -> np.ndarray:
    """Mark scenes with two animals of a kind, bool (N,)."""
    kind = np.sort([found[name] for name in _ANIMALS], 0)
    return np.logical_or.reduce((kind[1:] == kind[:-1]) & (kind[1:] > 0))


def _hidden(found: seeded.Values) -> np.ndarray:
    """Mark scenes in which an animal is covered too much, bool (N,)."""
    standing = _standing(found)
    seen, whole = animals.visible(standing)
    return np.logical_or.reduce(seen * 1000 < whole * LEAST, axis=1)
