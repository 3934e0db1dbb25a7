"""`gan.data.previews`: one row for each data set that the Train tab offers."""

from __future__ import annotations

import numpy as np
from PIL import Image

from gan.data import previews
from gan.ui.server import train_form


def test_every_set_that_is_offered_has_a_row_with_something_in_it():
    offered = train_form.menus()["data"]
    assert set(previews.NAMES) == {name for kind in offered.values() for name in kind}
    with Image.open(previews.FILE) as sheet:
        pixels = np.asarray(sheet.convert("RGBA"))
    assert pixels.shape == (len(previews.NAMES) * previews.HEIGHT, previews.WIDTH, 4)
    for name, row in zip(previews.NAMES, np.split(pixels, len(previews.NAMES)), strict=True):
        filled = (row[..., 3] > 0).mean()
        kind = next(kind for kind, names in offered.items() if name in names)
        low, high = {"points": (0.01, 0.3), "pictures": (0.95, 1), "translations": (0.65, 0.8)}[kind]
        assert low < filled <= high, name
    assert len(previews.sheet()) < 12_000, "it comes with the menus"
