"""Batches of a run: which pictures and which random numbers each step is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor

from gan import data
from gan.config import Config
from gan.data.attribute_codes import AttributeCodes
from gan.data.dataset import Dataset
from gan.data.domains import Domains, TrainingSet
from gan.editing.recognise import few_of_each
from gan.evaluation.metrics.fit import RECIPES, Recipe, distort
from gan.training import augment
from gan.training.augment import Augmentation
from gan.training.distributed import ProcessGroup
from gan.training.memory import fits_on_device
from gan.training.rng import shuffled_indices
from gan.training.step import Batch

# How pictures with few labels are distorted where that is further than what the classifier of their set learns from.
FEW: Mapping[str, Recipe] = {"mnist": replace(RECIPES["mnist"], slant=0.3, bend=2.0, stroke=0.6)}
FURTHER = 1.5  # times as much are pictures without a label shifted, turned and zoomed as those with one
FIXED = 0  # seed of the order in which pictures are taken that a run shows its translations of


def mirrored(pictures: Tensor, which: Tensor) -> Tensor:
    """Return pictures (N, C, H, W) of which those marked in bool (N,) are mirrored left to right."""
    return torch.where(which.to(pictures.device)[:, None, None, None], pictures.flip(3), pictures)


class Shuffled:
    """Pictures in random order, a function of the seed and of how many were shown.

    pictures: the whole set, as it has them: on the device if they fit, else on the CPU.
    """

    def __init__(self, pictures: Tensor, device: torch.device, seed: int) -> None:
        self.device, self.seed = device, seed
        self.pictures = pictures.to(device) if fits_on_device(pictures, device) else pictures
        self._permutation: tuple[int, Tensor] | None = None  # (epoch, its order)

    def decode(self, indices: Tensor) -> Tensor:
        """Return pictures on the device, uint8 ones as float32 in [-1, 1], points as they are."""
        chosen = self.pictures[indices.to(self.pictures.device)]
        if chosen.device != self.device:
            chosen = chosen.pin_memory().to(self.device, non_blocking=True)
        return chosen.float().div_(127.5).sub_(1) if chosen.dtype == torch.uint8 else chosen

    def next_indices(self, shown: int, count: int) -> Tensor:
        """Return what `shuffled_indices` does, without shuffling the whole data set at every step."""
        n = len(self.pictures)
        epoch, offset = divmod(shown, n)
        if offset + count > n:
            return shuffled_indices(self.seed, n, shown, count)
        if self._permutation is None or self._permutation[0] != epoch:
            self._permutation = (epoch, shuffled_indices(self.seed, n, epoch * n, n))
        return self._permutation[1][offset : offset + count]


class Batches(Shuffled):
    """A data set in random order, batch by batch.

    inputs         the pictures to translate, of `Domains`; in pairs they come in the same order. None for generation
    class_weights  of every picture, float32 (n, K) on the device; None without classes
    conditions     of every picture of B, likewise; None without. A translation is told those of the one beside it
    emphasis       of every picture of B, likewise, on the CPU; None without
    codes          of the attributes that latents stand for, or that a reader learns; None without
    wished, before  of translations and of pictures of A, likewise, see `Domains`; None without

    Every process draws the random numbers of the whole batch and keeps its own rows of each part, so that the number of
    processes does not change the run.
    """

    def __init__(self, config: Config, dataset: TrainingSet, device: torch.device, processes: ProcessGroup) -> None:
        super().__init__(dataset.images, device, config.seed)
        self.processes = processes
        self.inputs: Shuffled | None = None
        if isinstance(dataset, Domains):
            self.inputs = Shuffled(dataset.inputs, device, config.seed if dataset.paired else config.seed + 2**32)
        told = dataset.conditions if config.classes and isinstance(dataset, Domains) else None
        self.conditions = None if told is None else told.to(device)
        self.emphasis = dataset.emphasis if isinstance(dataset, Domains) else None
        labelled = dataset if config.classes and isinstance(dataset, Dataset) else None
        self.class_weights = labelled.class_weights().to(device) if labelled else None
        self.codes = dataset.codes if config.attributes and isinstance(dataset, Dataset) else None
        self.wished = self.before = None
        if config.attribute_weight and isinstance(dataset, Domains):
            self.codes, self.wished, self.before = dataset.codes, dataset.wished, dataset.before
        # Of all labels a run that learns from few keeps those alone.
        self.labelled: tuple[Tensor, Tensor] | None = None
        if config.labels and isinstance(dataset, Dataset):
            rows = few_of_each(dataset.labels, config.labels, config.seed)
            self.labelled = rows, dataset.labels[rows].to(device)

    def draw(
        self,
        config: Config,
        augmentations: tuple[Augmentation, ...],
        source: torch.Generator,
        shown: int,
        pictures_of: list[Batch] | None = None,
    ) -> list[Batch]:
        """Draw a batch in `config.accumulate` parts: the next pictures after `shown` images, and random numbers.

        pictures_of: take the pictures and classes of these parts instead of the next ones.
        """
        count = config.batch_size
        if self.inputs:
            return self._draw_translation(self.inputs, config, augmentations, source, shown, pictures_of)
        z = torch.randn(count, config.z_dim, generator=source)
        mix = torch.rand(count, generator=source)
        numbers = [augment.draw(augmentations, count, source, config.augment_target > 0) for _ in range(2)]
        drawn = [
            [part.to(self.device) for part in self._parts(v, config.accumulate)] for v in (z, mix, *numbers)
        ]  # fmt: skip
        if pictures_of is not None:
            chosen = [(batch.real, batch.y) for batch in pictures_of]
        else:
            indices = self._parts(self.next_indices(shown, count), config.accumulate)
            chosen = [(self.decode(i), self._class_weights(i)) for i in indices]
            if config.mirror:  # drawn last, so that the other numbers are those of a run without
                sides = self._parts(torch.rand(count, generator=source) < 0.5, config.accumulate)
                chosen = [(mirrored(real, left), y) for (real, y), left in zip(chosen, sides, strict=True)]
        batches = [
            Batch(real, y, z, mix, torch.stack(pair))
            for (real, y), z, mix, *pair in zip(chosen, *drawn, strict=True)
        ]  # fmt: skip
        if self.codes:
            same = None if pictures_of is None else pictures_of[0].numbers
            which = self.next_indices(shown, count) if same is None else same
            batches = self._with_attributes(batches, self.codes, which, config, source)
        if self.labelled is None or pictures_of is not None:
            return batches
        return self._with_labelled(batches, *self.labelled, self.next_indices(shown, count), config, source)

    def _with_attributes(
        self, batches: list[Batch], codes: AttributeCodes, which: Tensor, config: Config, source: torch.Generator
    ) -> list[Batch]:
        """Return the parts of a batch with the attributes of its pictures, `which` (count,): latents and conditions."""
        both = (codes.draw(which, source), codes.condition(which))
        parts = ([part.to(self.device) for part in self._parts(v, config.accumulate)] for v in both)
        return [
            batch._replace(
                z=torch.cat([own, batch.z[:, own.shape[1] :]], 1),
                numbers=which,
                conditions=conditions,
            )
            for batch, own, conditions in zip(batches, *parts, strict=True)
        ]

    def _with_labelled(
        self,
        batches: list[Batch],
        rows: Tensor,
        labels: Tensor,
        others: Tensor,
        config: Config,
        source: torch.Generator,
    ) -> list[Batch]:
        """Return the parts of a batch with as many labelled pictures, drawn last and with replacement.

        Each is distorted as leaves pictures of its data set what they are: with few of them that is worth more than
        anything else. The batch's own pictures, numbers `others`, come once more, distorted further. Pictures of a
        folder are left as they are.
        """
        which = torch.randint(len(rows), (config.batch_size,), generator=source)
        pictures = self.decode(rows[which])
        distorted: list[Tensor] | list[None] = [None] * len(batches)
        full = data.full_set(config.dataset)
        if recipe := FEW.get(full) or RECIPES.get(full):
            pictures = distort(pictures, recipe, source)
            further = replace(recipe, **{name: FURTHER * getattr(recipe, name) for name in ("shift", "turn", "zoom")})
            distorted = self._parts(distort(self.decode(others), further, source), config.accumulate)
        parts = (self._parts(values, config.accumulate) for values in (pictures, labels[which.to(labels.device)]))
        labelled = zip(*parts, strict=True)
        return [
            batch._replace(labelled=one, distorted=other)
            for batch, one, other in zip(batches, labelled, distorted, strict=True)
        ]

    def fixed(self, count: int) -> tuple[Tensor, Tensor, Tensor | None]:
        """Return the first `count` pictures of A and of B of a fixed order, float (count, ...), on the CPU.

        And B's conditions (count, K), None without. Where there are fewer, they come again. For translations only.
        """
        assert self.inputs
        chosen = []
        for side in (self.inputs, self):
            indices = shuffled_indices(FIXED, len(side.pictures), 0, count)  # of pairs both
            chosen.append(side.decode(indices).cpu())
        told = shuffled_indices(FIXED, len(self.pictures), 0, count)
        return chosen[0], chosen[1], None if self.conditions is None else self.conditions.cpu()[told]

    def _draw_translation(
        self,
        inputs: Shuffled,
        config: Config,
        augmentations: tuple[Augmentation, ...],
        source: torch.Generator,
        shown: int,
        pictures_of: list[Batch] | None,
    ) -> list[Batch]:
        """Draw as `draw` does, with pictures of A in place of latents."""
        count, shape = config.batch_size, self.pictures.shape[1:]
        random = [torch.rand(count, generator=source)]
        random += [augment.draw(augmentations, count, source, config.augment_target > 0) for _ in range(2)]
        sides = [torch.rand(count, generator=source) < 0.5 for _ in range(2 * config.mirror)]
        if "back" in config.network_parts and config.cycle_noise:
            random += [torch.randn(count, *shape, generator=source) for _ in range(2)]
        drawn = [[part.to(self.device) for part in self._parts(v, config.accumulate)] for v in random]
        if pictures_of is not None:
            chosen = [(batch.real, batch.z) for batch in pictures_of]
            told, emphasis = [batch.y for batch in pictures_of], [batch.emphasis for batch in pictures_of]
        else:
            orders = [self._parts(s.next_indices(shown, count), config.accumulate) for s in (self, inputs)]
            chosen = [(self.decode(b), inputs.decode(a)) for b, a in zip(*orders, strict=True)]
            told = [None if self.conditions is None else self.conditions[b.to(self.device)] for b in orders[0]]
            emphasis = [None if self.emphasis is None else self.emphasis[b].to(self.device) for b in orders[0]]
            if sides:  # of a pair both or none
                own = [self._parts(side, config.accumulate) for side in (sides[0], sides[self.seed != inputs.seed])]
                chosen = [
                    (mirrored(b, left_b), mirrored(a, left_a))
                    for (b, a), left_b, left_a in zip(chosen, *own, strict=True)
                ]
                emphasis = [None if e is None else mirrored(e, left) for e, left in zip(emphasis, own[0], strict=True)]
        batches = [
            Batch(b, y, a, mix, torch.stack([real, fake]), torch.stack(noise) if noise else None, emphasis=e)
            for (b, a), y, e, mix, real, fake, *noise in zip(chosen, told, emphasis, *drawn, strict=True)
        ]
        if not self.codes:
            return batches
        if pictures_of is not None:
            return [
                batch._replace(conditions=same.conditions, wished=same.wished, before=same.before)
                for batch, same in zip(batches, pictures_of, strict=True)
            ]
        return [
            batch._replace(
                conditions=self.codes.condition(b).to(self.device),
                wished=self.wished and self.wished.condition(a).to(self.device),
                before=self.before and self.before.condition(a).to(self.device),
            )
            for batch, b, a in zip(batches, *orders, strict=True)
        ]

    def _class_weights(self, indices: Tensor) -> Tensor | None:
        return None if self.class_weights is None else self.class_weights[indices.to(self.device)]

    def _parts(self, whole: Tensor, count: int) -> list[Tensor]:
        return [self.processes.own_rows(part) for part in whole.chunk(count)]
