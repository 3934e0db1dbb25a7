"""A folder of anybody's pictures: every mode, every kind of damage."""

import struct
import warnings
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

from gan import data
from gan.data import folder


def fill(path, n=folder.MIN_PICTURES, start=0):
    path.mkdir(parents=True, exist_ok=True)
    for i in range(start, start + n):
        Image.new("RGB", (40, 40), (i % 256, i // 256, 9)).save(path / f"{i:04}.png")
    return path


def test_pictures_come_in_order_of_path_and_unlabelled(tmp_path):
    fill(tmp_path / "mine", 20)
    fill(tmp_path / "mine" / "deep" / "er", 3, start=20)
    (tmp_path / "mine" / "readme.txt").write_text("no picture")
    (tmp_path / "mine" / "._0000.png").write_bytes(b"a file manager's litter")
    dataset = data.load(str(tmp_path / "mine"))
    assert dataset.name == "mine" and dataset.classes == () and not dataset.labels.any()
    assert dataset.images.shape == (23, 3, 32, 32) and dataset.images.dtype == torch.uint8
    assert dataset.images[:, 0, 0, 0].tolist() == list(range(23))
    assert dataset.captions[0] == "0000.png" and dataset.captions[-1] == "deep/er/0022.png"
    assert len(dataset.notes) == 1 and "only 23 pictures" in dataset.notes[0]
    assert data.load(str(tmp_path / "mine"), 64).images.shape[2:] == (64, 64)


def test_subfolders_are_classes_only_when_nothing_else_holds_pictures(tmp_path):
    fill(tmp_path / "dog", 9)
    fill(tmp_path / "cat" / "tabby", 9, start=9)
    (tmp_path / "empty").mkdir()
    dataset = data.load(str(tmp_path))
    assert dataset.classes == ("cat", "dog")
    assert dataset.labels.tolist() == [0] * 9 + [1] * 9
    assert dataset.images[:, 0, 0, 0].tolist() == [*range(9, 18), *range(9)]
    Image.new("RGB", (40, 40)).save(tmp_path / "stray.png")
    assert data.load(str(tmp_path)).classes == ()


def test_one_subfolder_is_no_class(tmp_path):
    fill(tmp_path / "all")
    assert data.load(str(tmp_path)).classes == ()


@pytest.mark.parametrize("n", [0, 15])
def test_too_few_pictures_say_how_many_and_how_many_are_needed(tmp_path, n):
    fill(tmp_path, n)
    (tmp_path / "bad.jpg").write_bytes(b"nothing")
    with pytest.raises(data.DataError) as caught:
        data.load(str(tmp_path))
    for word in (f"holds {n} readable", "at least 16", "add pictures", "bad.jpg"):
        assert word in str(caught.value)


def test_many_pictures_need_no_warning(tmp_path):
    assert data.load(str(fill(tmp_path, folder.FEW_PICTURES))).notes == ()


def test_small_pictures_are_enlarged_and_counted(tmp_path):
    fill(tmp_path)
    Image.new("RGB", (8, 80)).save(tmp_path / "tiny.png")
    assert any("1 picture smaller than 32 pixels" in note for note in data.load(str(tmp_path)).notes)


def png(width, height):
    """A PNG of a hundred bytes that declares any size."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def truncated(name):
    def write(path):
        noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
        Image.fromarray(noise).save(path / name)
        (path / name).write_bytes((path / name).read_bytes()[:-2000])

    return write


@pytest.mark.parametrize("name, write", [
    ("empty.png", lambda path: (path / "empty.png").write_bytes(b"")),
    ("text.jpg", lambda path: (path / "text.jpg").write_text("hello")),
    ("cut.png", truncated("cut.png")),
    ("cut.jpg", truncated("cut.jpg")),
    ("bomb.png", lambda path: (path / "bomb.png").write_bytes(png(60_000, 60_000))),
    ("large.png", lambda path: (path / "large.png").write_bytes(png(9_200, 9_000))),  # below Pillow's own limit
    ("warns.png", lambda path: (path / "warns.png").write_bytes(png(11_000, 10_000))),  # Pillow only warns here
    ("script.png", lambda path: (path / "script.png").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")),
    ("icon.png", lambda path: Image.new("RGB", (40, 40)).save(path / "icon.png", "ICO")),  # a format not asked for
    ("nan.tif", lambda path: Image.fromarray(np.full((40, 40), np.nan, np.float32)).save(path / "nan.tif")),
    ("broken.png", lambda path: (path / "broken.png").symlink_to(path / "gone.png")),
])  # fmt: skip
def test_an_unreadable_file_is_skipped_and_named(tmp_path, name, write):
    fill(tmp_path)
    write(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dataset = data.load(str(tmp_path))
    assert len(dataset.images) == folder.MIN_PICTURES
    assert dataset.notes[0] == f"1 unreadable file skipped: {name}"


def test_many_unreadable_files_are_named_then_counted(tmp_path):
    fill(tmp_path)
    for i in range(folder.MAX_NAMED + 4):
        (tmp_path / f"bad{i:03}.png").write_bytes(b"x")
    note = data.load(str(tmp_path)).notes[0]
    assert note.startswith(f"{folder.MAX_NAMED + 4} unreadable files skipped: bad000.png, bad001.png, ")
    assert note.endswith(f", bad{folder.MAX_NAMED - 1:03}.png and 4 more")


def test_links_neither_loop_nor_lead_outside(tmp_path):
    home = fill(tmp_path / "home")
    (home / "loop").symlink_to(home)
    Image.new("RGB", (40, 40), "white").save(tmp_path / "secret.png")
    (home / "out.png").symlink_to(tmp_path / "secret.png")
    (home / "within.png").symlink_to(home / "0003.png")
    dataset = data.load(str(home))
    assert len(dataset.images) == folder.MIN_PICTURES + 1 and dataset.images[-1, 0, 0, 0] == 3
    assert "1 link to outside the folder skipped: out.png" in dataset.notes


def test_a_data_set_wins_over_a_folder_of_its_name(tmp_path, monkeypatch):
    fill(tmp_path / "emoji")
    monkeypatch.chdir(tmp_path)
    assert len(data.load("emoji").images) == 1911
    assert len(data.load("./emoji").images) == folder.MIN_PICTURES


def test_a_folder_has_no_test_split(tmp_path):
    with pytest.raises(data.DataError, match="'test'"):
        data.load(str(fill(tmp_path)), split="test")
