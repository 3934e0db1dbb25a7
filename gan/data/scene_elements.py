"""Parts of the backgrounds of scenes: sky, sun, moon, clouds, trees, houses, boats and what lies on the ground."""

from dataclasses import dataclass

import numpy as np

from gan.data.ramps import along, mix, ramp
from gan.data.scene_canvas import CENTRES, SIZE, UNIT, Canvas, Dot, below, disc, glow

WHITE, BLACK = ramp("ffffff"), ramp("101020")
POINT: Dot = ((0, 0, 256),)
STAR: Dot = ((0, 0, 256), (1, 0, 60), (-1, 0, 60), (0, 1, 60), (0, -1, 60))
FLAKE: Dot = ((0, 0, 240), (1, 0, 110), (-1, 0, 110), (0, 1, 110), (0, -1, 110))
FLOWER: Dot = ((1, 0, 256), (-1, 0, 256), (0, 1, 256), (0, -1, 256))
BLADES: Dot = ((0, 0, 200), (-1, -1, 200), (1, -1, 200), (0, -2, 120))
DASH: Dot = ((-2, 0, 90), (-1, 0, 220), (0, 0, 256), (1, 0, 220), (2, 0, 90))
LIGHT: Dot = ((0, 0, 256), *((x, y, 70) for x in (-1, 0, 1) for y in (-1, 0, 1) if x or y), (2, 0, 25), (-2, 0, 25))
PEBBLE: Dot = ((0, 0, 200), (1, 0, 160))


@dataclass(frozen=True)
class Look:
    """All that decides a background besides its class, int64 (N,) each.

    horizon   0 to 1000, from high to low
    sky       0 to 1000, along the class's skies
    ground    0 to 1000, along the class's grounds
    sun       0 to 1000, from left to right, of sun or moon; its height is drawn from the details
    weather   0 to 1000: how many clouds, stars, flakes or lit windows
    details   a seed: hills, trees, waves, houses and whatever else there is
    """

    horizon: np.ndarray
    sky: np.ndarray
    ground: np.ndarray
    sun: np.ndarray
    weather: np.ndarray
    details: np.ndarray


def sky(canvas: Canvas, top: np.ndarray, end: np.ndarray, horizon: np.ndarray) -> None:
    """Paint the sky, from one colour (N, 3) above to another at the horizon (N,)."""
    canvas.gradient(top, end, np.full(canvas.n, -UNIT), horizon)


def band(top: np.ndarray, height: int) -> np.ndarray:
    """Return the cover (N, 64, 1) of a stripe across the picture, from a height (N,) on."""
    return below(top[:, None]) - below(top[:, None] + height)


def fade(canvas: Canvas, colours: np.ndarray, top: np.ndarray, most: int) -> None:
    """Lay colours over the ground, from nothing at `top` (N,) to `most` of 256 at the lower edge."""
    depth = SIZE * UNIT - top[:, None]
    canvas.blend(colours, (np.clip(CENTRES - top[:, None], 0, None) * most // depth)[..., None])


def sun(canvas: Canvas, look: Look, colours: np.ndarray, horizon: np.ndarray) -> None:
    """Put the sun above the horizon (N,) or half behind it, in a colour of a ramp."""
    x = (4 * UNIT + look.sun * 56 * UNIT // 1000).astype(np.int32)
    y = 4 * UNIT + canvas.random("sun y", 1, 1 << 10)[:, 0] * (horizon - 2 * UNIT).astype(np.int32) // 1024
    radius = 3 * UNIT + canvas.random("sun size", 1, 3 * UNIT)[:, 0]
    dx, dy = CENTRES - x[:, None, None], CENTRES[:40, None] - y[:, None, None]
    colour = along(colours, look.sky)
    canvas.blend(mix(WHITE, colour, 500), glow(dx, dy, 3 * radius[:, None, None], 200))
    canvas.blend(colour, disc(dx, dy, radius[:, None, None]))


def moon(canvas: Canvas, look: Look) -> None:
    """Put the moon, full or a crescent, and its glow on the sky."""
    x = (8 * UNIT + look.sun * 48 * UNIT // 1000).astype(np.int32)[:, None, None]
    y = (7 * UNIT + canvas.random("moon y", 1, 7 * UNIT))[..., None]
    radius = (4 * UNIT + canvas.random("moon size", 1, 3 * UNIT))[..., None]
    dx, dy = CENTRES - x, CENTRES[:34, None] - y
    colour = along(ramp("fffbe6", "fff0b8", "f4f4ff"), canvas.random("moon hue", 1, 1001)[:, 0])
    canvas.blend(colour, glow(dx, dy, 3 * radius, 110))
    phase = canvas.random("phase", 1, 5)[..., None]  # full, or a crescent that opens to the left or the right
    side = np.where(phase > 2, 1, -1) * radius * 9 // 16
    shade = np.where(phase > 0, disc(dx + side, dy + radius // 8, radius), 0)
    canvas.blend(colour, disc(dx, dy, radius) * (256 - shade) >> 8)


def clouds(canvas: Canvas, look: Look, colour: np.ndarray, most: int) -> None:
    """Lay clouds, each three discs with a flat base, over the upper rows; the cover is at most `most` of 256."""
    for row, (width, top) in enumerate(((30, 9), (23, 17))):
        name = f"clouds {row}"
        cell, dx = canvas.cells(name, width)
        count = SIZE // width + 2
        there = canvas.random(name, count, 1000) < look.weather[:, None] * 2 // 3 + 80
        radius = (3 * UNIT - row * 10 + canvas.random(name + " size", count, 2 * UNIT)) * there
        base = top * UNIT + canvas.random(name + " y", count, 6 * UNIT)
        shift = canvas.random(name + " x", count, 8 * UNIT) - 4 * UNIT
        size, base, shift = (np.take_along_axis(v, cell, 1)[:, None] for v in (radius, base, shift))
        x, y = dx[:, None] - shift, CENTRES[:26, None] - base
        cover = disc(x, y + size // 2, size)
        for side, part in ((-5, 10), (5, 11)):
            cover = np.maximum(cover, disc(x - size * side // 4, y + size * part // 40, size * part // 16))
        cover *= y < size // 3
        canvas.blend(colour, cover * most >> 8)


def trees(canvas: Canvas, ridge: np.ndarray, colours: np.ndarray, look: Look) -> None:
    """Put round trees on a ridge (N, 64)."""
    rows = slice(6, 42)
    cell, dx = canvas.cells("trees", 13)
    count = SIZE // 13 + 2
    there = canvas.random("trees", count, 1000) < canvas.random("wood", 1, 900) + 50
    size = (2 * UNIT + canvas.random("tree size", count, 2 * UNIT + 8)) * there
    middle = canvas.random("tree x", count, 6 * UNIT) - 3 * UNIT
    size, middle = (np.take_along_axis(v, cell, 1) for v in (size, middle))
    x = (dx - middle)[:, None]
    foot = np.take_along_axis(ridge, np.clip(np.arange(SIZE) - (dx - middle) // UNIT, 0, SIZE - 1), 1)
    y, radius = CENTRES[rows, None] - foot[:, None], size[:, None]
    trunk = (np.abs(x) < UNIT * 3 // 4) & (y < UNIT) & (y > -2 * radius) & (radius > 0)
    canvas.blend(ramp("7a5230"), trunk * 256, rows.start)
    hues = mix(colours, along(ramp("e8a33a", "d96a3a", "5a9a48", "88b84a"), look.weather), 260)
    canvas.blend(hues, disc(x, y + radius * 2, radius), rows.start)
    lit = mix(WHITE, hues, 780)
    canvas.blend(lit, disc(x + radius // 4, y + radius * 9 // 4, radius * 9 // 16) * (radius > 0), rows.start)


def pines(canvas: Canvas, ridge: np.ndarray, colours: np.ndarray, width: int, snow: bool) -> None:
    """Put firs, at most one in `width` pixels, on a ridge (N, 64), with snow on their branches or without."""
    rows = slice(2, 42)
    cell, dx = canvas.cells("firs", width)
    count = SIZE // width + 2
    there = canvas.random("firs", count, 1000) < canvas.random("wood", 1, 800) + 200
    tall = (7 * UNIT + canvas.random("fir size", count, 7 * UNIT)) * there
    middle = canvas.random("fir x", count, 4 * UNIT) - 2 * UNIT
    tall, middle = (np.take_along_axis(v, cell, 1) for v in (tall, middle))
    foot = np.take_along_axis(ridge, np.clip(np.arange(SIZE) - (dx - middle) // UNIT, 0, SIZE - 1), 1)
    x, height = np.abs(dx - middle)[:, None], tall[:, None]
    down = CENTRES[rows, None] - foot[:, None] + height  # from the top
    tier = np.maximum(height // 3, 1)
    half = down * 5 // 16 - (down // tier) * tier * 3 // 32
    inside = (down > 0) & (down < height) & (height > 0)
    cover = np.clip((half - x) * UNIT + 128, 0, 256) * inside
    canvas.blend(colours, cover, rows.start)
    if snow:
        canvas.blend(ramp("f6fafe"), cover * (down % tier < tier * 7 // 16), rows.start)
    trunk = (x < UNIT * 3 // 4) & (down >= height) & (down < height + 2 * UNIT) & (height > 0)
    canvas.blend(ramp("4a3428"), trunk * 256, rows.start)


def scatter(canvas: Canvas, name: str, top: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return places x, y (N, count) on the ground below `top` (N,), and 256 for each."""
    x = canvas.random(name + " x", count, SIZE)
    first = top[:, None] // UNIT + 4
    y = first + (canvas.random(name + " y", count, 1 << 12) * (SIZE - first) >> 12)
    return x, y.astype(np.int32), np.full((canvas.n, count), 256)


def speckle(canvas: Canvas, name: str, top: np.ndarray, colours: np.ndarray, dot: Dot, count: int, most: int) -> None:
    """Put dots on the ground below `top` (N,), each thinned at random, to less than `most` of 256."""
    x, y, _ = scatter(canvas, name, top, count)
    canvas.dots(x, y, colours, dot, canvas.random(name, count, most))


def boats(canvas: Canvas, horizon: np.ndarray) -> None:
    """Put up to two sailing boats on the horizon."""
    there = (canvas.random("boats", 2, 5) < 2) * 256
    x, y = canvas.random("boat x", 2, SIZE), (horizon // UNIT)[:, None] + 1 + canvas.random("boat y", 2, 3)
    sails = along(ramp("ffffff", "fff3d8", "f26d5b", "ffd166"), canvas.random("sails", 2, 1001))
    hull: Dot = tuple((i, 0, 256) for i in range(-2, 4)) + tuple((i, 1, 256) for i in range(-1, 3))
    sail: Dot = tuple((i, -j, 256) for j in range(1, 8) for i in range(1, 4) if i <= (9 - j) // 2)
    jib: Dot = tuple((-i, -j, 230) for j in range(1, 6) for i in range(1, 3) if i <= (6 - j) // 2)
    hulls = along(ramp("7a3b2e", "35507a", "5a4636"), canvas.random("hulls", 2, 1001))
    canvas.dots(x, y, hulls, hull, there)
    canvas.dots(x, y, sails, sail, there)
    canvas.dots(x, y, sails, jib, there)


def wander(canvas: Canvas, name: str, count: int, start: np.ndarray) -> np.ndarray:
    """Return `count` places on a ramp that depend on `start` (N,), int64 (N, count)."""
    return (start[:, None] + canvas.random(name, count, 1001)) % 1001


def houses(
    canvas: Canvas,
    name: str,
    width: int,
    ground: np.ndarray,
    heights: tuple[int, int],
    walls: np.ndarray,
    look: Look,
    windows: int,
) -> None:
    """Put a row of houses, each `width` pixels wide, on the ground (N,).

    heights  between which theirs lie, in pixels
    walls    colours (N, M, 3), one a house
    windows  cover of 256 of dark ones; lit ones have more
    """
    cell, dx = canvas.cells(name, width)
    count = SIZE // width + 2
    tall = heights[0] + canvas.random(name + " height", count, heights[1] - heights[0])
    narrow = canvas.random(name + " gap", count, 2)
    tall, narrow = (np.take_along_axis(v, cell, 1) for v in (tall, narrow))
    column = (dx + width * UNIT // 2) // UNIT  # from 0 to width - 1
    roof = ground[:, None] // UNIT - tall
    colours = np.take_along_axis(walls, np.minimum(cell, walls.shape[1] - 1)[..., None], 1)
    rows = np.arange(44)[:, None]
    down = rows - roof[:, None]
    wall = (down >= 0) & (column >= narrow)[:, None]
    canvas.blend(colours, wall * 256)
    canvas.blend(mix(BLACK, colours, 700), (wall & (down < 1)) * 256)
    side = wall & (column == width - 1)[:, None]
    canvas.blend(mix(BLACK, colours, 800), side * 256)
    # One of a house's random bits for each of its windows says whether it is lit; by day, so must another.
    bits = np.take_along_axis(canvas.random(name + " lit", count, 1 << 24), cell, 1)[:, None]
    pane = (column % 3 == 2) & (column < width - 1)
    number = np.clip((down // 4) * 3 + (column // 3)[:, None], 0, 23)
    lit = (bits >> number) & ((bits >> 23 - number) | (look.weather >= 500)[:, None, None]) & 1
    frame = wall & pane[:, None] & (down % 4 >= 2) & (down < (tall[:, None] - 1))
    dark = mix(BLACK, colours, 550)
    canvas.blend(dark, (frame & (lit == 0)) * windows)
    canvas.blend(ramp("ffe48a"), (frame & (lit > 0)) * (windows + 100))
