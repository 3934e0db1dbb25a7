"""`mnist` and `fashion-mnist`: 70,000 grey pictures of 28x28, through torchvision; and their bundled subsets."""

import os
import shutil
import socket
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from gan import scratch
from gan.data.dataset import Dataset, Progress, resize
from gan.data.image_sheet import BUNDLED, read_sheet
from gan.errors import DataError

SIZE = 28  # pixels a side
SUBSET = 10_000  # pictures bundled of each, 1,000 a class; picture i is of class i % 10
TIMEOUT = 10.0  # seconds without one byte from a server before a download fails

# name -> (torchvision's class, which is also the folder under the data root; names of the ten classes)
FAMILY = {
    "mnist": ("MNIST", tuple("0123456789")),
    "fashion-mnist": (
        "FashionMNIST",
        ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    ),
}
FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}


def load_mnist(root: Path, resolution: int, split: str, progress: Progress) -> Dataset:
    """Return handwritten digits: images (60000, 1, H, H), or 10,000 for split "test"; white on black.

    They are read from `root`/MNIST/raw, downloaded there when absent (11 MB). 32 pixels are 28 with a black margin of
    2, 64 are those 32 doubled. Raises DataError without network and for damaged files, which it names.
    """
    return _load_full("mnist", root, resolution, split, progress)


def load_fashion_mnist(root: Path, resolution: int, split: str, progress: Progress) -> Dataset:
    """Return articles of clothing, otherwise as `load_mnist`: from `root`/FashionMNIST/raw (30 MB to download)."""
    return _load_full("fashion-mnist", root, resolution, split, progress)


def load_mnist_10k(root: Path, resolution: int, split: str, progress: Progress) -> Dataset:
    """Return 10,000 training digits from this package, 1,000 a class: images (10000, 1, H, H). Needs no network."""
    return _load_subset("mnist", resolution)


def load_fashion_mnist_10k(root: Path, resolution: int, split: str, progress: Progress) -> Dataset:
    """Return 10,000 training articles from this package, 1,000 a class: images (10000, 1, H, H). Needs no network."""
    return _load_subset("fashion-mnist", resolution)


def paths(name: str) -> tuple[str, ...]:
    """Return the paths under the data root of the files of `name`, a key of `FAMILY`: all four, for either split."""
    return tuple(f"{FAMILY[name][0]}/raw/{file}" for pair in FILES.values() for file in pair)


def subset_sheet(name: str) -> Path:
    """Return the path of the bundled subset of `name`, a key of `FAMILY`."""
    return BUNDLED / f"{name}-10k.webp"


def pad_and_resize(images: torch.Tensor, resolution: int) -> torch.Tensor:
    """Turn uint8 (N, 1, 28, 28) into uint8 (N, 1, H, H): with a black margin of 2, then resampled, unless H is 28."""
    return images if resolution == SIZE else resize(functional.pad(images, (2, 2, 2, 2)), resolution)


def _load_subset(name: str, resolution: int) -> Dataset:
    pictures = read_sheet(subset_sheet(name), "L", SIZE, SUBSET)
    images = torch.from_numpy(pictures).permute(0, 3, 1, 2).contiguous()
    return Dataset(f"{name}-10k", pad_and_resize(images, resolution), torch.arange(SUBSET) % 10, FAMILY[name][1])


def _load_full(name: str, root: Path, resolution: int, split: str, progress: Progress) -> Dataset:
    from torchvision import datasets  # slow to import, and needed here alone

    folder, classes = FAMILY[name]
    raw = root / folder / "raw"
    if not all((root / path).is_file() for path in paths(name)):
        progress(f"{name} is not in {raw}: downloading")
        _download(getattr(datasets, folder), name, root, raw)
    count = _check_idx(raw / FILES[split][0], (SIZE, SIZE))
    if (labelled := _check_idx(raw / FILES[split][1], ())) != count:
        raise DataError(f"{raw / FILES[split][1]} holds {labelled} labels for {count} pictures: {_cure(raw)}")
    data = getattr(datasets, folder)(root, train=split == "train", download=False)
    if int(data.targets.max()) >= len(classes):
        raise DataError(f"{raw / FILES[split][1]} holds a label {int(data.targets.max())} of 0 to 9: {_cure(raw)}")
    return Dataset(name, pad_and_resize(data.data.unsqueeze(1), resolution), data.targets.long(), classes)


def _cure(raw: Path) -> str:
    return f"delete {raw} to download it again, or pass --data-root DIR where DIR/{raw.parent.name}/raw is sound"


def _check_idx(path: Path, item: tuple[int, ...]) -> int:
    """Return the number, at least 1, of items of uint8 shape `item` in an IDX file; DataError unless its size agrees.

    The format: two zero bytes, 8 for uint8, the number of dimensions, each dimension as big-endian int32, the data.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        header = file.read(4 + 4 * (1 + len(item)))
    shape = tuple(np.frombuffer(header[4 : len(header) // 4 * 4], ">i4").tolist())
    if header[:4] != bytes((0, 0, 8, 1 + len(item))) or shape[1:] != item or shape[0] < 1:
        raise DataError(f"{path} is no IDX file of {'28x28 pictures' if item else 'labels'}: {_cure(path.parent)}")
    if size != (expected := len(header) + int(np.prod(shape, dtype=np.int64))):
        raise DataError(f"{path} is damaged: {size:,} bytes where {expected:,} are needed: {_cure(path.parent)}")
    return shape[0]


def _download(kind: type, name: str, root: Path, raw: Path) -> None:
    """Fetch the four files with torchvision's class `kind`, in a folder aside, then move them to `raw`.

    An interrupted download thus never looks like a finished one. A .gz already in `raw` is used if its checksum is
    right. torchvision draws its progress bars on stderr.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        with scratch.folder(near=root) as aside, _timeout(TIMEOUT):
            fetched = Path(aside, *raw.relative_to(root).parts)
            fetched.mkdir(parents=True)
            for packed in raw.glob("*.gz"):
                shutil.copy(packed, fetched)
            kind(aside, download=True)
            raw.mkdir(parents=True, exist_ok=True)
            for pair in FILES.values():
                for file in pair:
                    if not (raw / file).exists():
                        os.replace(fetched / file, raw / file)
    except (OSError, RuntimeError, HTTPException, EOFError, zlib.error) as error:
        reason = str(error).strip().splitlines()[-1:] or [type(error).__name__]
        raise DataError(
            f"{name} is not in {raw} and could not be downloaded there ({reason[0]}): pass --data-root DIR where "
            f"DIR/{kind.__name__}/raw holds the four IDX files, or --dataset {name}-10k, which needs no network"
        ) from error


@contextmanager
def _timeout(seconds: float) -> Iterator[None]:
    """Let new sockets time out; urllib, which torchvision uses, takes only the global default."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
