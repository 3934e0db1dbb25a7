"""`stacked-mnist`: three digits, one a channel."""

from pathlib import Path

import pytest
import torch

from gan.data import DATASETS, Dataset, load, stacked


@pytest.fixture
def digits(monkeypatch):
    """Seven digits instead of MNIST's, each of its own grey, and 500 pictures of them; the splits asked for."""
    asked = []
    images = torch.arange(7, dtype=torch.uint8).view(7, 1, 1, 1).expand(7, 1, 28, 28).contiguous() * 30

    def load_digits(root, resolution, split, progress):
        asked.append((root, resolution, split))
        return Dataset("mnist", images, torch.arange(7), tuple("0123456"))

    monkeypatch.setattr(stacked, "load_mnist", load_digits)
    monkeypatch.setattr(stacked, "PICTURES", 500)
    return asked


@pytest.mark.parametrize("split", ["train", "test"])
def test_each_channel_is_a_digit_drawn_on_its_own(digits, split):
    dataset = load("stacked-mnist", data_root="somewhere", split=split)
    assert dataset.images.shape == (500, 3, 28, 28) and dataset.classes == ()
    assert digits == [(Path("somewhere"), DATASETS["stacked-mnist"].resolution, split)]
    assert (dataset.images == dataset.images[..., :1, :1]).all(), "no picture is mixed of two"
    drawn = dataset.images[..., 0, 0].long() // 30
    assert all(set(drawn[:, c].tolist()) == set(range(7)) for c in range(3))
    assert len({tuple(row) for row in drawn.tolist()}) > 7 * 7, "channels do not go together"
    assert torch.equal(dataset.images, load("stacked-mnist", split=split).images)
