"""Weights on disk: safetensors and JSON, never pickle; written whole or not at all, and validated before use."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn

from gan import networks
from gan.config import Config
from gan.errors import ConfigError, FolderError
from gan.io import MAX_JSON_BYTES, read_json, write_bytes
from gan.models import point_plot
from gan.networks.translation import PARTS

MAX_ELEMENTS = 200_000_000  # of one file: 800 MB as float32, far above anything trained here


def write_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: dict[str, str] | None = None) -> None:
    """Write named tensors as safetensors, whole or not at all. metadata: texts in the header, see `read_about`."""
    write_bytes(path, save({k: v.detach().cpu().contiguous() for k, v in tensors.items()}, metadata))


def read_config(folder: Path) -> Config:
    """Read the folder's config. Raises FolderError unless every field is in range. Reads no tensor."""
    path = folder / "config.json"
    try:
        config = Config.from_dict(read_json(path))
    except ConfigError as error:
        raise FolderError(f"{path}: {error}") from None
    if config.resolution == 0 or config.channels == 0:
        raise FolderError(f"{path}: resolution and channels must be set in a trained model's config")
    known = networks.networks_for(config.task)
    if config.network not in known:
        raise FolderError(f"{path}: unknown network {config.network!r}: known are {', '.join(known)}")
    if unknown := set(config.network_parts) - set(PARTS):
        raise FolderError(f"{path}: unknown part of networks {min(unknown)!r}: known are {', '.join(PARTS)}")
    shape = (config.resolution, config.channels, config.classes)
    if config.network in networks.POINT_NETWORKS and shape != (point_plot.SIDE, point_plot.CHANNELS, ()):
        raise FolderError(
            f"{path}: points are drawn at resolution {point_plot.SIDE}, with {point_plot.CHANNELS} channels and "
            "no classes"
        )
    return config


def read_tensors(path: Path, expected: Mapping[str, Tensor], limit: int = MAX_ELEMENTS) -> dict[str, Tensor]:
    """Read a file's tensors to the CPU, if their names, dtypes and shapes are those of `expected` (e.g. meta tensors).

    Nothing is allocated before the whole header agrees, nor for more than `limit` numbers in all. Raises FolderError
    with the file and the first difference; also for values that are not finite.
    """
    if not path.is_file():
        raise FolderError(f"{path}: missing, or not a file")
    total = sum(t.numel() for t in expected.values())
    if total > limit:
        raise FolderError(f"{path}: the config asks for {total:,} numbers, the limit is {limit:,}")
    check_header(path)
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            names = set(file.keys())
            if missing := sorted(expected.keys() - names):
                raise FolderError(f"{path}: tensor {missing[0]!r} is missing")
            if extra := sorted(names - expected.keys()):
                raise FolderError(f"{path}: unexpected tensor {extra[0]!r}"[:300])
            for name, tensor in expected.items():
                part = file.get_slice(name)
                if tuple(part.get_shape()) != tuple(tensor.shape):
                    shapes = f"{tuple(part.get_shape())}, the config needs {tuple(tensor.shape)}"
                    raise FolderError(f"{path}: tensor {name!r} has shape {shapes}")
                if part.get_dtype() != _DTYPES[tensor.dtype]:
                    raise FolderError(f"{path}: tensor {name!r} is {part.get_dtype()}, not {_DTYPES[tensor.dtype]}")
            tensors = {name: file.get_tensor(name) for name in expected}
    except (OSError, SafetensorError) as error:
        raise FolderError(f"{path}: damaged or not safetensors ({error})") from None
    for name, tensor in tensors.items():
        if not is_finite(tensor):
            raise FolderError(f"{path}: tensor {name!r} holds values that are not finite")
    return tensors


def is_finite(tensor: Tensor) -> bool:
    """Return whether all values are finite, as `torch.isfinite` tells in five times the time."""
    return tensor.numel() == 0 or all(math.isfinite(value) for value in torch.aminmax(tensor))


def check_header(path: Path) -> None:
    """Raise FolderError for a header longer than any of ours: parsing it alone could take all memory."""
    with path.open("rb") as file:
        (size,) = struct.unpack("<Q", file.read(8).ljust(8, b"\0"))
    if MAX_JSON_BYTES < size < path.stat().st_size:
        raise FolderError(f"{path}: a header of {size} bytes is too large for a model")


def read_about(path: Path, key: str) -> dict[str, Any] | None:
    """Return the JSON object in the header of a file of tensors; None where there is none, and for a damaged file.

    FolderError for a header that is too large, and for what is no JSON object.
    """
    if not path.is_file():
        return None
    check_header(path)
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            text = (file.metadata() or {}).get(key)
        about = None if text is None else json.loads(text)
    except (OSError, SafetensorError):
        return None  # whoever reads the tensors says what is wrong with it
    except (ValueError, RecursionError) as error:
        raise FolderError(f"{path}: {key} in its header is not JSON ({error})"[:400]) from None
    if about is not None and not isinstance(about, dict):
        raise FolderError(f"{path}: {key} in its header must be a JSON object, got {type(about).__name__}")
    return about


_DTYPES = {torch.float32: "F32", torch.float16: "F16", torch.int64: "I64"}


def build_on_meta(config: Config, folder: Path) -> tuple[nn.Module, nn.Module]:
    """Build (generator, critic) on torch's meta device: shapes, but no memory. Raises FolderError if it cannot."""
    try:
        with torch.device("meta"):
            return networks.build(config)
    except (ConfigError, RuntimeError, KeyError, ValueError) as error:
        raise FolderError(f"{folder / 'config.json'}: no network can be built from it ({error})") from None


def load_into(module: nn.Module, path: Path, device: torch.device) -> nn.Module:
    """Load a file's weights into a module on the meta device, after the checks of `read_tensors`.

    Returns the module on `device`, in eval mode and without gradients.
    """
    tensors = read_tensors(path, module.state_dict())
    module.load_state_dict({k: v.to(device) for k, v in tensors.items()}, assign=True)
    return module.eval().requires_grad_(False)
