"""Which real pictures generated ones are compared with, and which give the floor."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from gan import data
from gan.data.dataset import Dataset
from gan.data.mnist import FAMILY, FILES
from gan.errors import DataError
from gan.evaluation.metrics.classifier import SAME

SEED = 0  # of every choice of pictures
HOLD_OUT = 10  # one in so many pictures of a class is held out from classifiers where the data has no test split


@dataclass(frozen=True)
class Reference:
    """Real pictures, by role; none is drawn twice in one role.

    split     "test": compared with pictures that no network has seen. "train": there are none such
    train     all that the generator learnt from
    compared  what generated pictures are compared with
    floor     other real pictures, as many: what they score against `compared` is the best to be hoped for
    fit_on    what a classifier may learn from
    test_on   what it is tested on
    """

    split: str
    train: Dataset
    compared: Dataset
    floor: Dataset
    fit_on: Dataset
    test_on: Dataset


def hold_out(labels: Tensor) -> Tensor:
    """Which of labels int64 (N,) are held out, bool (N,): a tenth of each class, rounded, by a fixed seed."""
    source, out = torch.Generator().manual_seed(SEED), torch.zeros(len(labels), dtype=torch.bool)
    for k in labels.unique():
        where = torch.nonzero(labels == k)[:, 0]
        out[where[torch.randperm(len(where), generator=source)[: round(len(where) / HOLD_OUT)]]] = True
    return out


def choose(dataset: Dataset, rows: Tensor) -> Dataset:
    """The data set's pictures at rows: int64 indices or bool (N,)."""
    return Dataset(dataset.name, dataset.images[rows], dataset.labels[rows], dataset.classes)


def load_test(name: str, resolution: int | None, root: str | Path) -> Dataset | None:
    """The test split of the data set, at `resolution`; None where it has none.

    A bundled tenth has its full set's, where that lies under root: nothing is downloaded for it.
    """
    full = SAME.get(name, name)
    if full not in FAMILY:
        return None
    raw = Path(root).expanduser() / FAMILY[full][0] / "raw"
    if name != full and not all((raw / file).is_file() for pair in FILES.values() for file in pair):
        return None
    return data.load(full, resolution, root, split="test")


def load_reference(name: str, resolution: int, root: str | Path, samples: int) -> Reference:
    """Real pictures at `resolution` for a model of the data set `name`; at most `samples` are compared.

    Without a test split the pictures are halved at random: one half is compared with, the other gives the floor.
    DataError, with the cure, for data that is not there.
    """
    if samples < 2:
        raise DataError(f"samples must be at least 2, got {samples}")
    train, source = data.load(name, resolution, root), torch.Generator().manual_seed(SEED)
    test = load_test(name, resolution, root)
    order = torch.randperm(len(train.images), generator=source)
    if test is not None:
        n = min(samples, len(test.images), len(train.images))
        compared = choose(test, torch.randperm(len(test.images), generator=source)[:n])
        return Reference("test", train, compared, choose(train, order[:n]), train, test)
    n, held = min(samples, len(train.images) // 2), hold_out(train.labels)
    halves = choose(train, order[:n]), choose(train, order[n : 2 * n])
    return Reference("train", train, *halves, choose(train, ~held), choose(train, held))
