"""`gan.editing.reader`: a network taught on a labelled set finds parts in pictures without a latent."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from PIL import Image

from gan import label as command
from gan.editing.labelled_set import FILE as SET
from gan.editing.labelled_set import MASKS, PICTURES, read_pictures, save_mask
from gan.editing.parts import UNPAINTED
from gan.editing.reader import FILE, Reader, read_reader, teach_reader, write_reader
from gan.errors import DataError, FolderError
from gan.models.weights import write_tensors

NAMES = ("ground", "square")


def squares(count: int, seed: int, channels: int = 3) -> tuple[torch.Tensor, np.ndarray]:
    """Return pictures uint8 (N, C, 28, 28) of a square brighter than its ground, and masks of it."""
    random = np.random.default_rng(seed)
    images = random.integers(0, 90, (count, channels, 28, 28), dtype=np.uint8)
    masks = np.zeros((count, 28, 28), np.uint8)
    for image, mask, (top, left) in zip(images, masks, random.integers(2, 14, (count, 2)), strict=True):
        image[:, top : top + 10, left : left + 10] += 120
        mask[top : top + 10, left : left + 10] = 1
    return torch.from_numpy(images), masks


@pytest.fixture(scope="module")
def reader() -> Reader:
    images, masks = squares(128, 0)
    masks[:, :3] = UNPAINTED  # what nobody has labelled does not count
    return teach_reader(images, masks, NAMES, epochs=30)


def test_parts_are_found_in_other_pictures(reader):
    images, truth = squares(20, 1)
    found = reader.of(images.permute(0, 2, 3, 1).numpy())
    assert found.shape == truth.shape and found.dtype == np.uint8
    overlap = ((found == 1) & (truth == 1)).sum() / ((found == 1) | (truth == 1)).sum()
    assert overlap > 0.5  # after 30 steps
    with pytest.raises(ValueError, match=r"pictures must be uint8 \(N, 28, 28, 3\), got \(1, 28, 28, 1\)"):
        reader.of(np.zeros((1, 28, 28, 1), np.uint8))
    with pytest.raises(ValueError, match="needs two pictures or more and a mask for each, got 1 and 1"):
        teach_reader(images[:1], truth[:1], NAMES)


def test_a_reader_is_kept_and_read_again(reader, tmp_path):
    write_reader(tmp_path / FILE, reader)
    again = read_reader(tmp_path / FILE)
    images = squares(3, 2)[0].permute(0, 2, 3, 1).numpy()
    assert np.array_equal(again.of(images), reader.of(images)) and again.names == NAMES


@pytest.mark.parametrize(
    ("about", "message"),
    [
        (None, "no reader of parts"),
        ({"parts": "ab"}, "no reader of parts"),
        ({"parts": ["a"], "resolution": 28, "channels": 3}, "2 to 254 parts"),
        ({"parts": ["a", "b"], "resolution": 2**30, "channels": 3}, "a resolution"),
        ({"parts": ["a", "b"], "resolution": 28, "channels": 10**9}, "1 or 3 channels"),
        ({"parts": ["a", "b", "c"], "resolution": 28, "channels": 3}, "head"),
    ],
)
def test_a_file_that_nobody_wrote_is_refused(reader, tmp_path, about, message):
    meta = None if about is None else {"reader": json.dumps(about)}
    write_tensors(tmp_path / FILE, reader.network.state_dict(), meta)
    with pytest.raises(FolderError, match=message):
        read_reader(tmp_path / FILE)


def test_a_set_gives_its_pictures_back_or_says_what_is_wrong(tmp_path):
    images, masks = squares(2, 3)
    (tmp_path / PICTURES).mkdir(), (tmp_path / MASKS).mkdir()
    entries = [{"file": f"{i}.png", "seed": i} for i in range(2)]
    (tmp_path / SET).write_text(json.dumps({"parts": list(NAMES), "pictures": entries}))
    for i, (image, mask) in enumerate(zip(images, masks, strict=True)):
        Image.fromarray(image.permute(1, 2, 0).numpy()).save(tmp_path / PICTURES / f"{i}.png")
        save_mask(tmp_path / MASKS / f"{i}.png", mask)
    found = read_pictures(tmp_path, 28, 3)
    assert torch.equal(found[0], images) and np.array_equal(found[1], masks) and found[2] == NAMES
    with pytest.raises(DataError, match="not a picture that can be read .must be 28 x 28 and of mode L"):
        read_pictures(tmp_path, 28, 1)
    save_mask(tmp_path / MASKS / "1.png", masks[1] + 7)
    with pytest.raises(DataError, match="labels must be below 2, or 255, got 8"):
        read_pictures(tmp_path, 28, 3)


def test_the_command_teaches_a_reader_beside_the_set(tiny_folder, tmp_path, capsys):
    blank, out = tmp_path / "blank", tmp_path / "out"
    assert command.main([str(tiny_folder), "--blank", "1", "--out", str(blank), "--parts", "dark", "light"]) == 0
    mask = np.full((28, 28), UNPAINTED, np.uint8)
    mask[:4], mask[12:16] = 0, 1
    save_mask(blank / MASKS / "0000000000.png", mask)
    arguments = [str(tiny_folder), str(blank), "--out", str(out), "--reader"]
    assert command.main([*arguments, "--count", "1"]) == 1
    assert "pass a folder of painted ones, and --count 2 or more" in capsys.readouterr().err
    assert command.main([*arguments, "--count", "3"]) == 0
    assert "3 pictures labelled, and a reader taught on them" in capsys.readouterr().out
    assert read_reader(out / FILE).names == ("dark", "light")
