"""`gan.data.pair_folder`: pairs in two subfolders, or side by side in one picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan import data
from gan.data.pair_folder import load_pair_folder
from gan.errors import DataError


def save(path: Path, level: int, size: tuple[int, int] = (30, 30)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (level, level, level)).save(path)


def load(root: Path):
    return load_pair_folder(root, 28, lambda line: None)


def test_two_subfolders_pair_by_name_and_every_picture_alone_is_named(tmp_path):
    for i in range(20):
        save(tmp_path / "photos" / f"{i:02}.jpg", 200 - i, (50, 30))
        save(tmp_path / "drawings" / f"{i:02}.png", i)
    (tmp_path / "photos" / "03.jpg").unlink()
    (tmp_path / "drawings" / "07.png").unlink()
    pairs = load(tmp_path)
    levels = [i for i in range(20) if i not in (3, 7)]
    assert np.allclose(pairs.a[:, 0, 5, 5], levels, atol=1) and np.allclose(
        pairs.b[:, 0, 5, 5], [200 - i for i in levels], atol=2
    )
    assert pairs.notes[0] == "A is drawings, B is photos"
    assert "1 picture of drawings without a partner in B: 03" in pairs.notes
    assert "1 picture of photos without a partner in A: 07" in pairs.notes


def test_side_by_side_the_left_half_is_a_and_other_shapes_are_named(tmp_path):
    for i in range(17):
        picture = Image.new("RGB", (60, 30), (i, i, i))
        picture.paste((100 + i,) * 3, (30, 0, 60, 30))
        picture.save(tmp_path / f"{i:02}.png")
    save(tmp_path / "square.png", 9)
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nno")
    pairs = load(tmp_path)
    assert pairs.a[:, 0, 14, 14].tolist() == list(range(17)) and pairs.b[:, 0, 14, 14].tolist() == list(range(100, 117))
    assert pairs.a[:, 0, :, 27].amax() < 20  # nothing of the right half
    assert any("not twice as wide as high: square.png" in note for note in pairs.notes)
    assert any("1 unreadable file skipped: broken.png" in note for note in pairs.notes)


def test_a_turned_picture_is_turned_before_it_is_halved(tmp_path):
    picture = Image.new("RGB", (60, 30), "black")
    picture.paste("white", (30, 0, 60, 30))
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down: what is stored on the right is meant to be on the left
    for i in range(16):
        picture.save(tmp_path / f"{i}.jpg", exif=exif)
    pairs = load(tmp_path)
    assert pairs.a.min() > 200 and pairs.b.max() < 50


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ((), "holds no pictures: put the pictures of A into one subfolder"),
        (("a/1.png", "b/1.png", "c/1.png"), "pictures in 3 folders, a, b, c: put the"),
        (("a/1.png", "2.png"), "pictures in 1 folder, a: put the"),
        (("1.png",), "holds 0 pairs, at least 16 are needed: .*not twice as wide as high: 1.png"),
    ],
)
def test_other_layouts_are_refused_with_the_two_that_do(names, message, tmp_path):
    for name in names:
        save(tmp_path / name, 7)
    with pytest.raises(DataError, match=message):
        load(tmp_path)


def test_a_folder_of_pairs_is_loaded_by_its_path(tmp_path):
    for i in range(32):
        for side in "ab":
            save(tmp_path / side / f"{i}.png", i + 100 * (side == "b"))
    assert len(data.load_domains("", str(tmp_path), paired=True, resolution=28).images) == 32
    assert len(data.load_domains("", str(tmp_path), paired=False, resolution=28).images) == 16
    with pytest.raises(DataError, match="has no 'test' split"):
        data.load_pairs(str(tmp_path), split="test")
