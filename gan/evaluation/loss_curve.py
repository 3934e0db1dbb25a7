"""The training curve as a picture, from a run's log: losses, and distances measured, over the images shown."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from gan.io import write_bytes

NAME = "curve.png"
ROLLED_BACK = "non-finite"  # kind of an alarm after which the run continues from the image that it names
# The numbers of each event that are drawn.
DRAWN = {"stepped": ("critic_loss", "generator_loss"), "evaluated": ("frechet_distance", "frechet_floor")}
SIZE = (2400, 1200)  # pixels drawn for a plot, width and height; the picture has half of each, for smooth lines
TEXT, LABEL, GRID_LINE, BACKGROUND = "#1f2124", "#5f5c55", "#e0dbcf", "#fffefb"
COLOURS = {"critic": "#2a7f8e", "generator": "#d8452a", "generated": "#d8452a", "real": "#8c8778"}
LEFT, TOP, RIGHT, BOTTOM = 160, 172, 80, 116  # margins around the plot
BINS = 300  # points of one curve, each the mean of consecutive logged losses
HALF_LIFE = 5  # of the smoothing, in bins

Losses = list[tuple[int, float, float]]  # images shown, critic's loss, generator's loss
Distances = Sequence[tuple[int, float, float]]  # images shown, Frechet distance of the average, that of real pictures


def read_losses(log: Path) -> Losses:
    """Read the losses from a log.jsonl, in order, without those that a resumed run or a rollback discarded."""
    return _read(log, "stepped")


def read_distances(log: Path) -> Distances:
    """Read the distances measured along the way, as `read_losses` does."""
    return _read(log, "evaluated")


def _read(log: Path, kind: str) -> list[tuple[int, float, float]]:
    points: list[tuple[int, float, float]] = []
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if log.is_file() else ():
        try:
            event = json.loads(line)
            shown = event["shown"]
            if event["event"] == "started" or (event["event"] == "alarmed" and event["kind"] == ROLLED_BACK):
                points = [p for p in points if p[0] <= shown]
            elif event["event"] == kind:
                first, second = (event[name] for name in DRAWN[kind])
                if all(type(v) is float and math.isfinite(v) for v in (first, second)):
                    points.append((int(shown), first, second))
        except (ValueError, KeyError, TypeError, RecursionError):
            continue  # an incomplete line, after a crash
    return points


def write_curve(folder: Path) -> bool:
    """Draw folder/curve.png from folder/log.jsonl; return False, and draw nothing, for fewer than two steps."""
    points = read_losses(folder / "log.jsonl")
    if len(points) < 2 or points[0][0] == points[-1][0]:
        return False
    out = io.BytesIO()
    draw(points, read_distances(folder / "log.jsonl")).save(out, "PNG")
    write_bytes(folder / NAME, out.getvalue())
    return True


def draw(points: Losses, distances: Distances = ()) -> Image.Image:
    """Draw both losses, smoothed, over at least two different numbers of images shown, and below them the distances.

    A ring marks the least distance.
    """
    images = points[0][0], points[-1][0]
    losses = {name: _smooth(points, i + 1) for i, name in enumerate(("critic", "generator"))}
    distances = [point for point in distances if images[0] <= point[0] <= images[1]]
    picture = Image.new("RGB", (SIZE[0], SIZE[1] * (2 if distances else 1)), BACKGROUND)
    pen = ImageDraw.Draw(picture)
    _draw_plot(pen, 0, "Loss", images, losses, _range([y for curve in losses.values() for _, y in curve]))
    if distances:
        curves = {
            name: [(point[0], point[i + 1]) for point in distances] for i, name in enumerate(("generated", "real"))
        }
        ranked = sorted(distance for _, distance in curves["generated"])
        high = min(ranked[-1], 4 * ranked[len(ranked) // 2]) or 1.0  # a run begins far away
        at = _draw_plot(pen, SIZE[1], "Frechet distance", images, curves, (0.0, high))
        x, y = at(*min(curves["generated"], key=lambda point: point[1]))
        pen.ellipse((x - 18, y - 18, x + 18, y + 18), outline=COLOURS["generated"], width=6)
    return picture.reduce(2)


def _draw_plot(
    pen: ImageDraw.ImageDraw,
    top: float,
    title: str,
    images: tuple[int, int],
    curves: Mapping[str, Sequence[tuple[float, float]]],
    values: tuple[float, float],
) -> Callable[[float, float], tuple[float, float]]:
    """Draw a plot of size `SIZE`, from pixel `top` down; return where a point (images, value) lies in the picture.

    images, values: the ranges of the axes, the latter widened to round numbers.
    """
    least, most = images
    ticks = _ticks(*values)
    width, height = SIZE[0] - LEFT - RIGHT, SIZE[1] - TOP - BOTTOM

    def at(x: float, y: float) -> tuple[float, float]:
        across, up = (x - least) / (most - least), (y - ticks[0]) / (ticks[-1] - ticks[0])
        return LEFT + width * across, top + TOP + height * (1 - min(max(up, 0), 1))

    for y in ticks:
        _, row = at(least, y)
        pen.line((LEFT, row, LEFT + width, row), GRID_LINE, 3)
        pen.text((LEFT - 28, row), f"{y:g}", LABEL, _font(44), "rm")
    for x in _ticks(least, most, 5):
        if least <= x <= most:
            pen.text((at(x, 0)[0], top + TOP + height + 28), short(x, 6), LABEL, _font(44), "ma" if x < most else "ra")
    pen.text((LEFT, top + 52), title, TEXT, _font(56))
    pen.text((LEFT + pen.textlength(title, _font(56)) + 24, top + 60), "over images shown", LABEL, _font(48))
    x = SIZE[0] - RIGHT
    for name, curve in curves.items():
        pen.line([at(*point) for point in curve], COLOURS[name], 7, joint="curve")
        x -= pen.textlength(name, _font(48))
        pen.text((x, top + 60), name, TEXT, _font(48))
        pen.rounded_rectangle((x - 80, top + 82, x - 24, top + 92), 5, COLOURS[name])
        x -= 136
    return at


def _smooth(points: Losses, column: int) -> list[tuple[float, float]]:
    """Return at most `BINS` means (images shown, loss) of one column, smoothed exponentially."""
    size = -(-len(points) // BINS)
    out: list[tuple[float, float]] = []
    decay = 0.5 ** (1 / HALF_LIFE)
    for i in range(0, len(points), size):
        part = points[i : i + size]
        x, y = (sum(p[c] for p in part) / len(part) for c in (0, column))
        out.append((x, decay * out[-1][1] + (1 - decay) * y if out else y))
    return out


def _range(values: list[float]) -> tuple[float, float]:
    """Return the range of the plot: all values except a hundredth at each end, often the start of a run."""
    ranked = sorted(values)
    low, high = ranked[len(ranked) // 100], ranked[-1 - len(ranked) // 100]
    return (low, high) if high > low else (low - 1, high + 1)


def _ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Return round numbers around [low, high], about `count` steps of 1, 2 or 5 times a power of ten."""
    raw = (high - low) / count
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= raw * 0.999)
    return [round(i * step, 12) for i in range(math.floor(low / step), math.ceil(high / step) + 1)]


def short(count: float, digits: int = 3) -> str:
    """Format a count in few characters: 1234567 as "1.23 M"."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= size:
            return f"{count / size:.{digits}g} {unit}"
    return f"{count:.{digits}g}"


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
