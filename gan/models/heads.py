"""Small networks that are taught on one generator or critic and lie beside it: `encoder.safetensors` and others.

Weights are kept in half precision. The file's header says for which weights it was taught, and what was measured: with
other weights in the folder it is as if it were not there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from torch import nn

from gan.errors import FolderError
from gan.models.taught_on import KEY, TAUGHT_ON, fingerprint
from gan.models.weights import read_about, read_tensors, write_tensors

MAX_FIGURES, MOST = 64, 1e9
Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True)
class Head(Generic[Network]):
    """A network in use, in eval mode, and what was measured of it: finite numbers by name."""

    network: Network
    figures: dict[str, float]


def write_head(folder: Path, name: str, network: nn.Module, figures: Mapping[str, float], form: str = "") -> None:
    """Write a network into a model folder, for the weights that are there now; whole or not at all.

    form: names what it is given, where earlier releases gave it something else.
    """
    about = {"of": fingerprint(folder / TAUGHT_ON[name]), "figures": dict(figures)} | ({"form": form} if form else {})
    tensors = {key: value.half() for key, value in network.state_dict().items()}
    write_tensors(folder / name, tensors, {KEY: json.dumps(about)})


def read_head(folder: Path, name: str, network: Network, device: torch.device, form: str = "") -> Head[Network] | None:
    """Read the network of a folder into `network`, which is on the meta device.

    None where there is none, or it is of other weights or of another `form`. Nothing in the file is trusted:
    FolderError as `read_tensors`, and for figures that are no numbers.
    """
    path = folder / name
    if not path.exists():
        return None
    about = read_about(path, KEY)
    if about is not None and (about.get("of"), about.get("form", "")) != (fingerprint(folder / TAUGHT_ON[name]), form):
        return None
    tensors = read_tensors(path, {key: value.half() for key, value in network.state_dict().items()})
    if about is None:
        raise FolderError(f"{path}: its header does not say for which weights it is")
    figures = _checked(about.get("figures", {}), path)
    network.load_state_dict({key: value.float().to(device) for key, value in tensors.items()}, assign=True)
    return Head(network.eval().requires_grad_(False), figures)


def _checked(figures: Any, path: Path) -> dict[str, float]:
    """Return figures from JSON that anyone may have written."""
    if not isinstance(figures, dict) or len(figures) > MAX_FIGURES:
        raise FolderError(f"{path}: its figures must be at most {MAX_FIGURES} numbers by name")
    for key, value in figures.items():
        if not (key.isidentifier() and len(key) <= 32) or type(value) not in (int, float) or not abs(value) <= MOST:
            raise FolderError(f"{path}: its figure {key!r} must be a number up to {MOST:g}, got {value!r}"[:300])
    return figures
