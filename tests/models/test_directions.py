"""`gan.models.directions`: what is written of named directions is read again, and nothing in the file is trusted."""

from __future__ import annotations

import dataclasses
import json

import pytest
import torch
from safetensors.torch import save_file

from gan.errors import FolderError
from gan.models.directions import (
    MAX_NAMED,
    Directions,
    Slider,
    read_directions,
    without_names,
    write_directions,
)

SLIDERS = (Slider("slant", 0.9, 2.5, 0.1, "width", 8.0), Slider("smile", principal=-3, label="b"))
BESIDE = ("slant", *[""] * 15)


def named() -> Directions:
    source = torch.Generator().manual_seed(0)
    principal, rows = torch.randn(16, 20, generator=source), torch.randn(2, 20, generator=source)
    return Directions(principal, torch.linspace(1, 0.1, 16), rows, SLIDERS, BESIDE)


def test_directions_are_read_as_they_were_written(tmp_path):
    path, wanted = tmp_path / "directions.safetensors", named()
    write_directions(path, wanted)
    read = read_directions(path, 20, ("a", "b"))
    assert torch.equal(read.named, wanted.named) and torch.equal(read.principal, wanted.principal)
    assert (read.sliders, read.beside) == (SLIDERS, BESIDE)
    first = path.read_bytes()
    write_directions(path, read)
    assert path.read_bytes() == first


def test_a_file_without_names_has_principal_directions_alone(tmp_path):
    path, old = tmp_path / "directions.safetensors", named()
    write_directions(path, without_names(old.principal, old.variance))
    before = tmp_path / "old.safetensors"
    save_file({"directions": old.principal, "variance": old.variance}, before)
    assert path.read_bytes() == before.read_bytes()
    read = read_directions(before, 20)
    assert read.named.shape == (0, 20) and read.sliders == read.beside == ()
    assert torch.equal(read.principal, old.principal)


SLANT = dataclasses.asdict(SLIDERS[0])


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ([], "must be a JSON object"),
        ({}, "cannot be read"),
        ({"named": [], "beside": []}, "shape"),
        ({"named": [SLANT] * 2, "beside": []}, "same name"),
        ({"named": [SLANT] * (MAX_NAMED + 1), "beside": []}, "at most"),
        ({"named": [SLANT | {"name": "<img src=x>"}, SLANT], "beside": []}, "identifier"),
        ({"named": [SLANT | {"name": "x" * 33}, SLANT], "beside": []}, "identifier"),
        ({"named": [SLANT | {"name": None}, SLANT], "beside": []}, "identifier"),
        ({"named": [SLANT | {"affects": "a b"}, SLANT], "beside": []}, "identifier"),
        ({"named": [SLANT | {"r2": "1"}, SLANT], "beside": []}, "finite number"),
        ({"named": [SLANT | {"effect": float("nan")}, SLANT], "beside": []}, "finite number"),
        ({"named": [SLANT | {"label": "c"}, SLANT], "beside": []}, "no class 'c'"),
        ({"named": [SLANT | {"label": 1}, SLANT], "beside": []}, "name of a class"),
        ({"named": [SLANT | {"principal": 17}, SLANT], "beside": []}, "must be a direction"),
        ({"named": [SLANT | {"more": 1}, SLANT], "beside": []}, "more"),
        ({"named": [1, 2], "beside": []}, "JSON object"),
        ({"named": [SLANT, SLANT | {"name": "b"}], "beside": ["a"]}, "16 names"),
        ({"named": [SLANT, SLANT | {"name": "b"}], "beside": [["a"]] * 16}, "identifier"),
    ],
    ids=range(18),
)
def test_names_that_are_no_names_are_refused(tmp_path, about, message):
    path, wanted = tmp_path / "directions.safetensors", named()
    tensors = {"directions": wanted.principal, "variance": wanted.variance, "named": wanted.named}
    save_file(tensors, path, {"sliders": json.dumps(about)})
    with pytest.raises(FolderError, match=message) as caught:
        read_directions(path, 20, ("a", "b"))
    assert str(path) in str(caught.value)


def test_what_is_no_json_is_refused(tmp_path):
    path, wanted = tmp_path / "directions.safetensors", named()
    for text in ("{", "[" * 100_000):
        save_file({"directions": wanted.principal, "variance": wanted.variance}, path, {"sliders": text})
        with pytest.raises(FolderError, match="not JSON"):
            read_directions(path, 20, ("a", "b"))
