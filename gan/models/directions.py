"""`directions.safetensors`: principal directions of a latent space, and directions that have a name."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gan.errors import FolderError
from gan.models.weights import read_about, read_tensors, write_tensors

MAX_NAMED = 1024  # rows of one model, those for single classes counted too
MAX_NAME = 32  # letters
MAX_LABEL = 200  # letters of a class
NAME = f"an identifier of at most {MAX_NAME} letters, such as hair_length"
PRINCIPAL = 16  # fewer where the latent has fewer coordinates
_KEY = "sliders"  # of the file's metadata


def is_name(value: object) -> bool:
    """Return whether a slider can be called this: a Python identifier of at most `MAX_NAME` letters."""
    return isinstance(value, str) and len(value) <= MAX_NAME and value.isidentifier()


@dataclass(frozen=True)
class Slider:
    """Facts about one named direction. ValueError for values that cannot be so.

    name       a Python identifier of at most `MAX_NAME` letters
    label      the class that it is for; "" for all classes that have no directions of their own
    r2         share of the attribute's variance, within classes, that the latent tells by a straight line; at most 1
    effect     change of the attribute from -2 to 2, in its standard deviations within classes
    cross      largest change of another slider's attribute on that way, in standard deviations of that one
    affects    name of that other attribute; "" where there is no other
    change     mean squared change of the picture, beside that by random directions of the same length
    elsewhere  mean absolute change of the picture outside the attribute's own part, by a move of 2, in levels of 255
    accuracy   of an attribute that is there or not: the share of pictures that have it at 2 and lack it at -2, balanced
    principal  where a person gave the name: the number of the principal direction, from 1, negative for its other way;
               0 for what was measured
    kind_of    the attribute of which this is one of several kinds that exclude each other, "mouth" of a laugh; or ""

    r2, effect, accuracy and elsewhere are None where they are not known.
    """

    name: str
    r2: float | None = None
    effect: float | None = None
    cross: float = 0.0
    affects: str = ""
    change: float = 0.0
    label: str = ""
    accuracy: float | None = None
    principal: int = 0
    elsewhere: float | None = None
    kind_of: str = ""

    def __post_init__(self) -> None:
        for name in (self.name, self.affects or self.name, self.kind_of or self.name):
            if not is_name(name):
                raise ValueError(f"a name must be {NAME}, got {name!r}"[:300])
        if not isinstance(self.label, str) or len(self.label) > MAX_LABEL:
            raise ValueError(f"label of slider {self.name} must be the name of a class, got {self.label!r}"[:300])
        for key in ("r2", "effect", "cross", "change", "accuracy", "elsewhere"):
            value = getattr(self, key)
            if value is None and key not in ("cross", "change"):
                continue
            if type(value) not in (int, float) or not math.isfinite(value):
                raise ValueError(f"{key} of slider {self.name} must be a finite number, got {value!r}"[:300])
        if type(self.principal) is not int or abs(self.principal) > PRINCIPAL:
            raise ValueError(f"principal of slider {self.name} must be a direction, got {self.principal!r}"[:300])


@dataclass(frozen=True)
class Directions:
    """Directions in a latent space of z_dim coordinates.

    principal  float32 (K, z_dim): adding row k to a latent is one standard deviation along principal component k
    variance   float32 (K,): the share of variance that each explains, descending
    beside     the attribute that each principal direction mostly changes, "" for none; empty where none is known
    named      float32 (M, z_dim): a step along any of them changes the picture about equally
    sliders    what is known of each row of `named`; no two have the same name and label
    """

    principal: Tensor
    variance: Tensor
    named: Tensor
    sliders: tuple[Slider, ...] = ()
    beside: tuple[str, ...] = ()


def without_names(principal: Tensor, variance: Tensor) -> Directions:
    """Return directions of which none has a name."""
    return Directions(principal, variance, principal.new_empty(0, principal.shape[1]))


def write_directions(path: Path, directions: Directions) -> None:
    """Write the file, whole or not at all; the same directions give the same bytes."""
    tensors = {"directions": directions.principal, "variance": directions.variance}
    metadata = None
    if directions.sliders or any(directions.beside):
        tensors["named"] = directions.named
        about = {"named": slider_entries(directions.sliders), "beside": directions.beside}
        metadata = {_KEY: json.dumps(about)}
    write_tensors(path, tensors, metadata)


def read_directions(path: Path, z_dim: int, classes: Sequence[str] = ()) -> Directions:
    """Read and check the file of a model with these classes; nothing in it is trusted.

    FolderError with the file and the first fault.

    One without names, as older folders have it, has principal directions alone.
    """
    k = min(PRINCIPAL, z_dim)
    expected = {"directions": torch.empty(k, z_dim, device="meta"), "variance": torch.empty(k, device="meta")}
    about = read_about(path, _KEY)
    sliders: tuple[Slider, ...] = ()
    beside: tuple[str, ...] = ()
    if about is not None:
        try:
            sliders, beside = read_sliders(about["named"]), _read_beside(about["beside"], k)
            if unknown := {slider.label for slider in sliders}.difference(classes, ("",)):
                raise ValueError(f"the model has no class {min(unknown)!r}")
        except (ValueError, TypeError, KeyError) as error:
            raise FolderError(f"{path}: its names cannot be read ({error})"[:400]) from None
        expected["named"] = torch.empty(len(sliders), z_dim, device="meta")
    tensors = read_tensors(path, expected)
    principal = tensors["directions"]
    named = tensors.get("named", principal.new_empty(0, z_dim))
    return Directions(principal, tensors["variance"], named, sliders, beside)


def slider_entries(sliders: Sequence[Slider]) -> list[dict[str, Any]]:
    """Return what is known of sliders for JSON, without what is not known; `read_sliders` reads it."""
    unknown = {field.name: field.default for field in dataclasses.fields(Slider)}
    return [{k: v for k, v in dataclasses.asdict(s).items() if v != unknown[k]} for s in sliders]


def read_sliders(entries: Any) -> tuple[Slider, ...]:
    """Return sliders from JSON that anyone may have written; ValueError or TypeError for the first fault."""
    if not isinstance(entries, list) or len(entries) > MAX_NAMED:
        raise ValueError(f"sliders must be a list of at most {MAX_NAMED}")
    if not all(isinstance(entry, dict) for entry in entries):
        raise ValueError("each slider must be a JSON object")
    sliders = tuple(Slider(**entry) for entry in entries)
    if len({(slider.name, slider.label) for slider in sliders}) < len(sliders):
        raise ValueError("two sliders have the same name")
    return sliders


def _read_beside(names: Any, count: int) -> tuple[str, ...]:
    if not isinstance(names, list) or len(names) not in (0, count):
        raise ValueError(f"there must be {count} names of principal directions, or none")
    if not all(name == "" or is_name(name) for name in names):
        raise ValueError("a principal direction's name must be an identifier")
    return tuple(names)
