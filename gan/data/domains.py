"""`Domains`, two sets of pictures to translate between, made of any two data sets, or of pairs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath

import torch
from torch import Tensor

from gan.data.attribute_codes import AttributeCodes
from gan.data.dataset import Dataset
from gan.data.points import Points
from gan.errors import DataError
from gan.text import count, listed

MIN_PICTURES = 16  # of each side; fewer cannot fill a batch
SEED = 20170330  # of which pairs serve which side when they are used unpaired
CURE = "pass two different sets with --from and --to"


@dataclass(frozen=True)
class Pairs:
    """Pictures in pairs: row i of a and row i of b, uint8 (N, C, H, H), show the same.

    captions: N names, or none. labels: int64 (N,), classes of B's classifier, None where they are not known.
    conditions: float32 (N, K) in [0, 1], what a picture of A does not hold and its translation is told, named by
    classes. emphasis: uint8 (N, 1, H, H), how often each place of B counts in a distance to it; None for once.
    codes: the attributes of B's pictures, and before those of A's where they are of the same kind; None where they are
    not known.
    """

    name: str
    a: Tensor
    b: Tensor
    captions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    labels: Tensor | None = None
    conditions: Tensor | None = None
    classes: tuple[str, ...] = ()
    emphasis: Tensor | None = None
    codes: AttributeCodes | None = None
    before: AttributeCodes | None = None

    def __post_init__(self) -> None:
        assert self.conditions is None or self.conditions.shape == (len(self.a), len(self.classes))
        assert self.emphasis is None or self.emphasis.shape == (len(self.a), 1, *self.a.shape[2:])
        assert self.a.shape == self.b.shape and self.a.dtype == self.b.dtype == torch.uint8
        assert len(self.captions) in (0, len(self.a))


@dataclass(frozen=True)
class Domains:
    """Two sets to translate between, with the fields of `Dataset` that training reads.

    inputs   set A, uint8 (M, C, H, H)
    images   set B, uint8 (N, C, H, H)
    paired   whether row i of A shows what row i of B does; then M = N
    conditions  of B, as `Pairs` has them, named by classes; None without
    emphasis    likewise, of pairs
    codes       attributes of B's pictures, wished of what A's should become, and before of what those are; each None
                where they are not known
    """

    name: str
    inputs: Tensor
    images: Tensor
    paired: bool
    notes: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    labels: Tensor = field(default_factory=lambda: torch.zeros(0, dtype=torch.int64))
    conditions: Tensor | None = None
    emphasis: Tensor | None = None
    codes: AttributeCodes | None = None
    wished: AttributeCodes | None = None
    before: AttributeCodes | None = None

    def __post_init__(self) -> None:
        assert self.inputs.shape[1:] == self.images.shape[1:] and not (
            self.paired and len(self.inputs) != len(self.images)
        )


TrainingSet = Dataset | Points | Domains  # all that a run can learn from


def of_pairs(pairs: Pairs, paired: bool) -> Domains:
    """Return both sides of pairs; unpaired, A of one half of them and B of the other, so that no pair is left.

    DataError for too few.
    """
    least = MIN_PICTURES if paired else 2 * MIN_PICTURES
    if len(pairs.a) < least:
        raise DataError(f"{pairs.name} holds {count(len(pairs.a), 'pair')}, at least {least} are needed: add pictures")
    if paired:
        return Domains(
            pairs.name, pairs.a, pairs.b, True, pairs.notes, pairs.classes,
            conditions=pairs.conditions, emphasis=pairs.emphasis,
            codes=pairs.codes, wished=pairs.codes, before=pairs.before,
        )  # fmt: skip
    order = torch.randperm(len(pairs.a), generator=torch.Generator().manual_seed(SEED))
    half = len(order) // 2
    note = f"the pairs are not used as such: A are {half:,} of them, B {half:,} others"
    rows_a, rows_b = order[:half].sort().values, order[half : 2 * half].sort().values
    told = None if pairs.conditions is None else pairs.conditions[rows_b]
    codes, wished = (pairs.codes and pairs.codes.of(rows.numpy()) for rows in (rows_b, rows_a))
    before = pairs.before and pairs.before.of(rows_a.numpy())
    return Domains(
        pairs.name, pairs.a[rows_a], pairs.b[rows_b], False, (*pairs.notes, note), pairs.classes,
        conditions=told, codes=codes, wished=wished, before=before,
    )  # fmt: skip


def of_sets(a: Dataset, b: Dataset, paired: bool) -> Domains:
    """Return two data sets of one size as the sides; of different numbers of channels the grey one is repeated.

    paired: pictures of one name are pairs. DataError for too few pictures, for equal sets, and without pairs.
    """
    notes = tuple(f"{side}: {note}" for side, dataset in (("A", a), ("B", b)) for note in dataset.notes)
    for side, dataset in (("A", a), ("B", b)):
        if len(dataset.images) < MIN_PICTURES:
            raise DataError(
                f"{side}, {dataset.name}, holds {count(len(dataset.images), 'picture')}, at least {MIN_PICTURES} are "
                "needed: add pictures"
            )
    x, y = in_colour(a.images, b.images)
    if paired:
        rows_a, rows_b, note = match_names(a, b)
        x, y, notes = x[rows_a], y[rows_b], (*notes, *note)
    if x.shape == y.shape and torch.equal(x, y):
        raise DataError(f"A and B, {a.name} and {b.name}, are the same pictures: {CURE}")
    name = f"{a.name} to {b.name}"
    sizes = f"A: {count(len(x), 'picture')} of {a.name}; B: {count(len(y), 'picture')} of {b.name}"
    return Domains(name, x.contiguous(), y.contiguous(), paired, (sizes, *notes))


def in_colour(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Return both with the larger number of channels: grey is repeated three times."""
    most = max(a.shape[1], b.shape[1])
    x, y = (images if images.shape[1] == most else images.expand(-1, most, -1, -1) for images in (a, b))
    return x, y


def match_names(a: Dataset, b: Dataset) -> tuple[Tensor, Tensor, list[str]]:
    """Return the rows of pictures that both have by name, in one order, and sentences that name the others.

    A name is that of a file in its folder, without its ending. DataError where too few are pairs.
    """
    if not a.captions or not b.captions:
        without = " and ".join(d.name for d in (a, b) if not d.captions)
        raise DataError(f"pairs are pictures of one name, and those of {without} have none: use --objective cycle")
    names = [_rows_by_name(d) for d in (a, b)]
    both = sorted(names[0].keys() & names[1].keys())
    notes = []
    for dataset, own, other, side in ((a, names[0], names[1], "B"), (b, names[1], names[0], "A")):
        if alone := sorted(own.keys() - other.keys()):
            notes.append(
                f"{count(len(alone), 'picture')} of {dataset.name} without a partner in {side}: {listed(alone)}"
            )
    if len(both) < MIN_PICTURES:
        told = "".join(f". {note}" for note in notes)
        raise DataError(
            f"{count(len(both), 'pair')} of one name in {a.name} and {b.name}, at least {MIN_PICTURES} are needed: "
            f"give both pictures of a pair one name{told}"
        )
    rows = [torch.tensor([own[name] for name in both]) for own in names]
    return rows[0], rows[1], notes


def _rows_by_name(dataset: Dataset) -> dict[str, int]:
    names: dict[str, int] = {}
    for row, caption in enumerate(dataset.captions):
        names.setdefault(PurePosixPath(caption).with_suffix("").as_posix(), row)
    return names
