"""Choose samples to paint: those that differ most, so that a few show what there is."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F

from gan.editing.parts import BATCH, feature_maps
from gan.models.model import Model

SIDE = 8  # places a side at which pictures are compared
AMONG, MOST = 8, 480  # times as many samples are looked at; bounds memory


def diverse(model: Model, seeds: Sequence[int], count: int) -> list[int]:
    """Return `count` of the seeds, the first and then always the one that is least like those before (k-centre greedy).

    Alike are samples whose feature maps are, each map with the same say. ValueError for a network without such maps.
    """
    rows = []
    for i in range(0, len(seeds), BATCH):
        some = seeds[i : i + BATCH]
        with torch.inference_mode():
            maps = feature_maps(model, model.latents(some), model.class_weights(some)).layers
        rows.append([F.adaptive_avg_pool2d(m.float(), min(SIDE, m.shape[-1])).flatten(1) for m in maps])
    joined = [torch.cat(parts) for parts in zip(*rows, strict=True)]
    places = torch.cat([(m - m.mean(0)) / (m.std() * m.shape[1] ** 0.5).clamp_min(1e-6) for m in joined], 1)
    chosen, distance = [0], torch.full((len(places),), torch.inf, device=places.device)
    while len(chosen) < min(count, len(places)):
        distance = torch.minimum(distance, (places - places[chosen[-1]]).square().sum(1))
        chosen.append(int(distance.argmax()))
    return [seeds[i] for i in chosen]
