"""Facts about a model folder, read without its weights: JSON and a safetensors header, no torch.

Anyone may have written the folder. Sizes are bounded before a file is read, types and ranges before a value is used.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, WrapValidator

from gan.config import ClassGroup, Config
from gan.errors import ConfigError, FolderError
from gan.hub.names import MODEL
from gan.io import MAX_JSON_BYTES, is_plain, read_json
from gan.presets import PRESETS
from gan.text import last_name

MAX_IMAGES = 10**12  # more than any network has been shown
MAX_NAMED = 1024  # sliders, those for single classes counted too
MAX_NAME = 32  # letters of one; both as in `gan.models.directions`, which needs torch
MAX_AXES = 8  # of one tensor
MAX_SIDE = 2**40  # numbers along one axis; bounded because the product of huge numbers takes minutes


@dataclass(frozen=True)
class Info:
    """One model as the gallery shows it, before any weight is read.

    dataset: a data set's name, or the last part of a folder's path, because the rest is private.
    grid: (rows, columns) of samples.png, whose pictures are seeds 0, 1, 2, ... row by row; None if not known.
    samples: the PNG's path, or None when the folder has none.
    named: names of the sliders, each once, as far as metrics.json has them.
    kinds: of each of those, the attribute of which it is one of several kinds, or "".
    task: generate, or translate, and then sides: what it translates to, b or b and a; conditions: the names of numbers
    that it is told besides, in place of classes.
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
    groups: tuple[ClassGroup, ...]
    grid: tuple[int, int] | None
    samples: Path | None
    named: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    task: str = "generate"
    sides: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()

    def of_translator(self) -> dict[str, Any]:
        """Return what the page must know of a translator before it asks for any translation."""
        return {
            "model": self.name,
            "size": self.resolution,
            "sides": list(self.sides),
            "conditions": list(self.conditions),
        }

    def for_browser(self) -> dict[str, Any]:
        """Return what the page must know of a model before it asks for any picture of it.

        groups: of the classes, where a picture can have several. smooth: True where pictures are enlarged smoothly
        unless the visitor chooses otherwise: colour, and plots of 2-D points, whose pixels mean nothing.
        """
        return {
            "model": self.name,
            "size": self.resolution,
            "classes": list(self.classes),
            "groups": [group._asdict() for group in self.groups],
            "named": list(self.named),
            "kinds": list(self.kinds),
            "smooth": self.channels == 3 or self.network.startswith("points"),
        }


def _none_if_invalid(value: Any, validate: Callable[[Any], Any]) -> Any:
    try:
        return validate(value)
    except ValidationError:
        return None


OR_NONE = WrapValidator(_none_if_invalid)  # a value of the wrong type or out of range is left out
Side = Annotated[int, Field(strict=True, ge=1, le=64)]


class Named(BaseModel):
    """A named slider, of which its name and what it is a kind of are of interest here."""

    name: Annotated[str, Field(strict=True, max_length=MAX_NAME)]
    kind_of: Annotated[str, Field(strict=True, max_length=MAX_NAME)] = ""


class Metrics(BaseModel):
    """The entries of metrics.json that the gallery shows."""

    images: Annotated[Annotated[int, Field(strict=True, ge=0, le=MAX_IMAGES)] | None, OR_NONE] = None
    grid: Annotated[tuple[Side, Side] | None, OR_NONE] = None
    sliders: Annotated[Annotated[list[Named], Field(max_length=MAX_NAMED)] | None, OR_NONE] = None


class TensorEntry(BaseModel):
    """One tensor in a safetensors header."""

    model_config = ConfigDict(strict=True)

    shape: Annotated[list[Annotated[int, Field(ge=0, le=MAX_SIDE)]], Field(max_length=MAX_AXES)]


class Header(BaseModel):
    """A safetensors header: an entry for each tensor, by name, and free text under `__metadata__`."""

    model_config = ConfigDict(strict=True, extra="allow")
    __pydantic_extra__: dict[str, TensorEntry]

    metadata: Any = Field(None, alias="__metadata__")

    def count(self) -> int:
        """Return how many numbers the tensors hold."""
        return sum(math.prod(entry.shape) for entry in self.__pydantic_extra__.values())


def discover(shipped: Path, runs: Path) -> list[Path]:
    """List every model folder in `shipped`, then every one in `runs` that has finished writing a model.

    Shipped ones come in the order of the presets that trained them, of which the first is the first on the page.
    """
    order = {name: i for i, name in enumerate(PRESETS)}
    bundled = sorted((p.parent for p in shipped.glob("*/config.json")), key=lambda f: (order.get(f.name, 99), f.name))
    trained = sorted(p.parent for p in runs.glob("*/config.json"))
    return bundled + [folder for folder in trained if all((folder / name).is_file() for name in MODEL.needed)]


def is_run(folder: Path) -> bool:
    """Return True for a model folder that was trained on this machine: one that lies in `runs`."""
    return folder.parent.name == "runs"


def read_info(name: str, folder: Path) -> Info:
    """Read a folder's JSON and the header of its weights; FolderError, naming file and fault, for a bad one."""
    try:
        config = Config.from_dict(read_json(folder / "config.json"))
    except ConfigError as error:
        raise FolderError(f"{folder / 'config.json'}: {error}") from None
    if config.resolution == 0 or config.channels == 0:
        raise FolderError(f"{folder / 'config.json'}: resolution and channels must be set, got 0")
    metrics = _metrics(folder / "metrics.json")
    kinds = {slider.name: slider.kind_of for slider in metrics.sliders or ()}
    translates = config.task == "translate"
    return Info(
        name=name,
        dataset=last_name(_without_commit(config.dataset)) or "?",
        network=config.network,
        loss=config.loss,
        resolution=config.resolution,
        channels=config.channels,
        images=config.images if metrics.images is None else metrics.images,
        parameters=_parameters(folder / "model.safetensors"),
        classes=() if translates else config.classes,
        groups=() if translates else config.class_groups,
        grid=None if translates else metrics.grid,
        samples=folder / "samples.png" if is_plain(folder, "samples.png") else None,
        named=tuple(kinds),
        kinds=tuple(kinds.values()),
        task=config.task,
        sides=(("b", "a") if "back" in config.network_parts else ("b",)) if translates else (),
        conditions=config.classes if translates else (),
    )


def _without_commit(dataset: str) -> str:
    """Return the name of a data set on the Hub without its commit and column, and any other as it is."""
    return dataset.partition("@")[0] if dataset.startswith("hub:") else dataset


def _metrics(path: Path) -> Metrics:
    values = read_json(path) if path.exists() else {}
    if not isinstance(values, dict):
        raise FolderError(f"{path}: expected a JSON object, got {type(values).__name__}")
    return Metrics.model_validate(values)


def _parameters(path: Path) -> int:
    """Count the numbers in a safetensors file from its header: 8 bytes of length, then JSON with every shape."""
    if not path.is_file():  # also refuses a pipe, which would never answer
        raise FolderError(f"{path}: missing, or not a file")
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > MAX_JSON_BYTES:
                raise FolderError(f"{path}: a header of {length} bytes is too large for a model")
            total = Header.model_validate_json(file.read(length)).count()
    except OSError as error:
        raise FolderError(f"{path}: not readable ({error.strerror})") from None
    except (ValidationError, struct.error):
        raise FolderError(f"{path}: not a safetensors file") from None
    if total > size:  # a number takes a byte at least
        raise FolderError(f"{path}: the header announces more numbers than the file can hold")
    return total
