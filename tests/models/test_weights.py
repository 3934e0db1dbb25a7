"""`gan.models.weights`: damaged and hostile folders are refused by name, before memory is allocated."""

from __future__ import annotations

import json
import os
import shutil
import struct
import tracemalloc
from itertools import count, product
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
def fresh(tiny_folder, tmp_path):
    """A function that makes another copy of a sound model folder, to damage."""
    number = count()
    ignored = shutil.ignore_patterns("checkpoint", "samples*")

    def copy() -> Path:
        return Path(shutil.copytree(tiny_folder, tmp_path / f"model-{next(number)}", ignore=ignored))

    return copy


@pytest.fixture
def folder(fresh) -> Path:
    return fresh()


def refused(folder: Path, name: str) -> str:
    """Return the message with which `load` refuses the folder; it must name the file."""
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
    """Write a safetensors file whose header promises float32 tensors, without their data."""
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


def test_missing_file(fresh, subtests):
    for name in ["config.json", *WEIGHTS]:
        with subtests.test(name=name):
            folder = fresh()
            (folder / name).unlink()
            assert "missing" in refused(folder, name)


def test_something_else_in_place_of_a_file(fresh, subtests):
    for kind, name in product(["folder", "dangling link", "link to folder", "pipe"], ["config.json", *WEIGHTS]):
        with subtests.test(kind=kind, name=name):
            folder = fresh()
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


def test_empty_file(fresh, subtests):
    for name in ["config.json", *WEIGHTS]:
        with subtests.test(name=name):
            folder = fresh()
            (folder / name).write_bytes(b"")
            message = refused(folder, name)
            assert "not readable as JSON" in message or "damaged or not safetensors" in message


def test_no_such_folder(tmp_path):
    with pytest.raises(FolderError, match="nowhere: no such folder"):
        load(tmp_path / "nowhere", "cpu")


def test_config_of_another_json_type(fresh, subtests):
    for text in ["[]", "3", '"text"', "null", "true", "NaN", "[[[1]]]"]:
        with subtests.test(text=text):
            folder = fresh()
            (folder / "config.json").write_text(text)
            assert "expected a JSON object" in refused(folder, "config.json")


def test_config_that_is_not_json(fresh, subtests):
    for kind, content in {
        "cut": b"{",
        "words": b"not json",
        "bytes": b"\xff\xfe\x00",
        "deep list": b"[" * 100_000,
        "deep object": b'{"a":' * 100_000,
        "long number": b"9" * 5000,
        "pickle": b"\x80\x04N.",
    }.items():
        with subtests.test(kind):
            folder = fresh()
            (folder / "config.json").write_bytes(content)
            assert "not readable as JSON" in refused(folder, "config.json")


def test_config_with_a_nested_value(fresh, subtests):
    for depth in [10, 300, 600, 900]:
        with subtests.test(depth=depth):
            folder = fresh()
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


def test_config_out_of_range(fresh, subtests):
    for changes, message in [
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
    ]:
        with subtests.test(message):
            folder = fresh()
            set_config(folder, **changes)
            assert message in refused(folder, "config.json")


def test_config_with_a_field_missing(folder):
    values = json.loads((folder / "config.json").read_text())
    del values["z_dim"]
    (folder / "config.json").write_text(json.dumps(values))
    assert "missing field 'z_dim'" in refused(folder, "config.json")


def test_largest_config_that_is_in_range_takes_no_memory(fresh, no_reading, subtests):
    """All dimensions at their maximum, over the weights of a small model: refused by shape, nothing allocated."""
    for network in NETWORKS:
        with subtests.test(network=network):
            folder = fresh()
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

        def metadata(self):
            return self.inner.metadata()

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
def test_header_that_differs_is_refused_unread(fresh, no_reading, subtests):
    for change, message in [
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
    ]:
        with subtests.test(message):
            folder = fresh()
            rewrite(folder, "directions.safetensors", change)
            with pytest.raises(FolderError, match=message):
                load(folder, "cpu")
            refused(folder, "directions.safetensors")


def test_weights_that_differ_are_refused(fresh, subtests):
    faults = {
        "is missing": lambda t, key: t.pop(key),
        "unexpected": lambda t, key: t.update(more=torch.zeros(1)),
        "has shape": lambda t, key: t.update({key: t[key][None].contiguous()}),
        "is BF16, not F32": lambda t, key: t.update({key: t[key].bfloat16()}),
        "not finite": lambda t, key: t[key].view(-1)[-1].fill_(float("nan")),
        "values that are not finite": lambda t, key: t[key].view(-1)[-1].fill_(float("inf")),
    }
    for fault, name in product(faults, ["model.safetensors", "critic.safetensors"]):
        with subtests.test(fault=fault, name=name):
            folder = fresh()
            key = sorted(load_file(folder / name))[-1]
            rewrite(folder, name, lambda tensors, fault=fault, key=key: faults[fault](tensors, key))
            message = refused(folder, name)
            assert fault in message
            assert repr("more" if fault == "unexpected" else key) in message


def test_truncated_weights(fresh, subtests):
    for keep, name in product([4, 8, 60, -1, -1000], WEIGHTS):
        with subtests.test(keep=keep, name=name):
            folder = fresh()
            path = folder / name
            path.write_bytes(path.read_bytes()[:keep])
            assert "damaged or not safetensors" in refused(folder, name)


def test_bytes_that_are_no_safetensors(fresh, subtests):
    for kind, content in {
        "pickle": b"\x80\x04N.",
        "giant header": struct.pack("<Q", 2**63) + b"{}",
        "absent header": struct.pack("<Q", 10**12),
        "list header": struct.pack("<Q", 2) + b"[]",
        "words": b"x" * 999,
    }.items():
        with subtests.test(kind):
            folder = fresh()
            (folder / "model.safetensors").write_bytes(content)
            assert "damaged or not safetensors" in refused(folder, "model.safetensors")


def test_huge_header_without_data(fresh, subtests):
    for shape in [[10**6, 10**6], [2**62, 4], [2**40]]:
        with subtests.test(shape=shape):
            folder = fresh()
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
