"""Pictures on the way into a network, from arrays or files of any size, and on the way out."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gan.pictures.picture_file import fit_array, read_picture, stack

Pictures = np.ndarray | Sequence[np.ndarray | str | Path]


def to_tensor(images: Pictures, resolution: int, channels: int) -> Tensor:
    """Return pictures as float32 (N, channels, R, R) in [-1, 1] on the CPU, R the resolution.

    images: uint8 (N, H, W, C), or a sequence of arrays (H, W), (H, W, C) of any sizes, or of files. C = 1, 3 or 4,
    transparency on white. What has another size is cropped to the centred square and resized, with a warning.
    ValueError for other arrays.
    """
    rows, sizes = [], set()
    for image in images:
        if isinstance(image, str | Path):
            pixels = stack([read_picture(Path(image), resolution)])[0]
        else:
            _check(image)
            if image.shape[:2] != (resolution, resolution):
                sizes.add(f"{image.shape[1]}x{image.shape[0]}")
            pixels = fit_array(image, resolution)
        rows.append(pixels)
    if sizes:
        told = ", ".join(sorted(sizes)[:3]) + (", ..." if len(sizes) > 3 else "")
        size = f"{resolution}x{resolution}"
        warnings.warn(f"pictures of {told} were cropped to a square and resized to {size}", stacklevel=4)
    if not rows:
        return torch.empty(0, channels, resolution, resolution)
    x = torch.from_numpy(np.stack(rows)).permute(0, 3, 1, 2).float()
    if channels == 1:
        x = (x * torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1, keepdim=True).round()
    return to_floats(x)


def to_floats(images: Tensor) -> Tensor:
    """Return pictures uint8 of any shape as float32 in [-1, 1]."""
    return images.float().div(127.5).sub(1)


def to_uint8(pictures: Tensor) -> np.ndarray:
    """Convert pictures (N, C, H, W) from [-1, 1] to uint8 (N, H, W, C) on the CPU; values outside are clamped."""
    scaled = pictures.float().add(1).mul(127.5).round_().clamp_(0, 255).to(torch.uint8)
    return scaled.permute(0, 2, 3, 1).contiguous().cpu().numpy()


def _check(image: object) -> None:
    if isinstance(image, np.ndarray):
        fits = image.ndim == 2 or (image.ndim == 3 and image.shape[2] in (1, 3, 4))
        if fits and image.dtype == np.uint8 and image.size:
            return
    got = f"{image.dtype} {image.shape}" if isinstance(image, np.ndarray) else type(image).__name__
    raise ValueError(f"each picture must be uint8 (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), or a file; got {got}")
