"""What every source of pictures becomes: one tensor of bytes, held whole in memory."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch.nn import functional

from gan.errors import DataError

SPLITS = ("train", "test")

Progress = Callable[[str], None]  # takes one line of text, shortly before or during something slow


@dataclass(frozen=True)
class Dataset:
    """Square pictures and what is known about them.

    images    uint8 (N, C, H, H), values 0 to 255, C = 1 or 3 (sRGB), N >= 1
    labels    int64 (N,), indices into `classes`; all zero where there are no classes
    classes   names of the K classes; empty where the pictures are unlabelled
    captions  N names, one a picture; empty where the pictures have no names
    notes     sentences the user should read, e.g. about files that were skipped
    """

    name: str
    images: torch.Tensor
    labels: torch.Tensor
    classes: tuple[str, ...]
    captions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        n = len(self.images)
        assert self.images.dtype == torch.uint8 and self.images.ndim == 4, "images must be uint8 (N, C, H, W)"
        assert n and self.images.shape[2] == self.images.shape[3], "images must be square, and at least one"
        assert self.labels.dtype == torch.int64 and self.labels.shape == (n,), "labels must be int64 (N,)"
        assert int(self.labels.min()) >= 0 and int(self.labels.max()) < max(len(self.classes), 1)
        assert len(self.captions) in (0, n), "captions must be empty or one a picture"


@dataclass(frozen=True)
class Source:
    """One entry of `DATASETS`.

    load        (root, resolution, split, progress) -> Dataset, or DataError
    resolution  pixels a side when the user names none
    about       a few words for menus
    licence     of the pictures, not of this program
    hub         what the Hugging Face Hub calls it, "" where it is not there
    download    megabytes to fetch before its first use; 0 where it is bundled
    """

    load: Callable[[Path, int, str, Progress], Dataset]
    resolution: int
    about: str
    licence: str
    hub: str = ""
    download: int = 0


def resize(images: torch.Tensor, resolution: int) -> torch.Tensor:
    """Resample uint8 (N, C, H, H) to uint8 (N, C, resolution, resolution).

    Antialiased bicubic, rounded and clamped to 0..255; the input itself where the size is already right.
    Works in slices, so the peak is the result and a little more.
    """
    if images.shape[-1] == resolution:
        return images
    size = (resolution, resolution)
    slices = [functional.interpolate(s, size=size, mode="bicubic", antialias=True) for s in images.split(4096)]
    return torch.cat(slices)


def require_train(name: str, split: str) -> None:
    """Raise DataError for any split but "train", for sources that have no other."""
    if split != "train":
        raise DataError(f"{name} has no {split!r} split: use split='train', or --dataset mnist or fashion-mnist")
