"""Sliders with names: latent directions each of which changes one attribute of a model's pictures.

Attributes of samples are centred by class and regressed on the latent. Rows of the pseudo-inverse of the regression's
weights are the directions: moving along one changes its own prediction and no other one's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from gan.evaluation.attributes import Attributes, attributes_of
from gan.models.directions import Directions, Slider
from gan.models.model import Model

SAMPLES = 4_000  # from which directions are found
HELD_OUT = 1_000  # more, on which they are judged
MOVED = 256  # of those, moved along each direction
REACH = 2  # steps to either side
LEAST_R2 = 0.4  # of an attribute that gets a slider
LEAST_CHANGE = 2.0  # times the mean squared change of the picture by a random direction of the same length
RANDOM = 8  # random directions
BESIDE = 0.7  # correlation of a principal direction with an attribute whose name it gets


@dataclass(frozen=True)
class Measured:
    """Latents (N, z_dim) with class weights (N, K) or None, and the attributes (N, M) of their pictures by name."""

    z: Tensor
    y: Tensor | None
    names: tuple[str, ...]
    values: Tensor


def find_sliders(
    model: Model, samples: int = SAMPLES, held_out: int = HELD_OUT, progress: Callable[[str], None] = lambda line: None
) -> Directions:
    """Return the model's directions with names: those of attributes of its data set that its latent tells.

    An attribute is left out where the held-out R2 of its regression is below `LEAST_R2`, and where its direction
    changes the picture less than `LEAST_CHANGE` times as much as random ones of the same length. Rows are scaled so
    that a step along any of them changes the picture equally, by the root mean square over its pixels. The same model
    gives the same directions, to rounding.
    """
    known = attributes_of(model.config)
    principal = Directions(model.directions, model.variance, model.directions[:0].float())
    if not known:
        return principal
    progress(f"measuring {', '.join(name for one in known for name in one.names)} of {samples + held_out:,} pictures")
    seeds = range(samples + held_out)
    data = measure(model, known, model.latents(seeds), model.class_weights(seeds))
    centred = (data.values - class_means(data)) / _spread(data)
    weights = ridge(data.z[:samples].double(), centred[:samples])
    error = (centred[samples:] - data.z[samples:].double() @ weights).square().mean(0)
    r2 = 1 - error / centred[samples:].square().mean(0).clamp_min(1e-12)
    beside = _names_beside(model.directions, data, centred)
    told = [i for i, value in enumerate(r2.tolist()) if value >= LEAST_R2 and data.values[:, i].std() > 0]
    progress(f"moving {MOVED} pictures along {len(told)} directions")
    moved = Measured(data.z[-MOVED:], None if data.y is None else data.y[-MOVED:], data.names, data.values)
    random = normalize(torch.randn(RANDOM, model.z_dim, generator=torch.Generator().manual_seed(0)), dim=1)
    by_chance = np.mean([_change(model, moved, row) for row in random])
    while told:
        rows = decorrelated(weights[:, told])
        changes = np.array([_change(model, moved, row) for row in rows]) / by_chance
        if changes.min() >= LEAST_CHANGE:
            break
        told.pop(int(changes.argmin()))  # the others need no longer leave its attribute as it is
    if not told:
        return replace(principal, beside=beside)
    amplitudes = torch.tensor(changes).sqrt()
    rows = rows * (amplitudes.log().mean().exp() / amplitudes)[:, None].float()
    sliders = _describe(model, known, moved, rows, told, r2, changes, _spread(data))
    return replace(principal, named=rows.contiguous(), sliders=sliders, beside=beside)


def measure(model: Model, known: Sequence[Attributes], z: Tensor, y: Tensor | None) -> Measured:
    """Render pictures and measure every attribute of `known`."""
    pictures = model.render(z, y)
    columns = np.concatenate([one.measure(pictures) for one in known], axis=1)
    names = tuple(name for one in known for name in one.names)
    return Measured(z, y, names, torch.from_numpy(columns).double())


def class_means(data: Measured) -> Tensor:
    """Return what of each attribute is linear in the class weights, or its mean for a model without classes: (N, M)."""
    if data.y is None:
        return data.values.mean(0, keepdim=True).expand_as(data.values)
    rows = data.y.double()
    return rows @ (torch.linalg.pinv(rows) @ data.values)


def ridge(z: Tensor, values: Tensor) -> Tensor:
    """Return weights (D, M) that predict values (N, M) from z (N, D), penalised by D times their squared length."""
    penalty = z.shape[1] * torch.eye(z.shape[1], dtype=z.dtype)
    return torch.linalg.solve(z.T @ z + penalty, z.T @ values)


def decorrelated(weights: Tensor) -> Tensor:
    """Return unit rows float32 (M, D) along each of which one of the predictions by weights (D, M) changes."""
    return normalize(torch.linalg.pinv(weights), dim=1).float()


def _spread(data: Measured) -> Tensor:
    """Return the standard deviation (M,) of each attribute within classes."""
    return (data.values - class_means(data)).std(0).clamp_min(1e-12)


def _change(model: Model, at: Measured, row: Tensor) -> float:
    """Return the mean squared difference of the pictures one step to either side along a row (D,), in levels."""
    low, high = (model.render(at.z + sign * row, at.y).astype(np.float32) for sign in (-1, 1))
    return float(np.square(high - low).mean())


def _names_beside(principal: Tensor, data: Measured, centred: Tensor) -> tuple[str, ...]:
    """Return the attribute that correlates best with the latent's part along each row, "" where none does above .7."""
    along = data.z.double() @ normalize(principal.double().cpu(), dim=1).T
    along = along - along.mean(0)
    products = along.T @ centred
    lengths = along.norm(dim=0)[:, None] * centred.norm(dim=0)
    correlation, best = (products / lengths.clamp_min(1e-12)).abs().max(1)
    return tuple(data.names[i] if c > BESIDE else "" for i, c in zip(best.tolist(), correlation.tolist(), strict=True))


def _describe(
    model: Model,
    known: Sequence[Attributes],
    at: Measured,
    rows: Tensor,
    told: Sequence[int],
    r2: Tensor,
    changes: np.ndarray,
    spread: Tensor,
) -> tuple[Slider, ...]:
    """Move pictures along each row; return what changed of the attributes `told`."""
    sliders = []
    for k, (i, row) in enumerate(zip(told, rows, strict=True)):
        low, high = (measure(model, known, at.z + sign * REACH * row, at.y).values.mean(0) for sign in (-1, 1))
        effects = ((high - low) / spread)[list(told)]
        others = effects.abs().clone()
        others[k] = -1
        worst = int(others.argmax())
        alone = len(told) == 1
        sliders.append(
            Slider(
                name=at.names[i],
                r2=round(float(r2[i]), 3),
                effect=round(float(effects[k]), 3),
                cross=0.0 if alone else round(float(others[worst]), 3),
                affects="" if alone else at.names[told[worst]],
                change=round(float(changes[k]), 2),
            )
        )
    return tuple(sliders)
