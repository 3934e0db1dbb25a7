"""A small classifier of one data set, whose features and predictions every metric of pictures is computed from.

Inception knows dogs and cars, not digits: features of a network trained on the data set itself distinguish more.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from gan.config import ALL_RESOLUTIONS, ClassGroup
from gan.data import DATASETS, full_set
from gan.data.dataset import resize
from gan.errors import DataError
from gan.evaluation.metrics import verdict
from gan.models.weights import load_into

WEIGHTS = Path(__file__).with_name("weights")
FEATURES = 64  # D, dimensions of a picture's features
BATCH = 512  # pictures classified at once: bounds memory


class Network(nn.Module):
    """Pictures (N, C, H, H), H one of `RESOLUTIONS`, in [-1, 1], to logits (N, K).

    Five convolutions, then two linear layers. The convolutions halve the resolution three times, or four times from 64
    pixels, the first one included: that is four times as fast as a first one at full size, and costs .1 points of
    accuracy on digits.
    """

    def __init__(self, channels: int, classes: int, resolution: int = 32, features: int = FEATURES) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *block(channels, 32, 5, 2),
            *block(32, 32, 3, 2 if resolution == 64 else 1),
            *block(32, 64, 3, 2),
            *block(64, 64, 3, 1),
            *block(64, 64, 3, 2),
            nn.Flatten(),  # 4 x 4 positions, from 28 pixels, 32 and 64
            nn.Linear(64 * 16, features, bias=False),
            nn.BatchNorm1d(features),
            nn.ReLU(),
        )
        self.head = nn.Linear(features, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (N, K)."""
        return self.head(self.body(x))


def block(channels_in: int, channels_out: int, size: int, stride: int) -> list[nn.Module]:
    """Return a convolution with size x size weights, batch norm and ReLU."""
    return [
        nn.Conv2d(channels_in, channels_out, size, stride, size // 2, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(),
    ]


class Classifier:
    """A trained `Network` with its data set and classes. Calls do not change it.

    name        of the data set
    classes     names of the K classes
    resolution  pixels a side that the network takes; pictures of another size are resampled to it
    accuracy    share of held-out pictures, in [0, 1], that it classifies correctly
    groups      of the classes, where a picture has several; empty where it has one
    """

    kind = "classifier"  # see `gan.evaluation.metrics.general.Extractor`

    def __init__(
        self,
        name: str,
        network: Network,
        classes: tuple[str, ...],
        resolution: int,
        channels: int,
        accuracy: float,
        groups: tuple[ClassGroup, ...] = (),
    ) -> None:
        self.name, self.network, self.classes = name, network.eval().requires_grad_(False), classes
        self.resolution, self.channels, self.accuracy, self.groups = resolution, channels, accuracy, groups
        self.device = next(network.parameters()).device

    @property
    def about(self) -> str:
        """Return its data set and accuracy in words."""
        return f"{self.name}, {self.accuracy:.2%} accurate"

    @torch.inference_mode()
    def features(self, images: np.ndarray | Tensor) -> Tensor:
        """Return the activations of the layer before the last, float32 (N, `FEATURES`), >= 0, on the CPU.

        images: uint8 (N, H, H, C), H one of `ALL_RESOLUTIONS`; ValueError otherwise.
        """
        x = _check_images(images, self.channels)
        parts = [torch.empty(0, FEATURES)]
        for batch in x.split(BATCH) if len(x) else ():
            batch = fit_size(batch.permute(0, 3, 1, 2), self.resolution)
            parts.append(self.network.body(to_float(batch.to(self.device))).float().cpu())
        return torch.cat(parts)

    def logits(self, features: Tensor) -> Tensor:
        """Return logits float32 (N, K), on the CPU, of each row of `features`."""
        return self.network.head(features.to(self.device)).float().cpu()

    def predict(self, features: Tensor) -> Tensor:
        """Return what `verdict.seen` makes of each row of `features`, on the CPU: int64 (N,), or rows of groups."""
        return verdict.seen(self.logits(features), self.groups)


def _check_images(images: np.ndarray | Tensor, channels: int) -> Tensor:
    x = torch.from_numpy(np.ascontiguousarray(images)) if isinstance(images, np.ndarray) else images
    if not isinstance(x, Tensor):
        raise ValueError(f"images must be an array of uint8, got {type(images).__name__}")
    valid = x.dtype == torch.uint8 and x.ndim == 4 and x.shape[3] == channels and x.shape[1] == x.shape[2]
    if not valid or x.shape[1] not in ALL_RESOLUTIONS:
        sides = ", ".join(map(str, ALL_RESOLUTIONS))
        raise ValueError(f"images must be uint8 (N, H, H, {channels}), H in {sides}; got {x.dtype} {tuple(x.shape)}")
    return x


def fit_size(images: Tensor, resolution: int) -> Tensor:
    """Resample uint8 (N, C, H, H) to uint8 (N, C, resolution, resolution), as `gan.data` resamples the data set.

    28 pixels are 32 without the black margin that `gan.data` puts around digits and clothes.
    """
    if images.shape[-1] == resolution:
        return images
    return resize(images, 32)[..., 2:-2, 2:-2] if resolution == 28 else resize(images, resolution)


def to_float(images: Tensor) -> Tensor:
    """Convert uint8 (N, C, H, H) to float32 in [-1, 1], channels last, the faster layout for convolutions."""
    return images.float().div(127.5).sub(1).contiguous(memory_format=torch.channels_last)


def available(folder: Path = WEIGHTS) -> list[str]:
    """Return the names of the data sets that `load_classifier` accepts."""
    own = {path.stem for path in folder.glob("*.json")}
    return sorted(own | {name for name in DATASETS if full_set(name) in own})


def load_classifier(name: str, device: str | torch.device = "cpu", folder: Path = WEIGHTS) -> Classifier:
    """Load the classifier of the data set `name`, or of the set it is a subset of, from `folder`.

    DataError, with the cure, where there is none; FolderError for damaged or inconsistent files: none is trusted.
    """
    from gan.evaluation.metrics.classifier_file import read_classifier_file  # pydantic: training works without it

    if name not in available(folder):  # this also refuses names that are paths
        raise DataError(
            f"there is no classifier of the data set {name!r}, only of {', '.join(available(folder))}: evaluate a "
            "model of one of these, or add a line to RECIPES in gan/evaluation/metrics/fit.py and run "
            "python -m gan.evaluation.metrics.train_classifier"
        )
    path = folder / f"{full_set(name)}.json"
    about = read_classifier_file(path)
    with torch.device("meta"):
        network = Network(about.channels, len(about.classes), about.resolution)
    load_into(network, path.with_suffix(".safetensors"), torch.device(device))
    network = network.to(memory_format=torch.channels_last)
    return Classifier(
        full_set(name),
        network,
        tuple(about.classes),
        about.resolution,
        about.channels,
        about.accuracy,
        about.class_groups,
    )
