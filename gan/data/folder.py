"""A folder of the user's own pictures, of any size and kind, as one tensor."""

import os
import warnings
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps

from gan.data.dataset import Dataset, Progress, require_train
from gan.errors import DataError

RESOLUTION = 32  # pixels a side when the user names none
MIN_PICTURES = 16  # fewer cannot fill a batch
FEW_PICTURES = 200  # below this the user is told what to expect
MAX_PIXELS = 80_000_000  # in one file; a larger one is more likely an attack or a mistake than a photograph
NAMED = 100  # files named in a note before it goes on to count
ENDINGS = {".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".ppm", ".pgm", ".pbm"}
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "PPM")  # no others: some of Pillow's start programs


def load_folder(root: Path, resolution: int, split: str, progress: Progress) -> Dataset:
    """Every picture under `root`, in order of path: images (N, 3, resolution, resolution), N >= MIN_PICTURES.

    Each is turned upright by its EXIF tag, cropped to the centred square, put on white where transparent, and
    resampled (Lanczos). Of an animation the first frame is taken. Where all pictures lie in two or more immediate
    subfolders, those are the classes, with all that is below them; otherwise there are none. Captions are paths
    relative to `root`. Unreadable, oversized and outside files are left out and named in `notes`.
    Other kinds of file and names that begin with a dot are passed over in silence.
    Raises DataError where too few pictures are left.
    """
    require_train(f"the folder {root}", split)
    paths, outside = find_pictures(root)
    if len(paths) > 1000:
        progress(f"reading {len(paths):,} pictures from {root}")
    pictures, kept, unreadable, small = [], [], [], 0
    for i, path in enumerate(paths):
        try:
            pixels, side = read_picture(root / path, resolution)
        except Exception:  # decoders raise nearly anything on damaged bytes, and one file must not end the load
            unreadable.append(path)
        else:
            pictures.append(pixels)
            kept.append(path)
            small += side < resolution
        if i % 1000 == 999:
            progress(f"read {i + 1:,} of {len(paths):,} pictures")

    notes = []
    if unreadable:
        notes.append(f"{count(len(unreadable), 'unreadable file')} skipped: {names(unreadable)}")
    if outside:
        notes.append(f"{count(len(outside), 'link')} to outside the folder skipped: {names(outside)}")
    if len(kept) < MIN_PICTURES:
        raise DataError(
            f"{root} holds {count(len(kept), 'readable picture')}, at least {MIN_PICTURES} are needed "
            f"(200 or more are better): add pictures ({', '.join(e[1:] for e in sorted(ENDINGS))}) or pass another "
            "folder" + "".join(f". {note}" for note in notes)
        )
    if small:
        notes.append(f"{count(small, 'picture')} smaller than {resolution} pixels enlarged")
    if len(kept) < FEW_PICTURES:
        notes.append(f"only {len(kept)} pictures: results will repeat them; {FEW_PICTURES} or more are better")
    classes = class_folders(kept)
    labels = [classes.index(path.parts[0]) if classes else 0 for path in kept]
    images = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous()
    captions = tuple(path.as_posix() for path in kept)
    return Dataset(root.resolve().name, images, torch.tensor(labels), classes, captions, tuple(notes))


def find_pictures(root: Path) -> tuple[list[Path], list[Path]]:
    """Paths relative to `root`, sorted: files with a picture's ending, and links among them that lead outside.

    Links to folders are not followed, so there are no loops.
    """
    inside, outside, home = [], [], root.resolve()
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
    """The sorted first parts of relative `paths`; empty where there is one alone, or a path has no folder."""
    classes = sorted({path.parts[0] for path in paths})
    return tuple(classes) if len(classes) > 1 and all(len(path.parts) > 1 for path in paths) else ()


def read_picture(path: Path, resolution: int) -> tuple[np.ndarray, int]:
    """One file as uint8 (resolution, resolution, 3), and its shorter side in pixels before that.

    Raises whatever Pillow does on a file it cannot decode in full, and ValueError beyond MAX_PIXELS, undecoded.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        with Image.open(path, formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ValueError(f"{image.width}x{image.height} is more than {MAX_PIXELS:,} pixels")
            side = min(image.size)
            image.draft(None, (2 * resolution, 2 * resolution))  # a huge JPEG is decoded at a fraction of its size
            image.load()
            upright = ImageOps.exif_transpose(image)
    cut = min(upright.size)
    left, top = (upright.width - cut) // 2, (upright.height - cut) // 2
    square = flatten(upright.crop((left, top, left + cut, top + cut)))
    return np.asarray(square.resize((resolution, resolution), Image.Resampling.LANCZOS, reducing_gap=3.0)), side


def flatten(image: Image.Image) -> Image.Image:
    """Any mode to RGB: transparency over white, 16-bit grey by its full range, floats from least to greatest."""
    if image.mode.startswith("I"):  # "I" is how Pillow holds 16 bits in files that name no byte order
        grey = np.clip(np.asarray(image).astype(np.int64), 0, 65535)
        return Image.fromarray(((grey * 255 + 32767) // 65535).astype(np.uint8)).convert("RGB")
    if image.mode == "F":
        grey = np.asarray(image)
        if not np.isfinite(grey).all():
            raise ValueError("the picture holds values that are no numbers")
        grey = (grey - grey.min()) / max(float(np.ptp(grey)), 1e-12)
        return Image.fromarray(np.rint(grey * 255).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")
    return image.convert("RGB")


def count(n: int, thing: str) -> str:
    """1 file, 2 files."""
    return f"{n:,} {thing}" + ("" if n == 1 else "s")


def names(paths: list[Path]) -> str:
    """The first few of `paths`, then how many more."""
    more = f" and {len(paths) - NAMED:,} more" if len(paths) > NAMED else ""
    return ", ".join(path.as_posix() for path in paths[:NAMED]) + more
