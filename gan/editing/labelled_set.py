"""A folder of labelled pictures: pictures/, masks/ and labels.json, for anybody's training, or painted for ours.

A mask is a PNG whose pixels are numbers of parts, with a palette, so that it can be looked at; 255 is unpainted. In
labels.json stand the parts' names and, of pictures of a model, the seed and the classes of each.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from gan.editing.parts import BATCH, UNPAINTED, Painted, Parts
from gan.errors import DataError, FolderError
from gan.io import read_json, write_bytes
from gan.models.latent import MAX_SEED
from gan.models.model import Model

FILE, PICTURES, MASKS = "labels.json", "pictures", "masks"
# Of parts in turn; the first, mostly the background, is dark. Chosen to be told apart by most eyes (Okabe and Ito).
COLOURS = (
    (34, 34, 40), (230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0),
    (204, 121, 167), (150, 150, 150),
)  # fmt: skip
MAX_PAINTED = 1_000  # pictures that are read to teach a head
MAX_LABELLED = 1_000_000  # to teach a reader


def write_set(folder: Path, model: Model, parts: Parts, seeds: Sequence[int]) -> None:
    """Write samples of a model, and the parts in them, into a folder that is new or empty; DataError for any other."""
    _write(folder, model, parts.names, seeds, parts.of)


def write_blank(folder: Path, model: Model, seeds: Sequence[int], names: Sequence[str]) -> None:
    """Write samples of a model with masks in which nothing is painted yet; otherwise as `write_set`."""

    def nothing(z: Tensor, y: Tensor | None) -> np.ndarray:
        return np.full((len(z), model.resolution, model.resolution), UNPAINTED, np.uint8)

    _write(folder, model, names, seeds, nothing)


def _write(
    folder: Path,
    model: Model,
    names: Sequence[str],
    seeds: Sequence[int],
    label: Callable[[Tensor, Tensor | None], np.ndarray],
) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError(f"{folder}: there is something already: name a new or an empty folder")
    for name in (PICTURES, MASKS):
        (folder / name).mkdir(parents=True, exist_ok=True)
    entries = []
    for start in range(0, len(seeds), BATCH):
        some = seeds[start : start + BATCH]
        z, y = model.latents(some), model.class_weights(some)
        rows = [[] for _ in some] if y is None else [row.nonzero().flatten().tolist() for row in y]
        for seed, picture, mask, classes in zip(some, model.render(z, y), label(z, y), rows, strict=True):
            name = f"{seed:010d}.png"
            Image.fromarray(picture[..., 0] if picture.shape[2] == 1 else picture).save(folder / PICTURES / name)
            save_mask(folder / MASKS / name, mask)
            entries.append({"file": name, "seed": seed, "classes": [model.classes[i] for i in classes]})
    about = {"parts": list(names), "unpainted": UNPAINTED, "model": model.name, "pictures": entries}
    write_bytes(folder / FILE, (json.dumps(about, indent=1) + "\n").encode())


def save_mask(path: Path, mask: np.ndarray) -> None:
    """Write a mask, uint8 (R, R), as a PNG with a palette."""
    image = Image.fromarray(mask).convert("P")
    palette = [value for i in range(256) for value in COLOURS[i % len(COLOURS)]]
    palette[3 * UNPAINTED :] = [255, 255, 255]
    image.putpalette(palette)
    image.save(path, "PNG")


def read_set(folder: Path, model: Model) -> Painted:
    """Read painted samples of a model. DataError, with the file and the fault: nothing in the folder is trusted."""
    about = _read_about(folder / FILE)
    seeds, masks, classes = [], [], []
    for name, seed, own in _entries(about, folder / FILE):
        masks.append(_read_mask(folder / MASKS / name, model.resolution))
        seeds.append(seed)
        classes.append(frozenset(own))
    try:
        y = model.class_weights(seeds, [one or None for one in classes] if model.classes else None)
        return Painted(model.latents(seeds), y, np.stack(masks), tuple(about["parts"]))
    except ValueError as error:
        raise DataError(f"{folder / FILE}: {error}") from None


def read_pictures(folder: Path, side: int, channels: int) -> tuple[Tensor, np.ndarray, tuple[str, ...]]:
    """Read a labelled set: pictures uint8 (N, C, side, side), masks uint8 (N, side, side), and the parts' names.

    DataError as `read_set`, for a picture of another size or mode, and for a mask with a part that has no name.
    """
    about = _read_about(folder / FILE)
    names = tuple(about["parts"])
    files = [name for name, *_ in _entries(about, folder / FILE, MAX_LABELLED)]
    pictures = [_read_picture(folder / PICTURES / name, side, channels) for name in files]
    masks = np.stack([_read_mask(folder / MASKS / name, side) for name in files])
    known = masks[masks != UNPAINTED]
    if known.size and known.max() >= len(names):
        raise DataError(f"{folder / MASKS}: labels must be below {len(names)}, or {UNPAINTED}, got {known.max()}")
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).contiguous(), masks, names


def _read_about(path: Path) -> dict:
    try:
        about = read_json(path)
    except FolderError as error:
        raise DataError(str(error)) from None
    parts = about.get("parts") if isinstance(about, dict) else None
    if not isinstance(parts, list) or not all(isinstance(part, str) and len(part) <= 100 for part in parts):
        raise DataError(f"{path}: must be an object with `parts`, a list of names")
    return about


def _entries(about: dict, path: Path, most: int = MAX_PAINTED) -> Iterator[tuple[str, int, list[str]]]:
    """Yield (file, seed, classes) of each picture."""
    pictures = about.get("pictures")
    if not isinstance(pictures, list) or not 1 <= len(pictures) <= most:
        raise DataError(f"{path}: `pictures` must be a list of 1 to {most}")
    for entry in pictures:
        entry = entry if isinstance(entry, dict) else {}
        name, seed, classes = entry.get("file"), entry.get("seed"), entry.get("classes", [])
        if not isinstance(name, str) or not _is_plain(name) or type(seed) is not int or not 0 <= seed <= MAX_SEED:
            raise DataError(f"{path}: a picture needs `file`, a name of a PNG, and `seed`; got {str(entry)[:200]}")
        if not isinstance(classes, list) or not all(isinstance(one, str) for one in classes):
            raise DataError(f"{path}: `classes` of {name} must be a list of names")
        yield name, seed, classes


def _is_plain(name: str) -> bool:
    return name == Path(name).name and name.endswith(".png") and not name.startswith(".") and "\0" not in name


def _read_picture(path: Path, side: int, channels: int) -> np.ndarray:
    """Return a picture, uint8 (side, side, channels)."""
    mode = "L" if channels == 1 else "RGB"
    return _read_png(path, side, (mode,), f"{side} x {side} and of mode {mode}").reshape(side, side, channels)


def _read_mask(path: Path, side: int) -> np.ndarray:
    """Return a mask as numbers, uint8 (side, side); its colours do not count."""
    return _read_png(path, side, ("P", "L"), f"{side} x {side} and of one number a pixel")


def _read_png(path: Path, side: int, modes: Sequence[str], wanted: str) -> np.ndarray:
    try:
        if path.is_symlink() or not path.is_file():
            raise ValueError("no plain file")
        with Image.open(path, formats=("PNG",)) as image:
            if image.size != (side, side) or image.mode not in modes:
                raise ValueError(f"must be {wanted}")
            return np.array(image, np.uint8)
    except MemoryError:
        raise
    except Exception as error:  # decoders raise almost anything on damaged bytes
        what = "mask" if "P" in modes else "picture"
        raise DataError(f"{path}: not a {what} that can be read ({error})"[:300]) from None
