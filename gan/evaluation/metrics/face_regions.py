"""The parts of faces in pictures that nobody has drawn: which pixel shows what, read by a small network.

Faces that are drawn come with exact masks (`gan.data.faces.labels`); those that a generator makes do not. The network
learnt from drawn ones, and weights/regions/faces.json has how well it finds the parts of others.
"""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from gan.data import faces
from gan.evaluation.metrics.classifier import WEIGHTS
from gan.evaluation.metrics.fit_parts import find_parts
from gan.models.weights import load_into
from gan.networks.parts import PartsNetwork

FILE = WEIGHTS / "regions" / "faces.safetensors"
REACH = 1  # pixels around a part that count as the part's: its outline is a mixture
# What an attribute, by the beginning of its name, may change. What moves or scales a face may change all of it, which
# is everything but the background of both pictures.
EVERYTHING = tuple(region for region in faces.REGIONS if region != "background")
OWN = {
    "hair": ("hair", "brows", "beard"), "rear_hair": ("hair",), "hair_family": ("hair", "brows", "beard"),
    "skin": ("skin", "mouth"), "undertone": ("skin", "mouth"), "eye": ("eyes", "glasses"), "eyes": ("eyes", "glasses"),
    "brow": ("brows", "glasses"), "brows": ("brows", "glasses"), "mouth": ("mouth", "beard"),
    "beard": ("beard", "mouth"), "glasses": ("glasses", "eyes", "brows"), "frame": ("glasses",),
    "clothes": ("clothes",), "background": ("background",), "head": EVERYTHING, "tilt": EVERYTHING,
    "scale": EVERYTHING, "shift": EVERYTHING,
}  # fmt: skip


def new_network() -> PartsNetwork:
    """Return the network without its weights."""
    return PartsNetwork(3, len(faces.REGIONS))


@functools.lru_cache(1)
def load(file: Path = FILE) -> PartsNetwork:
    """Load the network; FolderError for a missing or damaged file."""
    with torch.device("meta"):
        network = new_network()
    load_into(network, file, torch.device("cpu"))
    return network.to(memory_format=torch.channels_last)


def read(images: np.ndarray, network: PartsNetwork | None = None) -> np.ndarray:
    """Return the part that each pixel shows, uint8 (N, 64, 64), an index into `faces.REGIONS`.

    images: uint8 (N, 64, 64, 3). FolderError for a missing or damaged file of the package.
    """
    return find_parts(network or load(), torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2))


def own_regions(attribute: str) -> tuple[str, ...]:
    """Return the parts of a face that a change of an attribute, one of `face_attributes.NAMES`, may change."""
    words = attribute.split("_")
    known = ("_".join(words[:i]) for i in range(len(words), 0, -1))
    return OWN[next(name for name in known if name in OWN)]


def change_elsewhere(attribute: str, before: np.ndarray, after: np.ndarray) -> float:
    """Return the mean absolute change outside an attribute's part of faces, in levels, of two pictures of each.

    before, after: uint8 (N, 64, 64, 3). The part is where either picture shows it, and `REACH` pixels around. A face
    that it covers wholly does not count; 0 if it covers all of them.
    """
    own = np.array([region in own_regions(attribute) for region in faces.REGIONS])
    mask = own[read(before)] | own[read(after)]
    near = F.max_pool2d(torch.from_numpy(mask).float()[:, None], 2 * REACH + 1, 1, REACH)[:, 0].numpy() > 0
    change = np.abs(after.astype(np.float32) - before).mean(3)
    outside = ~near
    there = outside.any((1, 2))
    if not there.any():
        return 0.0
    return float(((change * outside).sum((1, 2))[there] / outside.sum((1, 2))[there]).mean())
