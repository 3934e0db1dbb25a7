"""Folders of translators for tests, hardly trained."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import tiny_pairs, translation

from gan.training.loop import train


def write_translators(root: Path) -> list[Path]:
    """Train two of the pairs `tiny`, 28 x 28 in colour: `both`, both ways, and `told`, of pairs and with conditions."""
    from gan.data.pairs import PAIRS, PairSource

    settings = {"learning_rate": 0.003, "ema_images": 1, "width": 32}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PAIRS, "tiny", PairSource(tiny_pairs, 28, "squares; brighter ones", "CC0-1.0"))
        list(train(translation(**settings), root / "both"))
        list(train(translation(**settings, objective="paired", conditional=True), root / "told"))
    return [root / "both", root / "told"]
