"""`gan.data.previews`: one row for each data set that the Train tab offers."""

from __future__ import annotations

import numpy as np
from PIL import Image

from gan.data import previews
from gan.ui.server import train_form


def test_every_set_that_is_offered_has_a_row_with_something_in_it():
    offered = train_form.menus()["data"]
    assert set(previews.NAMES) == {*offered["points"], *offered["pictures"]}
    with Image.open(previews.FILE) as sheet:
        pixels = np.asarray(sheet.convert("RGBA"))
    assert pixels.shape == (len(previews.NAMES) * previews.HEIGHT, previews.WIDTH, 4)
    for name, row in zip(previews.NAMES, np.split(pixels, len(previews.NAMES)), strict=True):
        filled = (row[..., 3] > 0).mean()
        assert (filled > 0.95) if name in offered["pictures"] else (0.01 < filled < 0.3), name
    assert len(previews.sheet()) < 12_000, "it comes with the menus"
