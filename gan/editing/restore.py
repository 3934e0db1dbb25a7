"""Bring back what a picture has lost: what of all that a model can draw would have left what is seen.

One search for all losses (`gan.editing.operators`): a latent is looked for whose picture, spoilt in the same way, is
what is seen. Where many very different pictures would be, several answers are given; else one, which is what those that
were found have in common: their mean is nearer to the truth than any of them. What is known of a picture stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, cast

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from gan.editing.operators import Operator
from gan.models.inversion import (
    MAX_STARTS,
    MAX_STEPS,
    NEAR,
    SPREAD,
    MapGenerator,
    Residual,
    Search,
    Solver,
    Starts,
    begin,
    best_of,
    descend,
    errors_of,
    refine,
)
from gan.models.model import Model
from gan.models.pixels import to_uint8

STEPS, STARTS = 60, 8
RULED_OUT = 0.1  # of the likeliest class's share: what the encoder takes for less likely is not tried
UNSEARCHED = 4  # of so many answers one is what the encoder sees, as it is
BROADER, BROAD_SHARE = 4, 4  # times as many places at first, for this part of the steps
SOLVED = 2  # steps of all coordinates at once, at the end, for one answer
BENT = 30  # steps on the first feature map, at the end, of all that one answer is the mean of
SHOWN = 6  # steps from one film picture to the next


class Restored(NamedTuple):
    """Answers to what pictures may have been, each with what is seen left as it is.

    Of several some are what the encoder sees, which a search would make fit what is seen and no more; the others are
    found. First stands what fits best what is seen. One where the truth is not open is the mean of what was found from
    all starts, each with an offset of the first feature map: `latents` has the best of them, which is not all of it.

    pictures  uint8 (N, A, H, W, C)
    latents   float32 (N, A, z_dim), for sliders
    classes   float32 (N, A, K): class weights, None for a model without classes
    errors    float32 (N, A): mean squared difference of what would be left of an answer to what is seen, in [-1, 1]
    steps     of the search so far
    """

    pictures: np.ndarray
    latents: Tensor
    classes: Tensor | None
    errors: np.ndarray
    steps: int


def restore(
    model: Model,
    seen: Tensor,
    operator: Operator,
    starts: int = STARTS,
    steps: int = STEPS,
    y: Tensor | None = None,
    answers: int | None = None,
    seed: int = 0,
) -> Restored:
    """Return `answers` for each of the pictures of which `seen` is left; 1, or `starts` where the truth is open.

    seen: what `operator.spoil` returns of pictures in [-1, 1]. starts: places that the search begins at, all in one
    batch. y: class weights (N, K), None where they are not known. ValueError for numbers out of range.
    """
    *_, last = restoring(model, seen, operator, starts, steps, y, answers, seed)
    return last


def restoring(
    model: Model,
    seen: Tensor,
    operator: Operator,
    starts: int = STARTS,
    steps: int = STEPS,
    y: Tensor | None = None,
    answers: int | None = None,
    seed: int = 0,
) -> Iterator[Restored]:
    """Yield what `restore` has so far, every few steps. Whoever has seen enough stops asking."""
    if type(steps) is not int or not 1 <= steps <= MAX_STEPS:
        raise ValueError(f"steps must be a whole number in [1, {MAX_STEPS}], got {steps!r}")
    if type(starts) is not int or not 1 <= starts <= MAX_STARTS:
        raise ValueError(f"starts must be a whole number in [1, {MAX_STARTS}], got {starts!r}")
    wanted = (starts if operator.open else 1) if answers is None else answers
    if type(wanted) is not int or not 1 <= wanted <= starts:
        raise ValueError(f"answers must be a whole number in [1, {starts}], the starts, got {answers!r}")
    seen, y = seen.to(model.device), None if y is None else y.to(model.device)
    residual = _residual(operator, seen)
    prior = operator.doubt**2 * model.z_dim / (seen[0].numel() * operator.share)
    sees, shares = _look(model, operator.guess(seen), y, seed)
    now = _begin(model, seen, operator, starts * BROADER, y, seed, sees, shares)
    beside = None if sees is None else sees.of(_explaining(model, seen, operator, sees, wanted // UNSEARCHED))
    search = descend(model, now, residual, steps, prior)
    for i in range(1, steps + 1):
        search.step()
        if i == max(1, steps // BROAD_SHARE):
            search.keep(best_of(search.lowest, now.rows[search.numbers], starts))
        if i % SHOWN == 0 and i < steps:
            yield _restored(model, _so_far(search, now), search.lowest, operator, seen, wanted, i, beside)
    found, lowest = _so_far(search, now), search.lowest
    if wanted > 1:
        yield _restored(model, found, lowest, operator, seen, wanted, steps, beside)
        return
    best = best_of(lowest, found.rows)
    solver = Solver(model, found.of(best), residual, prior)
    for _ in range(SOLVED):
        solver.step()
    found.z[best] = solver.z
    if operator.open or not hasattr(model.generator, "unfold"):
        yield _restored(model, found.of(best), lowest[best], operator, seen, 1, steps, beside)
        return
    made = _mean(model, found, residual, operator.doubt**2 / (seen[0].numel() * operator.share))
    yield _answers(model, found.of(best), made, operator, seen, 1, steps)


def _mean(model: Model, found: Starts, residual: Residual, weight: float) -> Tensor:
    """Return for each target what the pictures found for it have in common, (N, C, R, R).

    They are made nearer to what is seen on the first feature map, each number of which is held back by `weight`. One
    that is twice as wrong as the best of its target counts e times less.
    """
    generator = cast(MapGenerator, model.generator)
    with torch.inference_mode(False), torch.no_grad():
        base = generator.unfold(found.z, found.y)
    search, scale = refine(model, found, residual, BENT, weight * base[0].numel())
    for _ in range(BENT):
        search.step()
    with torch.inference_mode(False), torch.no_grad():
        made = generator.draw(base + scale * search.best, found.z, found.y)
    count = int(found.rows.max()) + 1
    own = F.one_hot(found.rows, count).bool()  # (M, N)
    least = search.lowest[:, None].masked_fill(~own, torch.inf).amin(0)[found.rows]
    trust = torch.exp(1 - search.lowest / least.clamp_min(1e-12))
    total = torch.zeros(count, *made.shape[1:], device=made.device)
    total.index_add_(0, found.rows, made * trust.view(-1, 1, 1, 1))
    return total / torch.zeros(count, device=made.device).index_add_(0, found.rows, trust).view(-1, 1, 1, 1)


def _so_far(search: Search, starts: Starts) -> Starts:
    """Return the best places so far."""
    return starts.of(search.numbers)._replace(z=search.best)


def _residual(operator: Operator, seen: Tensor) -> Residual:
    """Return what is wrong with pictures, scaled so that its mean square is that over what says anything."""
    return lambda made, rows: (operator.apply(made) - seen[rows]).flatten(1) / operator.share**0.5


@torch.inference_mode(False)
@torch.no_grad()
def _look(model: Model, guess: Tensor, y: Tensor | None, seed: int) -> tuple[Starts | None, Tensor | None]:
    """Return where the encoder sees the usual tool's pictures, None without one, and how likely each class is (N, K).

    Shares are None for known classes, and where a picture has several. Classes that are as good as ruled out are not
    tried: another hair may explain the same upper half. Places around that of the likeliest stand for them.
    """
    if model.encoder is None:
        return None, None
    sees = begin(model, guess, y)
    if y is not None or not model.classes or model.groups or sees.y is None:
        return sees, None
    encoder = model.encoder.network
    shares = encoder.classify(encoder.read(guess)).float().softmax(1)
    shares = torch.where(shares < RULED_OUT * shares.amax(1, keepdim=True), 0, shares)
    own = (sees.y * shares[sees.rows]).sum(1)
    likeliest = best_of(-own, sees.rows)[sees.rows]
    unlikely = (own == 0)[:, None]
    noise = torch.randn(sees.z.shape, generator=torch.Generator().manual_seed(seed)).to(sees.z)
    z = torch.where(unlikely, sees.z[likeliest] + NEAR * noise, sees.z)
    return Starts(z, torch.where(unlikely, sees.y[likeliest], sees.y), sees.rows), shares


@torch.inference_mode(False)
@torch.no_grad()
def _begin(
    model: Model,
    seen: Tensor,
    operator: Operator,
    starts: int,
    y: Tensor | None,
    seed: int,
    sees: Starts | None,
    shares: Tensor | None,
) -> Starts:
    """Return `starts` places for each picture: half of them where the encoder sees the usual tool's, others anywhere.

    Classes that are not known are, in the one half, those that explain what is seen best, and drawn in the other, as
    often as `shares` (N, K) says, or all alike without.
    """
    n, rows = len(seen), torch.arange(len(seen), device=seen.device).repeat_interleave(starts)
    z = SPREAD * torch.randn(n * starts, model.z_dim, generator=torch.Generator().manual_seed(seed)).to(seen.device)
    if shares is not None:
        source = torch.Generator().manual_seed(seed)
        drawn = torch.multinomial(shares.cpu(), starts, replacement=True, generator=source)
        classes: Tensor | None = F.one_hot(drawn.flatten(), shares.shape[1]).float()
    else:
        classes = model.class_weights(range(seed, seed + n * starts)) if y is None else y.repeat_interleave(starts, 0)
    classes = None if classes is None else classes.to(seen.device)
    if sees:
        best = _explaining(model, seen, operator, sees, max(1, starts // 2))
        place = torch.arange(n * starts, device=seen.device).view(n, starts)[:, : len(best) // n]
        z[place.flatten()] = sees.z[best]
        if classes is not None and sees.y is not None:
            classes[place.flatten()] = sees.y[best]
    return Starts(z, classes, rows)


@torch.inference_mode(False)
@torch.no_grad()
def _explaining(model: Model, seen: Tensor, operator: Operator, sees: Starts, count: int) -> Tensor:
    """Return the numbers of the `count` places, or as many as there are, that explain best what is seen."""
    errors = errors_of(_residual(operator, seen)(model.generator(sees.z, sees.y), sees.rows))
    return best_of(errors, sees.rows, count)


def _restored(
    model: Model,
    found: Starts,
    lowest: Tensor,
    operator: Operator,
    seen: Tensor,
    answers: int,
    steps: int,
    beside: Starts | None,
) -> Restored:
    """Return what stands `beside` the search and, up to `answers`, what has the least loss; what is known put back."""
    if beside is not None:
        order = torch.arange(len(beside.rows), device=lowest.device, dtype=lowest.dtype)
        lowest = torch.cat([order - len(order), lowest])  # no loss is below 0
        y = None if found.y is None or beside.y is None else torch.cat([beside.y, found.y])
        found = Starts(torch.cat([beside.z, found.z]), y, torch.cat([beside.rows, found.rows]))
    chosen = found.of(best_of(lowest, found.rows, answers))
    with torch.no_grad():
        made = model.generator(chosen.z, chosen.y)
    return _answers(model, chosen, made, operator, seen, answers, steps)


def _answers(
    model: Model, chosen: Starts, made: Tensor, operator: Operator, seen: Tensor, answers: int, steps: int
) -> Restored:
    """Return what was made, (M, C, R, R), as `answers` for each that is `seen`, with what is known put back."""
    shape = (len(seen), answers)
    errors = errors_of(_residual(operator, seen)(made, chosen.rows))
    best = best_of(errors, chosen.rows, answers)
    chosen, made, errors = chosen.of(best), made[best], errors[best]
    pictures = to_uint8(operator.keep(made, seen[chosen.rows]))
    return Restored(
        pictures.reshape(*shape, *pictures.shape[1:]),
        chosen.z.unflatten(0, shape).cpu(),
        None if chosen.y is None else chosen.y.unflatten(0, shape).cpu(),
        errors.view(shape).cpu().numpy(),
        steps,
    )
