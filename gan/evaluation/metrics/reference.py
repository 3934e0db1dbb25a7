"""The real pictures that generated ones are compared with, and those that give the floor."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from gan import data
from gan.data.dataset import Dataset
from gan.data.folder import RESOLUTION, load_held_out
from gan.data.hub_pictures import is_hub_name, load_hub
from gan.errors import DataError

SEED = 0  # of every choice of pictures
LEAST = 16  # pictures of a folder that are compared with as many others
HOLD_OUT = 10  # one in so many pictures of a class is held out from classifiers where the data has no test split


@dataclass(frozen=True)
class Reference:
    """Real pictures by role; no role holds a picture twice.

    split     "test": generated pictures are compared with pictures that no network has seen; "train": there are none
    train     all that the generator was trained on
    compared  what generated pictures are compared with
    floor     as many other real pictures: their score against `compared` is the best possible
    fit_on    what a classifier may be trained on
    test_on   what it is tested on
    """

    split: str
    train: Dataset
    compared: Dataset
    floor: Dataset
    fit_on: Dataset
    test_on: Dataset


def hold_out(strata: Tensor) -> Tensor:
    """Mark the held-out ones of `Dataset.strata` (N,), as bool (N,): a tenth of each, rounded, by a fixed seed."""
    rng, out = torch.Generator().manual_seed(SEED), torch.zeros(len(strata), dtype=torch.bool)
    for k in strata.unique():
        where = torch.nonzero(strata == k)[:, 0]
        out[where[torch.randperm(len(where), generator=rng)[: round(len(where) / HOLD_OUT)]]] = True
    return out


def subset(dataset: Dataset, rows: Tensor) -> Dataset:
    """Return the data set's pictures at rows: int64 indices or bool (N,)."""
    return Dataset(dataset.name, dataset.images[rows], dataset.labels[rows], dataset.classes, groups=dataset.groups)


def load_test(name: str, resolution: int | None, root: str | Path) -> Dataset | None:
    """Load the test split of the data set, at `resolution`; None where it has none.

    A bundled subset has that of its full set, if it lies under root: nothing is downloaded for it. A folder has the
    pictures below the folder named val, test or alike, and a data set on the Hub its split of such a name.
    """
    full = data.full_set(name)
    source = data.DATASETS.get(full)
    if source is None and is_hub_name(name):
        return load_hub(name, resolution or RESOLUTION, "test", lambda line: None)
    if source is None:
        folder = Path(name).expanduser()
        return load_held_out(folder, resolution or RESOLUTION, lambda line: None) if folder.is_dir() else None
    if "test" not in source.splits:
        return None
    if name != full and not source.is_present(Path(root).expanduser()):
        return None
    return data.load(full, resolution, root, split="test")


def different(images: Tensor, but: Tensor | None = None) -> Tensor:
    """Return indices of pictures uint8 (N, C, H, H) that differ from each other, and from those of `but`.

    Their order, by a hash of their pixels, depends on nothing else, so a new picture leaves the others' order as it is.
    """
    known = set() if but is None else set(_hashes(but))
    found = {tag: row for row, tag in reversed(list(enumerate(_hashes(images)))) if tag not in known}
    return torch.tensor([found[tag] for tag in sorted(found)], dtype=torch.int64)


def _hashes(images: Tensor) -> list[bytes]:
    return [hashlib.blake2b(picture.numpy().tobytes(), digest_size=16).digest() for picture in images]


def load_reference(
    name: str, resolution: int, root: str | Path, samples: int, train: Dataset | None = None
) -> Reference:
    """Load real pictures at `resolution` for a model of the data set or folder `name`; at most `samples` are compared.

    train: the training pictures, where they are loaded already.
    Without a test split the pictures are halved: one half is compared with, the other gives the floor. Those of a data
    set at random; those of a folder by their content, and pictures that are equal count once. DataError, with the cure,
    for missing data, for samples below 2, and for a folder of too few pictures.
    """
    if samples < 2:
        raise DataError(f"samples must be at least 2, got {samples}")
    train, rng = train or data.load(name, resolution, root), torch.Generator().manual_seed(SEED)
    test = load_test(name, resolution, root)
    order = torch.randperm(len(train.images), generator=rng)
    if name not in data.DATASETS:
        train, test = _of_folder(name, train, test)
        order = torch.arange(len(train.images))
    if test is not None:
        n = min(samples, len(test.images), len(train.images))
        compared = subset(test, torch.randperm(len(test.images), generator=rng)[:n])
        return Reference("test", train, compared, subset(train, order[:n]), train, test)
    n, held = min(samples, len(train.images) // 2), hold_out(train.strata())
    halves = subset(train, order[:n]), subset(train, order[n : 2 * n])
    return Reference("train", train, *halves, subset(train, ~held), subset(train, held))


def _of_folder(name: str, train: Dataset, test: Dataset | None) -> tuple[Dataset, Dataset | None]:
    """Return the different pictures of a folder and of its held-out part; DataError where they are too few."""
    train, least = subset(train, different(train.images)), LEAST if test else 2 * LEAST
    if len(train.images) < least:
        raise DataError(
            f"{name} holds {len(train.images)} different pictures, at least {least} are needed to measure by: "
            "add pictures"
        )
    if test is None:
        return train, None
    new = different(test.images, but=train.images)
    if len(new) < LEAST:
        raise DataError(
            f"{name} holds {len(new)} different pictures that are held out of training and not in it as well, at least "
            f"{LEAST} are needed to compare with: add pictures, or move that folder elsewhere"
        )
    return train, subset(test, new)
