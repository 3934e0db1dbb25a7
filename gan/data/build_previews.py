"""Build bundled/previews.webp: a row for each data set of the Train tab.

    python -m gan.data.build_previews

Three pictures of each, from all along the set; of pairs one picture, an arrow and what it becomes; of points a
drawing. The same Pillow gives the same bytes.
"""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image, ImageDraw

from gan import data
from gan.data.points import DISTRIBUTIONS, load_points
from gan.data.previews import FILE, HEIGHT, NAMES, PICTURES, WIDTH

SCALE = 4  # pixels of the drawing for one of the preview
PAIR = 1  # which of the held-out pairs is shown
INK = 128  # grey of a point, which is seen on light and dark
DOT = 7  # pixels of the drawing a side of a point


def preview(name: str) -> Image.Image:
    """Return the preview of a data set, RGBA."""
    if name in DISTRIBUTIONS:
        return _of_points(name)
    if name in data.PAIRS:
        return _of_pairs(name)
    images = data.load(name).images
    chosen = images[:: len(images) // PICTURES][:PICTURES].permute(0, 2, 3, 1).numpy()
    row = Image.new("RGBA", (WIDTH, HEIGHT))
    for i, pixels in enumerate(chosen):
        row.paste(_square(pixels), (i * HEIGHT, 0))
    return row


def _square(pixels: np.ndarray) -> Image.Image:
    picture = Image.fromarray(pixels.squeeze()).convert("RGBA")
    return picture.resize((HEIGHT, HEIGHT), Image.Resampling.LANCZOS)


def _of_pairs(name: str) -> Image.Image:
    pairs = data.load_pairs(name, split="test")
    row = Image.new("RGBA", (WIDTH, HEIGHT), (INK, INK, INK, 0))
    for picture, left in ((pairs.a, 0), (pairs.b, WIDTH - HEIGHT)):
        row.paste(_square(picture[PAIR].permute(1, 2, 0).numpy()), (left, 0))
    arrow = Image.new("L", (HEIGHT * SCALE, HEIGHT * SCALE))
    draw, middle = ImageDraw.Draw(arrow), HEIGHT * SCALE // 2
    draw.line([(40, middle), (middle + 20, middle)], 255, 10)
    draw.polygon([(middle + 14, middle - 18), (middle + 14, middle + 18), (middle + 34, middle)], 255)
    row.paste((INK, INK, INK, 255), (HEIGHT, 0), arrow.resize((HEIGHT, HEIGHT), Image.Resampling.BOX))
    return row


def _of_points(name: str) -> Image.Image:
    side = HEIGHT * SCALE
    places = (load_points(name).images[:1500] / (1.1 * DISTRIBUTIONS[name].extent) + 1) * (side / 2)
    columns, rows = ((own.long() - DOT // 2).clamp(0, side - DOT) for own in (places[:, 0], side - places[:, 1]))
    alpha = torch.zeros(side, side, dtype=torch.uint8)
    for right in range(DOT):
        for down in range(DOT):
            alpha[rows + down, columns + right] = 255
    drawn = np.full((side, side, 4), INK, np.uint8)
    drawn[..., 3] = alpha.numpy()
    row = Image.new("RGBA", (WIDTH, HEIGHT), (INK, INK, INK, 0))
    small = Image.fromarray(drawn).resize((HEIGHT, HEIGHT), Image.Resampling.BOX)
    row.paste(small, ((WIDTH - HEIGHT) // 2, 0))
    return row


def main() -> None:
    """Write the file."""
    rows = [preview(name) for name in NAMES]
    sheet = Image.new("RGBA", (WIDTH, HEIGHT * len(rows)))
    for i, row in enumerate(rows):
        sheet.paste(row, (0, i * HEIGHT))
    sheet.save(FILE, "WEBP", quality=75, method=6)


if __name__ == "__main__":
    main()
