"""A folder of the user's own pictures, of any size and kind, as one tensor."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image

from gan.data.dataset import Dataset, Progress
from gan.data.picture_folder import HUGE, TESTING, UNREADABLE, PictureFolder, find_classes, find_pictures
from gan.errors import DataError
from gan.pictures.picture_file import ENDINGS, Picture, TooManyPixels, read_picture, stack
from gan.text import count, printable

RESOLUTION = 32  # pixels a side when the user names none
MIN_PICTURES = 16  # fewer cannot fill a batch
FEW_PICTURES = 200  # fewer get a note on what to expect
TOO_LARGE = (TooManyPixels, Image.DecompressionBombError, Image.DecompressionBombWarning)


def load_folder(root: Path, resolution: int, progress: Progress) -> Dataset:
    """Return every picture under `root`, in order of path: images (N, 3, resolution, resolution), N >= MIN_PICTURES.

    Each is turned upright by its EXIF tag, cropped to the centred square, put on white where transparent, and
    resampled (Lanczos). Of an animation the first frame is taken. Where all pictures lie in two or more subfolders of
    the same folder, those are the classes, with all that is below them; otherwise there are none. Of `train` and `val`
    only `train` is read. Captions are paths relative to `root`. `notes` tell the classes, and whatever is left out,
    with the reason: see `gan.data.picture_folder`. Raises DataError where too few pictures remain.
    """
    found = find_pictures(root)
    if len(found.pictures) > 1000:
        progress(f"reading {len(found.pictures):,} pictures from {root}")
    pictures, paths = _read(found, resolution, progress)
    if len(pictures) < MIN_PICTURES:
        kinds = ", ".join(ending[1:] for ending in sorted(ENDINGS))
        raise DataError(
            f"{root} holds {count(len(pictures), 'readable picture')}, at least {MIN_PICTURES} are needed "
            f"({FEW_PICTURES} or more are better): add pictures ({kinds}) or pass another folder"
            + "".join(f". {note}" for note in found.notes())
        )
    classes = find_classes(found, paths)
    notes = [*found.notes(), *filter(None, [classes.note]), *size_notes(pictures, resolution)]
    images = torch.from_numpy(stack(pictures)).permute(0, 3, 1, 2).contiguous()
    captions = tuple(printable(path.as_posix()) for path in paths)
    name = printable(root.resolve().name)
    return Dataset(name, images, torch.tensor(classes.labels), classes.names, captions, tuple(notes))


def load_held_out(root: Path, resolution: int, progress: Progress) -> Dataset | None:
    """Return the pictures that `load_folder` leaves out because their folders' names say so, such as val; unlabelled.

    They are read as `load_folder` reads the others. None where there are none. DataError for fewer than MIN_PICTURES.
    """
    found = find_pictures(root)
    found.pictures = sorted(found.skipped.pop(TESTING, []), key=Path.as_posix)
    if not found.pictures:
        return None
    pictures, _ = _read(found, resolution, progress)
    if len(pictures) < MIN_PICTURES:
        raise DataError(
            f"{root} holds {count(len(pictures), 'readable picture')} to be held out of training, at least "
            f"{MIN_PICTURES} are needed: add pictures to that folder, or move it elsewhere"
        )
    images = torch.from_numpy(stack(pictures)).permute(0, 3, 1, 2).contiguous()
    return Dataset(printable(root.resolve().name), images, torch.zeros(len(images), dtype=torch.int64), ())


def _read(found: PictureFolder, resolution: int, progress: Progress) -> tuple[list[Picture], list[Path]]:
    """Return the pictures that can be read, and their paths; the others go to what is skipped."""
    pictures: list[Picture] = []
    paths: list[Path] = []
    for i, path in enumerate(found.pictures):
        picture = decode(found.root / path, resolution)
        if isinstance(picture, str):
            found.skipped[picture].append(path)
        else:
            pictures.append(picture)
            paths.append(path)
        if i % 1000 == 999:
            progress(f"read {i + 1:,} of {len(found.pictures):,} pictures")
    return pictures, paths


def decode(source: Path | bytes, resolution: int) -> Picture | str:
    """Read one picture as `read_picture` does, or return why it is left out, as `gan.data.picture_folder` tells it."""
    try:
        return read_picture(source, resolution)
    except TOO_LARGE:
        return HUGE
    except MemoryError:  # of this machine, and not the file's fault
        raise
    except Exception as error:  # decoders raise almost anything on damaged bytes, and one file must not end all
        system = error.strerror if isinstance(error, OSError) and error.errno else ""
        return f"{UNREADABLE} ({system})" if system else UNREADABLE


def size_notes(pictures: Sequence[Picture], resolution: int) -> list[str]:
    """Return sentences on pictures that are equal, that had to be enlarged, and on too few of them."""
    notes = []
    different = len({hashlib.blake2b(picture.pixels.tobytes(), digest_size=16).digest() for picture in pictures})
    if different == 1:
        notes.append(f"all {len(pictures):,} pictures are equal, so there is only one to learn: add different ones")
    elif copies := len(pictures) - different:
        notes.append(f"{count(copies, 'picture')} equal to others at this size: {different:,} different ones are there")
    if small := sum(picture.side < resolution for picture in pictures):
        notes.append(f"{count(small, 'picture')} smaller than {resolution} pixels enlarged")
    if different < FEW_PICTURES:
        notes.append(f"only {different} pictures: results will repeat them; {FEW_PICTURES} or more are better")
    return notes
