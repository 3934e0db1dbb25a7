"""A folder of the user's own pictures, of any size and kind, as one tensor."""

import os
from pathlib import Path

import torch

from gan.data.dataset import Dataset, Progress
from gan.errors import DataError
from gan.pictures.picture_file import ENDINGS, Picture, read_picture, stack

RESOLUTION = 32  # pixels a side when the user names none
MIN_PICTURES = 16  # fewer cannot fill a batch
FEW_PICTURES = 200  # fewer get a note on what to expect
MAX_NAMED = 100  # files that a note names; the rest it counts


def load_folder(root: Path, resolution: int, progress: Progress) -> Dataset:
    """Return every picture under `root`, in order of path: images (N, 3, resolution, resolution), N >= MIN_PICTURES.

    Each is turned upright by its EXIF tag, cropped to the centred square, put on white where transparent, and
    resampled (Lanczos). Of an animation the first frame is taken. Where all pictures lie in two or more immediate
    subfolders, those are the classes, with all that is below them; otherwise there are none. Captions are paths
    relative to `root`. Unreadable and oversized files and links to outside are skipped and named in `notes`; other
    kinds of file and names that begin with a dot are ignored. Raises DataError where too few pictures remain.
    """
    paths, outside = find_pictures(root)
    if len(paths) > 1000:
        progress(f"reading {len(paths):,} pictures from {root}")
    pictures: list[Picture] = []
    readable: list[Path] = []
    unreadable: list[Path] = []
    small = 0
    for i, path in enumerate(paths):
        try:
            picture = read_picture(root / path, resolution)
        except Exception:  # decoders raise almost anything on damaged bytes, and one file must not end the load
            unreadable.append(path)
        else:
            pictures.append(picture)
            readable.append(path)
            small += picture.side < resolution
        if i % 1000 == 999:
            progress(f"read {i + 1:,} of {len(paths):,} pictures")

    notes = []
    if unreadable:
        notes.append(f"{count(len(unreadable), 'unreadable file')} skipped: {names(unreadable)}")
    if outside:
        notes.append(f"{count(len(outside), 'link')} to outside the folder skipped: {names(outside)}")
    if len(readable) < MIN_PICTURES:
        raise DataError(
            f"{root} holds {count(len(readable), 'readable picture')}, at least {MIN_PICTURES} are needed "
            f"(200 or more are better): add pictures ({', '.join(e[1:] for e in sorted(ENDINGS))}) or pass another "
            "folder" + "".join(f". {note}" for note in notes)
        )
    if small:
        notes.append(f"{count(small, 'picture')} smaller than {resolution} pixels enlarged")
    if len(readable) < FEW_PICTURES:
        notes.append(f"only {len(readable)} pictures: results will repeat them; {FEW_PICTURES} or more are better")
    classes = class_folders(readable)
    labels = [classes.index(path.parts[0]) if classes else 0 for path in readable]
    images = torch.from_numpy(stack(pictures)).permute(0, 3, 1, 2).contiguous()
    captions = tuple(path.as_posix() for path in readable)
    return Dataset(root.resolve().name, images, torch.tensor(labels), classes, captions, tuple(notes))


def find_pictures(root: Path) -> tuple[list[Path], list[Path]]:
    """Return two sorted lists of paths relative to `root`: files with a picture's ending, and links that lead outside.

    Links to folders are not followed, so there are no loops.
    """
    inside: list[Path] = []
    outside: list[Path] = []
    home = root.resolve()
    for folder, folders, files in os.walk(root):
        folders[:] = [f for f in folders if not f.startswith(".")]
        for file in files:
            path = Path(folder, file)
            if file.startswith(".") or path.suffix.lower() not in ENDINGS:
                continue
            leads_out = path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(home)
            (outside if leads_out else inside).append(path.relative_to(root))
    return sorted(inside, key=Path.as_posix), sorted(outside, key=Path.as_posix)


def class_folders(paths: list[Path]) -> tuple[str, ...]:
    """Return the sorted first parts of relative `paths`; none where there is only one, or a path has no folder."""
    classes = sorted({path.parts[0] for path in paths})
    return tuple(classes) if len(classes) > 1 and all(len(path.parts) > 1 for path in paths) else ()


def count(n: int, thing: str) -> str:
    """Return a count with its noun: 1 file, 2 files."""
    return f"{n:,} {thing}" + ("" if n == 1 else "s")


def names(paths: list[Path]) -> str:
    """Return the first `MAX_NAMED` of `paths` as text, then the number of the rest."""
    more = f" and {len(paths) - MAX_NAMED:,} more" if len(paths) > MAX_NAMED else ""
    return ", ".join(path.as_posix() for path in paths[:MAX_NAMED]) + more
