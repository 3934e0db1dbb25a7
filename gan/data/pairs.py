"""`PAIRS`: sets whose pictures come in pairs, so that a translation can be measured against the truth.

To add one, write a function `(root, resolution, split, progress) -> Pairs` and an entry here. Split "test" are pairs
that training never sees.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gan.data import faces
from gan.data.attribute_codes import AttributeCodes
from gan.data.dataset import Progress, resize
from gan.data.domains import Pairs
from gan.data.emoji import index, on_white
from gan.data.face_layers import LAYERS
from gan.data.free_hand import FreeHand
from gan.data.seeded import value_of
from gan.data.sketches import sketch
from gan.errors import DataError

HELD_OUT = 200  # emoji of the test split
SEED = 20170330  # of which emoji those are
FACES = {"train": range(48_000), "test": range(1_000_000, 1_000_500)}  # seeds
FEW = 2_000  # of a split's seeds, at most, where faces are drawn while somebody waits
STRAIGHT: dict[str, Any] = {
    "tilt": 0, "scale": 1000, "shift_x": 0, "shift_y": 8, "head_width": 1000, "mouth_size": 1000, "glasses": "none",
    "rear_hair": "none",
}  # fmt: skip
STROKES = ("mouth", "brows", "glasses")  # regions of a face that a pen draws as one stroke where they are thin
ALONE = ("mouth",)  # regions that no other line comes close to
FREE = 2  # every so manieth outline to learn from is drawn by who cannot draw
MIRRORED = ("hair_mirrored", "eyes_mirrored", "tilt", "shift_x")  # attributes that a mirror changes
MOST = 40  # times as much as others do pixels of a small region count
AT_ONCE = 100  # outlines, so that memory stays small
CLOSE = (28, 16, 32)  # top, left and side, of 64 pixels, of where a beard is
PALETTE: dict[str, Any] = {
    "skin": 350, "undertone": 0, "hair_family": "brown", "hair_tone": 450, "eye_color": 300, "frame_color": 300,
    "clothes_hue": 215, "clothes_light": 500, "background_hue": 150, "background_light": 700,
}  # fmt: skip
GREY = (0.299, 0.587, 0.114)  # of red, green and blue: ITU-R BT.601


@dataclass(frozen=True)
class PairSource:
    """An entry of `PAIRS`.

    load        (root, resolution, split, progress) -> Pairs, or DataError; split is "train" or "test"
    resolution  pixels a side when the user names none
    about       what A is and what B is, in a few words
    licence     of the pictures
    classifier  data set whose classifier knows B's pictures, "" for none
    faces       whether B's pictures are faces as `gan.data.faces` draws them
    """

    load: Callable[[Path, int, str, Progress], Pairs]
    resolution: int
    about: str
    licence: str
    classifier: str = ""
    faces: bool = False


def load_flat_to_3d(root: Path, resolution: int, split: str, progress: Progress) -> Pairs:
    """Return emoji in Fluent's flat drawings and the same in its 3-D ones; 200 of them are the test split."""
    about = index()
    rows = [{emoji: row for row, emoji in enumerate(about.rows[style])} for style in ("fluent-flat", "fluent-3d")]
    both = _split(sorted(rows[0].keys() & rows[1].keys()), split)
    flat, solid = (
        resize(on_white(style)[[own[emoji] for emoji in both]], resolution)
        for style, own in zip(("fluent-flat", "fluent-3d"), rows, strict=True)
    )
    return Pairs("flat-to-3d", flat, solid, tuple(about.names[emoji] for emoji in both))


def load_grey_to_colour(root: Path, resolution: int, split: str, progress: Progress) -> Pairs:
    """Return Noto's emoji without their colours and with them; 200 of them are the test split."""
    about = index()
    chosen = _split(list(range(len(about.names))), split)
    colour = resize(on_white("noto")[chosen], resolution)
    names, labels = tuple(about.names[emoji] for emoji in chosen), torch.tensor(about.category)[chosen]
    return Pairs("grey-to-colour", to_grey(colour), colour, names, labels=labels)


def load_beard(root: Path, resolution: int, split: str, progress: Progress) -> Pairs:
    """Return faces with a beard and the same faces without; another 500 are the test split."""
    seeds = _with_any_beard(_face_seeds(split))
    beards = 1 + np.arange(len(seeds)) % len(LAYERS["beard"])
    progress(f"beard: drawing {2 * len(seeds):,} faces")
    with_beard, without = (_pictures(faces.draw(seeds, beard=wish), resolution) for wish in (beards.tolist(), "none"))
    captions = tuple(f"face {seed}" for seed in seeds)
    known = [_codes(seeds, beard=wish) for wish in (beards, "none")]
    return Pairs("beard", with_beard, without, captions, codes=known[1], before=known[0])


def load_beard_close_up(root: Path, resolution: int, split: str, progress: Progress) -> Pairs:
    """Return the lower half of faces with a full beard, and of the same faces without, all held straight.

    So few and so alike that they are drawn while somebody waits, and a small network soon tells them apart.
    """
    seeds = _with_any_beard(_face_seeds(split)[:FEW])
    progress(f"beard-close-up: drawing {2 * len(seeds):,} faces")
    top, left, side = CLOSE
    with_beard, without = (
        _pictures(faces.draw(seeds, beard=wish, **STRAIGHT), faces.RESOLUTION)[
            :, :, top : top + side, left : left + side
        ]
        for wish in ("full", "none")
    )
    with_beard, without = (resize(pictures.contiguous(), resolution) for pictures in (with_beard, without))
    return Pairs("beard-close-up", with_beard, without, tuple(f"face {seed}" for seed in seeds))


def load_sketch_to_face(root: Path, resolution: int, split: str, progress: Progress) -> Pairs:
    """Return the outlines of faces, as if drawn by hand, and the faces; another 500 are the test split.

    Conditions are four colours, which an outline does not hold.
    """
    seeds = _face_seeds(split)
    progress(f"sketch-to-face: drawing {len(seeds):,} faces and their outlines")
    lines, pictures, emphasis = _outlined(seeds, resolution, FREE if split == "train" else 0)
    return Pairs(
        "sketch-to-face",
        lines,
        pictures,
        tuple(f"face {seed}" for seed in seeds),
        emphasis=emphasis,
        codes=_codes(seeds),
        conditions=torch.from_numpy(np.concatenate(list(faces.colours(seeds).values()), 1)).float() / 255,
        classes=tuple(f"{part} {channel}" for part in faces.COLOURED for channel in ("red", "green", "blue")),
    )


def load_sketch_one_palette(root: Path, resolution: int, split: str, progress: Progress) -> Pairs:
    """Return the outlines of some of these faces, held straight, and the faces, all in the same colours.

    So an outline says all that there is to know, and they are drawn while somebody waits.
    """
    seeds = _face_seeds(split)[:FEW]
    progress(f"sketch-one-palette: drawing {len(seeds):,} faces and their outlines")
    lines, pictures, emphasis = _outlined(seeds, resolution, **STRAIGHT, **PALETTE)
    captions = tuple(f"face {seed}" for seed in seeds)
    return Pairs("sketch-one-palette", lines, pictures, captions, emphasis=emphasis)


PAIRS: dict[str, PairSource] = {
    # name              load            pixels, A and B, licence of the pictures
    "sketch-to-face": PairSource(load_sketch_to_face, 64, "outlines of faces; the faces", "CC-BY-4.0", faces=True),
    "sketch-one-palette": PairSource(
        load_sketch_one_palette, 32, "outlines of faces; the faces in the same colours", "CC-BY-4.0"
    ),
    "beard": PairSource(load_beard, 64, "faces with a beard; faces without", "CC-BY-4.0", faces=True),
    "beard-close-up": PairSource(load_beard_close_up, 32, "beards, close up; the faces without", "CC-BY-4.0"),
    "flat-to-3d": PairSource(load_flat_to_3d, 32, "flat emoji; 3-D emoji", "MIT"),
    "grey-to-colour": PairSource(load_grey_to_colour, 32, "grey emoji; emoji", "Apache-2.0", classifier="emoji"),
}


def to_grey(images: Tensor) -> Tensor:
    """Return the luminance of uint8 (N, 3, H, W) in all three channels."""
    weights = torch.tensor(GREY).view(1, 3, 1, 1)
    return (images.float() * weights).sum(1, keepdim=True).round().to(torch.uint8).expand(-1, 3, -1, -1).contiguous()


def _split(all_emoji: list[int], split: str) -> list[int]:
    order = torch.randperm(len(all_emoji), generator=torch.Generator().manual_seed(SEED)).tolist()
    chosen = order[:HELD_OUT] if split == "test" else order[HELD_OUT:]
    return [all_emoji[place] for place in sorted(chosen)]


def _face_seeds(split: str) -> range:
    if split not in FACES:
        raise DataError(f"split must be 'train' or 'test', got {split!r}")
    return FACES[split]


def _outlined(seeds: range, resolution: int, free: int = 0, **changes: Any) -> tuple[Tensor, Tensor, Tensor]:
    """Return the outlines of faces, as if drawn by hand, the faces, and the emphasis on each place.

    free: every so manieth is drawn by who cannot draw (`gan.data.free_hand`), which the face follows as far as
    proportions go; 0 for none. changes: as for `faces.attributes`.
    """
    strokes, alone = ([faces.REGIONS.index(region) for region in regions] for regions in (STROKES, ALONE))
    parts: list[tuple[Tensor, Tensor, Tensor]] = []
    for part in (seeds[i : i + AT_ONCE] for i in range(0, len(seeds), AT_ONCE)):
        regions = torch.from_numpy(faces.coverage(part, **changes))
        pictures = torch.from_numpy(faces.draw(part, **changes)).permute(0, 3, 1, 2).contiguous()
        drawn, dots = regions.clone(), torch.zeros_like(regions[:, 0])
        if free:
            rows = torch.arange(len(part))[part.start % free :: free]
            hand = FreeHand.of(np.array(part)[rows], faces.RESOLUTION)
            regions[rows], pictures[rows] = hand.bend(regions[rows]), hand.bend(pictures[rows])
            drawn[rows], dots[rows] = hand.leave_out(regions[rows])
        lines = sketch(drawn.numpy(), part, strokes, alone, dots.numpy())
        parts.append((lines, pictures, _emphasis(regions.float() / 255)))
    lines, pictures, emphasis = (resize(torch.cat(own), resolution) for own in zip(*parts, strict=True))
    return lines, pictures, emphasis.clamp(1)


def _codes(seeds: Sequence[int] | np.ndarray, **changes: Any) -> AttributeCodes:
    """Return the attributes of faces which a mirror does not change. changes: as for `faces.attributes`."""
    table = {name: kind for name, kind in faces.ATTRIBUTES.items() if name not in MIRRORED}
    return AttributeCodes(table, faces.attributes(seeds, **changes))


def _emphasis(regions: Tensor) -> Tensor:
    """Return how often each place counts that regions (N, K, H, H) in [0, 1] count alike, uint8 (N, 1, H, H).

    At least once and at most `MOST` times: a mouth is twenty pixels of four thousand.
    """
    even = regions[0, 0].numel() / regions.shape[1]
    times = (even / regions.sum((2, 3), keepdim=True).clamp(min=1)).clamp(1, MOST)
    return (regions * times).sum(1, keepdim=True).clamp(1, MOST).round().to(torch.uint8)


def _with_any_beard(seeds: range) -> np.ndarray:
    """Return those of the seeds whose face may be drawn with a beard."""
    chosen = np.array(seeds)
    return chosen[faces.attributes(chosen)["hair"] != value_of(faces.ATTRIBUTES, "hair", "bun")]


def _pictures(drawn: np.ndarray, resolution: int) -> Tensor:
    return resize(torch.from_numpy(drawn).permute(0, 3, 1, 2).contiguous(), resolution)
