"""Many small pictures as one PNG, which a browser decodes at once."""

from __future__ import annotations

import base64
import io
import math
from typing import Any

import numpy as np
from PIL import Image

from gan.models.image_grid import tile_pictures


def sheet(pictures: np.ndarray) -> dict[str, Any]:
    """Return uint8 (N, H, W, C) as {size, count, columns, sheet}, row by row, the last a PNG's data URI."""
    columns = math.ceil(math.sqrt(len(pictures)))
    return {
        "size": pictures.shape[1],
        "count": len(pictures),
        "columns": columns,
        "sheet": "data:image/png;base64," + base64.b64encode(png(tile_pictures(pictures, columns))).decode("ascii"),
    }


def png(picture: np.ndarray) -> bytes:
    """Return uint8 (H, W, C) as a PNG, quickly."""
    file = io.BytesIO()
    # Level 1 is a third of the default's time for a tenth more bytes, and a visitor is waiting.
    Image.fromarray(picture[..., 0] if picture.shape[-1] == 1 else picture).save(file, "PNG", compress_level=1)
    return file.getvalue()
