"""One frozen network for pictures of every kind: models of own pictures are measured by its features.

It learnt to tell classes, styles and attributes of all bundled data sets apart (`train_general`). Where torchvision's
Inception has been downloaded before, that is used instead.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from gan.data.dataset import resize
from gan.errors import FolderError
from gan.evaluation.metrics.classifier import BATCH, WEIGHTS, Network, to_float
from gan.io import read_json
from gan.models.weights import load_into

FILE = WEIGHTS / "general" / "general.json"
FEATURES, RESOLUTION = 128, 64
INCEPTION_SIDE, INCEPTION_BATCH = 299, 32
_MEAN, _SD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, as torchvision's weights want their input


class Extractor(Protocol):
    """Turns pictures into features. Calls do not change it.

    kind: "classifier" of the data set itself, "attributes" of faces, "general" or "inception"
    about: what it is, and how accurate, in a few words of letters, digits, spaces and .,%-
    """

    kind: str

    @property
    def about(self) -> str: ...

    def features(self, images: np.ndarray | Tensor) -> Tensor:
        """Return the features, float32 (N, D) on the CPU, of pictures uint8 (N, H, H, C)."""
        ...


class General:
    """The general network: see `Extractor`."""

    kind = "general"

    def __init__(self, network: Network, accuracy: float) -> None:
        self.network, self.accuracy = network.eval().requires_grad_(False), accuracy
        self.device = next(network.parameters()).device

    @property
    def about(self) -> str:
        """Return its name and accuracy."""
        return f"a general network, {self.accuracy:.2%} accurate"

    @torch.inference_mode()
    def features(self, images: np.ndarray | Tensor) -> Tensor:
        """Return the activations of the layer before the last, float32 (N, `FEATURES`), >= 0, on the CPU."""
        parts = [torch.empty(0, FEATURES)]
        for batch in torch.as_tensor(images).split(BATCH):
            parts.append(self.network.body(to_float(as_input(batch.permute(0, 3, 1, 2)).to(self.device))).float().cpu())
        return torch.cat(parts)


class Inception:
    """The last layer but one of torchvision's Inception v3 (arXiv:1512.00567), trained on ImageNet: see `Extractor`.

    Its weights are not those that published FIDs were measured with.
    """

    kind = "inception"
    about = "Inception v3 of torchvision, 77.29% accurate on ImageNet"

    def __init__(self, device: torch.device) -> None:
        from torchvision import models

        self.device = device
        with torch.device("meta"):
            network = models.inception_v3(weights=None, init_weights=False, transform_input=False)
        state = models.Inception_V3_Weights.IMAGENET1K_V1.get_state_dict(
            progress=False, map_location="cpu", weights_only=True
        )
        network.load_state_dict(state, assign=True)
        network.fc = torch.nn.Identity()
        self.network = network.to(device).eval().requires_grad_(False)

    @torch.inference_mode()
    def features(self, images: np.ndarray | Tensor) -> Tensor:
        """Return the activations, float32 (N, 2048), on the CPU."""
        mean, sd = (torch.tensor(v, device=self.device).view(3, 1, 1) for v in (_MEAN, _SD))
        parts = [torch.empty(0, 2048)]
        for batch in torch.as_tensor(images).split(INCEPTION_BATCH):
            x = in_colour(batch.permute(0, 3, 1, 2)).to(self.device).float().div(255)
            x = F.interpolate(x, size=(INCEPTION_SIDE, INCEPTION_SIDE), mode="bilinear", antialias=True)
            parts.append(self.network((x - mean) / sd).float().cpu())
        return torch.cat(parts)


def in_colour(images: Tensor) -> Tensor:
    """Return uint8 (N, 1 or 3, H, H) as (N, 3, H, H): grey three times."""
    return images.expand(-1, 3, -1, -1)


def as_input(images: Tensor) -> Tensor:
    """Return pictures uint8 (N, 1 or 3, H, H) as the general network takes them: uint8 (N, 3, 64, 64)."""
    return resize(in_colour(images), RESOLUTION)


def inception_file() -> Path | None:
    """Return where torchvision's Inception lies in this machine's cache; None where it does not, or is damaged.

    Nothing is downloaded. Its name holds the beginning of its SHA-256.
    """
    from torchvision import models

    name = models.Inception_V3_Weights.IMAGENET1K_V1.url.rsplit("/", 1)[1]
    path = Path(torch.hub.get_dir()) / "checkpoints" / name
    if not path.is_file():
        return None
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return path if digest.startswith(path.stem.rsplit("-", 1)[1]) else None


def load_general(device: str | torch.device = "cpu", file: Path = FILE) -> General:
    """Load the general network; FolderError for missing, damaged or inconsistent files."""
    about: Any = read_json(file)
    outputs, accuracy = (about.get(key) for key in ("outputs", "accuracy")) if isinstance(about, dict) else (None, None)
    if type(outputs) is not int or not 1 <= outputs <= 10_000 or type(accuracy) is not float or not 0 <= accuracy <= 1:
        raise FolderError(f"{file}: not the general network of this program: reinstall it")
    with torch.device("meta"):
        network = Network(3, outputs, RESOLUTION, FEATURES)
    load_into(network, file.with_suffix(".safetensors"), torch.device(device))
    return General(network.to(memory_format=torch.channels_last), accuracy)


def load_extractor(device: str | torch.device = "cpu") -> Extractor:
    """Load what pictures of every kind are measured by: Inception where it is in the cache, else the general network.

    FolderError for files that are missing or damaged.
    """
    return Inception(torch.device(device)) if inception_file() else load_general(device)
