"""`gan.models.weights`: damaged and hostile folders are refused by name, before memory is taken."""

from __future__ import annotations

import json
import os
import shutil
import struct
import tracemalloc
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from gan import io
from gan.errors import FolderError
from gan.models import weights
from gan.models.model import load
from gan.models.weights import read_config, read_json, read_tensors
from gan.networks import NETWORKS

WEIGHTS = ("model.safetensors", "critic.safetensors", "directions.safetensors")


@pytest.fixture
def folder(tiny_folder, tmp_path) -> Path:
    """A copy of a sound model folder, to damage."""
    return Path(shutil.copytree(tiny_folder, tmp_path / "model"))


def refused(folder: Path, name: str) -> str:
    """The message with which `load` refuses the folder; it must name the file."""
    with pytest.raises(FolderError) as raised:
        load(folder, "cpu")
    message = str(raised.value)
    assert str(folder / name) in message
    assert len(message) < 1500
    return message


def set_config(folder: Path, **changes) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def header_only(path: Path, shapes: dict[str, list[int]]) -> None:
    """A safetensors file whose header promises float32 tensors and that holds none of them."""
    header, end = {}, 0
    for name, shape in shapes.items():
        size = 4
        for n in shape:
            size *= n
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text)


def test_the_undamaged_copy_loads(folder):
    assert load(folder, "cpu").sample([0]).shape == (1, 28, 28, 1)


@pytest.mark.parametrize("name", ["config.json", *WEIGHTS])
def test_missing_file(folder, name):
    (folder / name).unlink()
    assert "missing" in refused(folder, name)


@pytest.mark.parametrize("name", ["config.json", *WEIGHTS])
@pytest.mark.parametrize("kind", ["folder", "dangling link", "link to folder", "pipe"])
def test_something_else_in_place_of_a_file(folder, name, kind):
    path = folder / name
    path.unlink()
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(folder.parent if kind == "link to folder" else folder / "nothing")
    assert "missing, or not a file" in refused(folder, name)


def test_link_to_a_sound_file_is_followed(folder, tiny_folder):
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors").symlink_to(tiny_folder / "model.safetensors")
    assert load(folder, "cpu").resolution == 28


@pytest.mark.parametrize("name", ["config.json", *WEIGHTS])
def test_empty_file(folder, name):
    (folder / name).write_bytes(b"")
    assert "not readable as JSON" in refused(folder, name) or "damaged or not safetensors" in refused(folder, name)


def test_no_such_folder(tmp_path):
    with pytest.raises(FolderError, match="nowhere: no such folder"):
        load(tmp_path / "nowhere", "cpu")


@pytest.mark.parametrize("text", ["[]", "3", '"text"', "null", "true", "NaN", "[[[1]]]"])
def test_config_of_another_json_type(folder, text):
    (folder / "config.json").write_text(text)
    assert "expected a JSON object" in refused(folder, "config.json")


@pytest.mark.parametrize(
    "content",
    [b"{", b"not json", b"\xff\xfe\x00", b"[" * 100_000, b'{"a":' * 100_000, b"9" * 5000, b"\x80\x04N."],
    ids=["cut", "words", "bytes", "deep list", "deep object", "long number", "pickle"],
)
def test_config_that_is_not_json(folder, content):
    (folder / "config.json").write_bytes(content)
    assert "not readable as JSON" in refused(folder, "config.json")


@pytest.mark.parametrize("depth", [10, 300, 600, 900])
def test_config_with_a_nested_value(folder, depth):
    text = (folder / "config.json").read_text().replace('"gamma": 1.0', '"gamma": ' + "[" * depth + "]" * depth)
    assert "[[" in text
    (folder / "config.json").write_text(text)
    assert "gamma must be float" in refused(folder, "config.json")


def test_giant_config_is_not_read(folder):
    with (folder / "config.json").open("wb") as file:
        file.truncate(io.MAX_JSON_BYTES + 1)
    tracemalloc.start()
    message = refused(folder, "config.json")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "too large" in message
    assert peak < io.MAX_JSON_BYTES / 4


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"network": "vit"}, "unknown network 'vit': known are"),
        ({"resolution": 0}, "resolution and channels must be set"),
        ({"channels": 0}, "resolution and channels must be set"),
        ({"width": 10**9}, "width must be in"),
        ({"z_dim": 10**12}, "z_dim must be in"),
        ({"z_dim": -5}, "z_dim must be in"),
        ({"resolution": 4096}, "resolution must be in"),
        ({"resolution": 48}, "resolution must be one of"),
        ({"gamma": 10**400}, "gamma must be in"),
        ({"classes": ["x"] * 100_000}, "at most 1000 entries"),
        ({"classes": "abc"}, "classes must be a list"),
        ({"layers": 3}, "unknown field 'layers'"),
        ({"network": None}, "network must be str"),
    ],
    ids=lambda v: f"{next(iter(v.items()))}"[:30] if isinstance(v, dict) else "",
)
def test_config_out_of_range(folder, changes, message):
    set_config(folder, **changes)
    assert message in refused(folder, "config.json")


def test_config_with_a_field_missing(folder):
    values = json.loads((folder / "config.json").read_text())
    del values["z_dim"]
    (folder / "config.json").write_text(json.dumps(values))
    assert "missing field 'z_dim'" in refused(folder, "config.json")


@pytest.mark.parametrize("network", NETWORKS)
def test_largest_config_that_is_in_range_takes_no_memory(folder, network, no_reading):
    """All dimensions at their maximum, over the weights of a small model: refused by shape, nothing allocated."""
    classes = [f"class {i}" for i in range(1000)]
    set_config(folder, network=network, width=256, z_dim=512, resolution=64, channels=3, classes=classes)
    config = read_config(folder)
    for module in weights.build_on_meta(config, folder):
        assert all(t.is_meta for t in module.state_dict().values())
        with pytest.raises(FolderError, match="is missing|has shape|the config asks for"):
            read_tensors(folder / "model.safetensors", module.state_dict())


def test_a_config_that_asks_for_too_much_is_refused_before_the_file_is_opened(folder, monkeypatch):
    monkeypatch.setattr(weights, "safe_open", None)
    wanted = {"w": torch.empty(weights.MAX_ELEMENTS + 1, device="meta")}
    with pytest.raises(FolderError, match=r"the config asks for 200,000,001 numbers, the limit is 200,000,000"):
        read_tensors(folder / "model.safetensors", wanted)


@pytest.fixture
def no_reading(monkeypatch):
    """Fail if the body of a safetensors file is read: headers must be enough to refuse it."""
    real = weights.safe_open

    class HeadersOnly:
        def __init__(self, *args, **kwargs):
            self.file = real(*args, **kwargs)

        def __enter__(self):
            self.inner = self.file.__enter__()
            return self

        def __exit__(self, *error):
            return self.file.__exit__(*error)

        def keys(self):
            return self.inner.keys()

        def get_slice(self, name):
            return self.inner.get_slice(name)

        def get_tensor(self, name):
            raise AssertionError(f"{name} was read before the whole header agreed")

    monkeypatch.setattr(weights, "safe_open", HeadersOnly)


def rewrite(folder: Path, name: str, change) -> None:
    tensors = load_file(folder / name)
    change(tensors)
    save_file(tensors, folder / name)


# In the order in which load reads: a fault in the first file means that no tensor at all is read.
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.pop("variance"), "tensor 'variance' is missing"),
        (lambda t: t.update(extra=torch.zeros(3)), "unexpected tensor 'extra'"),
        (
            lambda t: t.update(variance=torch.zeros(17)),
            r"'variance' has shape \(17,\), the config needs \(16,\)",
        ),
        (lambda t: t.update(variance=torch.zeros(16, 1)), r"has shape \(16, 1\)"),
        (lambda t: t.update(directions=t["directions"].T.contiguous()), "has shape"),
        (lambda t: t.update(variance=t["variance"].double()), "tensor 'variance' is F64, not F32"),
        (lambda t: t.update(variance=t["variance"].half()), "tensor 'variance' is F16, not F32"),
        (lambda t: t.update(variance=t["variance"].to(torch.int32)), "tensor 'variance' is I32, not F32"),
    ],
    ids=["missing", "extra", "longer", "dimension", "transposed", "float64", "float16", "int32"],
)
def test_header_that_differs_is_refused_unread(folder, no_reading, change, message):
    rewrite(folder, "directions.safetensors", change)
    with pytest.raises(FolderError, match=message):
        load(folder, "cpu")
    refused(folder, "directions.safetensors")


@pytest.mark.parametrize("name", ["model.safetensors", "critic.safetensors"])
@pytest.mark.parametrize("fault", ["missing", "extra", "shape", "dtype", "nan", "inf"])
def test_weights_that_differ_are_refused(folder, name, fault):
    key = sorted(load_file(folder / name))[-1]

    def change(t):
        if fault == "missing":
            del t[key]
        elif fault == "extra":
            t["more"] = torch.zeros(1)
        elif fault == "shape":
            t[key] = t[key][None].contiguous()
        elif fault == "dtype":
            t[key] = t[key].bfloat16()
        else:
            t[key].view(-1)[-1] = float(fault)

    rewrite(folder, name, change)
    words = {"missing": "is missing", "extra": "unexpected", "shape": "has shape", "dtype": "is BF16, not F32"}
    message = refused(folder, name)
    assert words.get(fault, "not finite") in message
    assert repr("more" if fault == "extra" else key) in message


@pytest.mark.parametrize("name", WEIGHTS)
@pytest.mark.parametrize("keep", [4, 8, 60, -1, -1000])
def test_truncated_weights(folder, name, keep):
    path = folder / name
    path.write_bytes(path.read_bytes()[:keep])
    assert "damaged or not safetensors" in refused(folder, name)


@pytest.mark.parametrize(
    "content",
    [
        b"\x80\x04N.",
        struct.pack("<Q", 2**63) + b"{}",
        struct.pack("<Q", 10**12),
        struct.pack("<Q", 2) + b"[]",
        b"x" * 999,
    ],
    ids=["pickle", "giant header", "absent header", "list header", "words"],
)
def test_bytes_that_are_no_safetensors(folder, content):
    (folder / "model.safetensors").write_bytes(content)
    assert "damaged or not safetensors" in refused(folder, "model.safetensors")


@pytest.mark.parametrize("shape", [[10**6, 10**6], [2**62, 4], [2**40]], ids=str)
def test_huge_header_without_data(folder, shape):
    header_only(folder / "directions.safetensors", {"directions": shape, "variance": [16]})
    tracemalloc.start()
    refused(folder, "directions.safetensors")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


def test_what_is_loaded_is_what_was_saved(folder):
    model = load(folder, "cpu")
    for module, name in ((model.generator, "model"), (model.critic, "critic")):
        held = load_file(folder / f"{name}.safetensors")
        assert all(torch.equal(v, held[k]) for k, v in module.state_dict().items())
        assert not module.training
        assert not any(p.requires_grad for p in module.parameters())


def test_read_json_reads(tmp_path):
    (tmp_path / "a.json").write_text('{"a": [1, "é"]}', encoding="utf-8")
    assert read_json(tmp_path / "a.json") == {"a": [1, "é"]}
