"""A folder of anybody's pictures: what is read, what are classes, and that nothing is left out in silence."""

import os
import struct
import warnings
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

from gan import data
from gan.data import folder
from gan.errors import DataError
from gan.io import LOG_START
from gan.text import MAX_NAMED


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


def test_the_held_out_part_is_the_test_split(tmp_path):
    fill(tmp_path / "train" / "cat")
    fill(tmp_path / "train" / "dog", start=16)
    fill(tmp_path / "val" / "cat", 20, start=32)
    test = data.load(str(tmp_path), split="test")
    assert test.images[:, 0, 0, 0].tolist() == list(range(32, 52)) and test.classes == ()
    assert len(data.load(str(tmp_path)).images) == 32
    with pytest.raises(DataError, match="has no 'test' split"):
        data.load(str(tmp_path / "train"), split="test")
    (tmp_path / "val" / "cat").rename(tmp_path / "more")
    fill(tmp_path / "val", 3, start=60)
    (tmp_path / "more").rename(tmp_path / "train" / "more")
    with pytest.raises(DataError, match="3 readable pictures to be held out of training, at least 16"):
        data.load(str(tmp_path), split="test")


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
    ("script.png", lambda path: (path / "script.png").write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")),
    ("icon.png", lambda path: Image.new("RGB", (40, 40)).save(path / "icon.png", "ICO")),  # a format not asked for
    ("nan.tif", lambda path: Image.fromarray(np.full((40, 40), np.nan, np.float32)).save(path / "nan.tif")),
])  # fmt: skip
def test_an_unreadable_file_is_skipped_and_named(tmp_path, name, write):
    fill(tmp_path)
    write(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dataset = data.load(str(tmp_path))
    assert len(dataset.images) == folder.MIN_PICTURES
    assert dataset.notes[0] == f"1 unreadable file skipped: {name}"


@pytest.mark.parametrize("size", [(60_000, 60_000), (9_200, 9_000), (11_000, 10_000)])  # Pillow: refuses, ok, warns
def test_a_file_of_too_many_pixels_is_skipped_and_named(tmp_path, size):
    fill(tmp_path)
    (tmp_path / "bomb.png").write_bytes(png(*size))
    note = "1 file of more than 80,000,000 pixels skipped: make them smaller: bomb.png"
    assert data.load(str(tmp_path)).notes[0] == note


def no_memory(*_):
    raise MemoryError


def no_permission(path, *_):
    raise PermissionError(13, "Permission denied", str(path))


def test_running_out_of_memory_is_no_fault_of_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr(folder, "read_picture", no_memory)
    with pytest.raises(MemoryError):
        data.load(str(fill(tmp_path)))


def test_a_file_that_may_not_be_read_says_why(tmp_path, monkeypatch):
    monkeypatch.setattr(folder, "read_picture", no_permission)
    with pytest.raises(data.DataError, match=r"16 unreadable files skipped \(Permission denied\): 0000\.png"):
        data.load(str(fill(tmp_path)))


def test_many_unreadable_files_are_named_then_counted(tmp_path):
    fill(tmp_path)
    for i in range(MAX_NAMED + 4):
        (tmp_path / f"bad{i:03}.png").write_bytes(b"x")
    note = data.load(str(tmp_path)).notes[0]
    assert note.startswith(f"{MAX_NAMED + 4} unreadable files skipped: bad000.png, bad001.png, ")
    assert note.endswith(f", bad{MAX_NAMED - 1:03}.png and 4 more")


def test_links_neither_loop_nor_lead_outside(tmp_path):
    home = fill(tmp_path / "home")
    (home / "loop").symlink_to(home)
    Image.new("RGB", (40, 40), "white").save(tmp_path / "secret.png")
    (home / "out.png").symlink_to(tmp_path / "secret.png")
    (home / "within.png").symlink_to(home / "0003.png")
    dataset = data.load(str(home))
    assert len(dataset.images) == folder.MIN_PICTURES + 1 and dataset.images[-1, 0, 0, 0] == 3
    assert "1 link to outside the folder skipped: out.png" in dataset.notes
    assert "1 link to folders skipped, so put the folders themselves there: loop" in dataset.notes


LEFT_OUT = [
    (lambda home, away: (home / "dog").symlink_to(away), "1 link to folders skipped, so put the folders", "dog"),
    (lambda home, away: (home / "gone.png").symlink_to(away / "no"), "1 link to outside the folder", "gone.png"),
    (lambda home, away: (home / "gone.png").symlink_to(home / "no"), "1 broken link or special file", "gone.png"),
    (lambda home, away: os.mkfifo(home / "pipe.png"), "1 broken link or special file", "pipe.png"),
    (lambda home, away: (home / ".a.png").write_bytes(b""), "1 hidden picture or folder skipped", ".a.png"),
    (lambda home, away: fill(home / ".cat"), "1 hidden picture or folder skipped", ".cat"),
    (lambda home, away: fill(home / "all" / "@eaDir"), "1 folder of a file server, a system", "all/@eaDir"),
    (lambda home, away: (home / "a.heic").write_bytes(b""), "1 picture of a kind that cannot be read", "a.heic"),
    (lambda home, away: (home / "a.zip").write_bytes(b""), "1 archive skipped: unpack", "a.zip"),
    (lambda home, away: Image.new("L", (9, 9)).save(home / "a", "PNG"), "1 picture skipped without a picture's", "a"),
]


@pytest.mark.parametrize("put, reason, name", LEFT_OUT)
def test_whatever_is_left_out_is_counted_and_named_with_the_reason(tmp_path, put, reason, name):
    home, away = fill(tmp_path / "home"), fill(tmp_path / "away")
    put(home, away)
    dataset = data.load(str(home))
    assert len(dataset.images) == folder.MIN_PICTURES and dataset.classes == ()
    assert dataset.notes[0].startswith(reason) and dataset.notes[0].endswith(f": {name}")


def test_too_few_pictures_say_what_was_left_out(tmp_path):
    (tmp_path / "home").mkdir()
    for name in ("cat", "dog"):
        (tmp_path / "home" / name).symlink_to(fill(tmp_path / name))
    with pytest.raises(
        data.DataError, match="2 links to folders skipped, so put the folders themselves there: cat, dog"
    ):
        data.load(str(tmp_path / "home"))


def test_folders_that_cannot_be_read_are_named(tmp_path, monkeypatch):
    fill(tmp_path / "open")
    (tmp_path / "closed").mkdir()
    scan = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: no_permission(path) if "closed" in str(path) else scan(path))
    assert "1 folder skipped that cannot be read: closed" in data.load(str(tmp_path)).notes
    with pytest.raises(data.DataError, match=r"closed cannot be read \(Permission denied\): change its permissions"):
        data.load(str(tmp_path / "closed"))


@pytest.mark.parametrize("ending", [".jfif", ".JPE", ".pnm", ".apng"])
def test_rarer_endings_are_pictures_too(tmp_path, ending):
    fill(tmp_path)
    formats = {".jfif": "JPEG", ".JPE": "JPEG", ".pnm": "PPM", ".apng": "PNG"}
    Image.new("RGB", (40, 40), "white").save(tmp_path / f"a{ending}", formats[ending])
    assert len(data.load(str(tmp_path)).images) == folder.MIN_PICTURES + 1


def classes_of(path):
    dataset = data.load(str(path))
    return dataset.classes, [note for note in dataset.notes if "class" in note or "held out" in note]


def test_the_classes_are_told_with_their_sizes_and_with_folders_that_have_none(tmp_path):
    fill(tmp_path / "dog", 9)
    fill(tmp_path / "cat", 8, start=9)
    (tmp_path / "mouse").mkdir()
    fill(tmp_path / "__MACOSX")
    fill(tmp_path / "lost+found")
    fill(tmp_path / "$RECYCLE.BIN")
    assert classes_of(tmp_path) == (("cat", "dog"), ["2 classes: cat (8), dog (9); no pictures in mouse"])


def test_why_there_are_no_classes_is_told(tmp_path):
    fill(tmp_path / "dog", 9)
    fill(tmp_path / "cat", 9, start=9)
    fill(tmp_path, 1, start=20)
    note = "no classes, because 1 picture lies beside the 2 folders: 0020.png"
    assert classes_of(tmp_path) == ((), [note])


def test_train_is_read_and_what_is_held_out_is_not(tmp_path):
    for split, start in (("train", 0), ("val", 40), ("Test", 80)):
        fill(tmp_path / split / "dog", 9, start)
        fill(tmp_path / split / "cat", 9, start + 9)
    classes, notes = classes_of(tmp_path)
    assert classes == ("cat", "dog") and notes[1] == "2 classes: cat (9), dog (9)"
    said = "36 pictures held out of training, as the folders' names say"
    assert notes[0] == f"{said}: Test/cat (9), Test/dog (9), val/cat (9), val/dog (9)"
    assert data.load(str(tmp_path)).captions[0] == "train/cat/0009.png"


def test_train_beside_other_classes_is_a_class(tmp_path):
    for i, name in enumerate(("train", "plane", "test")):
        fill(tmp_path / name, 9, 9 * i)
    assert classes_of(tmp_path)[0] == ("plane", "test", "train")


def test_parts_of_a_data_set_without_one_to_learn_from_are_no_classes(tmp_path):
    fill(tmp_path / "val", 9)
    fill(tmp_path / "test", 9, start=9)
    assert classes_of(tmp_path) == ((), ["no classes: test and val are parts of a data set"])


def test_classes_are_found_in_the_one_folder_that_holds_everything(tmp_path):
    fill(tmp_path / "pets" / "pets" / "dog", 9)
    fill(tmp_path / "pets" / "pets" / "cat", 9, start=9)
    assert classes_of(tmp_path)[0] == ("cat", "dog")


def test_more_folders_than_there_can_be_classes(tmp_path, monkeypatch):
    monkeypatch.setattr("gan.data.picture_folder.MAX_CLASSES", 2)
    for i in range(3):
        fill(tmp_path / str(i), 9, start=9 * i)
    assert classes_of(tmp_path) == ((), ["no classes: 3 folders are more than the 2 there can be"])


def test_names_of_any_encoding_can_be_told(tmp_path):
    for i, name in enumerate((b"\x8e\xca\x90^", b"two\nlines")):
        fill(tmp_path / os.fsdecode(name), 9, start=9 * i)
    dataset = data.load(str(tmp_path))
    assert dataset.classes == ("two\\nlines", "\\udc8eʐ^")  # as Python reads it
    assert all(text.encode() and text.isprintable() for text in (*dataset.captions, *dataset.notes))


def a_run(path):
    """What a run leaves in its folder, as far as it holds pictures."""
    fill(path / "samples", 20)
    fill(path / "checkpoint" / "x", 2)
    for name in ("samples.png", "curve.png", "neighbours.png"):
        Image.new("RGB", (400, 400)).save(path / name)
    (path / "log.jsonl").write_text(LOG_START + "}\n")
    return path


def test_what_a_run_writes_is_never_data(tmp_path):
    fill(tmp_path / "cat", 9)
    fill(tmp_path / "dog", 9, start=9)
    before = data.load(str(tmp_path))
    a_run(tmp_path / "runs" / "pets")
    after = data.load(str(tmp_path))
    assert after.images.equal(before.images) and after.classes == before.classes == ("cat", "dog")
    assert after.notes[0].startswith("5 files or folders skipped that a training run has written: runs/pets/checkpoint")
    assert "2 classes: cat (9), dog (9)" in after.notes


def test_the_users_own_pictures_beside_what_a_run_writes_are_data(tmp_path):
    fill(a_run(tmp_path))
    assert len(data.load(str(tmp_path)).images) == folder.MIN_PICTURES
    (tmp_path / "log.jsonl").unlink()  # then it is no run's folder
    assert len(data.load(str(tmp_path)).images) > folder.MIN_PICTURES
    (tmp_path / "model.safetensors").touch()
    assert len(data.load(str(tmp_path)).images) == folder.MIN_PICTURES


@pytest.mark.parametrize("part", ["samples", "checkpoint/x"])
def test_a_runs_samples_are_refused_by_name_too(tmp_path, part):
    with pytest.raises(data.DataError, match="holds what a training run has written: pass a folder of other pictures"):
        data.load(str(a_run(tmp_path) / part))


def test_equal_pictures_are_told(tmp_path):
    fill(tmp_path, 20)
    for path in tmp_path.iterdir():
        Image.new("RGB", (40, 40), "red").save(path)
    note = "all 20 pictures are equal, so there is only one to learn: add different ones"
    assert data.load(str(tmp_path)).notes[0] == note
    fill(tmp_path, 3)
    assert data.load(str(tmp_path)).notes[0] == "16 pictures equal to others at this size: 4 different ones are there"


def test_a_data_set_wins_over_a_folder_of_its_name(tmp_path, monkeypatch):
    fill(tmp_path / "emoji")
    monkeypatch.chdir(tmp_path)
    assert len(data.load("emoji").images) == 1911
    assert len(data.load("./emoji").images) == folder.MIN_PICTURES


def test_a_folder_has_no_test_split(tmp_path):
    with pytest.raises(data.DataError, match="'test'"):
        data.load(str(fill(tmp_path)), split="test")
