"""`gan.ui.server.picture_requests`: its bounds are those of the engine."""

from __future__ import annotations

from gan.models import latent, model
from gan.ui.server import picture_requests


def test_the_engine_has_the_same_bounds() -> None:
    assert picture_requests.SEEDS - 1 == latent.MAX_SEED
    assert picture_requests.TRUNCATION == model.MAX_TRUNCATION
    assert picture_requests.MODES == latent.MODES
