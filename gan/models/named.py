"""Named directions in use: where an amount of each name moves a latent, in the classes that have it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from gan.models.directions import Slider

# Deviations of the latent at which a move ends where coordinates stand for attributes. What is there or not is a
# threshold on one, which training has seen up to about 4: a beard that is asked for where there is one would go beyond.
REACH = 2.6


def move(z: Tensor, rows: Tensor, steps: Tensor, reach: float = math.inf) -> Tensor:
    """Return by how much latents z (N, z_dim) move by steps (M,) along rows (M, z_dim): (N, z_dim), or (1, z_dim).

    The latter where no move has an end. reach: where one ends, in deviations along its row; a latent that stands beyond
    is moved no further, and not back either. Each row moves from z itself, whatever the others do.
    """
    if reach == math.inf:
        return (steps @ rows)[None]
    lengths = rows.norm(dim=1)
    unit = rows / lengths.clamp_min(1e-12)[:, None]
    at = z @ unit.T
    end = (at + steps * lengths).clamp(at.clamp(max=-reach), at.clamp(min=reach))
    return (end - at) @ unit


class Named:
    """The named directions of a model.

    names  in the order of the sliders; each once, however many classes have a direction of that name
    kinds  of each name, the attribute of which it is one of several kinds, see `Slider.kind_of`
    reach  where their moves end, see `move`
    """

    def __init__(
        self, sliders: Sequence[Slider], rows: Tensor, classes: Sequence[str], reach: float = math.inf
    ) -> None:
        """Take what is known of each row of `rows` (R, z_dim); labels are among the classes."""
        self.reach = reach
        kinds = {slider.name: slider.kind_of for slider in sliders}
        self.names, self.kinds = tuple(kinds), tuple(kinds.values())
        place = {name: i for i, name in enumerate(self.names)}
        own = {slider.label for slider in sliders if slider.label}
        self._base = rows.new_zeros(len(self.names), rows.shape[1])
        everywhere = [False] * len(self.names)
        for slider, row in zip(sliders, rows, strict=True):
            if not slider.label:
                self._base[place[slider.name]] = row
                everywhere[place[slider.name]] = bool(slider.principal)
        # A class with directions of its own has those, and of the ones for all classes those that a person named.
        special = [i for i, name in enumerate(classes) if name in own]
        spread = torch.tensor(everywhere)[:, None]
        self._own = {i: torch.where(spread, self._base, 0) for i in special}
        for slider, row in zip(sliders, rows, strict=True):
            if slider.label:
                self._own[classes.index(slider.label)][place[slider.name]] = row

    def __len__(self) -> int:
        return len(self.names)

    def depends(self, name: str) -> bool:
        """Return True where the direction of a name depends on the class."""
        m = self.names.index(name)
        return any(not torch.equal(rows[m], self._base[m]) for rows in self._own.values())

    def acting(self, y: Tensor | None) -> list[bool]:
        """Return for each name whether it does anything in a picture with class weights y (K,)."""
        rows = self._base
        if y is not None and self._own:
            _, special, own = self.tables()
            rows = rows + torch.einsum("s,smz->mz", y[list(special)].to(own), own - rows)
        return rows.any(1).tolist()

    def moved(self, z: Tensor, amounts: Sequence[float], y: Tensor | None) -> Tensor:
        """Return latents z (N, z_dim) of pictures with class weights y (N, K), or None, moved along the directions.

        amounts: steps along each name in order; missing ones are 0. Between classes it glides as their weights do.
        """
        start, steps = z.to(self._base), self._base.new_tensor(amounts)
        by = move(start, self._base[: len(steps)], steps, self.reach)
        if y is not None and self._own:
            own = torch.stack([move(start, rows[: len(steps)], steps, self.reach) for rows in self._own.values()])
            by = by + torch.einsum("ns,snz->nz", y[:, list(self._own)].to(own), (own - by).expand(-1, len(y), -1))
        return z + by.to(z)

    def tables(self) -> tuple[Tensor, tuple[int, ...], Tensor]:
        """Return what `moved` reads: rows (M, z_dim) for all, S classes with their own, and those (S, M, z_dim)."""
        own = torch.stack(list(self._own.values())) if self._own else self._base.new_zeros(0, *self._base.shape)
        return self._base, tuple(self._own), own

    def amounts(self, asked: Mapping[str, float]) -> list[float]:
        """Return the amount for each name, 0 where none is asked for.

        ValueError, with the names that there are, for another name; also for an amount that is no finite number.
        """
        for name, value in asked.items():
            if name not in self.names:
                have = f"it has {', '.join(self.names)}" if self.names else "it has no named sliders"
                raise ValueError(f"the model has no slider {name!r}: {have}")
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
                raise ValueError(f"{name} must be a number, got {value!r}")
        return [float(asked.get(name, 0)) for name in self.names]
