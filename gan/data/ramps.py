"""Ramps, rows of colours that go together: a place on one, 0 to 1000, mixes two neighbours. Integers only."""

import numpy as np


def ramp(*colours: str) -> np.ndarray:
    """Return colours in hexadecimal, as ffe3d0, as int64 (N, 3)."""
    return np.array([[int(c[i : i + 2], 16) for i in (0, 2, 4)] for c in colours], np.int64)


def along(colours: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Return the colours int64 (..., 3) at places int64 (...), 0 to 1000, of a ramp (M, 3)."""
    step, rest = np.divmod(place * (len(colours) - 1), 1000)
    return mix(colours[step], colours[np.minimum(step + 1, len(colours) - 1)], rest)


def mix(one: np.ndarray, other: np.ndarray, thousandths: np.ndarray | int) -> np.ndarray:
    """Return colours (..., 3) from `one`, for 0 thousandths (...), to `other`, for 1000; all broadcast."""
    return one + (other - one) * np.asarray(thousandths)[..., None] // 1000
