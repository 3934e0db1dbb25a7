"""`gan.ui.server.checks`: its bounds are those of the engine."""

from __future__ import annotations

from gan.models import latent, model
from gan.ui.server import checks


def test_the_engine_has_the_same_bounds() -> None:
    assert checks.SEEDS - 1 == latent.MAX_SEED
    assert checks.TRUNCATION == model.MAX_TRUNCATION
    assert checks.MODES == latent.MODES
