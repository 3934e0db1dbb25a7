"""A canvas for many small landscapes at once: gradients, ridges, discs, dots. Integers only: the same bits everywhere.

Lengths of shapes are in sixteenths of a pixel, from the upper left corner. A cover is 0 to 256, of a pixel's area.
"""

from collections.abc import Sequence

import numpy as np

from gan.data.seeded import mix_bits, named_bits

SIZE = 64  # pixels a side
UNIT = 16  # lengths a pixel
CENTRES = np.arange(SIZE, dtype=np.int32) * UNIT + UNIT // 2  # of the pixels

# What a dot looks like: pixels to the right, pixels down, and the cover there.
Dot = Sequence[tuple[int, int, int]]


class Canvas:
    """The pictures of N landscapes, uint16 (3, N, 64, 64), and random numbers for what is in them.

    seeds: uint64 (N,). The same seed and name give the same numbers.
    """

    def __init__(self, seeds: np.ndarray) -> None:
        self.seeds, self.n = seeds, len(seeds)
        self.planes = np.zeros((3, self.n, SIZE, SIZE), np.uint16)

    def pictures(self) -> np.ndarray:
        """Return what was painted, uint8 (N, 64, 64, 3)."""
        return np.moveaxis(self.planes, 0, -1).astype(np.uint8)

    def random(self, name: str, count: int, below: int) -> np.ndarray:
        """Return `count` random numbers for each landscape, int32 (N, count), from 0 to below - 1."""
        step = np.arange(count, dtype=np.uint64) * np.uint64(0xD134_2543_DE82_EF95)
        bits = mix_bits(named_bits(self.seeds, name)[:, None] + step)
        return ((bits >> np.uint64(40)) * np.uint64(below) >> np.uint64(24)).astype(np.int32)

    def blend(self, colours: np.ndarray, cover: np.ndarray, top: int = 0) -> None:
        """Lay colours (1 or N, 3), or (N, 64, 3) for columns, over rows from `top` on; cover (N, rows, 64 or 1)."""
        by_plane = np.moveaxis(colours, -1, 0).astype(np.uint16)
        by_plane = by_plane[..., None, None] if colours.ndim == 2 else by_plane[:, :, None]
        cover = cover.astype(np.uint16)
        rows = slice(top, top + cover.shape[1])
        rest = 256 - cover
        for plane, colour in zip(self.planes, by_plane, strict=True):
            view = plane[:, rows]
            view *= rest
            view += colour * cover + 128
            view >>= 8

    def gradient(self, first: np.ndarray, last: np.ndarray, top: np.ndarray, bottom: np.ndarray) -> None:
        """Paint everything below `top` (N,): colours `first` (N, 3) there, to `last` from `bottom` (N,) on."""
        place = np.clip((CENTRES - top[:, None]) * 256 // np.maximum(bottom - top, 1)[:, None], 0, 256)
        # A blend of two colours a row is a colour a row: columns and rows change places.
        ends = np.stack([first, last]).astype(np.int64)[:, :, None, :]
        rows = (ends[0] + ((ends[1] - ends[0]) * place[..., None] + 128 >> 8)).astype(np.uint16)
        cover = below(np.broadcast_to(top[:, None], (self.n, 1))).astype(np.uint16)
        rest = 256 - cover
        for plane, colour in zip(self.planes, np.moveaxis(rows, -1, 0), strict=True):
            plane *= rest
            plane += colour[:, :, None] * cover + 128
            plane >>= 8

    def waves(self, name: str, cell: int, low: np.ndarray, high: np.ndarray, smooth: bool = True) -> np.ndarray:
        """Return a random height for every column, int32 (N, 64), between low and high (N,).

        Heights `cell` pixels apart are independent of each other, with curves or straight lines between them.
        """
        knots = self.random(name, SIZE // cell + 3, 1 << 12)
        x = CENTRES + self.random(name + " phase", 1, cell * UNIT)
        knot, rest = np.divmod(x, cell * UNIT)
        t = rest * 256 // (cell * UNIT)
        if smooth:
            t = t * t * (768 - 2 * t) >> 16
        one, other = np.take_along_axis(knots, knot, 1), np.take_along_axis(knots, knot + 1, 1)
        height = one + ((other - one) * t >> 8)
        return low[:, None].astype(np.int32) + (height * (high - low)[:, None].astype(np.int32) >> 12)

    def cells(self, name: str, width: int) -> tuple[np.ndarray, np.ndarray]:
        """Divide the columns into cells `width` pixels wide; return each column's cell and its distance from the
        cell's middle, int32 (N, 64). There are at most 64 // width + 2 cells."""
        x = CENTRES + self.random(name + " cells", 1, width * UNIT) // UNIT * UNIT
        cell, rest = np.divmod(x, width * UNIT)
        return cell, rest - width * UNIT // 2

    def dots(self, x: np.ndarray, y: np.ndarray, colours: np.ndarray, dot: Dot, cover: np.ndarray | int = 256) -> None:
        """Put dots at whole pixels x, y (N, M), in colours (1 or N, 3) or (N, M, 3), thinned to `cover` of 256.

        What lies outside of the picture is left out.
        """
        colours = np.broadcast_to(colours[:, None] if colours.ndim == 2 else colours, (*x.shape, 3))
        row = np.broadcast_to(np.arange(self.n)[:, None], x.shape)
        thin = np.broadcast_to(np.asarray(cover), x.shape)
        for right, down, full in dot:
            u, v = x + right, y + down
            inside = (u >= 0) & (u < SIZE) & (v >= 0) & (v < SIZE) & (thin > 0)
            where = (row[inside], v[inside], u[inside])
            alpha = thin[inside] * full >> 8
            for plane, colour in zip(self.planes, np.moveaxis(colours[inside], -1, 0), strict=True):
                plane[where] = plane[where] * (256 - alpha) + colour * alpha + 128 >> 8


def below(heights: np.ndarray, rows: slice = slice(SIZE)) -> np.ndarray:
    """Return the cover (N, rows, columns) of what lies below heights (N, columns)."""
    return np.clip((CENTRES[rows, None] - heights[:, None, :] + UNIT // 2) * UNIT, 0, 256)


def disc(dx: np.ndarray, dy: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """Return the cover of discs, from the distances of pixels from their middles; the three broadcast."""
    inside = radius * radius - dx * dx - dy * dy
    return np.clip(inside * (UNIT // 2) // np.maximum(radius, 1) + 128, 0, 256) * (radius > 0)


def glow(dx: np.ndarray, dy: np.ndarray, radius: np.ndarray, most: int) -> np.ndarray:
    """Return a cover that falls from `most` in the middle of a disc to 0 at its edge."""
    inside = np.maximum(radius * radius - dx * dx - dy * dy, 0)
    share = inside // np.maximum(radius * radius >> 8, 1)
    return share * share * most >> 16
