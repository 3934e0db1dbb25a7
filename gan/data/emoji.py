"""Emoji, bundled: `emoji` in Noto's drawings, `emoji-styles` in those of four designers.

Sources and licences: bundled/NOTICE.md; built by build_emoji.py. A style's sheet holds cut-outs, in Unicode's order.
"""

import functools
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from gan.data.dataset import ClassGroup, Dataset, Progress, resize
from gan.data.image_sheet import BUNDLED, read_sheet
from gan.errors import DataError

STYLES = ("noto", "twemoji", "fluent-3d", "fluent-flat")  # the first has all emoji, the others most of them
NAMES = BUNDLED / "emoji.json"
SIZE = 64  # pixels a side in the sheets
MIN_KIND = 12  # emoji of a subcategory that is a class of its own in `emoji-styles`


@dataclass(frozen=True)
class Index:
    """Facts about each emoji, in the order of Noto's sheet.

    names          Unicode's, in lower case
    codes          code points in hexadecimal, joined by "-", without fe0f: the same in every style
    categories     Unicode's nine, and `category` the number of each emoji's
    subcategories  Unicode's, and `subcategory` the number of each emoji's
    rows           for each style, the emoji that its sheet holds, in its order
    """

    names: tuple[str, ...]
    codes: tuple[str, ...]
    categories: tuple[str, ...]
    category: tuple[int, ...]
    subcategories: tuple[str, ...]
    subcategory: tuple[int, ...]
    rows: dict[str, tuple[int, ...]]


def sheet(style: str) -> Path:
    """Return the file of a style's pictures."""
    return BUNDLED / f"emoji-{style}.webp"


@functools.cache
def index() -> Index:
    """Read the index. Raises DataError where it is missing or damaged."""
    try:
        stored = json.loads(NAMES.read_text(encoding="utf-8"))
        rows = {style: tuple(stored["rows"][style]) for style in STYLES}
        lists = {name: tuple(stored[name]) for name in Index.__dataclass_fields__ if name != "rows"}
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"the bundled file {NAMES} is missing or damaged ({error}): restore it") from error
    return Index(rows=rows, **lists)


def cutouts(style: str) -> np.ndarray:
    """Return a style's pictures with their transparency, uint8 RGBA (N, 64, 64, 4). Raises DataError as `index`."""
    return read_sheet(sheet(style), "RGBA", SIZE, len(index().rows[style]))


def on_white(style: str) -> torch.Tensor:
    """Return a style's pictures on white, uint8 (N, 3, 64, 64). Raises DataError as `index`."""
    cut = cutouts(style)
    flat = Image.fromarray(cut.reshape(-1, SIZE, 4))
    white = Image.alpha_composite(Image.new("RGBA", flat.size, "white"), flat).convert("RGB")
    return torch.from_numpy(np.array(white).reshape(len(cut), SIZE, SIZE, 3)).permute(0, 3, 1, 2).contiguous()


def load_emoji(root: Path, resolution: int, split: str, progress: Progress) -> Dataset:
    """Return Noto's 1,911 emoji on white: images (1911, 3, resolution, resolution).

    Classes are Unicode's nine categories, captions Unicode's names in lower case. `root` and `split` are not used.
    Raises DataError for missing or damaged files of the package.
    """
    about = index()
    images = resize(on_white("noto"), resolution)
    return Dataset("emoji", images, torch.tensor(about.category), about.categories, about.names)


def load_emoji_styles(root: Path, resolution: int, split: str, progress: Progress) -> Dataset:
    """Return all emoji in all styles on white, style by style: images (N, 3, resolution, resolution).

    Each picture has one class of the group "style" and one of the group "kind": Unicode's subcategory, or, where that
    has fewer than `MIN_KIND` emoji, the others of its category. `root` and `split` are not used. DataError as
    `load_emoji`.
    """
    about = index()
    images = torch.cat([resize(on_white(style), resolution) for style in STYLES])
    kinds, kind = _kinds(about)
    rows = torch.zeros(len(images), len(STYLES) + len(kinds), dtype=torch.uint8)
    start = 0
    captions: list[str] = []
    for number, style in enumerate(STYLES):
        for place, emoji in enumerate(about.rows[style], start):
            rows[place, [number, len(STYLES) + kind[emoji]]] = 1
            captions.append(f"{about.names[emoji]}, {style}")
        start = len(captions)
    groups = (ClassGroup("style", len(STYLES)), ClassGroup("kind", len(kinds)))
    return Dataset("emoji-styles", images, rows, (*STYLES, *kinds), tuple(captions), groups=groups)


def _kinds(about: Index) -> tuple[tuple[str, ...], list[int]]:
    """Return the kinds' names, and the number of each emoji's kind."""
    large = Counter(about.subcategory)
    names = [
        about.subcategories[sub] if large[sub] >= MIN_KIND else f"other {about.categories[category].lower()}"
        for category, sub in zip(about.category, about.subcategory, strict=True)
    ]
    kinds = tuple(dict.fromkeys(names))
    numbers = {name: number for number, name in enumerate(kinds)}
    return kinds, [numbers[name] for name in names]
