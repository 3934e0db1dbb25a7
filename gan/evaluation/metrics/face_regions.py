"""The parts of faces in pictures that nobody has drawn: which pixel shows what, read by a small network.

Faces that are drawn come with exact masks (`gan.data.faces.labels`); those that a generator makes do not. The network
learnt from drawn ones, and weights/regions/faces.json has how well it finds the parts of others.
"""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gan.data import faces
from gan.data.face_layers import RESOLUTION
from gan.evaluation.metrics.classifier import WEIGHTS, to_float
from gan.models.weights import load_into

FILE = WEIGHTS / "regions" / "faces.safetensors"
WIDTHS = (32, 48, 64)  # channels at 32, 16 and 8 pixels
BATCH = 64  # pictures read at once: bounds memory
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


class Network(nn.Module):
    """Pictures (N, 3, 64, 64) in [-1, 1] to logits (N, len(faces.REGIONS), 64, 64).

    A U-Net that works at half the size: each place of its first map holds four pixels, and of its last map four labels.
    """

    def __init__(self) -> None:
        super().__init__()
        sizes = list(zip((12, *WIDTHS), WIDTHS, strict=False))
        self.down = nn.ModuleList(_block(a, b, 1 if a == 12 else 2) for a, b in sizes)
        pairs = list(zip(WIDTHS[:0:-1], WIDTHS[-2::-1], strict=True))
        self.up = nn.ModuleList(_block(coarse + fine, fine) for coarse, fine in pairs)
        self.head = nn.Conv2d(WIDTHS[0], 4 * len(faces.REGIONS), 1)

    def forward(self, x: Tensor) -> Tensor:
        x, maps = F.pixel_unshuffle(x, 2), []
        for block in self.down:
            x = block(x)
            maps.append(x)
        for block, fine in zip(self.up, maps[-2::-1], strict=True):
            x = block(torch.cat([F.interpolate(x, scale_factor=2.0), fine], 1))
        return F.pixel_shuffle(self.head(x), 2)


def _block(before: int, after: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU(),
    )  # fmt: skip


@functools.lru_cache(1)
def load(file: Path = FILE) -> Network:
    """Load the network; FolderError for a missing or damaged file."""
    with torch.device("meta"):
        network = Network()
    load_into(network, file, torch.device("cpu"))
    return network.to(memory_format=torch.channels_last)


@torch.inference_mode()
def read(images: np.ndarray, network: Network | None = None) -> np.ndarray:
    """Return the part that each pixel shows, uint8 (N, 64, 64), an index into `faces.REGIONS`.

    images: uint8 (N, 64, 64, 3). FolderError for a missing or damaged file of the package.
    """
    chosen = network or load()
    parts = [np.empty((0, RESOLUTION, RESOLUTION), np.uint8)]
    for batch in torch.from_numpy(np.ascontiguousarray(images)).split(BATCH):
        parts.append(chosen(to_float(batch.permute(0, 3, 1, 2))).argmax(1).to(torch.uint8).numpy())
    return np.concatenate(parts)


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
