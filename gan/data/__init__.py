"""Pictures to learn from: `DATASETS`, and `load` for one of them, for a folder, or for a data set on the Hub.

Two sets to translate between come from `load_domains`: any two of these, or one of `PAIRS`, or a folder of pairs.

To add a data set, write one function `(root, resolution, split, progress) -> Dataset` in a file of its own, and one
entry here.
"""

import os
from pathlib import Path

from gan.config import ALL_RESOLUTIONS
from gan.data import domains
from gan.data.dataset import SPLITS, Dataset, Progress, Source
from gan.data.domains import Domains, Pairs
from gan.data.emoji import load_emoji, load_emoji_styles
from gan.data.faces import load_faces, load_faces_10k
from gan.data.folder import RESOLUTION as FOLDER_RESOLUTION
from gan.data.folder import load_folder, load_held_out
from gan.data.hub_pictures import is_hub_name, load_hub
from gan.data.mnist import load_fashion_mnist, load_fashion_mnist_10k, load_mnist, load_mnist_10k, paths
from gan.data.pair_folder import load_pair_folder
from gan.data.pairs import PAIRS
from gan.data.points import DISTRIBUTIONS
from gan.data.scenes import load_scenes, load_scenes_10k
from gan.data.stacked import load_stacked_mnist
from gan.errors import DataError

__all__ = ["DATASETS", "PAIRS", "DataError", "Dataset", "Source", "full_set", "load", "load_domains", "load_pairs"]

# fmt: off
_CC_BY_SA = "CC-BY-SA-3.0"
_EMOJI = "Apache-2.0, CC-BY-4.0 and MIT"  # of four designers
_MNIST, _FASHION = "ylecun/mnist", "zalando-datasets/fashion_mnist"  # their names on the Hub
DATASETS: dict[str, Source] = {
    # name                     load               pixels, for menus, licence of the pictures, Hub
    "emoji":             Source(load_emoji,             32, "1,911 emoji",      "Apache-2.0"),
    "faces":             Source(load_faces,             64, "50,000 faces",     "CC-BY-4.0", splits=SPLITS),
    "faces-10k":         Source(load_faces_10k,         64, "10,000 faces",     "CC-BY-4.0", subset_of="faces"),
    "scenes":            Source(load_scenes,            64, "50,000 scenes",    _EMOJI, splits=SPLITS),
    "scenes-10k":        Source(load_scenes_10k,        64, "10,000 scenes",    _EMOJI, subset_of="scenes"),
    "emoji-styles":      Source(load_emoji_styles,      64, "Emoji, 4 styles",  _EMOJI),
    "mnist-10k":         Source(load_mnist_10k,         28, "10,000 digits",    _CC_BY_SA, _MNIST, subset_of="mnist"),
    "fashion-mnist-10k": Source(load_fashion_mnist_10k, 28, "10,000 clothes",   "MIT", _FASHION,
                                subset_of="fashion-mnist"),
    "mnist":             Source(load_mnist,             28, "60,000 digits",    _CC_BY_SA, _MNIST,
                                download=11, splits=SPLITS, files=paths("mnist")),
    "fashion-mnist":     Source(load_fashion_mnist,     28, "60,000 clothes",   "MIT", _FASHION,
                                download=30, splits=SPLITS, files=paths("fashion-mnist")),
    "stacked-mnist":     Source(load_stacked_mnist,     28, "Digits in threes", _CC_BY_SA, _MNIST,
                                download=11, splits=SPLITS, files=paths("mnist")),
}
# fmt: on


def load(
    name: str,
    resolution: int | None = None,
    data_root: str | Path = "data",
    split: str = "train",
    progress: Progress = lambda line: None,
) -> Dataset:
    """Return the data set called `name`, or the pictures of the folder `name`, or of hub:USER/NAME, whole, in memory.

    resolution  one of `ALL_RESOLUTIONS`, pixels a side; None or 0 for the source's own
    data_root   folder of downloaded sets, in torchvision's layout; downloads go there too
    split       "train", or "test" where the data set has one; of a folder or on the Hub, what is named val, test or
                alike
    progress    is called with a line of text now and then during slow work

    A name in `DATASETS` comes before a folder of that name: write ./emoji for the folder. The same call gives the
    same pictures in the same order. Raises DataError, with the cure, for an unusable name, value or file.
    """
    if resolution and resolution not in ALL_RESOLUTIONS:
        raise DataError(f"resolution must be one of {', '.join(map(str, ALL_RESOLUTIONS))}, got {resolution}")
    if split not in SPLITS:
        raise DataError(f"split must be 'train' or 'test', got {split!r}")
    if source := DATASETS.get(name):
        if split not in source.splits:
            raise _no_split(name, split)
        return source.load(Path(data_root).expanduser(), resolution or source.resolution, split, progress)
    if is_hub_name(name):
        if found := load_hub(name, resolution or FOLDER_RESOLUTION, split, progress):
            return found
        raise _no_split(name, split)
    path = os.path.expanduser(name)
    if name and os.path.isdir(path):
        load_part = load_folder if split == "train" else load_held_out
        if found := load_part(Path(path), resolution or FOLDER_RESOLUTION, progress):
            return found
        raise _no_split(f"the folder {name}", split)
    if name and os.path.isfile(path):
        raise DataError(f"{name} is a file: pass the folder that holds the pictures")
    raise DataError(
        f"unknown data set {name!r}: pass one of {', '.join(DATASETS)}, the path of a folder of pictures, "
        f"hub:USER/NAME for one on the Hugging Face Hub, or, with --network points, one of {', '.join(DISTRIBUTIONS)}"
    )


def load_domains(
    source: str,
    target: str,
    paired: bool,
    resolution: int | None = None,
    data_root: str | Path = "data",
    progress: Progress = lambda line: None,
) -> Domains:
    """Return the sets A, `source`, and B, `target`, each as `load` names them, at one size, B's own if none is given.

    Without a source, target holds pairs: as `load_pairs`. paired: whether pairs are wanted; of pairs that are not used
    as such A and B are different ones. Raises DataError, with the cure.
    """
    if not source:
        return domains.of_pairs(load_pairs(target, resolution, data_root, progress=progress), paired)
    for flag, name in (("--from", source), ("--to", target)):
        if name in PAIRS:
            raise DataError(f"{name} holds pairs: pass it alone, as --pairs {name}, not as {flag}")
    b = load(target, resolution, data_root, progress=progress)
    a = load(source, b.images.shape[-1], data_root, progress=progress)
    return domains.of_sets(a, b, paired)


def load_pairs(
    name: str,
    resolution: int | None = None,
    data_root: str | Path = "data",
    split: str = "train",
    progress: Progress = lambda line: None,
) -> Pairs:
    """Return the pairs called `name`, one of `PAIRS`, or those of the folder `name`; as `load`."""
    if resolution and resolution not in ALL_RESOLUTIONS:
        raise DataError(f"resolution must be one of {', '.join(map(str, ALL_RESOLUTIONS))}, got {resolution}")
    if source := PAIRS.get(name):
        return source.load(Path(data_root).expanduser(), resolution or source.resolution, split, progress)
    path = os.path.expanduser(name)
    if not (name and os.path.isdir(path)):
        raise DataError(
            f"unknown pairs {name!r}: pass one of {', '.join(PAIRS)}, or the path of a folder of pairs; for two sets, "
            "--from A --to B"
        )
    if split != "train":
        raise _no_split(f"the folder {name}", split)
    return load_pair_folder(Path(path), resolution or FOLDER_RESOLUTION, progress)


def full_set(name: str) -> str:
    """Return the data set that `name` is a subset of, else `name` itself; unknown names too."""
    source = DATASETS.get(name)
    return (source.subset_of if source else "") or name


def _no_split(what: str, split: str) -> DataError:
    """Return the error for data without that split, which names the data sets that have one."""
    others = ", ".join(name for name, source in DATASETS.items() if split in source.splits)
    return DataError(f"{what} has no {split!r} split: use split='train', or a data set that has one ({others})")
