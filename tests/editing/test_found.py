"""`gan.editing.found`: how near pictures are found, and a sentence for those that a model cannot know."""

from __future__ import annotations

import numpy as np
import torch
from small_models import untrained

from gan.editing.encoder import own_pictures
from gan.editing.found import how_far, measure
from gan.models.inversion import Found


def test_measured_is_every_stage_and_each_is_nearer():
    model = untrained(())
    figures = measure(model, own_pictures(model, 6), count=2)
    assert set(figures) == {f"{s}{low}" for s in ("encoder", "latent", "map") for low in ("", "_low")} | {"pictures"}
    assert figures["encoder"] < figures["latent"] <= figures["map"] and figures["pictures"] == 2
    assert all(figures[f"{stage}_low"] <= figures[stage] for stage in ("encoder", "latent", "map"))


def test_a_picture_that_is_too_far_off_is_told_so():
    errors = 10 ** (-np.array([28.0, 24.5, 12.0], np.float32) / 10)
    found = Found(torch.zeros(3, 2), np.zeros((3, 8, 8, 1), np.uint8), errors, None, None, 6, errors)
    told = how_far(found, {"latent": 28.0, "latent_low": 25.0})
    assert told[:2] == ["", ""]
    assert told[2] == ("The model cannot draw this: pixels of its nearest picture are 25 % off, where 4 % is usual.")
    assert how_far(found, {}) == ["", "", ""]
    # The first feature map can be bent into anything, so what it brings does not count.
    bent = found._replace(errors=errors / 100, offsets=torch.zeros(3, 1, 2, 2), steps=60)
    assert how_far(bent, {"latent": 28.0, "latent_low": 25.0, "map": 35.0, "map_low": 30.0}) == told
