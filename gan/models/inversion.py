"""Find a picture in the latent space: begin where the encoder sees it, then go down the difference.

All starts of all pictures are one batch: a step with eight of them takes twice the time of a step with one. Where the
class is not known, every class is a start, and the half that explains its picture worse is left behind now and then.

What the latent cannot say is found afterwards on the first feature map, which has sixty times as many numbers. It is
kept apart as an offset of that map, because sliders act on the latent: `Model.render` adds both up.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd import forward_ad

from gan.config import ClassGroup
from gan.models.heads import Head
from gan.models.latent import class_rows
from gan.models.pixels import to_uint8
from gan.networks.encoder import Encoder
from gan.networks.precision import DTYPES, faster_precision

STEPS, MAP_STEPS = 6, 100
MAX_STEPS, MAX_STARTS = 1_000, 64
BROAD = 24  # steps with all starts of a picture, before the best goes on alone
MEMORY = 128 * 64**2  # pixels in a batch of directions of one picture
SHOWN = 6  # of the other steps, from one that is shown to the next
MOST_CLASSES = 16  # tried at once for a picture whose class is not
RATE, BETAS = 0.1, (0.9, 0.99)  # of Adam; other rates were worse (docs/LOG.md)
PRIOR = 1e-3  # weight of a latent's mean square: without it latents leave the part of the space that was trained
# The same of an offset, in root mean squares of the map. A short memory of squares is worth two decibels (docs/LOG.md).
MAP_RATE, MAP_BETAS, MAP_PRIOR = 0.1, (0.9, 0.9), 3e-4
SPREAD = 0.7  # standard deviation of starts that nobody has seen
NEAR = 0.5  # that of starts around the encoder's
DAMPINGS = (1 / 8, 1.0, 8.0)  # tried around the last one that did well
SMALL = 4  # pictures in a batch from which rounding to bf16 saves time

# Pictures (M, C, R, R), which target each is for (M,) -> what is wrong with them (M, P), linear in the pictures.
Residual = Callable[[Tensor, Tensor], Tensor]


class LatentModel(Protocol):
    """The part of a `Model` that a search needs."""

    generator: nn.Module
    encoder: Head[Encoder] | None
    classes: tuple[str, ...]
    groups: tuple[ClassGroup, ...]
    z_dim: int
    resolution: int
    channels: int
    device: torch.device


class MapGenerator(Protocol):
    """A generator whose first feature map can be looked at and changed."""

    def unfold(self, z: Tensor, y: Tensor | None = None) -> Tensor: ...

    def draw(self, maps: Tensor, z: Tensor, y: Tensor | None = None) -> Tensor: ...


class Found(NamedTuple):
    """Pictures as a model makes them, as near as a search has come to N others.

    latents   float32 (N, z_dim)
    pictures  uint8 (N, H, W, C), with the offsets
    errors    float32 (N,): mean squared difference to what was looked for, of values in [0, 1]
    classes   float32 (N, K): class weights, None for a model without classes
    offsets   float32 (N, F, S, S), to be added to the first feature map; None while there are none
    steps     of the search so far
    by_latent float32 (N,): what `errors` would be without the offsets, which can be bent into anything
    """

    latents: Tensor
    pictures: np.ndarray
    errors: np.ndarray
    classes: Tensor | None
    offsets: Tensor | None
    steps: int
    by_latent: np.ndarray

    @property
    def decibels(self) -> np.ndarray:
        """Return the peak signal-to-noise ratio of each picture, float32 (N,)."""
        return -10 * np.log10(np.maximum(self.errors, 1e-10))

    @property
    def decibels_by_latent(self) -> np.ndarray:
        """Return the same of what the latents draw without the offsets."""
        return -10 * np.log10(np.maximum(self.by_latent, 1e-10))

    @staticmethod
    def none(model: LatentModel) -> Found:
        """Return what was found of no pictures."""
        y = torch.empty(0, len(model.classes)) if model.classes else None
        pictures = np.empty((0, model.resolution, model.resolution, model.channels), np.uint8)
        errors = np.empty(0, np.float32)
        return Found(torch.empty(0, model.z_dim), pictures, errors, y, None, 0, errors)

    @staticmethod
    def joined(parts: Sequence[Found]) -> Found:
        """Return what was found of several batches as one."""
        parts = [part for part in parts if len(part.latents)] or list(parts[:1])
        y, offsets = (
            None if any(one is None for one in column) else torch.cat(column)
            for column in zip(*((part.classes, part.offsets) for part in parts), strict=True)
        )
        arrays = zip(*((part.pictures, part.errors, part.by_latent) for part in parts), strict=True)
        pictures, errors, by_latent = (np.concatenate(column) for column in arrays)
        steps = max(part.steps for part in parts)
        return Found(torch.cat([part.latents for part in parts]), pictures, errors, y, offsets, steps, by_latent)


class Starts(NamedTuple):
    """Places (M, z_dim) with class weights (M, K) or None, from which to look for the targets `rows` (M,)."""

    z: Tensor
    y: Tensor | None
    rows: Tensor

    def of(self, chosen: Tensor) -> Starts:
        """Return those of `chosen` (L,)."""
        return Starts(self.z[chosen], None if self.y is None else self.y[chosen], self.rows[chosen])


class Search:
    """Points (M, ...) that go down a loss, each by itself, all in one batch, by Adam.

    loss: (points, their numbers (M,)) -> (M,). The rate falls over the second half of `steps`. best, lowest: the points
    with the least loss so far, and it.
    """

    def __init__(
        self,
        points: Tensor,
        loss: Callable[[Tensor, Tensor], Tensor],
        steps: int,
        rate: float,
        betas: tuple[float, float] = BETAS,
    ) -> None:
        self.points, self._loss, self._steps, self._rate, self._betas = points, loss, steps, rate, betas
        self._first, self._second = torch.zeros_like(points), torch.zeros_like(points)
        self.best, self.lowest = points.clone(), points.new_full((len(points),), torch.inf)
        self.numbers, self.done = torch.arange(len(points), device=points.device), 0

    def step(self) -> None:
        """Go one step."""
        with torch.inference_mode(False), torch.enable_grad():
            points = self.points.detach().clone().requires_grad_()
            loss = self._loss(points, self.numbers)
            (slope,) = torch.autograd.grad(loss.sum(), points)
        loss = loss.detach()
        better = loss < self.lowest
        self.lowest = torch.where(better, loss, self.lowest)
        self.best[better] = self.points[better]
        self.done += 1
        self._first = torch.lerp(self._first, slope, 1 - self._betas[0])
        self._second = torch.lerp(self._second, slope.square(), 1 - self._betas[1])
        mean, square = (m / (1 - b**self.done) for m, b in zip((self._first, self._second), self._betas, strict=True))
        rate = self._rate * min(1.0, 2 * (1 - self.done / self._steps) + 0.02)
        self.points = self.points - rate * mean / (square.sqrt() + 1e-8)

    def keep(self, chosen: Tensor) -> None:
        """Leave all points behind but the `chosen` (L,)."""
        for name in ("points", "_first", "_second", "best", "lowest", "numbers"):
            setattr(self, name, getattr(self, name)[chosen])


def precision(model: LatentModel, count: int) -> torch.autocast:
    """Return the context in which a search is fastest: rounded to bf16 where that pays on this machine."""
    kind = model.device.type
    rounded = count >= SMALL and kind == "cpu" and faster_precision(kind) == "bf16"
    return torch.autocast(kind, DTYPES["bf16"], enabled=rounded)


def errors_of(residual: Tensor) -> Tensor:
    """Return the mean squares (M,) of residuals (M, P)."""
    return residual.square().mean(1)


def descend(model: LatentModel, starts: Starts, residual: Residual, steps: int, prior: float = PRIOR) -> Search:
    """Return the search for latents whose pictures have the least error and are still typical, in one batch."""

    def loss(z: Tensor, numbers: Tensor) -> Tensor:
        now = starts.of(numbers)
        with precision(model, len(z)):
            made = model.generator(z, now.y)
        return errors_of(residual(made.float(), now.rows)) + prior * z.square().mean(1)

    return Search(starts.z, loss, steps, RATE)


def refine(
    model: LatentModel, found: Starts, residual: Residual, steps: int, prior: float = MAP_PRIOR
) -> tuple[Search, Tensor]:
    """Return the search for offsets of the first feature map that make the pictures of latents nearer still.

    Its points are offsets divided by the scalar that is returned too, the root mean square of the map.
    """
    generator = cast(MapGenerator, model.generator)
    with torch.inference_mode(False), torch.no_grad():
        base = generator.unfold(found.z, found.y)
        scale = base.square().mean().sqrt()

    def loss(offsets: Tensor, numbers: Tensor) -> Tensor:
        with precision(model, len(offsets)):
            known = found.z[numbers], None if found.y is None else found.y[numbers]
            made = generator.draw(base[numbers] + scale * offsets, *known)
        return errors_of(residual(made.float(), found.rows[numbers])) + prior * offsets.square().flatten(1).mean(1)

    return Search(torch.zeros_like(base), loss, steps, MAP_RATE, MAP_BETAS), scale


class Solver:
    """Latents that go down the error by solving for all coordinates at once (Levenberg and Marquardt's method).

    A step needs the change of the picture by every coordinate, so one of it costs as much as twenty of `Search` with a
    picture alone, and is worth fifty. starts: one place for each target.
    """

    @torch.inference_mode(False)
    def __init__(self, model: LatentModel, starts: Starts, residual: Residual, prior: float = PRIOR) -> None:
        _load_forward_mode()
        self._model, self._residual, self._prior = model, residual, prior
        self.z, self._y, self._rows = starts.z.clone(), starts.y, starts.rows
        self._damping = [1e-2] * len(self.z)

    @torch.inference_mode(False)
    @torch.no_grad()
    def step(self) -> None:
        """Go one step with each latent; one that finds nothing better stays, and takes a smaller step the next time."""
        for i in range(len(self.z)):
            self._step(i)

    def _step(self, i: int) -> None:
        model, z = self._model, self.z[i : i + 1]
        rows = self._rows[i : i + 1]
        y = None if self._y is None else self._y[i : i + 1]
        identity = torch.eye(model.z_dim, device=z.device)
        part = max(1, MEMORY // model.resolution**2)
        change = torch.cat([self._change(z, y, rows, along) for along in identity.split(part)])
        wrong = self._residual(model.generator(z, y), rows)
        weight = self._prior / model.z_dim
        slope = change @ wrong[0] / wrong.shape[1] + weight * z[0]
        curvature = change @ change.T / wrong.shape[1] + weight * identity
        size, dampings = curvature.diagonal().mean(), [self._damping[i] * f for f in DAMPINGS]
        moves = torch.stack([-torch.linalg.solve(curvature + d * size * identity, slope) for d in dampings])
        tried = torch.cat([z, z + moves, z + moves / 2])
        made = model.generator(tried, _repeat(y, len(tried)))
        loss = errors_of(self._residual(made, rows.repeat(len(tried)))) + self._prior * tried.square().mean(1)
        best = int(loss.argmin())
        self.z[i] = tried[best]
        again = dampings[(best - 1) % len(DAMPINGS)] if best else 16 * self._damping[i]
        self._damping[i] = min(max(again, 1e-4), 1e2)

    def _change(self, z: Tensor, y: Tensor | None, rows: Tensor, along: Tensor) -> Tensor:
        """Return how the residual of the latent (1, z_dim) changes along directions (L, z_dim): (L, P)."""
        count = len(along)
        with forward_ad.dual_level():
            every = forward_ad.make_dual(z.repeat(count, 1), along)
            with precision(self._model, count):
                made = self._model.generator(every, _repeat(y, count))
            change = forward_ad.unpack_dual(self._residual(made.float(), rows.repeat(count))).tangent
        assert change is not None, "pictures depend on the latent"
        return change


@functools.cache
def _load_forward_mode() -> None:
    """Let torch load what differentiating forwards needs, without its warning about a part of its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        with forward_ad.dual_level():
            forward_ad.make_dual(torch.zeros(1), torch.zeros(1))


def _repeat(y: Tensor | None, count: int) -> Tensor | None:
    return None if y is None else y.repeat(count, 1)


def difference(target: Tensor) -> Residual:
    """Return the residual of pictures that should be `target` (N, C, R, R)."""
    return lambda made, rows: (made - target[rows]).flatten(1)


def best_of(lowest: Tensor, rows: Tensor, count: int = 1) -> Tensor:
    """Return the numbers of the `count` points with the least loss for each target, all for the first target first."""
    order = torch.argsort(lowest, stable=True)
    order = order[torch.argsort(rows[order], stable=True)]
    place = torch.arange(len(order), device=order.device) - torch.searchsorted(rows[order].contiguous(), rows[order])
    return order[place < count]


@torch.inference_mode(False)
@torch.no_grad()
def begin(
    model: LatentModel,
    x: Tensor,
    y: Tensor | None = None,
    starts: int = 1,
    seed: int = 0,
    classes: int = MOST_CLASSES,
) -> Starts:
    """Return where to begin for pictures x (N, C, R, R) in [-1, 1], of classes y (N, K), or None if they are not known.

    With the class known `starts` places a picture, the encoder's first and others around it; else one for each of the
    `classes` likeliest, or, where a picture has several, for those that the encoder reads. Without one, they are drawn.
    """
    encoder, rows = model.encoder.network if model.encoder else None, torch.arange(len(x), device=x.device)
    features = encoder.read(x) if encoder else None
    logits = encoder.classify(features) if encoder and features is not None else None
    several = 1
    if y is None and model.groups:
        y = _read_groups(model, logits, len(x), x.device)
    elif y is None and model.classes:
        several = min(len(model.classes), classes)
        y = _likely(logits, len(model.classes), len(x), several).to(x.device)
        rows = rows.repeat_interleave(several)
    if several == 1 and starts > 1:
        rows = rows.repeat_interleave(starts)
        y = None if y is None else y.repeat_interleave(starts, 0)
    noise = torch.randn(len(rows), model.z_dim, generator=torch.Generator().manual_seed(seed)).to(x.device)
    if encoder is None or features is None:
        return Starts(SPREAD * noise, y, rows)
    again = (torch.arange(len(rows), device=x.device) % starts > 0) & (several == 1)
    return Starts(encoder.place(features[rows], y) + NEAR * again[:, None] * noise, y, rows)


def _likely(logits: Tensor | None, classes: int, count: int, most: int) -> Tensor:
    """Return rows (count * most, K) of the `most` likeliest classes of each picture; any, where nobody has looked."""
    order = torch.arange(classes).expand(count, -1) if logits is None else logits.argsort(1, descending=True)
    return torch.eye(classes)[order[:, :most].flatten().cpu()]


def _read_groups(model: LatentModel, logits: Tensor | None, count: int, device: torch.device) -> Tensor:
    """Return rows (N, K) of the classes that logits speak for, one of each group at least; drawn without any."""
    if logits is None:
        return class_rows(range(count), len(model.classes), model.groups).to(device)
    rows, start = torch.zeros_like(logits), 0
    for group in model.groups:
        part = logits[:, start : start + group.size]
        values, order = part.topk(min(group.most, group.size), dim=1)
        there = (values > 0).float()
        there[:, 0] = 1
        rows[:, start : start + group.size] = torch.zeros_like(part).scatter(1, order, there)
        start += group.size
    return rows


def finding(
    model: LatentModel,
    x: Tensor,
    y: Tensor | None,
    steps: int,
    starts: int,
    map_steps: int,
    classes: int = MOST_CLASSES,
    together: bool = False,
) -> Iterator[Found]:
    """Yield what has been found so far of pictures x (N, C, R, R) in [-1, 1]; see `Model.finding`.

    classes: tried at once for a picture whose class is not known, in [1, MOST_CLASSES]. together: latents only go down
    in one batch and are not solved for one by one, which for many pictures takes an eighth of the time.
    """
    for name, value, most in (("steps", steps, MAX_STEPS), ("map_steps", map_steps, MAX_STEPS)):
        if type(value) is not int or not 0 <= value <= most:
            raise ValueError(f"{name} must be a whole number in [0, {most}], got {value!r}")
    if type(starts) is not int or not 1 <= starts <= MAX_STARTS:
        raise ValueError(f"starts must be a whole number in [1, {MAX_STARTS}], got {starts!r}")
    residual = difference(x)
    now = begin(model, x, y, starts, classes=classes)
    yield _found(model, _nearest(model, now, residual), x, 0)
    if not len(x) or not steps:
        return
    done = 0
    if len(now.rows) > len(x) or together:
        search = descend(model, now, residual, BROAD)
        for done in range(1, BROAD + 1):
            search.step()
            if done % (BROAD // 3) == 0:
                left = max(1, len(search.numbers) // (2 * len(x))) if done < BROAD else 1
                search.keep(best_of(search.lowest, now.rows[search.numbers], left))
                if done < BROAD:
                    yield _found(model, _best(search, now), x, done)
        now = _best(search, now)
    steps = 0 if together else steps
    solver = Solver(model, now, residual)
    for i in range(steps):
        solver.step()
        now = now._replace(z=solver.z.clone())
        if i < steps - 1:
            yield _found(model, now, x, done + i + 1)
    done += steps
    by_latent = _found(model, now, x, done)
    yield by_latent
    if map_steps and hasattr(model.generator, "unfold"):
        search, scale = refine(model, now, residual, map_steps)
        for i in range(1, map_steps + 1):
            search.step()
            if i % SHOWN == 0 or i == map_steps:
                yield _moved(model, by_latent, x, done + i, search.best * scale)


def _best(search: Search, starts: Starts) -> Starts:
    """Return the best place so far for each target."""
    best = best_of(search.lowest, starts.rows[search.numbers])
    return starts.of(search.numbers[best])._replace(z=search.best[best])


@torch.no_grad()
def _nearest(model: LatentModel, starts: Starts, residual: Residual) -> Starts:
    """Return of several places for each target the one whose picture is nearest."""
    if len(starts.rows) == len(starts.rows.unique()):
        return starts
    with precision(model, len(starts.z)):
        made = model.generator(starts.z, starts.y)
    return starts.of(best_of(errors_of(residual(made.float(), starts.rows)), starts.rows))


@torch.no_grad()
def _found(model: LatentModel, now: Starts, x: Tensor, steps: int) -> Found:
    """Return what latents draw, beside what was looked for."""
    pictures = to_uint8(model.generator(now.z, now.y))
    errors = _errors(pictures, x)
    return Found(now.z.cpu(), pictures, errors, None if now.y is None else now.y.cpu(), None, steps, errors)


@torch.no_grad()
def _moved(model: LatentModel, found: Found, x: Tensor, steps: int, offsets: Tensor) -> Found:
    """Return what was found by latents alone with offsets of the first feature map."""
    generator = cast(MapGenerator, model.generator)
    y = None if found.classes is None else found.classes.to(x.device)
    z = found.latents.to(x.device)
    pictures = to_uint8(generator.draw(generator.unfold(z, y) + offsets, z, y))
    return found._replace(pictures=pictures, errors=_errors(pictures, x), offsets=offsets.cpu(), steps=steps)


def _errors(pictures: np.ndarray, x: Tensor) -> np.ndarray:
    """Return how far pictures uint8 (N, H, W, C) are from x (N, C, H, W): mean squares (N,) of values in [0, 1]."""
    return np.square((pictures - to_uint8(x).astype(np.float32)) / 255).mean((1, 2, 3), dtype=np.float32)
