"""Grids of pictures as one image. Needs no torch."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from gan.io import write_bytes

GRID = (8, 8)  # rows and columns of samples.png, which shows seeds 0 to 63 row by row


def tile_pictures(pictures: np.ndarray, columns: int) -> np.ndarray:
    """Arrange uint8 (N, H, W, C) row by row as (rows * H, columns * W, C); empty cells are zero."""
    n, h, w, c = pictures.shape
    rows = -(-n // columns)
    cells = np.zeros((rows * columns, h, w, c), np.uint8)
    cells[:n] = pictures
    return cells.reshape(rows, columns, h, w, c).swapaxes(1, 2).reshape(rows * h, columns * w, c)


def grid_image(pictures: np.ndarray, columns: int, scale: int = 2) -> Image.Image:
    """Draw pictures uint8 (N, H, W, C) row by row as one image without gaps, each pixel enlarged to scale x scale."""
    sheet = tile_pictures(pictures, columns).repeat(scale, 0).repeat(scale, 1)
    return Image.fromarray(sheet[..., 0] if sheet.shape[2] == 1 else sheet)


def write_grid(path: Path, pictures: np.ndarray) -> None:
    """Write pictures uint8 (N, H, W, C) as a PNG grid of `GRID`'s columns."""
    out = io.BytesIO()
    grid_image(pictures, GRID[1]).save(out, "PNG")
    write_bytes(path, out.getvalue())
