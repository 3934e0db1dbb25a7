"""`emoji`: 1,911 Noto emoji in colour, bundled. Source and licence: bundled/NOTICE.md; built by build_emoji.py."""

import json
from pathlib import Path

import torch

from gan.data.dataset import Dataset, Progress, resize
from gan.data.image_sheet import BUNDLED, read_sheet
from gan.errors import DataError

SHEET, NAMES = BUNDLED / "emoji.webp", BUNDLED / "emoji.json"
SIZE = 64  # pixels a side in the sheet


def load_emoji(root: Path, resolution: int, split: str, progress: Progress) -> Dataset:
    """Return all 1,911 emoji on white, in Unicode's order: images (1911, 3, resolution, resolution).

    Classes are Unicode's nine categories, captions Unicode's names in lower case. `root` and `split` are not used.
    Raises DataError for missing or damaged files of the package.
    """
    try:
        index = json.loads(NAMES.read_text(encoding="utf-8"))
        names, classes, labels = tuple(index["names"]), tuple(index["classes"]), index["labels"]
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"the bundled file {NAMES} is missing or damaged ({error}): restore it") from error
    images = torch.from_numpy(read_sheet(SHEET, "RGB", SIZE, len(names))).permute(0, 3, 1, 2).contiguous()
    return Dataset("emoji", resize(images, resolution), torch.tensor(labels), classes, names)
