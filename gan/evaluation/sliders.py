"""Sliders with names: latent directions each of which changes one attribute of a model's pictures.

Attributes of samples are centred by class and regressed on the latent. Rows of the pseudo-inverse of the regression's
weights are the directions: moving along one changes its own prediction and no other one's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import normalize

from gan.errors import ConfigError
from gan.evaluation.attributes import Attributes, attributes_of
from gan.models.directions import NAME, Directions, Slider, is_name
from gan.models.model import Model
from gan.models.named import move

SAMPLES = 4_000  # from which the directions for all classes are found
CLASS_SAMPLES = 1_200  # from which those for one class are
HELD_OUT = 4  # so many times fewer samples more, on which a regression is judged
MOVED = 128  # pictures moved along each direction
REACH = 2  # steps to either side
LEAST_R2 = 0.4  # of an attribute that gets a slider, or else
LEAST_ACCURACY = 0.9  # of one that is there or not, after a move of `REACH`
LEAST_EFFECT = 1.0  # standard deviations from -REACH to REACH
MOST_CROSS = 0.5  # change of another slider's attribute, beside that of the own one
LEAST_CHANGE = 2.0  # times the mean squared change of the picture by a random direction of the same length
RANDOM = 4  # random directions
AGAIN = 12  # attributes that are tried again beside those that have a slider, the best told first
SWITCHING = 1.5  # length of a step for what is there or not: shorter ones leave it half there
SHORTEST = 0.6  # a step's length where a whole one would change more than those of other sliders
SPARSE = 0.25  # of a row's largest number: where attributes have coordinates of their own, smaller ones are chance
KINDS = (0.25, 0.35, 0.42, 0.5)  # of a row's length, that goes to the kinds a name alone means: as much as is worth it
# Change of another slider's attribute, in deviations, up to which a row is as good as any: a sparse one, and one that
# leads to what its name means, which may cost more.
AS_GOOD, WORTH = 0.2, 0.25
BESIDE = 0.7  # correlation of a principal direction with an attribute whose name it gets
_ALL, _NO_LABEL = "all classes", ""


@dataclass(frozen=True)
class Measured:
    """Latents (N, z_dim) with class weights (N, K) or None, and the attributes (N, M) of their pictures by name."""

    z: Tensor
    y: Tensor | None
    names: tuple[str, ...]
    values: Tensor


@dataclass(frozen=True)
class Effects:
    """Changes of pictures that are moved along rows (T, z_dim).

    effects   (T, T): of attribute j by row i, from -2 to 2, in standard deviations
    changes   (T,): mean squared change of the picture by a step either way, beside random rows as long as these
    accuracy  (T,): mean share of pictures that are on the wished side of 1/2 at -2 and 2
    """

    effects: np.ndarray
    changes: np.ndarray
    accuracy: np.ndarray


def find_sliders(
    model: Model, samples: int = SAMPLES, progress: Callable[[str], None] = lambda line: None
) -> Directions:
    """Return the model's directions with names: those of attributes of its data set that its latent tells.

    First in all classes at once; where not every attribute gets a slider in that way, in each class by itself, and a
    class in which no fewer of them do has directions of its own. Not of a model that was taught these attributes, whose
    latent means the same in every class. What is left out: see `_Samples`. Names that a person gave stay. The same
    model gives the same directions, to rounding.
    """
    known = attributes_of(model.config)
    by_hand = [i for i, slider in enumerate(model.sliders) if slider.principal]
    rows = [model.named_rows[by_hand]]
    sliders = [model.sliders[i] for i in by_hand]
    principal = Directions(model.directions, model.variance, rows[0], tuple(sliders))
    if not known:
        return principal
    taken = {slider.name for slider in sliders}
    data = measure(model, known, range(samples + samples // HELD_OUT))
    beside = _names_beside(model.directions, data)
    everywhere = _Samples(model, known, data).sliders(taken)
    progress(f"{_ALL}: {_list(everywhere)}")
    found = [everywhere]
    if len(everywhere[0]) < len(set(data.names) - taken) and not _is_taught(model, known):
        for label in _labels(model):
            count = min(samples, CLASS_SAMPLES)
            data = measure(model, known, range(count + count // HELD_OUT), label)
            own = _Samples(model, known, data, label).sliders(taken)
            progress(f"{label}: {_list(own)}")
            if own[0] and len(own[0]) >= len(everywhere[0]):
                found.append(own)
    for new, directions in found:
        sliders += new
        rows.append(directions)
    found_all = replace(principal, named=torch.cat(rows).contiguous(), sliders=tuple(sliders), beside=beside)
    return check_elsewhere(model, found_all)


def check_elsewhere(model: Model, directions: Directions) -> Directions:
    """Return a model's directions, with how much each measured slider changes outside its attribute's part.

    By pictures that are moved by `REACH` steps to either side. All else stays as it is. Nothing is added where it is
    not known which part of a picture an attribute is about.
    """
    known = {name: one.elsewhere for one in attributes_of(model.config) for name in one.names}
    checked = []
    for slider, row in zip(directions.sliders, directions.named, strict=True):
        if not slider.principal and (change := known.get(slider.name)):
            z, y = model.latents(range(MOVED)), model.class_weights(range(MOVED), slider.label or None)
            before = model.render(z, y)
            moved = (model.render(_moved(model, z, row, way * REACH), y) for way in (-1, 1))
            mean = float(np.mean([change(slider.name, before, after) for after in moved]))
            slider = replace(slider, elsewhere=round(mean, 2))
        checked.append(slider)
    return replace(directions, sliders=tuple(checked))


def name_directions(model: Model, names: Mapping[int, str]) -> Directions:
    """Return the model's directions with names that a person gave to principal ones: {3: "smile", -5: "hair_length"}.

    A negative number is a direction's other way; "" takes the name away. Other sliders stay. ConfigError, with what
    would do, for a number that is no direction's, and for a name that is none or another slider's.
    """
    most = len(model.directions)
    kept = [i for i, slider in enumerate(model.sliders) if abs(slider.principal) not in map(abs, names)]
    sliders, rows = [model.sliders[i] for i in kept], [model.named_rows[kept]]
    for number, name in names.items():
        if not 1 <= abs(number) <= most:
            raise ConfigError(f"principal directions have the numbers 1 to {most}, got {abs(number)}")
        if not name:
            continue
        if not is_name(name):
            raise ConfigError(f"a name must be {NAME}, got {name!r}"[:300])
        if name in {slider.name for slider in sliders}:
            raise ConfigError(f"the model has a slider {name} already: take another name")
        sliders.append(Slider(name, principal=number))
        rows.append(model.directions[abs(number) - 1][None] * (1 if number > 0 else -1))
    return Directions(model.directions, model.variance, torch.cat(rows), tuple(sliders), model.beside)


def measure(model: Model, known: Sequence[Attributes], seeds: Sequence[int], label: str = _NO_LABEL) -> Measured:
    """Render pictures of seeds, of one class where it is named, and measure every attribute of `known`."""
    z, y = model.latents(seeds), model.class_weights(seeds, label or None)
    return Measured(z, y, tuple(name for one in known for name in one.names), _values(model, known, z, y))


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


def sparse(rows: Tensor) -> Tensor:
    """Return unit rows (M, D) of the coordinates alone that are at least `SPARSE` of their row's largest."""
    size = rows.abs()
    return normalize(rows * (size >= SPARSE * size.amax(1, keepdim=True)), dim=1)


def _towards(rows: Tensor, kinds: Tensor) -> Tensor:
    """Return unit rows (M, D) that go along `kinds` (M, D) as well, beside rows as long as 1."""
    return normalize(normalize(rows, dim=1) + kinds, dim=1)


class _Samples:
    """Pictures of all classes, or of one, and what can be told and moved in them."""

    def __init__(self, model: Model, known: Sequence[Attributes], data: Measured, label: str = _NO_LABEL) -> None:
        self.model, self.known, self.data, self.label = model, known, data, label
        self.switches = {name for one in known for name in one.switches}
        self.kinds = {name: kind for one in known for name, kind in one.kinds.items()}
        self.parts = {name for one in known for name in one.parts}
        self.spread = _spread(data)
        self.weights, self.r2 = _regress(data, (data.values - class_means(data)) / self.spread)
        self.z, self.y = data.z[-MOVED:], None if data.y is None else data.y[-MOVED:]
        random = normalize(torch.randn(RANDOM, model.z_dim, generator=torch.Generator().manual_seed(0)), dim=1)
        self.by_chance = max(1e-12, float(np.mean([_change(model, self.z, self.y, row) for row in random])))

    def sliders(self, taken: set[str]) -> tuple[list[Slider], Tensor]:
        """Return the sliders of attributes, but for names that are taken, and their rows.

        The weakest of what is not `_enough` go first, since the others then need no longer leave their attributes as
        they are; of what went, whatever is enough beside those that are left comes back. Rows are shortened, down to
        `SHORTEST`, so that equal travel changes the picture about equally.
        """
        names = self.data.names
        usable = [i for i, name in enumerate(names) if self.data.values[:, i].std() > 0 and name not in taken]
        told = [i for i in usable if self.r2[i] >= LEAST_R2 or (names[i] in self.switches and self.r2[i] > 0)]
        candidates = told
        told = _that_move(self.weights, told)
        while told:
            rows = self._rows(told)
            moved = self._move(rows, told)
            enough = self._enough(moved, told)
            weak = np.flatnonzero(enough < 1)
            if not len(weak):
                break
            go = weak[enough[weak].argsort()[: -(-len(weak) // 2)]]  # the weaker half of them
            told = [i for k, i in enumerate(told) if k not in go]
        for i in sorted(set(candidates) - set(told), key=lambda i: -float(self.r2[i]))[:AGAIN]:
            more, new, last = [*told, i], self._rows([*told, i]), [len(told)]
            if _that_move(self.weights, more) != more:
                continue
            if self._enough(self._move(new[-1:], more, last), more, last)[0] < 1:
                continue
            together = self._move(new, more)
            if (self._enough(together, more) >= 1).all():
                told, rows, moved = more, new, together
        if not told:
            return [], self.z.new_empty(0, self.z.shape[1])
        if _is_taught(self.model, self.known):
            rows, moved = self._refined(rows, moved, told)
        lengths = _lengths(moved, np.array([names[i] not in self.parts for i in told]))
        rows = rows * torch.tensor(lengths, dtype=rows.dtype)[:, None]
        return self._describe(self._move(rows, told), moved.changes, told), rows

    def _rows(self, told: Sequence[int]) -> Tensor:
        """Return whole steps (T, D) of the attributes `told`, each of which leaves the others."""
        steps = [SWITCHING if self.data.names[i] in self.switches else 1.0 for i in told]
        return decorrelated(self.weights[:, list(told)]) * torch.tensor(steps)[:, None]

    def _refined(self, rows: Tensor, moved: Effects, told: Sequence[int]) -> tuple[Tensor, Effects]:
        """Return rows of a latent that stands for attributes, better where nothing else moves more, and what they move.

        First `sparse` ones, then ones towards the kinds that a name alone means, as far as that goes.
        """
        lengths = rows.norm(dim=1, keepdim=True)
        known = {name: one for one in self.known for name in one.names}
        kinds = torch.zeros_like(rows)
        for k, name in enumerate(self.data.names[i] for i in told):
            if (meant := known[name].meant(name, rows.shape[1])) is not None:
                kinds[k] = meant
        rows, moved = self._better(rows, sparse(rows) * lengths, moved, told, AS_GOOD)
        own, meaning = rows, kinds.any(1)[:, None]
        for share in KINDS:
            tried = torch.where(meaning, _towards(own, share * kinds) * lengths, rows)
            rows, moved = self._better(rows, tried, moved, told, WORTH)
        return rows, moved

    def _better(
        self, rows: Tensor, tried: Tensor, moved: Effects, told: Sequence[int], most: float
    ) -> tuple[Tensor, Effects]:
        """Return rows and what they move: those `tried` where that is enough and nothing else moves more, or `most`."""
        other = [k for k in range(len(told)) if not torch.equal(tried[k], rows[k])]
        if not other:
            return rows, moved
        after = self._move(tried[other], told, other)
        cross = [np.abs(effects).copy() for effects in (moved.effects[other], after.effects)]
        for found in cross:
            found[np.arange(len(other)), other] = 0
        good = (self._enough(after, told, other) >= 1) & (cross[1].max(1) <= np.maximum(cross[0].max(1), most))
        rows, moved = rows.clone(), Effects(moved.effects.copy(), moved.changes.copy(), moved.accuracy.copy())
        for i in np.flatnonzero(good):
            k = other[i]
            rows[k], moved.effects[k], moved.changes[k] = tried[k], after.effects[i], after.changes[i]
            moved.accuracy[k] = after.accuracy[i]
        return rows, moved

    def _move(self, rows: Tensor, told: Sequence[int], own: Sequence[int] | None = None) -> Effects:
        """Move pictures along each row; return what changed of the attributes `told`, and otherwise.

        own: which of `told` each row is about; None for one row each.
        """
        effects, changes, accuracy, places = [], [], [], list(told)
        for k, row in zip(range(len(told)) if own is None else own, rows, strict=True):
            low, high = (
                _values(self.model, self.known, _moved(self.model, self.z, row, way * REACH), self.y)[:, places]
                for way in (-1, 1)
            )
            effects.append(((high - low).mean(0) / self.spread[places]).numpy())
            by_chance = self.by_chance * float(row.square().sum())
            changes.append(_change(self.model, self.z, self.y, row) / by_chance)
            accuracy.append(float(((low[:, k] < 0.5).double().mean() + (high[:, k] > 0.5).double().mean()) / 2))
        return Effects(np.array(effects), np.array(changes), np.array(accuracy))

    def _enough(self, moved: Effects, told: Sequence[int], own: Sequence[int] | None = None) -> np.ndarray:
        """Return how far each of the attributes `told`, or those of them that `own` says, deserves a slider: from 1 on.

        Its whole step must change it by `LEAST_EFFECT`, others by no more than `MOST_CROSS` of that, and the picture
        `LEAST_CHANGE` times as much as random rows do, unless it says something of a small part. Where its R2 is below
        `LEAST_R2`, it must be there or gone in `LEAST_ACCURACY` of the pictures that were moved.
        """
        places = list(range(len(told))) if own is None else list(own)
        about, rows = [told[k] for k in places], np.arange(len(places))
        names = [self.data.names[i] for i in about]
        itself, others = moved.effects[rows, places], moved.effects.copy()
        others[rows, places] = 0
        change = np.where([name in self.parts for name in names], np.inf, moved.changes / LEAST_CHANGE)
        alone = itself * MOST_CROSS / np.maximum(np.abs(others).max(1), 1e-9)
        accuracy = np.where(self.r2[about] >= LEAST_R2, np.inf, moved.accuracy / LEAST_ACCURACY)
        return np.minimum.reduce([itself / LEAST_EFFECT, alone, change, accuracy])

    def _describe(self, moved: Effects, changes: np.ndarray, told: Sequence[int]) -> list[Slider]:
        """Return what is known of each slider, from what its row changes."""
        names, result = [self.data.names[i] for i in told], []
        for k, name in enumerate(names):
            others = np.abs(moved.effects[k])
            others[k] = -1
            worst = int(others.argmax())
            alone = len(told) == 1
            result.append(
                Slider(
                    name=name,
                    r2=round(float(self.r2[told[k]]), 3),
                    effect=round(float(moved.effects[k, k]), 3),
                    cross=0.0 if alone else round(float(others[worst]), 3),
                    affects="" if alone else names[worst],
                    change=round(float(changes[k]), 2),
                    label=self.label,
                    accuracy=round(float(moved.accuracy[k]), 3) if name in self.switches else None,
                    kind_of=self.kinds.get(name, ""),
                )
            )
        return result


def _is_taught(model: Model, known: Sequence[Attributes]) -> bool:
    """Return True for a model whose latent has coordinates that stand for the attributes."""
    return model.config.attributes and any(one.taught for one in known)


def _that_move(weights: Tensor, told: Sequence[int]) -> list[int]:
    """Return those of the attributes `told` that decorrelated rows move enough by the regression's own prediction.

    weights (D, M) of attributes in standard deviations. Of several that go together, such as choices of which a picture
    has one, the weakest goes until the others can be told apart.
    """
    told = list(told)
    while told:
        effects = 2 * REACH * decorrelated(weights[:, told]).double() @ weights[:, told]
        others = effects - effects.diagonal().diag()  # are 0 unless some attributes are one and the same
        alone = effects.diagonal() - others.abs().max(1).values
        if alone.min() >= LEAST_EFFECT:
            break
        told.pop(int(alone.argmin()))
    return told


def _lengths(moved: Effects, whole: np.ndarray) -> np.ndarray:
    """Return the length of a step along each row, in [SHORTEST, 1], and enough for `LEAST_EFFECT`.

    Pictures change equally by steps along rows that change the `whole` picture, as far as these bounds allow.
    """
    amplitudes = np.sqrt(moved.changes)
    lengths = np.where(whole, amplitudes[whole].min(initial=np.inf) / amplitudes, 1.0)
    return np.clip(lengths, np.maximum(SHORTEST, np.minimum(1, LEAST_EFFECT / moved.effects.diagonal())), 1)


def _labels(model: Model) -> Iterator[str]:
    """Return the classes that may have directions of their own: of the largest group of which a picture has one."""
    single = [group for group in model.groups if group.most == 1]
    largest = max(single, key=lambda group: group.size, default=None)
    if not model.groups:
        return iter(model.classes)
    if largest is None:
        return iter(())
    start = sum(group.size for group in model.groups[: model.groups.index(largest)])
    return iter(model.classes[start : start + largest.size])


def _regress(data: Measured, centred: Tensor) -> tuple[Tensor, Tensor]:
    """Return weights (D, M) fitted on most samples, and each attribute's R2 (M,) on the others."""
    count = len(data.z) * HELD_OUT // (HELD_OUT + 1)
    z = data.z.double()
    weights = ridge(z[:count], centred[:count])
    error = (centred[count:] - z[count:] @ weights).square().mean(0)
    return weights, 1 - error / centred[count:].square().mean(0).clamp_min(1e-12)


def _values(model: Model, known: Sequence[Attributes], z: Tensor, y: Tensor | None) -> Tensor:
    """Return the attributes float64 (N, M) of pictures."""
    pictures = model.render(z, y)
    return torch.from_numpy(np.concatenate([one.measure(pictures) for one in known], axis=1)).double()


def _spread(data: Measured) -> Tensor:
    """Return the standard deviation (M,) of each attribute within classes."""
    return (data.values - class_means(data)).std(0).clamp_min(1e-12)


def _moved(model: Model, z: Tensor, row: Tensor, steps: float) -> Tensor:
    """Return latents moved along a row (D,) as the model's sliders move them."""
    return z + move(z, row[None], row.new_tensor([steps]), model.named.reach)


def _change(model: Model, z: Tensor, y: Tensor | None, row: Tensor) -> float:
    """Return the mean squared difference of the pictures one step to either side along a row (D,), in levels."""
    low, high = (model.render(_moved(model, z, row, sign), y).astype(np.float32) for sign in (-1, 1))
    return float(np.square(high - low).mean())


def _names_beside(principal: Tensor, data: Measured) -> tuple[str, ...]:
    """Return the attribute that correlates best with the latent's part along each row, "" where none does above .7."""
    centred = data.values - class_means(data)
    along = data.z.double() @ normalize(principal.double().cpu(), dim=1).T
    along = along - along.mean(0)
    products = along.T @ centred
    lengths = along.norm(dim=0)[:, None] * centred.norm(dim=0)
    correlation, best = (products / lengths.clamp_min(1e-12)).abs().max(1)
    return tuple(data.names[i] if c > BESIDE else "" for i, c in zip(best.tolist(), correlation.tolist(), strict=True))


def _list(found: tuple[list[Slider], Tensor]) -> str:
    return ", ".join(f"{slider.name} (R2 {slider.r2:.2f})" for slider in found[0]) or "no sliders"
