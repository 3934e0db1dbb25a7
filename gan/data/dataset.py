"""`Dataset`, the form in which every source of pictures is held in memory, and `Source`, an entry of `DATASETS`."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch.nn import functional

from gan.config import ClassGroup
from gan.data.attribute_codes import AttributeCodes

SPLITS = ("train", "test")

Progress = Callable[[str], None]  # takes one line of text, shortly before or during something slow


@dataclass(frozen=True)
class Dataset:
    """Square pictures with their labels, all in memory.

    images    uint8 (N, C, H, H), values 0 to 255, C = 1 or 3 (sRGB), N >= 1
    labels    one class a picture: int64 (N,), indices into `classes`; all zero where there are no classes.
              Several: uint8 (N, K), 1 for each class that a picture has
    classes   names of the K classes; empty where the pictures are unlabelled
    groups    of the classes, where a picture has several (see `ClassGroup`); empty where it has one
    captions  N names, one a picture; empty where the pictures have no names
    notes     sentences the user should read, e.g. about files that were skipped
    codes     what is known of every picture besides its classes; None where that is nothing
    """

    name: str
    images: torch.Tensor
    labels: torch.Tensor
    classes: tuple[str, ...]
    captions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    groups: tuple[ClassGroup, ...] = ()
    codes: AttributeCodes | None = None

    def __post_init__(self) -> None:
        n = len(self.images)
        assert self.images.dtype == torch.uint8 and self.images.ndim == 4, "images must be uint8 (N, C, H, W)"
        assert n and self.images.shape[2] == self.images.shape[3], "images must be square, and at least one"
        if self.groups:
            assert self.labels.dtype == torch.uint8 and self.labels.shape == (n, len(self.classes))
            assert sum(group.size for group in self.groups) == len(self.classes), "groups must hold every class"
        else:
            assert self.labels.dtype == torch.int64 and self.labels.shape == (n,), "labels must be int64 (N,)"
            assert int(self.labels.min()) >= 0 and int(self.labels.max()) < max(len(self.classes), 1)
        assert len(self.captions) in (0, n), "captions must be empty or one a picture"

    def class_weights(self) -> torch.Tensor:
        """Return the classes of every picture as float32 (N, K), 1 for each that it has."""
        if self.groups:
            return self.labels.float()
        return torch.eye(max(len(self.classes), 1))[self.labels][:, : len(self.classes)]

    def strata(self) -> torch.Tensor:
        """Return int64 (N,), equal for pictures of the same classes."""
        return self.labels.unique(dim=0, return_inverse=True)[1] if self.groups else self.labels


@dataclass(frozen=True)
class Source:
    """One entry of `DATASETS`: a data set, and all that the rest of the program needs to know of it.

    load        (root, resolution, split, progress) -> Dataset, or DataError; split is one of `splits`
    resolution  pixels a side when the user names none
    about       a few words for menus
    licence     of the pictures, not of this program
    hub         its name on the Hugging Face Hub, "" where it is not there
    download    megabytes to fetch before its first use; 0 where it is bundled
    splits      "train", and "test" where it has held-out pictures
    files       paths under the data root that `load` needs, whatever the split; where all exist nothing is downloaded
    subset_of   name of the data set of which it holds a part of the training split, "" for none: that one's test split
                and classifier serve for this one too
    """

    load: Callable[[Path, int, str, Progress], Dataset]
    resolution: int
    about: str
    licence: str
    hub: str = ""
    download: int = 0
    splits: tuple[str, ...] = ("train",)
    files: tuple[str, ...] = ()
    subset_of: str = ""

    def is_present(self, root: Path) -> bool:
        """Return True where `load` needs no download: all its files lie under `root`."""
        return all((root / file).is_file() for file in self.files)


def resize(images: torch.Tensor, resolution: int) -> torch.Tensor:
    """Resample uint8 (N, C, H, H) to uint8 (N, C, resolution, resolution).

    Antialiased bicubic, rounded and clamped to 0..255; the input itself where the size is already right. Works in
    slices: peak memory is little more than the result.
    """
    if images.shape[-1] == resolution:
        return images
    size = (resolution, resolution)
    slices = [functional.interpolate(s, size=size, mode="bicubic", antialias=True) for s in images.split(4096)]
    return torch.cat(slices)
