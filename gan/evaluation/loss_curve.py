"""The training curve as a picture: the losses of generator and critic over the images shown, from a run's log."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from gan.io import write_bytes

NAME = "curve.png"
ROLLED_BACK = "non-finite"  # kind of an alarm after which the run continues from the image that it names
SIZE = (2400, 1200)  # pixels drawn, width and height; the picture has half of each, for smooth lines
TEXT, LABEL, GRID_LINE, BACKGROUND = "#1f2124", "#5f5c55", "#e0dbcf", "#fffefb"
COLOURS = {"critic": "#2a7f8e", "generator": "#d8452a"}
LEFT, TOP, RIGHT, BOTTOM = 160, 172, 80, 116  # margins around the plot
BINS = 300  # points of one curve, each the mean of consecutive logged losses
HALF_LIFE = 5  # of the smoothing, in bins

Losses = list[tuple[int, float, float]]  # images shown, critic's loss, generator's loss


def read_losses(log: Path) -> Losses:
    """Read the losses from a log.jsonl, in order, without those that a resumed run or a rollback discarded."""
    points: Losses = []
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if log.is_file() else ():
        try:
            event = json.loads(line)
            shown = event["shown"]
            if event["event"] == "started" or (event["event"] == "alarmed" and event["kind"] == ROLLED_BACK):
                points = [p for p in points if p[0] <= shown]
            elif event["event"] == "stepped":
                losses = event["critic_loss"], event["generator_loss"]
                if all(type(v) is float and math.isfinite(v) for v in losses):
                    points.append((int(shown), *losses))
        except (ValueError, KeyError, TypeError, RecursionError):
            continue  # an incomplete line, after a crash
    return points


def write_curve(folder: Path) -> bool:
    """Draw folder/curve.png from folder/log.jsonl; return False, and draw nothing, for fewer than two steps."""
    points = read_losses(folder / "log.jsonl")
    if len(points) < 2 or points[0][0] == points[-1][0]:
        return False
    out = io.BytesIO()
    draw(points).save(out, "PNG", optimize=True)
    write_bytes(folder / NAME, out.getvalue())
    return True


def draw(points: Losses) -> Image.Image:
    """Draw both losses, smoothed, over at least two different numbers of images shown."""
    curves = {name: _smooth(points, i + 1) for i, name in enumerate(COLOURS)}
    least, most = points[0][0], points[-1][0]
    ticks = _ticks(*_range([y for curve in curves.values() for _, y in curve]))
    width, height = SIZE[0] - LEFT - RIGHT, SIZE[1] - TOP - BOTTOM

    def at(x: float, y: float) -> tuple[float, float]:
        across, up = (x - least) / (most - least), (y - ticks[0]) / (ticks[-1] - ticks[0])
        return LEFT + width * across, TOP + height * (1 - min(max(up, 0), 1))

    picture = Image.new("RGB", SIZE, BACKGROUND)
    pen = ImageDraw.Draw(picture)
    for y in ticks:
        _, row = at(least, y)
        pen.line((LEFT, row, LEFT + width, row), GRID_LINE, 3)
        pen.text((LEFT - 28, row), f"{y:g}", LABEL, _font(44), "rm")
    for x in _ticks(least, most, 5):
        if least <= x <= most:
            pen.text((at(x, 0)[0], TOP + height + 28), short(x, 6), LABEL, _font(44), "ma" if x < most else "ra")
    pen.text((LEFT, 52), "Loss", TEXT, _font(56))
    pen.text((LEFT + 150, 60), "over images shown", LABEL, _font(48))
    x = SIZE[0] - RIGHT
    for name, curve in curves.items():
        pen.line([at(*point) for point in curve], COLOURS[name], 7, joint="curve")
        x -= pen.textlength(name, _font(48))
        pen.text((x, 60), name, TEXT, _font(48))
        pen.rounded_rectangle((x - 80, 82, x - 24, 92), 5, COLOURS[name])
        x -= 136
    return picture.reduce(2)


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
