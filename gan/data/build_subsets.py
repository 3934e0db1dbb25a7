"""Build bundled/mnist-10k.webp and bundled/fashion-mnist-10k.webp from the full training splits.

    python -m gan.data.build_subsets DATA_ROOT

DATA_ROOT holds MNIST/raw and FashionMNIST/raw, or they are downloaded there. Of each class's n pictures, in file order,
those at floor(k n / 1000) for k = 0 to 999 are chosen: without random numbers, evenly over the whole file. Sheets hold
the classes in turn, 0 to 9, so labels need no file. Takes about half a minute a sheet.
"""

import sys
from pathlib import Path

import torch

from gan.data.image_sheet import write_sheet
from gan.data.mnist import FAMILY, SIZE, SUBSET, load_fashion_mnist, load_mnist, subset_sheet
from gan.errors import DataError


def choose(labels: torch.Tensor, per_class: int) -> torch.Tensor:
    """Choose indices int64 (per_class * 10,) into `labels`, int64 (N,): evenly spaced in each class, classes in turn.

    Raises DataError where a class has fewer than `per_class` pictures.
    """
    columns = []
    for k in range(10):
        where = torch.nonzero(labels == k)[:, 0]
        if len(where) < per_class:
            raise DataError(f"class {k} has {len(where)} pictures, {per_class} are needed: use the full training split")
        columns.append(where[torch.arange(per_class) * len(where) // per_class])
    return torch.stack(columns, 1).flatten()


def build(root: Path) -> None:
    """Read both sets from `root` and write both sheets."""
    for name, load in zip(FAMILY, (load_mnist, load_fashion_mnist), strict=True):
        full = load(root, SIZE, "train", print)
        pictures = full.images[choose(full.labels, SUBSET // 10)].permute(0, 2, 3, 1).numpy()
        size = write_sheet(subset_sheet(name), pictures, columns=100)
        print(f"{len(pictures):,} pictures: {subset_sheet(name).name} {size:,} bytes")


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        sys.exit("usage: python -m gan.data.build_subsets DATA_ROOT   (holds MNIST/raw and FashionMNIST/raw)")
    try:
        build(Path(sys.argv[1]))
    except DataError as error:
        sys.exit(str(error))
