"""`gan.data.image_sheet`: what is written is read back, and damaged files are named."""

import pytest
import torch

from gan import data
from gan.data import emoji
from gan.data.image_sheet import read_sheet, write_sheet


@pytest.mark.parametrize("shape, columns", [((6, 5, 5, 3), 3), ((5, 5, 5, 3), 3), ((4, 28, 28, 1), 2)])
def test_a_sheet_gives_back_what_was_put_in(tmp_path, shape, columns):
    pictures = torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(1)).numpy()
    write_sheet(tmp_path / "s.webp", pictures, columns)
    mode = "L" if shape[-1] == 1 else "RGB"
    assert (read_sheet(tmp_path / "s.webp", mode, shape[1], shape[0]) == pictures).all()
    with pytest.raises(data.DataError, match="must hold"):
        read_sheet(tmp_path / "s.webp", mode, shape[1], shape[0] + 2)


def test_a_sheet_keeps_opacity_and_the_colour_under_it(tmp_path):
    pictures = torch.randint(
        0, 256, (5, 6, 6, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(1)
    ).numpy()
    write_sheet(tmp_path / "s.webp", pictures, 2)
    read = read_sheet(tmp_path / "s.webp", "RGBA", 6, 5)
    assert (read[..., 3] == pictures[..., 3]).all() and (read == pictures)[pictures[..., 3] > 0].all()


@pytest.mark.parametrize("content", [None, b"", b"version https://git-lfs", emoji.sheet("noto").read_bytes()[:5000]])
def test_a_damaged_sheet_is_named(tmp_path, content):
    if content is not None:
        (tmp_path / "s.webp").write_bytes(content)
    with pytest.raises(data.DataError, match="s.webp is missing or damaged"):
        read_sheet(tmp_path / "s.webp", "RGB", 64, 1911)
