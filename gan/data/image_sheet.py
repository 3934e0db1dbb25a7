"""Image sheets, the format of bundled data sets: many small pictures in one lossless WebP, in `BUNDLED`.

Pictures lie row by row in a grid. One file of a few megabytes opens faster than thousands of small ones, neighbours
share the compressor's palette, and nothing in it can run code.
"""

import os
from pathlib import Path

import numpy as np
from PIL import Image

from gan.errors import DataError

BUNDLED = Path(__file__).with_name("bundled")  # the folder of every file that comes with the package


def write_sheet(path: Path, pictures: np.ndarray, columns: int) -> int:
    """Write pictures uint8 (N, S, S, C), C = 1, 3 or 4 (RGBA), as a grid of `columns`; return the file's size in bytes.

    The rest of the last row is zeros. The same pixels and the same Pillow give the same bytes. Of a pixel with no
    opacity the colour is not kept.
    """
    n, size, _, channels = pictures.shape
    rows = -(-n // columns)
    pictures = np.concatenate([pictures, np.zeros((rows * columns - n, size, size, channels), np.uint8)])
    grid = pictures.reshape(rows, columns, size, size, channels).transpose(0, 2, 1, 3, 4)
    grid = np.ascontiguousarray(grid).reshape(rows * size, columns * size, channels)
    image = Image.fromarray(grid[..., 0] if channels == 1 else grid)
    aside = path.with_name(path.name + ".part")  # compressing takes a minute: no reader may meet half a file
    image.save(aside, "WEBP", lossless=True, quality=100, method=6)
    os.replace(aside, path)
    return path.stat().st_size


def read_sheet(path: Path, mode: str, size: int, count: int) -> np.ndarray:
    """Read `count` pictures as uint8 (count, size, size, C), with C the number of bands of Pillow's `mode`.

    Raises DataError where the file is missing, damaged, or of another size than `count` pictures need.
    """
    cure = "restore it from the repository or reinstall the package"
    try:
        with Image.open(path, formats=("WEBP",)) as image:
            grid = np.asarray(image.convert(mode))
    except (OSError, ValueError, SyntaxError) as error:
        raise DataError(f"the bundled file {path} is missing or damaged ({error}): {cure}") from error
    height, width = grid.shape[:2]
    rows, columns = height // size, width // size
    if height % size or width % size or not 0 <= rows * columns - count < columns:
        need = f"{count} pictures of {size}x{size}"
        raise DataError(f"the bundled file {path} must hold {need}, got {width}x{height} pixels: {cure}")
    pictures = grid.reshape(rows, size, columns, size, -1).transpose(0, 2, 1, 3, 4)
    return np.ascontiguousarray(pictures).reshape(rows * columns, size, size, -1)[:count]
