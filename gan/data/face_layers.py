"""The parts that faces are laid together from, and laying them together: integers only, so the same bits everywhere.

Source and licence of the drawings: bundled/NOTICE.md; the sheet is built by build_faces.py. Lengths are in the
drawings' units, of which a picture has 768 a side, so 12 to a pixel; they have an axis of symmetry at x = 384.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from gan.data.image_sheet import BUNDLED, read_sheet

SHEET = BUNDLED / "faces.webp"
SIZE, UNIT, MARGIN = 320, 3, 96  # texels a side of a tile, units a texel, units that a tile shows around the picture
COLUMNS = 12  # tiles a row of the sheet

RESOLUTION = 64
PIXEL = 768 // RESOLUTION  # units
AXIS, NECK, GROUND = 384, 560, 768  # x of symmetry; y about which the head tilts; y from which all is scaled

# Layers from the back to the front, and their parts.
LAYERS: dict[str, tuple[str, ...]] = {
    "rear_hair": ("straight", "wavy", "shoulder", "neck"),
    "body": ("body",),
    "head": ("head",),
    "clothes": ("turtleneck", "jacket", "dress", "shirt", "t-shirt"),
    "mouth": ("laugh", "grin", "smile", "agape", "sad", "angry"),
    "beard": ("moustache", "full", "chin", "goatee", "long"),
    "eyes": ("happy", "wide", "closed up", "closed down", "wink"),
    "brows": ("raised", "angry", "happy", "sad", "neutral"),
    "glasses": ("round", "square", "sunglasses"),
    "hair": ("side-combed", "undercut", "spiky", "bun", "afro", "fringe"),
}
COUNT = sum(map(len, LAYERS.values()))
EMPTY = COUNT  # the part that changes nothing
FIRST = {layer: sum(len(LAYERS[k]) for k in list(LAYERS)[:i]) for i, layer in enumerate(LAYERS)}

# In the same order, pixels (top, bottom, left, right) outside of which a layer never reaches, wherever a face moves.
WINDOWS = {
    "rear_hair": (20, 64, 4, 60), "body": (40, 64, 0, 64), "head": (6, 54, 8, 56), "clothes": (46, 64, 0, 64),
    "mouth": (34, 52, 18, 46), "beard": (28, 62, 12, 52), "eyes": (22, 44, 14, 50), "brows": (16, 40, 14, 50),
    "glasses": (22, 46, 10, 54), "hair": (0, 58, 2, 62),
}  # fmt: skip

# A word of 64 bits is four lanes: numbers up to 255, each with room for a product. One operation works on all four.
_LANES, _HALF = np.uint64(0x00FF_00FF_00FF_00FF), np.uint64(0x0080_0080_0080_0080)
_COLOUR = np.uint64(0x0000_00FF_00FF_00FF)  # red, green and blue
_8, _255 = np.uint64(8), np.uint64(255)


@lru_cache(1)
def texels() -> np.ndarray:
    """Return all parts and the empty one, uint64 ((COUNT + 1) * SIZE**2,); 35 MB, kept in memory.

    Value [k, y, x] is the mean over a picture's pixel around the corner between texels x - 1 and x. Its bytes from the
    lowest: red, coverage, green, 0, blue, 0, 255 - alpha, tint. Raises DataError for a missing or damaged sheet.
    """
    tiles = read_sheet(SHEET, "RGB", SIZE, -(-2 * COUNT // COLUMNS) * COLUMNS)[: 2 * COUNT]
    packed = np.empty((COUNT + 1, SIZE, SIZE), np.uint64)
    packed[EMPTY] = np.uint64(255) << np.uint64(48)
    for k in range(COUNT):
        both = np.concatenate([tiles[2 * k], tiles[2 * k + 1]], -1)
        red, green, blue, tint, alpha, coverage = (
            channel.astype(np.uint64) for channel in np.moveaxis(_average(both), -1, 0)
        )
        most = np.maximum(np.maximum(red, green), blue)
        tint = np.minimum(tint, np.maximum(alpha, most) - most)  # rounding must not carry into the next lane
        alpha = np.maximum(alpha, most)
        word = tint << np.uint64(8) | (_255 - alpha)
        for value in (blue, green):
            word = word << np.uint64(16) | value
        packed[k] = word << np.uint64(16) | coverage << _8 | red
    return packed.reshape(-1)


def _average(tile: np.ndarray) -> np.ndarray:
    """Return the rounded means of 4 x 4 texels, from 2 before to 1 behind each; uint8 (S, S, C), 0 outside."""
    sums = np.pad(tile.astype(np.uint16), ((2, 1), (2, 1), (0, 0)))
    sums = sums[:-3] + sums[1:-2] + sums[2:-1] + sums[3:]
    sums = sums[:, :-3] + sums[:, 1:-2] + sums[:, 2:-1] + sums[:, 3:]
    return ((sums + 8) >> 4).astype(np.uint8)


def paint(
    backgrounds: np.ndarray, parts: dict[str, np.ndarray], tints: dict[str, np.ndarray], pose: dict[str, np.ndarray]
) -> np.ndarray:
    """Lay the layers over each other; return uint8 (N, RESOLUTION, RESOLUTION, 3).

    backgrounds  RGB of 0 to 255, int64 (N, 3)
    parts        for every layer the part, int64 (N,): an index into `LAYERS[layer]`, or -1 for none
    tints        for every layer its colour, int64 (N, 3)
    pose         int64 (N,) each, see `_Places`
    """
    lanes = np.array([1, 1 << 16, 1 << 32], np.int64)
    picture = np.empty((len(backgrounds), RESOLUTION, RESOLUTION), np.uint64)
    picture[:] = (backgrounds @ lanes).astype(np.uint64)[:, None, None]
    for layer, view, found in _layers(parts, pose, picture):
        tint = (tints[layer] @ lanes).astype(np.uint64)[:, None, None]
        alpha = (found >> np.uint64(48)) & _255
        view *= alpha  # 255 - alpha of the part
        np.right_shift(found, np.uint64(56), out=alpha)
        alpha *= tint
        view += alpha
        found &= _COLOUR
        found *= _255
        view += found
        _divide(view)
    planes = [(picture >> np.uint64(16 * k)).astype(np.uint8) for k in range(3)]
    return np.stack(planes, -1)


def cover(parts: dict[str, np.ndarray], pose: dict[str, np.ndarray], of: dict[str, int], count: int) -> np.ndarray:
    """Return how much of each pixel `count` things cover, uint8 (N, count, R, R); `of` says to which a layer belongs.

    The numbers of one pixel sum to 255 with what is left uncovered. Shadows and clear lenses cover nothing.
    """
    words = np.zeros((-(-count // 4), len(parts["head"]), RESOLUTION, RESOLUTION), np.uint64)  # four things a word
    for layer, view, found in _layers(parts, pose, words):
        covered = (found >> _8) & _255
        word, lane = divmod(of[layer], 4)
        view *= _255 - covered
        view[word] += (covered * _255) << np.uint64(16 * lane)
        _divide(view)
    planes = [(words[k // 4] >> np.uint64(16 * (k % 4))).astype(np.uint8) for k in range(count)]
    return np.stack(planes, 1)


def _divide(lanes: np.ndarray) -> None:
    """Divide each lane, at most 255 * 255, by 255, rounded, in place."""
    lanes += _HALF
    lanes += (lanes >> _8) & _LANES
    lanes >>= _8
    lanes &= _LANES


def _layers(
    parts: dict[str, np.ndarray], pose: dict[str, np.ndarray], pictures: np.ndarray
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yield (layer, its window of `pictures`, its texels there, (N, rows, columns)), from the back to the front."""
    everything, places = texels(), _Places(pose)
    for layer, window in WINDOWS.items():
        top, bottom, left, right = window
        part = np.where(parts[layer] < 0, EMPTY, parts[layer] + FIRST[layer])
        index = places.of(layer, window)
        index += (part * SIZE**2)[:, None, None]
        yield layer, pictures[..., top:bottom, left:right], np.take(everything, index, mode="clip")


class _Places:
    """Find where in a tile each pixel of N faces looks, in texels with 16 binary places.

    pose, integers of shape (N,):
    shift_x, shift_y  of the whole, in units, right and down
    scale             of the whole about the middle of the lower edge, in thousandths
    tilt              of the head about the neck, in tenths of a degree, clockwise
    head_width        in thousandths
    eye_height, eye_distance  of eyes, brows and glasses: units up; units of each eye from the axis
    brow_height       of the brows besides, units up
    mouth_size        in thousandths
    hair_mirrored, eyes_mirrored  0 or 1
    """

    def __init__(self, pose: dict[str, np.ndarray]) -> None:
        self.pose = {name: values.astype(np.int64)[:, None, None] for name, values in pose.items()}
        p = self.pose
        pixel = np.arange(RESOLUTION, dtype=np.int64)
        centre = (2 * pixel + 1) * (PIXEL // 2)
        # The whole: from the picture's units to the drawing's, about the middle of the lower edge.
        x = _fixed(centre - AXIS - p["shift_x"]) * 1000 // p["scale"]  # (N, 1, R)
        y = _fixed(centre - GROUND - p["shift_y"]) * 1000 // p["scale"]
        self.body = x, y.swapaxes(1, 2) + _fixed(GROUND)
        # The head: turned back about the neck, then made as wide as the drawing.
        sine, cosine = _sine_cosine(p["tilt"])
        up = self.body[1] - _fixed(NECK)  # (N, R, 1)
        across = (cosine * x) >> 16, (sine * up) >> 16
        along = (sine * x) >> 16, (cosine * up) >> 16
        self.across = [v * 1000 // p["head_width"] for v in across]  # (N, 1, R) and (N, R, 1)
        self.along = [-along[0], along[1] + _fixed(NECK)]

    def of(self, layer: str, window: tuple[int, int, int, int]) -> np.ndarray:
        """Return the indices of texels in a tile that the pixels of a window look at, int64 (N, rows, columns)."""
        top, bottom, left, right = window
        p = self.pose
        if layer in ("body", "clothes"):
            x, y = self.body[0][:, :, left:right], self.body[1][:, top:bottom]
            return _texel(y, 0) * SIZE + _texel(x, AXIS)
        x = self.across[0][:, :, left:right] + self.across[1][:, top:bottom]
        y = self.along[0][:, :, left:right] + self.along[1][:, top:bottom]
        if layer in ("hair", "rear_hair"):
            x *= 1 - 2 * p["hair_mirrored"]
        elif layer == "mouth":
            x = x * 1000 // p["mouth_size"]
            y = (y - _fixed(512)) * 1000 // p["mouth_size"] + _fixed(512)
        elif layer in ("eyes", "brows", "glasses"):
            x -= np.sign(x) * _fixed(p["eye_distance"])
            y += _fixed(p["eye_height"])
            if layer == "brows":
                y += _fixed(p["brow_height"])
            if layer != "glasses":
                x *= 1 - 2 * p["eyes_mirrored"]
        return _texel(y, 0) * SIZE + _texel(x, AXIS)


def _fixed(units: Any) -> Any:
    """Return units in texels with 16 binary places."""
    return units * (1 << 16) // UNIT


def _texel(fixed: np.ndarray, origin: int) -> np.ndarray:
    """Return the nearest texel of lengths from `origin`, a number of units."""
    return (fixed + ((origin + MARGIN) * (1 << 16) // UNIT + (1 << 15))) >> 16


def _sine_cosine(tenths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return sine and cosine of tenths of a degree, at most 200, with 16 binary places, off by less than 2."""
    angle = tenths * 1143826 // 10000  # 2**16 * pi / 1800 = 114.3826
    square = (angle * angle) >> 16
    sine = angle - ((square * angle) >> 16) // 6
    cosine = (1 << 16) - square // 2 + ((square * square) >> 16) // 24
    return sine, cosine
