"""Small pictures of the data sets, to choose one by, as `gan.data.build_previews` has made them."""

from __future__ import annotations

import base64
from functools import cache
from pathlib import Path

FILE = Path(__file__).parent / "bundled/previews.webp"  # a row each, in the order of `NAMES`
PICTURES, HEIGHT = 3, 32  # of a row: pictures beside each other; pixels
WIDTH = PICTURES * HEIGHT
NAMES = (
    "ring", "grid", "swiss-roll", "two-moons", "emoji", "faces-10k", "scenes-10k", "emoji-styles", "mnist-10k",
    "fashion-mnist-10k", "beard-close-up", "sketch-one-palette", "flat-to-3d", "grey-to-colour",
)  # fmt: skip


@cache
def sheet() -> str:
    """Return all previews as an address that holds them."""
    return "data:image/webp;base64," + base64.b64encode(FILE.read_bytes()).decode("ascii")
