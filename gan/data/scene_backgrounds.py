"""Backgrounds of scenes: meadow, sea, night, snow and city, drawn in the way of flat illustrations."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gan.data import scene_elements as draw
from gan.data.ramps import along, mix, ramp
from gan.data.scene_canvas import SIZE, UNIT, Canvas, below
from gan.data.scene_elements import BLACK, WHITE, Look


def _meadow(canvas: Canvas, look: Look, horizon: np.ndarray) -> None:
    """Draw hills, trees and flowers under the sun."""
    tops = ramp("8ec9f5", "4aa3ee", "5cc4e8", "7fb7f0", "f2a27c", "f5c66e")
    ends = ramp("e6f5fb", "cdeafd", "e4f7ee", "fdeedd", "fde3c0", "fff3c8")
    draw.sky(canvas, along(tops, look.sky), along(ends, look.sky), horizon)
    draw.sun(canvas, look, ramp("fff6cf", "ffe680", "ffd75a"), horizon)
    draw.clouds(canvas, look, WHITE, 235)
    grass = along(ramp("5fae3c", "7fc242", "a3cc4a", "c4cc55", "6fb760"), look.ground)
    far = mix(along(ends, look.sky), grass, 520)
    canvas.blend(far, below(canvas.waves("far", 22, horizon - 9 * UNIT, horizon)))
    middle = mix(BLACK, grass, 760 + canvas.random("middle hue", 1, 120)[:, 0])
    ridge = canvas.waves("middle", 17, horizon - 5 * UNIT, horizon + UNIT)
    canvas.blend(middle, below(ridge))
    draw.trees(canvas, ridge, mix(BLACK, grass, 600), look)
    near = canvas.waves("near", 30, horizon, horizon + 3 * UNIT)
    canvas.blend(grass, below(near))
    draw.fade(canvas, mix(BLACK, grass, 640), horizon, 110)
    draw.speckle(canvas, "blades", horizon, mix(BLACK, grass, 680), draw.BLADES, 26, 200)
    petals = ramp("ffffff", "fff27a", "ff8fb0", "f25c54", "c89bff", "ffffff")
    kind = along(petals, canvas.random("petals", 1, 1001)[:, 0])
    x, y, shown = draw.scatter(canvas, "flowers", horizon, 26)
    shown *= canvas.random("flowers", 26, 1000) < 250 + canvas.random("bloom", 1, 750)
    canvas.dots(x, y, kind, draw.FLOWER, shown)
    canvas.dots(x, y, ramp("ffc933"), draw.POINT, shown)


def _sea(canvas: Canvas, look: Look, shore: np.ndarray) -> None:
    """Draw the sea with waves and boats, and a beach."""
    tops = ramp("3f9fe8", "72c3f2", "8fb4c9", "f08a6b", "c973a8", "5fb8d8")
    ends = ramp("d5f0ff", "fdf1d8", "dfe8ea", "ffe0a3", "ffc6b0", "e2f9f2")
    horizon = 18 * UNIT + (look.horizon * 7 + 130) % 1001 * 8 * UNIT // 1000
    draw.sky(canvas, along(tops, look.sky), along(ends, look.sky), horizon)
    draw.sun(canvas, look, ramp("fff8dc", "ffe9a0", "ffd27a"), horizon)
    draw.clouds(canvas, look, WHITE, 225)
    water = along(ramp("1e86c8", "22a7c4", "38b9b0", "2f6fb5", "4c8fd0"), look.ground)
    island = canvas.waves("island", 13, horizon - 5 * UNIT, horizon + 9 * UNIT)
    land = mix(along(ends, look.sky), along(ramp("4d8f5a", "6a7fa0"), look.sky), 700)
    canvas.blend(land, below(island, slice(0, 30)) * (canvas.random("islands", 1, 3) > 0)[..., None])
    deep, shallow = mix(BLACK, water, 780), mix(WHITE, water, 740)
    canvas.gradient(deep, shallow, horizon, shore)
    draw.boats(canvas, horizon)
    x = canvas.random("crest x", 34, SIZE)
    rows = (shore - horizon)[:, None] // UNIT
    y = horizon[:, None] // UNIT + 1 + canvas.random("crest y", 34, 1 << 12) * rows // 4096
    canvas.dots(x, y.astype(np.int32), mix(WHITE, water, 330), draw.DASH, 190)
    sun = (4 + look.sun * 56 // 1000)[:, None] + canvas.random("glitter x", 14, 7) - 3
    y = horizon[:, None] // UNIT + 1 + canvas.random("glitter y", 14, 10)
    canvas.dots(sun, y, ramp("fff3c4"), draw.DASH, 180)
    sand = along(ramp("f6dfa6", "eecb8a", "f3d9b8", "e2bd84"), (look.ground * 7 + 311) % 1001)
    edge = canvas.waves("shore", 14, shore - 2 * UNIT, shore + 2 * UNIT)
    canvas.blend(WHITE, below(edge - 22) * 230 >> 8)
    canvas.blend(mix(BLACK, sand, 850), below(edge))
    canvas.blend(sand, below(canvas.waves("dry", 21, shore + 2 * UNIT, shore + 5 * UNIT)))
    draw.fade(canvas, mix(BLACK, sand, 720), shore, 70)
    draw.speckle(canvas, "grains", shore + 4 * UNIT, mix(BLACK, sand, 800), draw.PEBBLE, 26, 200)
    shells = along(ramp("ffffff", "ff9fa0", "d98cc0", "f2704f"), canvas.random("shell", 7, 1001))
    x, y, shown = draw.scatter(canvas, "shells", shore + 5 * UNIT, 7)
    canvas.dots(x, y, shells, draw.PEBBLE, shown)


def _night(canvas: Canvas, look: Look, horizon: np.ndarray) -> None:
    """Draw a dark wood under the moon and stars, with fireflies."""
    tops = ramp("0a1033", "10123f", "1c0f45", "071c3d", "0b2440")
    ends = ramp("24357a", "3b2f86", "5a3a8c", "1f4f80", "1c5f6e")
    draw.sky(canvas, along(tops, look.sky), along(ends, look.sky), horizon)
    count = 46
    x, y = canvas.random("star x", count, SIZE), canvas.random("star y", count, 36)
    bright = 60 + canvas.random("star", count, 190)
    bright *= canvas.random("stars", count, 1000) < 250 + look.weather[:, None] * 3 // 4
    tint = along(ramp("ffffff", "cfe0ff", "fff0c8"), canvas.random("star tint", count, 1001))
    canvas.dots(x, y, tint, draw.POINT, bright)
    canvas.dots(x[:, :7], y[:, :7], tint[:, :7], draw.STAR, bright[:, :7])
    draw.moon(canvas, look)
    grass = along(ramp("1d3d3a", "1f4a35", "23385a", "2c3560", "174048"), look.ground)
    sky = along(ends, look.sky)
    canvas.blend(mix(sky, grass, 350), below(canvas.waves("far", 15, horizon - 11 * UNIT, horizon)))
    ridge = canvas.waves("middle", 19, horizon - 5 * UNIT, horizon)
    canvas.blend(mix(BLACK, grass, 700), below(ridge))
    draw.pines(canvas, ridge, mix(BLACK, grass, 480), 9, snow=False)
    canvas.blend(grass, below(canvas.waves("near", 30, horizon, horizon + 3 * UNIT)))
    draw.fade(canvas, mix(BLACK, grass, 250), horizon, 120)
    draw.speckle(canvas, "blades", horizon, mix(WHITE, grass, 840), draw.BLADES, 18, 150)
    x, y, shown = draw.scatter(canvas, "fireflies", horizon - 8 * UNIT, 11)
    glowing = canvas.random("glowing", 1, 12) > np.arange(11)
    canvas.dots(x, y, ramp("f6ff8a"), draw.LIGHT, shown * glowing)


def _snow(canvas: Canvas, look: Look, horizon: np.ndarray) -> None:
    """Draw mountains, snowy firs and falling snow."""
    tops = ramp("9cc4e8", "b9cfe0", "7fb2e0", "c9b8e0", "e8b8c8")
    ends = ramp("eaf4fb", "f4f6f8", "e2f1fb", "fbe6ee", "fdeadb")
    draw.sky(canvas, along(tops, look.sky), along(ends, look.sky), horizon)
    rock = along(ramp("7d93b0", "8f8fae", "6a86a8", "9a8fa8"), look.ground)
    peaks = canvas.waves("peaks", 12, horizon - 21 * UNIT, horizon - 3 * UNIT, smooth=False)
    canvas.blend(mix(along(ends, look.sky), rock, 620), below(peaks))
    caps = canvas.waves("caps", 3, horizon - 14 * UNIT, horizon - 9 * UNIT, smooth=False)
    canvas.blend(ramp("f8fbff"), below(peaks) * (256 - below(caps)) >> 8)
    white = along(ramp("f4f8fd", "eef4fc", "fbf6fa", "f2f7f4"), look.ground)
    shade = along(ramp("b4cbe6", "bccbe8", "c9c2e2", "aecfe0"), look.ground)
    ridge = canvas.waves("middle", 18, horizon - 4 * UNIT, horizon + UNIT)
    canvas.blend(mix(white, shade, 560), below(ridge))
    firs = along(ramp("2f5d54", "3a6b4f", "3d5f75", "54708a"), (look.ground * 3 + 170) % 1001)
    draw.pines(canvas, ridge, firs, 11, snow=True)
    canvas.blend(white, below(canvas.waves("near", 26, horizon, horizon + 4 * UNIT)))
    draw.fade(canvas, shade, horizon, 190)
    drift = canvas.waves("drift", 24, horizon + 10 * UNIT, horizon + 17 * UNIT)
    canvas.blend(white, below(drift) * 150 >> 8)
    draw.fade(canvas, shade, horizon + 12 * UNIT, 130)
    count = 44
    falling = (canvas.random("falling", count, 1000) < 250 + look.weather[:, None] * 3 // 4) * 240
    x, y = canvas.random("flake x", count, SIZE), canvas.random("flake y", count, SIZE)
    canvas.dots(x, y, WHITE, draw.POINT, falling)
    canvas.dots(x[:, :18], y[:, :18], WHITE, draw.FLAKE, falling[:, :18])


def _city(canvas: Canvas, look: Look, horizon: np.ndarray) -> None:
    """Draw two rows of houses with lit windows behind a pavement."""
    tops = ramp("6fb0e6", "8f9fe0", "7a5fae", "e0806f", "f0b070", "58b0c8")
    ends = ramp("e3f1fa", "f7dcea", "f7a98a", "ffd9a0", "fff0cc", "e6f6ee")
    draw.sky(canvas, along(tops, look.sky), along(ends, look.sky), horizon)
    draw.sun(canvas, look, ramp("fff3cf", "ffe1a0", "ffc890"), horizon)
    draw.clouds(canvas, look, WHITE, 170)
    far = along(ramp("8fa3c4", "a493c0", "c09aa4", "93b0b4"), look.ground)
    hazy = mix(far, along(ends, look.sky), 350)
    draw.houses(canvas, "far", 7, horizon, (15, 30), hazy[:, None].repeat(11, 1), look, 60)
    walls = ramp("c8553d", "e08e45", "d9b26a", "588b8b", "4a6fa5", "7d5a8c", "b5576e", "6b705c", "93a8ac")
    near = along(walls, draw.wander(canvas, "walls", 8, look.ground))
    draw.houses(canvas, "near", 11, horizon, (8, 22), near, look, 150)
    stone = along(ramp("b9b4b0", "a8adb8", "c4b8a6", "9aa0a4"), look.ground)
    road = mix(BLACK, stone, 620)
    kerb = horizon + 9 * UNIT
    canvas.gradient(stone, mix(WHITE, stone, 860), horizon, kerb)
    joint = mix(BLACK, stone, 945)
    _, dx = canvas.cells("slabs", 8)
    line = (np.abs(dx) <= UNIT // 2)[:, None] & (np.arange(SIZE) * UNIT < kerb[:, None])[..., None]
    canvas.blend(joint, (line & (np.arange(SIZE) * UNIT >= horizon[:, None])[..., None]) * 256)
    canvas.gradient(road, mix(BLACK, road, 860), kerb, np.full(canvas.n, SIZE * UNIT))
    canvas.blend(mix(WHITE, stone, 400), draw.band(kerb, 24))
    _, dx = canvas.cells("marks", 14)
    marks = draw.band(kerb + 8 * UNIT, 22) * (np.abs(dx) < 4 * UNIT)[:, None]
    canvas.blend(ramp("f4ecd0"), marks)


@dataclass(frozen=True)
class Background:
    """A class of backgrounds.

    paint   draws N of them on a canvas; its third argument says where the ground begins, in sixteenths of a pixel
    ground  rows of pixels between which the ground begins
    light   the colour that what stands there is lit with
    """

    paint: Callable[[Canvas, Look, np.ndarray], None]
    ground: tuple[int, int]
    light: str = "ffffff"

    def begin(self, horizon: np.ndarray) -> np.ndarray:
        """Return where the ground begins, in sixteenths of a pixel, int64 (N,), for `Look.horizon`."""
        first, last = self.ground
        return first * UNIT + horizon * (last - first) * UNIT // 1000

    def draw(self, look: Look) -> np.ndarray:
        """Return pictures, uint8 (N, 64, 64, 3)."""
        canvas = Canvas(look.details.astype(np.uint64))
        self.paint(canvas, look, self.begin(look.horizon))
        return canvas.pictures()


BACKGROUNDS = {
    "meadow": Background(_meadow, (24, 34)),
    "sea": Background(_sea, (33, 42)),
    "night": Background(_night, (26, 36), "d0d5f0"),
    "snow": Background(_snow, (25, 34), "f4f8ff"),
    "city": Background(_city, (34, 41)),
}
