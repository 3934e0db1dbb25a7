"""The attributes of faces, read from pictures by a small network: what `gan.data.faces.attributes` knows of drawn ones.

read(pictures)["beard"]      # float32 (N, 6): how likely each beard of `faces.ATTRIBUTES` is
read(pictures)["skin"]       # float32 (N,): how dark, in the units of `faces.ATTRIBUTES`
measure(pictures)            # float32 (N, len(NAMES)): all of it as one row of numbers a picture
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gan.data import faces
from gan.data.attribute_codes import NOTHING
from gan.data.dataset import resize
from gan.data.face_layers import RESOLUTION
from gan.data.seeded import Choice, Range
from gan.evaluation.metrics.classifier import BATCH, WEIGHTS, to_float
from gan.evaluation.metrics.fine_network import FineNetwork
from gan.io import read_json
from gan.models.weights import load_into

FILE = WEIGHTS / "attributes" / "faces.safetensors"
FEATURES = 128


def is_ring(attribute: Range) -> bool:
    """Return True for a range whose ends are neighbours: an angle in degrees."""
    return (attribute.low, attribute.high) == (0, 359)


def _widths() -> dict[str, int]:
    """Return how many outputs each attribute has: one a name of a choice, two of a ring, one of another range."""
    return {
        name: len(a.names) if isinstance(a, Choice) else 2 if is_ring(a) else 1 for name, a in faces.ATTRIBUTES.items()
    }


OUTPUTS = sum(_widths().values())


def split(outputs: Tensor) -> dict[str, Tensor]:
    """Split the network's outputs (N, OUTPUTS) into those of each attribute, (N, width)."""
    widths = _widths()
    return dict(zip(widths, outputs.split(list(widths.values()), 1), strict=True))


def targets(name: str, values: Tensor) -> Tensor:
    """Return what the outputs of a range should be for its values (N,): (N, 1) with variance 1, or (N, 2) on a circle.

    Evenly drawn values between two ends have a standard deviation of their distance over the square root of 12.
    """
    attribute = faces.ATTRIBUTES[name]
    assert isinstance(attribute, Range)
    if is_ring(attribute):
        angle = values.float() * (math.tau / 360)
        return torch.stack([angle.cos(), angle.sin()], 1)
    middle, span = (attribute.high + attribute.low) / 2, attribute.high - attribute.low
    return ((values.float() - middle) * (math.sqrt(12) / span))[:, None]


def values(name: str, outputs: Tensor) -> Tensor:
    """Return the values (N,) of a range by its outputs, in its units: the inverse of `targets`."""
    attribute = faces.ATTRIBUTES[name]
    assert isinstance(attribute, Range)
    if is_ring(attribute):
        return torch.atan2(outputs[:, 1], outputs[:, 0]).mul(360 / math.tau).remainder(360)
    middle, span = (attribute.high + attribute.low) / 2, attribute.high - attribute.low
    return outputs[:, 0] * (span / math.sqrt(12)) + middle


@functools.lru_cache(2)
def load(device: str = "cpu", file: Path = FILE) -> FineNetwork:
    """Load the network; FolderError for a missing or damaged file."""
    with torch.device("meta"):
        network = FineNetwork(OUTPUTS, FEATURES)
    load_into(network, file, torch.device(device))
    return network.to(memory_format=torch.channels_last)


@torch.inference_mode()
def outputs(network: FineNetwork, images: np.ndarray | Tensor) -> Tensor:
    """Return the network's outputs for pictures uint8 (N, H, H, 3), float32 (N, OUTPUTS), on the CPU."""
    return _apply(network, images, OUTPUTS)


def _apply(module: nn.Module, images: np.ndarray | Tensor, width: int) -> Tensor:
    device = next(module.parameters()).device
    parts = [torch.empty(0, width)]
    for batch in torch.as_tensor(images).split(BATCH):
        parts.append(module(to_float(resize(batch.permute(0, 3, 1, 2), RESOLUTION).to(device))).float().cpu())
    return torch.cat(parts)


class AttributeFeatures:
    """The activations behind all that the network reads: see `gan.evaluation.metrics.general.Extractor`.

    The classifier of faces knows hair and nothing else, so that faces all bearded are as good to it as real ones.
    """

    kind = "attributes"

    def __init__(self, device: str | torch.device = "cpu") -> None:
        self.network = load(str(device))
        scores = read_json(FILE.with_suffix(".json"))["attributes"].values()
        right = [score["accuracy"] for score in scores if "accuracy" in score]
        self.about = f"attributes of faces, {sum(right) / len(right):.2%} right"

    @torch.inference_mode()
    def features(self, images: np.ndarray | Tensor) -> Tensor:
        """Return features, float32 (N, `FEATURES`), >= 0, on the CPU, of pictures uint8 (N, H, H, 3)."""
        return _apply(self.network.body, images, FEATURES)


def read(images: np.ndarray | Tensor, network: FineNetwork | None = None) -> dict[str, Tensor]:
    """Read every attribute of faces, pictures uint8 (N, H, H, 3), by name.

    Of a choice float32 (N, K): how likely each of its names is, in their order. Of a range float32 (N,): its value, in
    its units, at times a little beyond its ends.
    """
    found = split(outputs(network or load(), images))
    return {
        name: own.softmax(1) if isinstance(faces.ATTRIBUTES[name], Choice) else values(name, own)
        for name, own in found.items()
    }


def _columns() -> tuple[tuple[str, ...], dict[str, str]]:
    names: list[str] = []
    kinds: dict[str, str] = {}
    for name, attribute in faces.ATTRIBUTES.items():
        if isinstance(attribute, Range):
            names += (
                [f"{name.removesuffix('_hue')}_{end}" for end in ("red", "yellow")] if is_ring(attribute) else [name]
            )
        elif attribute.names == ("no", "yes"):
            names.append(name)
        else:
            own = [re.sub(r"\W", "_", f"{name}_{value}") for value in attribute.names]
            kinds |= dict.fromkeys(own, name)
            names += [name, *own[1:]] if attribute.names[0] == NOTHING else own
    return tuple(names), kinds


# The columns of `measure`, Python identifiers. Of a choice one a name, such as "mouth_smile"; the first is called like
# the attribute where it stands for anything but none ("beard") or for yes ("hair_mirrored"). Of a ring of hues how far
# towards red and yellow, and away from their opposites teal and violet, in [-1, 1]. Of another range its value.
# KINDS: of columns for one name of a choice, the choice; no face has two.
NAMES, KINDS = _columns()


def measure(images: np.ndarray | Tensor) -> np.ndarray:
    """Return one row of numbers for each picture uint8 (N, H, H, 3): float32 (N, len(NAMES)), probabilities and values.

    FolderError for a missing or damaged file of the package.
    """
    columns: list[Tensor] = []
    for name, own in split(outputs(load(), images)).items():
        attribute = faces.ATTRIBUTES[name]
        if isinstance(attribute, Range):
            columns.append(F.normalize(own, dim=1) if is_ring(attribute) else values(name, own)[:, None])
            continue
        likely = own.softmax(1)
        if attribute.names == ("no", "yes"):
            columns.append(likely[:, 1:])
        elif attribute.names[0] == NOTHING:
            columns.append(torch.cat([1 - likely[:, :1], likely[:, 1:]], 1))
        else:
            columns.append(likely)
    return torch.cat(columns, 1).numpy()


def seen(found: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return what `read` found in the form of `faces.attributes`: indices of the likeliest names, and values (N,)."""
    return {name: own.argmax(1) if own.ndim == 2 else own for name, own in found.items()}
