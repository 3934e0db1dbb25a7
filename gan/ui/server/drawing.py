"""Pictures and walks of one model, for requests that `gan.ui.server.picture_requests` has checked.

Torch is imported only when something is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from gan.ui.server import picture_requests

if TYPE_CHECKING:
    from torch import Tensor

    from gan.models.model import Model

FRAMES_AT_ONCE = 32  # of a walk that crosses pictures: bounds memory


def draw(model: Model, requests: Sequence[Mapping[str, Any]]) -> np.ndarray:
    """Return a picture for each request, as `picture_requests.picture` returns them, uint8 (N, H, W, C).

    One may have `offsets` besides, a tensor (F, S, S) for the first feature map: then none is crossed with another.
    """
    import torch

    with torch.inference_mode():
        if any(at.get("offsets") is not None for at in requests):
            return model.render(*found_inputs(model, requests))
        upper, lower, borders = _inputs(model, requests)
        if all(border == 1 for border in borders):
            return model.render(*upper)
        return model.cross(*upper, *lower, borders)


def found_inputs(model: Model, requests: Sequence[Mapping[str, Any]]) -> tuple[Tensor, Tensor | None, Tensor | None]:
    """Return latents, class weights and offsets, None where nobody has any, of pictures as `draw` takes them."""
    import torch

    (z, y), _, _ = _inputs(model, [{**at, "border": 1} for at in requests])
    offsets = [at.get("offsets") for at in requests]
    first = next((one for one in offsets if one is not None), None)
    if first is None:
        return z, y, None
    return z, y, torch.stack([torch.zeros_like(first) if one is None else one for one in offsets])


def _inputs(
    model: Model, requests: Sequence[Mapping[str, Any]]
) -> tuple[tuple[Tensor, Tensor | None], tuple[Tensor, Tensor | None], list[float]]:
    """Return latents and class weights of pictures, those of what they are crossed with, and the borders between.

    A picture that is crossed with nothing stands for its own partner.
    """
    import torch

    borders = [at.get("border", 1) for at in requests]
    partners = [
        at if border == 1 else {**at, "seed": at["partner"]} for at, border in zip(requests, borders, strict=True)
    ]
    sides = []
    for side in (requests, partners):
        y = [model.class_weights([at["seed"]], at["label"]) for at in side]
        z = torch.cat([_latent(model, at, rows) for at, rows in zip(side, y, strict=True)])
        sides.append((z, torch.cat([rows for rows in y if rows is not None]) if model.classes else None))
    return sides[0], sides[1], borders


def keyframes(request: picture_requests.WalkRequest) -> list[dict[str, Any]]:
    """Return the picture that a walk shows at each of its keyframes, as `picture_requests.picture` returns it."""
    count = len(request.seeds)
    labels = request.label if isinstance(request.label, list) else [request.label] * count
    plain = {"truncation": request.truncation, "sliders": [], "named": [], "raw": []}
    return [
        edit or {"seed": seed, "label": label, **plain}
        for seed, label, edit in zip(request.seeds, labels, request.edits or [None] * count, strict=True)
    ]


def walk(model: Model, request: picture_requests.WalkRequest) -> np.ndarray:
    """Return the frames of a walk whose keyframes have edits, uint8 (frames, H, W, C)."""
    import torch

    from gan.models.latent import path

    frames, loop = request.frames, request.loop

    def along(z: Tensor, y: Tensor | None) -> tuple[Tensor, Tensor | None]:
        return path(z, frames, request.mode, loop), None if y is None else path(y, frames, "lerp", loop)

    with torch.inference_mode():
        upper, lower, borders = _inputs(model, keyframes(request))
        if all(border == 1 for border in borders):
            return model.render(*along(*upper))
        border = path(torch.tensor(borders)[:, None], frames, "lerp", loop)[:, 0].tolist()
        parts = [
            model.cross(*_rows(along(*upper), at), *_rows(along(*lower), at), border[at])
            for at in (slice(i, i + FRAMES_AT_ONCE) for i in range(0, frames, FRAMES_AT_ONCE))
        ]
        return np.concatenate(parts)


def _rows(inputs: tuple[Tensor, Tensor | None], at: slice) -> tuple[Tensor, Tensor | None]:
    z, y = inputs
    return z[at], None if y is None else y[at]


def _latent(model: Model, at: Mapping[str, Any], y: Tensor | None) -> Tensor:
    z = model.latents([at["seed"]]) * at["truncation"]
    if steps := at["sliders"]:
        z = z + (z.new_tensor(steps) @ model.directions[: len(steps)].to(z))
    if offsets := at["raw"]:
        z[:, : len(offsets)] += z.new_tensor(offsets)
    if steps := at["named"]:
        z = model.named.moved(z, steps, y)
    return z
