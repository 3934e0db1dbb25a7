"""Pictures side by side as one, without torch."""

from __future__ import annotations

import numpy as np


def tiled(pictures: np.ndarray, columns: int) -> np.ndarray:
    """uint8 (N, H, W, C) row by row, `columns` in each, as (rows * H, columns * W, C); the rest is zero."""
    n, h, w, c = pictures.shape
    rows = -(-n // columns)
    cells = np.zeros((rows * columns, h, w, c), np.uint8)
    cells[:n] = pictures
    return cells.reshape(rows, columns, h, w, c).swapaxes(1, 2).reshape(rows * h, columns * w, c)
