"""Pictures that a visitor can begin with, of a translator's two sets, and what its critics think of real ones.

Of bundled pairs they are those of the test split, which training did not use; else those of the folder's samples.png.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from gan.models.image_grid import GRID
from gan.text import last_name

if TYPE_CHECKING:
    from gan.models.translator import Translator

MAX_SCALE = 4  # pixels of a sheet for one of a picture
JUDGED = 64  # real pictures of a side that a verdict compares with


@dataclass(frozen=True)
class Examples:
    """Pictures uint8 (N, R, R, 3) of each side that there are some of, "a" and "b"; names: what they are, in words.

    paired: row i of both shows the same. told: the conditions of each translation to b, float32 (N, K), or None.
    real: of each side, the critic's scores of real pictures, ascending.
    """

    names: Mapping[str, str]
    pictures: Mapping[str, np.ndarray]
    paired: bool
    told: np.ndarray | None
    real: Mapping[str, np.ndarray]

    def share_below(self, side: str, score: float) -> float | None:
        """Return the share of a side's real pictures that score lower; None where there are none to compare with."""
        scores = self.real.get(side)
        return None if scores is None else float(np.searchsorted(scores, score) / len(scores))


def examples_of(model: Translator, folder: Path) -> Examples:
    """Gather a model's examples; there may be none, but at least its sides have names."""
    from gan.data import PAIRS, load_pairs  # imports torch

    config = model.config
    known = PAIRS.get(config.dataset) if not config.source else None
    if known is None:
        names = {"a": last_name(config.source) or "A", "b": last_name(config.dataset) or "B"}
        found = _of_sheet(model, folder / "samples.png")
        return Examples(names, found, False, None, _scores(model, found, None))
    pairs = load_pairs(config.dataset, model.resolution, split="test")
    pictures = {"a": _rows(pairs.a.numpy()), "b": _rows(pairs.b.numpy())}
    told = None if pairs.conditions is None or not model.condition_names else pairs.conditions.numpy()
    names = dict(zip("ab", known.about.split("; "), strict=True))
    return Examples(names, pictures, True, told, _scores(model, pictures, told))


def _rows(images: np.ndarray) -> np.ndarray:
    """Return pictures (N, C, R, R), grey or in colour, as (N, R, R, 3)."""
    return np.ascontiguousarray(np.broadcast_to(images, (len(images), 3, *images.shape[2:])).transpose(0, 2, 3, 1))


def _of_sheet(model: Translator, path: Path) -> dict[str, np.ndarray]:
    """Cut the pictures of both sets out of a sheet of samples, whose rows `gan.training.tasks` says."""
    side, columns = model.resolution, GRID[1]
    rows = {"a": [0], "b": [3]} if "a" in model.sides else {"a": list(range(0, GRID[0], 2))}
    try:
        with Image.open(path, formats=["PNG"]) as sheet:
            scale = sheet.width // (side * columns)
            fits = 1 <= scale <= MAX_SCALE and sheet.width == scale * side * columns
            if not fits or sheet.height % (scale * side) or sheet.height > GRID[0] * scale * side:
                return {}
            pixels = np.asarray(sheet.convert("RGB"))[::scale, ::scale]
    except (OSError, ValueError, SyntaxError):
        return {}
    tiles = pixels.reshape(-1, side, columns, side, 3).swapaxes(1, 2)
    return {
        name: np.concatenate([tiles[row] for row in own if row < len(tiles)]) for name, own in rows.items()
        if own[0] < len(tiles)
    }  # fmt: skip


def _scores(model: Translator, pictures: Mapping[str, np.ndarray], told: np.ndarray | None) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    looks_at_pairs = "pairs" in model.config.network_parts
    for side in model.sides:
        shown = pictures.get(side)
        inputs = pictures.get("a") if looks_at_pairs else None
        if shown is None or (looks_at_pairs and (inputs is None or len(inputs) != len(shown))):
            continue
        own = told[:JUDGED] if told is not None and side == "b" else None
        scores = model.critic_score(shown[:JUDGED], side, None if inputs is None else inputs[:JUDGED], own)
        found[side] = np.sort(scores)
    return found
