"""Nearest training pictures: whether a generator makes new pictures or copies those it was trained on."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from gan.evaluation.metrics.distances import check_pair, pairwise, squared_distances
from gan.io import write_bytes
from gan.models.image_grid import grid_image

if TYPE_CHECKING:
    from gan.evaluation.metrics.comparison import Comparison

QUERIES = 1_000  # generated pictures whose nearest training pictures are searched
SHEET_SIZE = (16, 7)  # rows of a sheet, and training pictures in each
COPY_QUANTILE = 0.01  # of real pictures' distances: generated pictures that are as near count as copied

MEMORISATION = (
    "Memorisation: the median distance to the nearest training picture, over that of other real pictures. About 1 is "
    "new, far below 1 is copied."
)
COPIED = (
    "Copied: the share of generated pictures that are as near to a training picture as the nearest hundredth of other "
    "real ones. About .01 is new."
)


def memorisation_features(comparison: Comparison, role: str) -> float:
    """Return `memorisation` of the first `QUERIES` pictures of a role, in the classifier's features."""
    return memorisation(*comparison.once(_by_features, role))


def memorisation_pixels(comparison: Comparison, role: str) -> float:
    """Return `memorisation` of the first `QUERIES` pictures of a role, by their pixels."""
    return memorisation(*comparison.once(_by_pixels, role))


def copied_features(comparison: Comparison, role: str) -> float:
    """Return `copied` of the first `QUERIES` pictures of a role, in the classifier's features."""
    return copied(*comparison.once(_by_features, role))


def copied_pixels(comparison: Comparison, role: str) -> float:
    """Return `copied` of the first `QUERIES` pictures of a role, by their pixels."""
    return copied(*comparison.once(_by_pixels, role))


def samples(comparison: Comparison, role: str) -> int:
    """Return the number of generated pictures whose nearest training pictures are searched."""
    return min(QUERIES, comparison.samples)


def _by_features(comparison: Comparison, role: str) -> tuple[Tensor, Tensor]:
    comparison.progress("searching for the nearest training pictures in features")
    return _distances(comparison, role, lambda part: comparison.features(part).double())


def _by_pixels(comparison: Comparison, role: str) -> tuple[Tensor, Tensor]:
    comparison.progress("searching for the nearest training pictures in pixels")
    return _distances(comparison, role, lambda part: pixels(comparison.images(part)))


def _distances(comparison: Comparison, role: str, rows: Callable[[str], Tensor]) -> tuple[Tensor, Tensor]:
    n = samples(comparison, role)
    members = comparison.real.split == "train"
    return nearest_distances(rows(role)[:n], rows("train"), rows("compared")[:n], members)


def nearest(queries: Tensor, base: Tensor, count: int = 1) -> tuple[Tensor, Tensor]:
    """Find the nearest rows of base (M, D) to each of queries (N, D), nearest first.

    Return distances (N, count), exactly 0 for equal rows, and indices into base, int64 (N, count). Rows whose distances
    differ by less than rounding may change places. ValueError for other shapes, values that are not finite, or count
    not in [1, M].
    """
    check_pair("queries", queries, "base", base)
    if not 1 <= count <= len(base):
        raise ValueError(f"count must be in [1, {len(base)}], got {count}")
    distances, found = [], []
    for part, squares, _ in squared_distances(base, queries):
        best = squares.topk(count, dim=0, largest=False).indices
        exact = torch.stack([pairwise(base[row, None], queries[part, None]).view(-1) for row in best])
        values, order = exact.sort(dim=0, stable=True)  # the squares are rounded
        distances.append(values.T)
        found.append(best.gather(0, order).T)
    return torch.cat(distances), torch.cat(found)


def pixels(images: np.ndarray | Tensor) -> Tensor:
    """Flatten pictures uint8 (N, H, W, C) to rows float32 (N, H W C) in [0, 1]."""
    return torch.as_tensor(images).flatten(1).float().div(255)


def nearest_distances(generated: Tensor, train: Tensor, real: Tensor, members: bool = False) -> tuple[Tensor, Tensor]:
    """Return distances to the nearest of train (M, D): of generated (N, D), as (N,), and of real (L, D), as (L,).

    members: the real pictures are themselves in train, and the second nearest counts.
    """
    return nearest(generated, train)[0][:, 0], nearest(real, train, 1 + members)[0][:, -1]


def memorisation(generated: Tensor, real: Tensor) -> float:
    """Return the median of generated pictures' `nearest_distances` (N,), over that of real ones' (L,).

    About 1: generated pictures are as new as new real ones. Far below 1: they are copies. Far above 1: they are unlike
    any real picture. ValueError where the median real picture has a copy in train, so that the ratio does not exist.
    """
    if not float(real.median()) > 0:
        raise ValueError("more than half of the real pictures have a copy in the training set: remove duplicates")
    return float(generated.median() / real.median())


def copied(generated: Tensor, real: Tensor) -> float:
    """Return the share of generated pictures whose `nearest_distances` (N,) are among the smallest of real ones' (L,).

    The limit is the `COPY_QUANTILE` of real ones': about that share for a generator that makes new pictures, 1 for one
    that only copies. Unlike a median, it shows a generator that copies now and then.
    """
    return float((generated <= real.quantile(COPY_QUANTILE)).double().mean())


def write_sheet(path: Path, comparison: Comparison) -> None:
    """Write a PNG of the first generated pictures of a comparison, each beside its nearest training pictures."""
    generated, train = comparison.features("generated"), comparison.features("train")
    rows, columns = min(SHEET_SIZE[0], len(generated)), min(SHEET_SIZE[1], len(train))
    _, found = nearest(generated[:rows], train, columns)
    write_rows(path, comparison.images("generated")[:rows].numpy(), comparison.images("train").numpy(), found)


def write_rows(path: Path, generated: np.ndarray, train: np.ndarray, found: Tensor) -> None:
    """Write a PNG: each row a generated picture, a blank, and its nearest training pictures, nearest first.

    generated uint8 (N, H, W, C), train uint8 (M, H, W, C), found int64 (N, K): indices into train, from `nearest`.
    """
    n, h, w, c = generated.shape
    blank = np.full((n, 1, h, w, c), 128, np.uint8)
    rows = np.concatenate([generated[:, None], blank, train[found.numpy()]], 1)
    out = io.BytesIO()
    grid_image(rows.reshape(-1, h, w, c), rows.shape[1]).save(out, "PNG")
    write_bytes(path, out.getvalue())
