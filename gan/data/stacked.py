"""`stacked-mnist`: three digits as the red, green and blue of one picture, which gives 1,000 countable modes."""

from pathlib import Path

import torch

from gan.data.dataset import Dataset, Progress
from gan.data.mnist import load_mnist

PICTURES = 128_000


def load_stacked_mnist(root: Path, resolution: int, split: str, progress: Progress) -> Dataset:
    """Return images (128000, 3, H, H): three digits of `load_mnist` each, drawn independently with a fixed seed.

    There are no classes. The benchmark of mode collapse of unrolled GANs (arXiv:1611.02163, section 3.3.1) in the form
    of VEEGAN (arXiv:1705.07761, section 5.1), with VEEGAN's number of pictures in both splits. Raises DataError as
    `load_mnist` does.
    """
    digits = load_mnist(root, resolution, split, progress)
    rng = torch.Generator().manual_seed(20161107)
    drawn = torch.randint(len(digits.images), (PICTURES, 3), generator=rng)
    return Dataset("stacked-mnist", digits.images[drawn].squeeze(2), torch.zeros(PICTURES, dtype=torch.int64), ())
