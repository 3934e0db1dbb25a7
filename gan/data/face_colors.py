"""Colours of faces, on ramps and rings; integers only."""

import numpy as np

from gan.data.ramps import along, mix, ramp

SKIN = ramp("ffe3d0", "fbd0b0", "f0b98f", "dfa076", "c68658", "a86a42", "8c5335", "71412a", "583122")
HAIR = {  # family -> a ramp from dark to light
    "black": ramp("0c0b10", "1b1820", "2c2730"),
    "brown": ramp("3a2117", "5b3320", "7e4a2a", "99602f"),
    "blond": ramp("b07f35", "d8a94c", "f0cf74", "f9e6ae"),
    "red": ramp("7c2416", "a93a18", "d0571f", "ee8236"),
    "grey": ramp("6f7076", "9fa1a8", "cfd1d6", "f6f6f6"),
    "bright": ramp("e8417f", "b43fd0", "5b4be0", "2f7fe6", "19a9b8", "27b36a"),
}
EYES = ramp("2c1812", "5a3216", "8a5a1e", "5f8a3a", "2f8f86", "3b8fd6", "7fb4dc", "8d99a6")
FRAMES = ramp("0d0d12", "4a2a1a", "8a4b22", "c2203a", "d9a13b", "e9e4da", "2d6cc0", "15343f")
# Rings: twelve hues, the last beside the first.
CLOTHES = ramp("d8303a", "ea6a2c", "f2a922", "d3c12a", "7cb83a", "2f9d54", "1f9d8f", "2590c8", "3561cf", "5b46c4",
                "9a3fbe", "d43a86")  # fmt: skip
BACKGROUND = ramp("f58a80", "f9a871", "f9c85f", "e6d766", "b2d873", "7fd39a", "70d2c4", "76c8ee", "88aef2", "a79df0",
                   "cd97e8", "f394bd")  # fmt: skip


def around(ring: np.ndarray, degrees: np.ndarray) -> np.ndarray:
    """Return the colours int64 (N, 3) at hues int64 (N,), 0 to 359, of a ring of twelve."""
    step, rest = np.divmod(degrees % 360, 30)
    return mix(ring[step], ring[(step + 1) % 12], rest * 1000 // 30)


def lighten(colours: np.ndarray, light: np.ndarray) -> np.ndarray:
    """Mix colours (N, 3) with near-black for light 0 (N,), with near-white for 1000; 500 leaves them as they are."""
    dark, pale = np.array([22, 20, 38]), np.array([255, 252, 246])
    away = np.abs(2 * light - 1000)
    return mix(colours, np.where(light[:, None] < 500, dark, pale), away)


def mix_hair(family: np.ndarray, tone: np.ndarray) -> np.ndarray:
    """Return the colours int64 (N, 3) of families, indices into HAIR, at tones int64 (N,), 0 to 1000."""
    return np.stack([along(family_ramp, tone) for family_ramp in HAIR.values()])[family, np.arange(len(family))]


def warm(colours: np.ndarray, degree: np.ndarray) -> np.ndarray:
    """Turn colours (N, 3) to rose for degree -100 (N,), to olive for 100, without making them lighter."""
    turned = colours + np.array([-3, 4, -12]) * degree[:, None] // 100
    return np.clip(turned, 0, 255)
