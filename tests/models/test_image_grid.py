"""`gan.models.image_grid`: pictures side by side."""

from __future__ import annotations

from itertools import product

import numpy as np

from gan.models.image_grid import tile_pictures


def test_picture_i_lies_in_cell_i(subtests):
    for columns, shape in product([1, 3, 4], [(1, 4, 4, 1), (7, 5, 5, 3), (12, 2, 2, 3)]):
        with subtests.test(columns=columns, shape=shape):
            pictures = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
            whole = tile_pictures(pictures, columns)
            size = shape[1]
            assert whole.shape == (-(-shape[0] // columns) * size, columns * size, shape[3])
            for i, picture in enumerate(pictures):
                top, left = i // columns * size, i % columns * size
                assert np.array_equal(whole[top : top + size, left : left + size], picture)
            assert not whole[-size:, -size:].any() or not shape[0] % columns
