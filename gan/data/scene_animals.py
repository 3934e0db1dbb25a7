"""The animals of scenes: drawings of the emoji in every size, and laying them over a background. Integers only.

Three animals stand in a scene, or fewer; all arrays that describe them are int64 (N, 3), with -1 for a kind that is
not there. A sprite is a drawing cut to its edges, its longer side as long as its size says.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from gan.data import emoji
from gan.data.scene_canvas import SIZE

KINDS = {  # name -> code point, and size relative to the others, in hundredths
    "cat": ("1f408", 95), "dog": ("1f415", 100), "mouse": ("1f401", 90), "rabbit": ("1f407", 92),
    "cow": ("1f404", 112), "elephant": ("1f418", 116), "duck": ("1f986", 92), "penguin": ("1f427", 95),
}  # fmt: skip
MOST = 3
SMALLEST, LARGEST = 20, 37  # longer sides, in pixels
_FAR, _NEAR = 22, 32  # longer sides of a dog at the far and the near end of the ground
_SHADOW = 100  # of 256: what a shadow takes away where it is darkest


@dataclass(frozen=True)
class Sprites:
    """Every kind in every style and size: the first three axes of all arrays.

    colours  premultiplied RGB and alpha, uint8 (K, S, sizes, LARGEST, LARGEST, 4), at the upper left
    shape    height and width, int64 (K, S, sizes, 2)
    rows     one bit for each pixel more than half covered, uint64 (K, S, sizes, 2, LARGEST): bit x of row y; of the
             drawing itself, and mirrored
    """

    colours: np.ndarray
    shape: np.ndarray
    rows: np.ndarray


@lru_cache(1)
def sprites() -> Sprites:
    """Scale the drawings; 5 MB, kept in memory. Raises DataError for missing or damaged files of the package."""
    about, counts = emoji.index(), (len(KINDS), len(emoji.STYLES), LARGEST - SMALLEST + 1)
    colours = np.zeros((*counts, LARGEST, LARGEST, 4), np.uint8)
    shape = np.zeros((*counts, 2), np.int64)
    for s, style in enumerate(emoji.STYLES):
        cut = emoji.cutouts(style)
        for k, (code, _) in enumerate(KINDS.values()):
            drawing = _trim(cut[about.rows[style].index(about.codes.index(code))])
            for number, size in enumerate(range(SMALLEST, LARGEST + 1)):
                small = _shrink(drawing, size)
                shape[k, s, number] = small.shape[:2]
                colours[k, s, number, : small.shape[0], : small.shape[1]] = small
    mask = colours[..., 3] >= 128
    bits = np.uint64(1) << np.arange(LARGEST, dtype=np.uint64)
    plain = (mask * bits).sum(-1, dtype=np.uint64)
    at = shape[..., 1, None] - 1 - np.arange(LARGEST)
    mirrored_bits = np.where(at >= 0, np.uint64(1) << np.maximum(at, 0).astype(np.uint64), np.uint64(0))
    mirrored = (mask * mirrored_bits[..., None, :]).sum(-1, dtype=np.uint64)
    return Sprites(colours, shape, np.stack([plain, mirrored], -2))


def _trim(drawing: np.ndarray) -> np.ndarray:
    """Cut RGBA (64, 64, 4) to what is to be seen."""
    rows, columns = (np.flatnonzero((drawing[..., 3] > 25).any(axis)) for axis in (1, 0))
    return drawing[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _shrink(drawing: np.ndarray, size: int) -> np.ndarray:
    """Return the means of RGBA (h, w, 4), premultiplied, over equal parts, uint8; the longer side has `size`."""
    height, width = drawing.shape[:2]
    longer = max(height, width)
    down, across = (_parts(n, max(1, (2 * n * size + longer) // (2 * longer))) for n in (height, width))
    alpha = drawing[..., 3:].astype(np.int64)
    whole = np.concatenate([drawing[..., :3] * alpha, 255 * alpha], -1)
    sums = across @ np.tensordot(down, whole, 1)
    area = 255 * height * width
    return ((sums + area // 2) // area).astype(np.uint8)


def _parts(length: int, count: int) -> np.ndarray:
    """Return how much of each of `length` pixels lies in each of `count` equal parts, int64 (count, length), in
    units of which a part has `length`."""
    ends = np.arange(count + 1) * length
    pixel = np.arange(length) * count
    return np.clip(np.minimum(ends[1:, None], pixel + count) - np.maximum(ends[:-1, None], pixel), 0, None)


@dataclass(frozen=True)
class Animals:
    """Animals of N scenes, int64 (N, 3) each; left, and foot, the first row below them, in pixels."""

    kind: np.ndarray
    style: np.ndarray
    size: np.ndarray
    mirrored: np.ndarray
    left: np.ndarray
    foot: np.ndarray

    @property
    def there(self) -> np.ndarray:
        """Tell which animals there are, bool (N, 3)."""
        return self.kind >= 0

    def index(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the place of each animal's sprite in `Sprites`."""
        return np.maximum(self.kind, 0), self.style, self.size - SMALLEST

    def shape(self) -> tuple[np.ndarray, np.ndarray]:
        """Return heights and widths of the sprites, int64 (N, 3)."""
        shape = sprites().shape[self.index()]
        return shape[..., 0], shape[..., 1]


def place(
    kind: np.ndarray, style: np.ndarray, x: np.ndarray, depth: np.ndarray, mirrored: np.ndarray, ground: np.ndarray
) -> Animals:
    """Stand animals on the ground, all of them wholly inside of the picture.

    style   int64 (N,), one for all
    x       thousandths of the way that an animal can go to the right
    depth   thousandths of the way to the viewer; nearer ones are larger
    ground  where the ground begins, in pixels, int64 (N,)
    """
    relative = np.array([size for _, size in KINDS.values()])[np.maximum(kind, 0)]
    size = (_FAR * 1000 + (_NEAR - _FAR) * depth) * relative // 100_000
    size = np.clip(size, SMALLEST, LARGEST)
    style = np.repeat(style[:, None], MOST, 1)
    flat = Animals(kind, style, size, mirrored, np.zeros_like(kind), np.zeros_like(kind))
    height, width = flat.shape()
    first = ground[:, None] + 4
    foot = np.maximum(first + depth * (SIZE - 1 - first) // 1000, height)
    return Animals(kind, style, size, mirrored, x * (SIZE - width) // 1000, foot)


def order(animals: Animals) -> np.ndarray:
    """Return the animals from the rear to the front, int64 (N, 3); of two as near, the first is behind."""
    return np.argsort(animals.foot, axis=1, kind="stable")


def visible(animals: Animals) -> tuple[np.ndarray, np.ndarray]:
    """Count the pixels of each animal that no other one covers, and all its pixels, int64 (N, 3) each; 0 for none.

    A pixel counts, and covers, where more than half of it is covered.
    """
    height, _ = animals.shape()
    k, s, size = animals.index()
    row = np.arange(SIZE) - (animals.foot - height)[..., None]
    inside = (row >= 0) & (row < height[..., None]) & animals.there[..., None]
    bits = np.take_along_axis(sprites().rows[k, s, size, animals.mirrored], np.clip(row, 0, LARGEST - 1), -1)
    bits = np.where(inside, bits << animals.left.astype(np.uint64)[..., None], np.uint64(0))
    seen, turn = bits.copy(), order(animals)
    for front in range(1, MOST):
        over = np.take_along_axis(bits, turn[:, front, None, None], 1)
        for behind in range(front):
            at = turn[:, behind, None, None]
            np.put_along_axis(seen, at, np.take_along_axis(seen, at, 1) & ~over, 1)
    return np.bitwise_count(seen).sum(-1, dtype=np.int64), np.bitwise_count(bits).sum(-1, dtype=np.int64)


def paint(pictures: np.ndarray, animals: Animals, light: np.ndarray) -> None:
    """Lay animals and their shadows over pictures uint8 (N, 64, 64, 3), in place.

    light: RGB that the animals are lit with, int64 (3,); white leaves them as they are.
    """
    sheet, (height, width), turn = sprites().colours, animals.shape(), order(animals)
    lit = light.astype(np.uint16)
    for n, picture in enumerate(pictures):
        here = [i for i in turn[n].tolist() if animals.kind[n, i] >= 0]
        for i in here:
            _shade(picture, animals.left[n, i].item(), animals.foot[n, i].item(), width[n, i].item())
        for i in here:
            sprite, view = _windows(sheet, animals, n, i, height[n, i].item(), width[n, i].item(), picture)
            view[:] = (view * (255 - sprite[..., 3:]) + sprite[..., :3] * lit + 127) // 255


def cover(animals: Animals) -> np.ndarray:
    """Return how much of each pixel the background and each kind cover, uint8 (N, 1 + K, 64, 64), summing to 255."""
    sheet, (height, width), turn = sprites().colours, animals.shape(), order(animals)
    out = np.zeros((len(turn), 1 + len(KINDS), SIZE, SIZE), np.uint8)
    out[:, 0] = 255
    for n, planes in enumerate(out):
        behind = [0]
        for i in turn[n].tolist():
            kind = animals.kind[n, i].item()
            if kind < 0:
                continue
            picture = planes.transpose(1, 2, 0)
            sprite, view = _windows(sheet, animals, n, i, height[n, i].item(), width[n, i].item(), picture)
            left = (view[..., behind] * (255 - sprite[..., 3:])) // 255
            view[..., behind] = left
            view[..., 1 + kind] = 255 - left.sum(-1)
            behind.append(1 + kind)
    return out


def _windows(
    sheet: np.ndarray, animals: Animals, n: int, i: int, height: int, width: int, picture: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return an animal's sprite uint16 (h, w, 4), and the part of the picture (64, 64, C) that it covers."""
    k, s = animals.kind[n, i].item(), animals.style[n, i].item()
    sprite = sheet[k, s, animals.size[n, i].item() - SMALLEST, :height, :width]
    if animals.mirrored[n, i]:
        sprite = sprite[:, ::-1]
    left, top = animals.left[n, i].item(), animals.foot[n, i].item() - height
    return sprite.astype(np.uint16), picture[top : top + height, left : left + width]


@lru_cache(256)
def _shadow(width: int) -> np.ndarray:
    """Return what is left of the light, of 256, in the shadow below an animal, uint16 (width // 4 + 2, width, 1)."""
    height = width // 4 + 2
    x = (2 * np.arange(width) + 1 - width) * 1000 // width
    y = (2 * np.arange(height) + 1 - height)[:, None] * 1000 // height
    inside = np.clip(1_000_000 - x * x - y * y, 0, 500_000)
    return (256 - inside * _SHADOW // 500_000).astype(np.uint16)[..., None]


def _shade(picture: np.ndarray, left: int, foot: int, width: int) -> None:
    shadow = _shadow(width)
    top = foot - len(shadow) // 2 - 1
    view = picture[top : top + len(shadow), left : left + width]
    view[:] = view * shadow[: len(view)] >> 8
