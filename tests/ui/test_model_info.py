"""Hostile folders: each is refused in a sentence that can be sent, and none keeps the others from being served."""

from __future__ import annotations

import dataclasses
import json
import os
import struct
from pathlib import Path

import orjson
import pytest
from conftest import built
from fake_models import fake_load, write_folder

import gan
from gan.errors import FolderError
from gan.hub.names import MODEL
from gan.models.model import Model
from gan.ui.server import model_info
from gan.ui.server import model_registry as module
from gan.ui.server.model_info import discover, read_info
from gan.ui.server.model_registry import ModelRegistry
from gan.ui.tabs import explore, gallery, interpolate

DEEP = b"[" * 100_000


def header(content: bytes, size: int | None = None) -> bytes:
    return struct.pack("<Q", len(content) if size is None else size) + content


def shapes(*sides: object) -> bytes:
    return header(b'{"w": {"dtype": "F32", "shape": [%s]}}' % ", ".join(map(str, sides)).encode())


def gigabytes(path: Path) -> None:
    path.touch()
    os.truncate(path, 2**33)  # a hole: it takes no room on the disk


HOSTILE = {
    "config.json": {
        "nested": DEEP,
        "surrogate": ("dataset", "\ud800"),
        "surrogate class": ("classes", ["\ud800"]),
        "huge": ("images", 10**400),
        "huge side": ("resolution", 10**400),
        "no side": ("resolution", 0),
        "no colour": ("channels", 0),
        "infinite": ("gamma", float("inf")),
        "text for a number": ("images", "many"),
        "unknown key": ("\ud800", 1),
        "long key": ("k" * 100_000, 1),
        "a number": b"7",
        "bytes": b"\xff\xfe",
        "pipe": os.mkfifo,
        "folder": os.mkdir,
        "gigabytes": gigabytes,
    },
    "metrics.json": {"nested": DEEP, "list": b"[]", "pipe": os.mkfifo, "gigabytes": gigabytes},
    "model.safetensors": {
        "nested": header(DEEP),
        "huge side": shapes(10**400),
        "huge product": shapes(*[100] * 8) + bytes(1000),
        "many axes": shapes(*[1] * 1000),
        "negative": shapes(-1),
        "not whole": shapes(1.5),
        "infinite": shapes("Infinity"),
        "no object": header(b"[]"),
        "no shape": header(b'{"w": {}}'),
        "cut": header(b"{", 500),
        "long": header(b"{}", 2**63),
        "pipe": os.mkfifo,
    },
}
CASES = [pytest.param(file, how, id=f"{file}, {name}") for file, hows in HOSTILE.items() for name, how in hows.items()]


def damage(path: Path, how: object) -> None:
    if isinstance(how, tuple):
        path.write_text(json.dumps(json.loads(path.read_text()) | {how[0]: how[1]}))
        return
    path.unlink()
    if isinstance(how, bytes):
        path.write_bytes(how)
    else:
        how(path)


def everything(registry: ModelRegistry) -> bytes:
    """Return all of the page that depends on folders, as Gradio sends it."""
    built(registry)
    return orjson.dumps([gallery.page(registry), explore.page(registry), interpolate.page(registry), registry.errors])


@pytest.mark.parametrize(("file", "how"), CASES)
def test_a_hostile_file_is_named_and_the_other_model_served(tmp_path: Path, file: str, how: object) -> None:
    bad, good = write_folder(tmp_path, "grey"), write_folder(tmp_path, "plain")
    damage(bad / file, how)
    with pytest.raises(FolderError):
        read_info("grey", bad)
    registry = ModelRegistry([bad, good], load=fake_load)
    assert registry.names == ("plain",)
    assert registry.errors["grey"].startswith(f"grey/{file}: ") and len(registry.errors["grey"]) <= 300
    assert registry.picture("plain", 0).shape == (28, 28, 1)
    assert str(tmp_path).encode() not in everything(registry)


@pytest.mark.parametrize(
    "metrics",
    [{}, {"images": 10**400}, {"images": -1}, {"images": "9"}, {"images": True}, {"images": 1e9}, {"grid": [10**9, 1]}]
    + [{"grid": value} for value in (None, 3, [8], [0, 8], [8.0, 8], ["8", 8], {"0": 8, "1": 8}, [True, True])],
)
def test_metrics_out_of_range_are_left_out(tmp_path: Path, metrics: dict) -> None:
    folder = write_folder(tmp_path, "grey")
    (folder / "metrics.json").write_text(json.dumps(metrics))
    info = read_info("grey", folder)
    assert (info.images, info.grid) == (1000, None)
    everything(ModelRegistry([folder]))


def test_a_folder_whose_name_is_no_text_is_refused(tmp_path: Path) -> None:
    good = write_folder(tmp_path, "plain")
    bad = os.path.join(os.fsencode(tmp_path), b"gr\xffey")
    os.rename(write_folder(tmp_path, "grey"), bad)
    registry = ModelRegistry([os.fsdecode(bad), good], load=fake_load)
    assert registry.names == ("plain",) and registry.errors == {"gr?ey": "the folder's name is not UTF-8"}
    everything(registry)


def test_a_fault_that_nobody_thought_of_stops_one_folder_only(tmp_path: Path, monkeypatch, caplog) -> None:
    real = model_info.read_info

    def read(name: str, folder: Path) -> object:
        if name == "grey":
            raise MemoryError(str(folder))
        return real(name, folder)

    monkeypatch.setattr(module, "read_info", read)
    registry = ModelRegistry([write_folder(tmp_path, name) for name in ("grey", "plain")], load=fake_load)
    assert registry.names == ("plain",) and "log" in registry.errors["grey"] and "MemoryError" in caplog.text
    everything(registry)


@pytest.mark.parametrize("missing", MODEL.needed)
def test_an_unfinished_run_is_left_out(tmp_path: Path, missing: str) -> None:
    whole, part = (write_folder(tmp_path / "runs", name) for name in ("grey", "plain"))
    (part / missing).unlink()
    assert discover(tmp_path / "weights", tmp_path / "runs") == [whole]


def test_shipped_models_come_in_the_order_of_their_presets(tmp_path: Path) -> None:
    for name in ("emoji", "another", "mnist", "faces"):
        write_folder(tmp_path / "grey", "grey").rename(tmp_path / name)
    assert [f.name for f in discover(tmp_path, tmp_path / "runs")] == ["faces", "emoji", "mnist", "another"]


@pytest.mark.parametrize(
    ("dataset", "shown"),
    [("emoji", "emoji"), ("/srv/private/faces", "faces"), ("/srv/private/", "private"), ("D:\\private\\x", "x")],
)
def test_a_folder_of_pictures_goes_by_its_last_name(tmp_path: Path, dataset: str, shown: str) -> None:
    folder = write_folder(tmp_path, "grey")
    damage(folder / "config.json", ("dataset", dataset))
    assert read_info("grey", folder).dataset == shown


def test_samples_that_are_a_link_are_not_shown(tmp_path: Path) -> None:
    folder, secret = write_folder(tmp_path, "grey"), tmp_path / "secret.png"
    (folder / "samples.png").unlink(missing_ok=True)
    secret.write_bytes(b"private")
    (folder / "samples.png").symlink_to(secret)
    assert read_info("grey", folder).samples is None
    (folder / "samples.png").unlink()
    (folder / "samples.png").write_bytes(b"a picture")
    assert read_info("grey", folder).samples == folder / "samples.png"


def test_info_of_a_trained_folder(tiny_folder: Path) -> None:
    import gan

    info, model = read_info("tiny", tiny_folder), gan.load(tiny_folder)
    weights = sum(value.numel() for value in model.generator.state_dict().values())
    assert (info.parameters, info.classes, info.resolution) == (weights, model.classes, model.resolution)
    assert (info.dataset, info.images, info.grid) == ("mnist-10k", 64, (8, 8))


def test_the_page_is_told_which_models_look_smooth(tmp_path: Path) -> None:
    from gan.networks import NETWORKS, POINT_NETWORKS

    info = read_info("m", write_folder(tmp_path, "colour"))
    assert info.for_browser() == {
        "model": "m",
        "size": 32,
        "classes": ["face", "animal", "food"],
        "groups": [],
        "named": ["slant", "hair_length"],
        "kinds": ["", ""],
        "smooth": True,
    }
    known = {**NETWORKS, **POINT_NETWORKS}
    plots = {name for name in known if dataclasses.replace(info, network=name, channels=1).for_browser()["smooth"]}
    assert plots == set(POINT_NETWORKS)


def test_sliders_are_reserved_by_name_as_the_model_has_them() -> None:
    from gan.models import directions

    assert (model_info.MAX_NAMED, model_info.MAX_NAME) == (directions.MAX_NAMED, directions.MAX_NAME)
    for folder in sorted((Path(__file__).parents[2] / "weights").iterdir()):
        model = gan.load(folder, "cpu")
        named = model.named.names if isinstance(model, Model) else ()
        info = read_info("m", folder)
        assert info.kinds == (model.named.kinds if isinstance(model, Model) else ())
        assert info.named == named and bool(named) == isinstance(model, Model)
