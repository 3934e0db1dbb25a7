"""A folder of pairs: two subfolders with pictures of the same names, or pictures that show both side by side."""

from __future__ import annotations

from pathlib import Path

import torch

from gan.data.dataset import Progress
from gan.data.domains import MIN_PICTURES, Pairs, match_names
from gan.data.folder import load_folder
from gan.data.picture_folder import find_pictures
from gan.errors import DataError
from gan.pictures.picture_file import NotTwoSquares, read_picture, stack
from gan.text import count, listed, printable

LAYOUTS = (
    "put the pictures of A into one subfolder and those of B, under the same names, into another, or both side by side "
    "into one picture that is twice as wide as it is high"
)


def load_pair_folder(root: Path, resolution: int, progress: Progress) -> Pairs:
    """Return the pairs under `root`: uint8 (N, 3, resolution, resolution) each, in order of name.

    A is the subfolder that comes first by name, or the left half. `notes` name, one by one, what has no partner or is
    not twice as wide as high. DataError where fewer than `MIN_PICTURES` pairs remain.
    """
    found = find_pictures(root)
    if not found.pictures:
        raise DataError(f"{root} holds no pictures: {LAYOUTS}")
    inside = [path.relative_to(found.home).parts for path in found.pictures]
    folders = sorted({parts[0] for parts in inside if len(parts) > 1})
    if len(folders) == 2 and all(len(parts) > 1 for parts in inside):
        return _two_folders(root / found.home, folders, resolution, progress)
    if folders:
        raise DataError(f"{root} holds pictures in {count(len(folders), 'folder')}, {listed(folders)}: {LAYOUTS}")
    return _side_by_side(root, found.pictures, found.notes(), resolution, progress)


def _two_folders(home: Path, folders: list[str], resolution: int, progress: Progress) -> Pairs:
    a, b = (load_folder(home / folder, resolution, progress) for folder in folders)
    rows_a, rows_b, alone = match_names(a, b)
    notes = [f"A is {a.name}, B is {b.name}", *alone]
    notes += [f"{d.name}: {note}" for d in (a, b) for note in d.notes]
    captions = tuple(a.captions[row] for row in rows_a.tolist())
    return Pairs(printable(home.resolve().name), a.images[rows_a], b.images[rows_b], captions, tuple(notes))


def _side_by_side(root: Path, paths: list[Path], notes: list[str], resolution: int, progress: Progress) -> Pairs:
    halves, kept, wrong, unreadable = [], [], [], []
    for i, path in enumerate(paths):
        try:
            halves.append([read_picture(root / path, resolution, half=half) for half in (0, 1)])
            kept.append(path)
        except NotTwoSquares:
            wrong.append(path)
        except MemoryError:  # of this machine, and not the file's fault
            raise
        except Exception:  # decoders raise almost anything on damaged bytes, and one file must not end all
            unreadable.append(path)
        if i % 1000 == 999:
            progress(f"read {i + 1:,} of {len(paths):,} pictures")
    if wrong:
        notes.append(f"{count(len(wrong), 'picture')} skipped that are not twice as wide as high: {listed(wrong)}")
    if unreadable:
        notes.append(f"{count(len(unreadable), 'unreadable file')} skipped: {listed(unreadable)}")
    if len(kept) < MIN_PICTURES:
        raise DataError(
            f"{root} holds {count(len(kept), 'pair')}, at least {MIN_PICTURES} are needed: {LAYOUTS}"
            + "".join(f". {note}" for note in notes)
        )
    a, b = (torch.from_numpy(stack([pair[i] for pair in halves])).permute(0, 3, 1, 2).contiguous() for i in (0, 1))
    captions = tuple(printable(path.as_posix()) for path in kept)
    return Pairs(printable(root.resolve().name), a, b, captions, tuple(notes))
