"""Nearest training pictures: whether a generator invents or remembers."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gan.evaluation.metrics.distances import check_pair, slices
from gan.io import write_bytes
from gan.models.image_grid import grid_image

SHEET = (16, 7)  # rows of a sheet, and training pictures in each
COPY = 0.01


def nearest(queries: Tensor, base: Tensor, count: int = 1) -> tuple[Tensor, Tensor]:
    """(distances (N, count), rows of base int64 (N, count)) of the nearest of base (M, D) to queries (N, D), in order.

    ValueError for other shapes, values that are not finite, or count not in [1, M].
    """
    check_pair("queries", queries, "base", base)
    if not 1 <= count <= len(base):
        raise ValueError(f"count must be in [1, {len(base)}], got {count}")
    distances, found = [], []
    for _, squares in slices(base, queries):
        best = squares.topk(count, dim=0, largest=False)
        distances.append(best.values.sqrt().T)
        found.append(best.indices.T)
    return torch.cat(distances), torch.cat(found)


def pixels(images: np.ndarray | Tensor) -> Tensor:
    """Pictures uint8 (N, H, W, C) to rows float32 (N, H W C) in [0, 1]; their distance is Euclidean."""
    return torch.as_tensor(images).flatten(1).float().div(255)


def gaps(generated: Tensor, train: Tensor, real: Tensor, members: bool = False) -> tuple[Tensor, Tensor]:
    """Distances to the nearest of train (M, D): of generated (N, D), as (N,), and of other real pictures (L, D), (L,).

    members: the real pictures are themselves in train, and the nearest but one counts.
    """
    return nearest(generated, train)[0][:, 0], nearest(real, train, 1 + members)[0][:, -1]


def memorisation(own: Tensor, other: Tensor) -> float:
    """Median of generated pictures' `gaps` (N,), over that of real ones' (L,).

    About 1: generated pictures are as new as new real ones. Far below 1: they are copies. Far above 1: they are like no
    real picture. ValueError where the median real picture has a copy in train, so that nothing can be said.
    """
    if not float(other.median()) > 0:
        raise ValueError("more than half of the real pictures have a copy in the training set: remove duplicates")
    return float(own.median() / other.median())


def copied(own: Tensor, other: Tensor) -> float:
    """Share, in [0, 1], of generated pictures' `gaps` (N,) no wider than the narrowest `COPY` of real ones' (L,).

    About `COPY` for a generator that invents, 1 for one that only remembers; a median does not see one that remembers
    now and then.
    """
    return float((own <= other.quantile(COPY)).double().mean())


def write_sheet(path: Path, generated: np.ndarray, train: np.ndarray, found: Tensor) -> None:
    """Write a PNG: each row a generated picture, a gap, and its nearest training pictures, nearest first.

    generated uint8 (N, H, W, C), train uint8 (M, H, W, C), found int64 (N, K): rows of train, as from `nearest`.
    """
    n, h, w, c = generated.shape
    gap = np.full((n, 1, h, w, c), 128, np.uint8)
    rows = np.concatenate([generated[:, None], gap, train[found.numpy()]], 1)
    out = io.BytesIO()
    grid_image(rows.reshape(-1, h, w, c), rows.shape[1]).save(out, "PNG", optimize=True)
    write_bytes(path, out.getvalue())
