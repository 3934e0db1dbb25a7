"""Choose samples to paint: those that differ most, so that a few show what there is."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from gan.config import Config
from gan.data import full_set
from gan.data.attribute_codes import choices_of
from gan.editing.parts import BATCH, can_tell_parts, feature_maps
from gan.editing.recolour import COLOURS
from gan.models.model import Model

SIDE = 8  # places a side at which pictures are compared
AMONG, MOST = 8, 480  # times as many samples are looked at; bounds memory


def shapes_of(config: Config, latents: Tensor) -> Tensor | None:
    """Return which shape of each part latents (N, z_dim) ask for, int64 (N, choices); None where that is not known."""
    known = COLOURS.get(full_set(config.dataset))
    if not known or not config.attributes:
        return None
    table, colours = known
    chosen = choices_of(table, latents)
    return torch.stack([value for name, value in chosen.items() if name not in colours], 1)


def diverse(model: Model, seeds: Sequence[int], count: int) -> list[int]:
    """Return `count` of the seeds, the first and then always the one that is least like those before.

    Where latents say which shapes a picture has, that is the one with most shapes that were seldom chosen. Else it is
    the farthest one (k-centre greedy): alike are samples whose feature maps are, each map with the same say. ValueError
    for a network without such maps.
    """
    if not can_tell_parts(model):
        raise ValueError(f"{model.name} has no feature maps to look at: its network is {model.config.network}")
    shapes = shapes_of(model.config, model.latents(seeds))
    chosen = _covering(shapes, count) if shapes is not None else _farthest(_places(model, seeds), count)
    return [seeds[i] for i in chosen]


def _covering(shapes: Tensor, count: int) -> list[int]:
    """Choose rows of shapes (N, choices) so that each shape is there, if possible, and none much more than others."""
    chosen = [0]
    while len(chosen) < min(count, len(shapes)):
        seen = (shapes[chosen][:, None] == shapes).sum(0)  # of each row's shapes, how often it was chosen
        gain = (1 + seen).double().pow(-2).sum(1)
        gain[chosen] = -1
        chosen.append(int(gain.argmax()))
    return chosen


def _farthest(places: Tensor, count: int) -> list[int]:
    chosen, distance = [0], torch.full((len(places),), torch.inf, device=places.device)
    while len(chosen) < min(count, len(places)):
        distance = torch.minimum(distance, (places - places[chosen[-1]]).square().sum(1))
        chosen.append(int(distance.argmax()))
    return chosen


def _places(model: Model, seeds: Sequence[int]) -> Tensor:
    """Return the feature maps of samples as places, float32 (N, D), between which distances say how alike they are."""
    rows = []
    for i in range(0, len(seeds), BATCH):
        some = seeds[i : i + BATCH]
        with torch.inference_mode():
            maps = feature_maps(model, model.latents(some), model.class_weights(some)).layers
        rows.append([F.adaptive_avg_pool2d(m.float(), min(SIDE, m.shape[-1])).flatten(1) for m in maps])
    joined = [torch.cat(parts) for parts in zip(*rows, strict=True)]
    return torch.cat([(m - m.mean(0)) / (m.std() * m.shape[1] ** 0.5).clamp_min(1e-6) for m in joined], 1)
