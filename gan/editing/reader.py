"""A reader of parts: a small U-Net taught on a labelled set, which finds them in any picture of that kind at once.

A head on a generator's maps (`gan.editing.parts`) needs a picture's latent; a reader needs the picture alone. It is
taught on thousands of samples that such a head has labelled, so ten painted ones are all that a person gives.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gan.config import ALL_RESOLUTIONS
from gan.errors import FolderError
from gan.evaluation.metrics.fit_parts import RECIPE, UNPAINTED, find_parts, fit_parts
from gan.models.weights import read_about, read_tensors, write_tensors
from gan.networks.parts import PartsNetwork

FILE = "reader.safetensors"
_KEY = "reader"  # of the header


@dataclass(frozen=True)
class Reader:
    """A taught network in use, for pictures of one size and so many channels; names: of the parts."""

    network: PartsNetwork
    names: tuple[str, ...]
    resolution: int
    channels: int

    def of(self, images: np.ndarray) -> np.ndarray:
        """Return the part that each pixel of pictures uint8 (N, R, R, C) shows, uint8 (N, R, R).

        ValueError for pictures of another size or of other colours than it was taught on.
        """
        wanted = (self.resolution, self.resolution, self.channels)
        if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1:] != wanted:
            raise ValueError(f"pictures must be uint8 (N, {', '.join(map(str, wanted))}), got {images.shape}")
        return find_parts(self.network, torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2))


def teach_reader(
    images: Tensor,
    labels: np.ndarray,
    names: tuple[str, ...],
    epochs: int = RECIPE.epochs,
    seed: int = 0,
    progress: Callable[[str], None] = lambda line: None,
) -> Reader:
    """Return a reader taught on images uint8 (N, C, R, R) and the part of each pixel, uint8 (N, R, R).

    The same arguments give the same reader, to rounding. ValueError for fewer than two pictures.
    """
    if len(images) < 2 or len(labels) != len(images):
        raise ValueError(f"needs two pictures or more and a mask for each, got {len(images)} and {len(labels)}")
    recipe = type(RECIPE)(**{**vars(RECIPE), "epochs": epochs})
    network = fit_parts(images, torch.from_numpy(labels), len(names), recipe, seed, progress)
    return Reader(network, names, images.shape[2], images.shape[1])


def write_reader(path: Path, reader: Reader) -> None:
    """Write a reader, whole or not at all."""
    about = {"parts": reader.names, "resolution": reader.resolution, "channels": reader.channels}
    write_tensors(path, reader.network.state_dict(), {_KEY: json.dumps(about)})


def read_reader(path: Path) -> Reader:
    """Read what `write_reader` wrote; FolderError, with the file and the fault: nothing in it is trusted."""
    about = read_about(path, _KEY) or {}
    names, resolution, channels = (about.get(key) for key in ("parts", "resolution", "channels"))
    if not isinstance(names, list) or not all(isinstance(name, str) and len(name) <= 100 for name in names):
        raise FolderError(f"{path}: no reader of parts, or its header does not name them")
    if not 2 <= len(names) < UNPAINTED or resolution not in ALL_RESOLUTIONS or channels not in (1, 3):
        raise FolderError(f"{path}: its header must have 2 to 254 parts, a resolution, and 1 or 3 channels")
    with torch.device("meta"):
        network = PartsNetwork(channels, len(names))
    tensors = read_tensors(path, network.state_dict())
    network.load_state_dict(tensors, assign=True)
    network = network.eval().requires_grad_(False).to(memory_format=torch.channels_last)
    return Reader(network, tuple(names), resolution, channels)
