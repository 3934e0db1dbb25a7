"""A visitor's own pictures, as files or in a zip, as a data set or two; and how much a visitor may send."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

import torch

from gan.data.dataset import Dataset
from gan.data.domains import Domains, of_sets
from gan.data.folder import MIN_PICTURES, size_notes
from gan.errors import DataError
from gan.pictures.picture_file import stack
from gan.pictures.reader import Budget, read_apart

SENT_BYTES = 36 * 2**20  # of one upload, as sent: the files that were chosen, whether pictures or zips
USEFUL_SIDE = 128  # pixels of a picture's shorter side; four times what is trained on, so a larger one adds nothing
FILES = Budget.pictures  # taken; more are left out
UPLOADED = "uploaded"  # name of a visitor's own pictures
SETS = ("uploaded-a", "uploaded-b")  # of two sets, to translate from the first to the second
LISTED = 12  # refused files that a notice names; the others are counted for each reason


def read_uploads(files: Iterable[tuple[str, bytes]], resolution: int = 32, budget: Budget | None = None) -> Dataset:
    """Read pictures and zips of pictures, by name and contents, into a data set without classes.

    Each is made as `gan.data.load_folder` makes it. Of the names in a zip only the last part is used. Notes list the
    refused files and the reasons. DataError, with that list, when fewer than `MIN_PICTURES` pictures are left.
    """
    reading = read_apart(files, resolution, MIN_PICTURES, budget)
    refused = _refusal_notice(reading.refused)
    readable = min(reading.found, len(reading.pictures)) if reading.found >= MIN_PICTURES else reading.found
    if readable < MIN_PICTURES:
        raise DataError(
            f"{readable} of the files are readable pictures, at least {MIN_PICTURES} are needed: upload "
            f"more, as PNG, JPEG or WebP, or a zip of them{refused and '. ' + refused}"
        )
    images = torch.from_numpy(stack(reading.pictures)).permute(0, 3, 1, 2).contiguous()
    notes = (*size_notes(reading.pictures, resolution), *filter(None, [refused]))
    captions = tuple(reading.names)
    return Dataset(UPLOADED, images, torch.zeros(len(images), dtype=torch.int64), (), captions, notes)


def read_two_sets(
    a: Iterable[tuple[str, bytes]], b: Iterable[tuple[str, bytes]], paired: bool, resolution: int = 32
) -> Domains:
    """Read pictures of set A and of set B, as `read_uploads` does. paired: pictures of one file name are pairs.

    DataError, which names the set, for one that cannot be used, for equal ones, and without pairs where they are asked
    for.
    """
    return of_sets(_read_set("A", a, resolution), _read_set("B", b, resolution), paired)


def _read_set(side: str, files: Iterable[tuple[str, bytes]], resolution: int) -> Dataset:
    try:
        return replace(read_uploads(files, resolution), name=f"set {side}")
    except DataError as error:
        raise DataError(f"Set {side}: {error}") from None


def _refusal_notice(refused: list[tuple[str, str]]) -> str:
    """Return a sentence on what was refused and why; empty when nothing was."""
    if not refused:
        return ""
    listed = ", ".join(f"{name or '?'} ({reason})" for name, reason in refused[:LISTED])
    more = Counter(reason for _, reason in refused[LISTED:])
    counted = ", ".join(f"{n:,} {reason}" for reason, n in more.items())
    return f"Refused: {listed}" + (f" and {more.total():,} more: {counted}" if more else "")
