"""What a model folder says about itself without its weights: JSON and a safetensors header, no torch.

Anyone may have written the folder. What is read is bounded, and what is believed is typed and in range.
"""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Any

from gan.config import Config
from gan.errors import ConfigError, FolderError
from gan.hub.names import MODEL
from gan.io import MAX_JSON_BYTES, read_json

IMAGES = 10**12  # more than anyone has shown a network
AXES = 8  # of one tensor


@dataclass(frozen=True)
class Info:
    """One model as the gallery shows it, before any weight is read.

    dataset: a data set's name, or the last part of a folder's path: where it lies is nobody's business.
    grid: (rows, columns) of samples.png, whose pictures are seeds 0, 1, 2, ... row by row; None if not known.
    samples: the PNG's path, or None when the folder has none.
    """

    name: str
    dataset: str
    network: str
    loss: str
    resolution: int
    channels: int
    images: int
    parameters: int
    classes: tuple[str, ...]
    grid: tuple[int, int] | None
    samples: Path | None


def discover(shipped: Path, runs: Path) -> list[Path]:
    """List every model folder in `shipped`, then every one in `runs` that has finished writing a model."""
    bundled = sorted(p.parent for p in shipped.glob("*/config.json"))
    trained = sorted(p.parent for p in runs.glob("*/config.json"))
    return bundled + [folder for folder in trained if all((folder / name).is_file() for name in MODEL.needed)]


def is_run(folder: Path) -> bool:
    """Whether a model folder is one that was trained here, by where it lies."""
    return folder.parent.name == "runs"


def read_info(name: str, folder: Path) -> Info:
    """Raises FolderError, naming file and fault, for a bad config.json, metrics.json or header of the weights."""
    try:
        config = Config.from_dict(read_json(folder / "config.json"))
    except ConfigError as error:
        raise FolderError(f"{folder / 'config.json'}: {error}") from None
    if config.resolution == 0 or config.channels == 0:
        raise FolderError(f"{folder / 'config.json'}: resolution and channels must be set, got 0")
    metrics = read_json(folder / "metrics.json") if (folder / "metrics.json").exists() else {}
    if not isinstance(metrics, dict):
        raise FolderError(f"{folder / 'metrics.json'}: expected a JSON object, got {type(metrics).__name__}")
    images, samples = metrics.get("images"), folder / "samples.png"
    return Info(
        name=name,
        dataset=PureWindowsPath(config.dataset).name or "?",  # knows both kinds of slash
        network=config.network,
        loss=config.loss,
        resolution=config.resolution,
        channels=config.channels,
        images=images if type(images) is int and 0 <= images <= IMAGES else config.images,
        parameters=_parameters(folder / "model.safetensors"),
        classes=config.classes,
        grid=_grid(metrics.get("grid")),
        samples=samples if samples.is_file() else None,
    )


def _grid(value: object) -> tuple[int, int] | None:
    if isinstance(value, list) and len(value) == 2 and all(type(v) is int and 1 <= v <= 64 for v in value):
        return value[0], value[1]
    return None


def _parameters(path: Path) -> int:
    """Numbers stored in a safetensors file, from its header: 8 bytes of length, then JSON with every shape."""
    if not path.is_file():  # also a pipe, which would never answer
        raise FolderError(f"{path}: missing, or not a file")
    try:
        most = path.stat().st_size  # a number takes a byte at least
        with path.open("rb") as file:
            (size,) = struct.unpack("<Q", file.read(8))
            if size > MAX_JSON_BYTES:
                raise FolderError(f"{path}: a header of {size} bytes is too large for a model")
            header = json.loads(file.read(size))
        total = sum(_numbers(entry["shape"], most) for key, entry in header.items() if key != "__metadata__")
    except FolderError:
        raise
    except OSError as error:
        raise FolderError(f"{path}: not readable ({error.strerror})") from None
    except (ValueError, struct.error, KeyError, TypeError, AttributeError, RecursionError):
        raise FolderError(f"{path}: not a safetensors file") from None
    if total > most:
        raise FolderError(f"{path}: the header tells of more numbers than the file can hold")
    return total


def _numbers(shape: Any, most: int) -> int:
    """The product of a shape, whose axes are checked first: a product of huge ones takes minutes."""
    if not isinstance(shape, list) or len(shape) > AXES or not all(type(n) is int and 0 <= n <= most for n in shape):
        raise ValueError
    return math.prod(shape)
