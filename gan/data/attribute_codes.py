"""Attributes of pictures as coordinates of a latent, and as conditions of a critic (discriminator).

A generator whose latent holds a picture's attributes can be taught each of them by name, and yet be sampled from one
normal distribution: coordinates that are drawn for the attributes of a data set's pictures are standard normal and
independent, as long as the attributes are drawn independently of each other, by the weights of their table.

An attribute that changes continuously is one coordinate, its quantile; one that goes round, such as a hue, is an angle
in a plane of two. A choice has one coordinate for each name, and the largest of log(weight) + Gumbel noise wins, whose
noise the coordinates stand for (the Gumbel-max trick; Maddison and others, arXiv:1411.0030): to raise one is to ask for
that name. A choice of two names is a threshold on one coordinate, and so is whether there is anything, of those whose
first name is "none".
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gan.data.seeded import Choice, Range

EDGE = 1e-6  # of a quantile, from 0 and from 1: no coordinate is farther from 0 than 4.8
NOTHING = "none"  # first name of a choice of things that need not be there
ABSENT = -(2**31)  # no value of an attribute


def _quantile_to_normal(u: Tensor) -> Tensor:
    return math.sqrt(2) * torch.erfinv(2 * u.clamp(EDGE, 1 - EDGE) - 1)


def _uniform(n: int, source: torch.Generator) -> Tensor:
    return torch.rand(n, generator=source, dtype=torch.float64)


def _threshold(value: Tensor, share: float, source: torch.Generator) -> Tensor:
    """Return coordinates (N, 1): above the quantile `share` where bool value (N,) is true, else below."""
    u = _uniform(len(value), source)
    return _quantile_to_normal(torch.where(value, share + u * (1 - share), share * u))[:, None]


def _winner(coordinates: Tensor, shares: Tensor) -> Tensor:
    """Return which of K wins (N,), by coordinates (N, K): the inverse of `_largest`."""
    quantile = torch.special.ndtr(coordinates.double()).clamp(EDGE, 1 - EDGE)
    return (shares.log() - torch.log(-torch.log(quantile))).argmax(1)


def _largest(value: Tensor, shares: Tensor, source: torch.Generator) -> Tensor:
    """Return coordinates (N, K) of which the one at value (N,) wins, with probabilities `shares` (K,) that sum to 1."""
    n, k = len(value), len(shares)
    u = _uniform(n * k, source).view(n, k).clamp(EDGE, 1 - EDGE)
    noise, rows = -torch.log(-torch.log(u)), torch.arange(n)
    # The largest is Gumbel noise around log(1), whichever it is; the others are such noise, cut off there.
    top = noise[rows, value]
    below = -torch.log(torch.exp(-top)[:, None] + torch.exp(-(noise + shares.log())))
    below[rows, value] = top
    return _quantile_to_normal(torch.exp(-torch.exp(shares.log() - below)))


@dataclass(frozen=True)
class _Code:
    """One attribute as `coordinates` numbers of a latent, and as `conditions` numbers for a critic (discriminator)."""

    coordinates: int
    conditions: int
    draw: Callable[[Tensor, torch.Generator], Tensor]
    condition: Callable[[Tensor], Tensor]
    choice: Callable[[Tensor], Tensor] | None = None  # of coordinates; None of a range


def _code_of_range(attribute: Range) -> _Code:
    steps = attribute.high - attribute.low + 1

    def draw(value: Tensor, source: torch.Generator) -> Tensor:
        return _quantile_to_normal((value - attribute.low + _uniform(len(value), source)) / steps)[:, None]

    def condition(value: Tensor) -> Tensor:
        return math.sqrt(3) * (2 * (value - attribute.low + 0.5) / steps - 1)[:, None]

    return _Code(1, 1, draw, condition)


def _code_of_angle(attribute: Range) -> _Code:
    turn = 2 * math.pi / (attribute.high - attribute.low + 1)

    def at(angle: Tensor) -> Tensor:
        return torch.stack([angle.cos(), angle.sin()], 1)

    def draw(value: Tensor, source: torch.Generator) -> Tensor:
        angle = turn * (value - attribute.low + _uniform(len(value), source))
        return (-2 * _uniform(len(value), source).clamp_min(EDGE).log()).sqrt()[:, None] * at(angle)

    return _Code(2, 2, draw, lambda value: math.sqrt(2) * at(turn * (value - attribute.low + 0.5)))


def _code_of_choice(attribute: Choice) -> _Code:
    count = len(attribute.names)
    shares = torch.tensor(attribute.weights, dtype=torch.float64)
    shares = shares / shares.sum()
    first = float(shares[0])

    def condition(value: Tensor) -> Tensor:
        return (torch.eye(count, dtype=torch.float64)[value] - shares) / (shares * (1 - shares)).sqrt() / math.sqrt(2)

    if count == 2:
        spread = math.sqrt(first * (1 - first))
        return _Code(
            1,
            1,
            lambda value, s: _threshold(value == 1, first, s),
            lambda value: ((value - 1 + first) / spread)[:, None],
            lambda coordinates: (torch.special.ndtr(coordinates[:, 0].double()) > first).long(),
        )
    if attribute.names[0] != NOTHING:
        return _Code(
            count,
            count,
            lambda value, source: _largest(value, shares, source),
            condition,
            lambda coordinates: _winner(coordinates, shares),
        )

    def draw(value: Tensor, source: torch.Generator) -> Tensor:
        there = value > 0
        kinds = _largest((value - 1).clamp_min(0), shares[1:] / shares[1:].sum(), source)
        free = torch.randn(kinds.shape, generator=source, dtype=torch.float64)
        return torch.cat([_threshold(there, first, source), torch.where(there[:, None], kinds, free)], 1)

    def choice(coordinates: Tensor) -> Tensor:
        there = torch.special.ndtr(coordinates[:, 0].double()) > first
        return torch.where(there, _winner(coordinates[:, 1:], shares[1:]) + 1, 0)

    return _Code(count, count, draw, condition, choice)


@functools.cache
def _code_of(attribute: Choice | Range) -> _Code:
    if isinstance(attribute, Choice):
        return _code_of_choice(attribute)
    return _code_of_angle(attribute) if attribute.circular else _code_of_range(attribute)


def towards(table: Mapping[str, Choice | Range], name: str, kinds: Sequence[str], width: int) -> Tensor:
    """Return a unit row (width,) towards some kinds of what a choice of `table` has, and away from its others.

    It says nothing of whether there is any, whose coordinate is the first of a choice that begins with none.
    """
    attribute = table[name]
    assert isinstance(attribute, Choice) and attribute.names[0] == NOTHING
    start = coordinates_of(table, [name])[1]
    meant = torch.tensor([float(kind in kinds) for kind in attribute.names[1:]])
    row = torch.zeros(width)
    row[start : start + len(meant)] = meant / meant.sum() - (1 - meant) / (1 - meant).sum()
    return row / row.norm()


def coordinates_of(table: Mapping[str, Choice | Range], names: Sequence[str]) -> list[int]:
    """Return the coordinates of a latent, ascending, that stand for some of the attributes of `table`."""
    found: list[int] = []
    start = 0
    for name, attribute in table.items():
        end = start + _code_of(attribute).coordinates
        found += range(start, end) if name in names else ()
        start = end
    return found


def choices_of(table: Mapping[str, Choice | Range], latents: Tensor) -> dict[str, Tensor]:
    """Return what latents (N, z_dim) ask for: an index into the names, int64 (N,), of each choice of `table`."""
    coded = ((name, _code_of(attribute).choice) for name, attribute in table.items())
    return {name: choice(latents[:, coordinates_of(table, [name])]) for name, choice in coded if choice is not None}


@dataclass(frozen=True)
class AttributeCodes:
    """The attributes of N pictures, ready to be coded.

    table    what each attribute can be, none of a choice with weight 0
    values   int64 (N,) for each of them, as `gan.data.seeded.draw` returns them; `ABSENT` where a picture has nothing
             of which that could be said, whose coordinates then stand for nothing
    """

    table: Mapping[str, Choice | Range]
    values: Mapping[str, np.ndarray]

    def of(self, rows: np.ndarray) -> AttributeCodes:
        """Return those of some of the pictures, int64 (M,)."""
        return AttributeCodes(self.table, {name: values[rows] for name, values in self.values.items()})

    @property
    def coordinates(self) -> int:
        """Return how many coordinates of a latent the attributes take."""
        return sum(_code_of(attribute).coordinates for attribute in self.table.values())

    @property
    def conditions(self) -> int:
        """Return with how many numbers a critic (discriminator) is conditioned on them."""
        return sum(_code_of(attribute).conditions for attribute in self.table.values())

    def draw(self, pictures: Tensor, source: torch.Generator) -> Tensor:
        """Draw coordinates float32 (M, coordinates) that stand for the attributes of pictures, int64 (M,)."""
        parts = []
        for code, value, there in self._coded(pictures):
            drawn = code.draw(value[there], source)
            if not there.all():
                own, drawn = drawn, torch.randn(len(value), code.coordinates, generator=source, dtype=drawn.dtype)
                drawn[there] = own
            parts.append(drawn)
        return torch.cat(parts, 1).float()

    def condition(self, pictures: Tensor) -> Tensor:
        """Return the conditions of pictures, float32 (M, conditions): 0 on average, so that 0 tells nothing."""
        parts = []
        for code, value, there in self._coded(pictures):
            rows = torch.zeros(len(value), code.conditions)
            rows[there] = code.condition(value[there]).float()
            parts.append(rows)
        return torch.cat(parts, 1)

    def _coded(self, pictures: Tensor) -> Iterator[tuple[_Code, Tensor, Tensor]]:
        """Yield each attribute's code, its values of pictures, and of which there is one, bool (M,)."""
        rows = pictures.numpy()
        for name, attribute in self.table.items():
            value = torch.from_numpy(self.values[name][rows])
            yield _code_of(attribute), value, value != ABSENT
