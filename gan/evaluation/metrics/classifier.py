"""A small classifier of one data set: the eyes through which `gan.evaluation.evaluate` looks at pictures.

Inception knows dogs and cars, not digits; features of a network that was trained on the data itself tell more of them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from gan.config import RESOLUTIONS
from gan.data.dataset import resize
from gan.errors import DataError, FolderError
from gan.io import read_json
from gan.models.weights import load_into

WEIGHTS = Path(__file__).with_name("weights")
FEATURES = 64  # D, numbers a picture becomes
BATCH = 512  # pictures looked at at once: bounds memory
# The bundled tenths are pictures of the full sets, and are judged by the same eyes.
SAME = {"mnist-10k": "mnist", "fashion-mnist-10k": "fashion-mnist"}


class Network(nn.Module):
    """Pictures (N, C, H, H), H = 28 or 32, in [-1, 1] to logits (N, K): five convolutions, halving thrice, two layers.

    The first convolution halves at once: four times as fast as one at full size, for .1 points of accuracy on digits.
    """

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *_block(channels, 32, 5, 2),
            *_block(32, 32, 3, 1),
            *_block(32, 64, 3, 2),
            *_block(64, 64, 3, 1),
            *_block(64, 64, 3, 2),
            nn.Flatten(),  # 4 x 4 positions, from 28 pixels and from 32
            nn.Linear(64 * 16, FEATURES, bias=False),
            nn.BatchNorm1d(FEATURES),
            nn.ReLU(),
        )
        self.head = nn.Linear(FEATURES, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.body(x))


def _block(inside: int, outside: int, size: int, stride: int) -> list[nn.Module]:
    return [
        nn.Conv2d(inside, outside, size, stride, size // 2, bias=False),
        nn.BatchNorm2d(outside),
        nn.ReLU(),
    ]


class Classifier:
    """A trained `Network` and what it is for. Calls do not change it.

    name        of the data set
    classes     names of the K classes
    resolution  pixels a side that the network takes; pictures of another size are resampled to it
    accuracy    share of its own unseen pictures, in [0, 1], that it names rightly
    """

    def __init__(
        self, name: str, network: Network, classes: tuple[str, ...], resolution: int, channels: int, accuracy: float
    ) -> None:
        self.name, self.network, self.classes = name, network.eval().requires_grad_(False), classes
        self.resolution, self.channels, self.accuracy = resolution, channels, accuracy
        self.device = next(network.parameters()).device

    @torch.inference_mode()
    def features(self, images: np.ndarray | Tensor) -> Tensor:
        """Activations float32 (N, `FEATURES`), >= 0, on the CPU, of the layer before the last.

        images: uint8 (N, H, H, C), H one of `RESOLUTIONS`; ValueError otherwise.
        """
        x = _checked(images, self.channels)
        parts = [torch.empty(0, FEATURES)]
        for batch in x.split(BATCH) if len(x) else ():
            batch = fit_size(batch.permute(0, 3, 1, 2), self.resolution)
            parts.append(self.network.body(to_float(batch.to(self.device))).float().cpu())
        return torch.cat(parts)

    def logits(self, features: Tensor) -> Tensor:
        """Logits float32 (N, K), on the CPU, of each row of `features`."""
        return self.network.head(features.to(self.device)).float().cpu()

    def predict(self, features: Tensor) -> Tensor:
        """The likeliest class int64 (N,), on the CPU, of each row of `features`."""
        return self.logits(features).argmax(1)


def _checked(images: np.ndarray | Tensor, channels: int) -> Tensor:
    x = torch.from_numpy(np.ascontiguousarray(images)) if isinstance(images, np.ndarray) else images
    if not isinstance(x, Tensor):
        raise ValueError(f"images must be an array of uint8, got {type(images).__name__}")
    good = x.dtype == torch.uint8 and x.ndim == 4 and x.shape[3] == channels and x.shape[1] == x.shape[2]
    if not good or x.shape[1] not in RESOLUTIONS:
        sides = ", ".join(map(str, RESOLUTIONS))
        raise ValueError(f"images must be uint8 (N, H, H, {channels}), H in {sides}; got {x.dtype} {tuple(x.shape)}")
    return x


def fit_size(images: Tensor, resolution: int) -> Tensor:
    """uint8 (N, C, H, H) to uint8 (N, C, resolution, resolution), as the data set itself is resampled.

    28 pixels are 32 less the black margin that `gan.data` puts around digits and clothes.
    """
    if images.shape[-1] == resolution:
        return images
    return resize(images, 32)[..., 2:-2, 2:-2] if resolution == 28 else resize(images, resolution)


def to_float(images: Tensor) -> Tensor:
    """uint8 (N, C, H, H) to float32 in [-1, 1], in the layout that convolutions like."""
    return images.float().div(127.5).sub(1).contiguous(memory_format=torch.channels_last)


def known(folder: Path = WEIGHTS) -> list[str]:
    """Names of the data sets that `load_classifier` takes."""
    own = {p.stem for p in folder.glob("*.json")}
    return sorted(own | {name for name, same in SAME.items() if same in own})


def load_classifier(name: str, device: str | torch.device = "cpu", folder: Path = WEIGHTS) -> Classifier:
    """The classifier of the data set `name`, from `folder`/NAME.json and .safetensors.

    DataError, with the cure, where there is none; FolderError for damaged files. Nothing in them is trusted.
    """
    path = folder / f"{SAME.get(name, name)}.json"
    if name not in known(folder):  # which also keeps a name from leading elsewhere
        raise DataError(
            f"there is no classifier of the data set {name!r}, only of {', '.join(known(folder))}: evaluate a model of "
            "one of these, or add a line to RECIPES in gan/evaluation/metrics/fit.py and run "
            "python -m gan.evaluation.metrics.train_classifier"
        )
    about = read_json(path)
    try:
        classes, resolution, channels = tuple(about["classes"]), about["resolution"], about["channels"]
        accuracy = about["accuracy"]
        if not 2 <= len(classes) <= 1000 or not all(isinstance(c, str) for c in classes):
            raise ValueError("classes must be 2 to 1000 names")
        if resolution not in (28, 32) or channels not in (1, 3):
            raise ValueError(f"resolution must be 28 or 32 and channels 1 or 3, got {resolution!r} and {channels!r}")
        if type(accuracy) is not float or not 0 <= accuracy <= 1:
            raise ValueError(f"accuracy must be in [0, 1], got {accuracy!r}")
    except (KeyError, TypeError, ValueError) as error:
        raise FolderError(f"{path}: not a classifier of this program ({type(error).__name__}: {error})") from None
    with torch.device("meta"):
        network = Network(channels, len(classes))
    network = load_into(network, path.with_suffix(".safetensors"), torch.device(device))
    network = network.to(memory_format=torch.channels_last)
    return Classifier(SAME.get(name, name), network, classes, resolution, channels, accuracy)
