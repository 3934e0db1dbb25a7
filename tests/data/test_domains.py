"""`gan.data.domains` and `load_domains`: two sets to translate between, from any two data sets."""

from __future__ import annotations

import pytest
import torch
from PIL import Image

from gan import data
from gan.data.dataset import Dataset
from gan.data.domains import Pairs, of_pairs, of_sets
from gan.errors import DataError


def pictures(count: int, channels: int = 3, seed: int = 0) -> torch.Tensor:
    source = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, channels, 28, 28), dtype=torch.uint8, generator=source)


def dataset(name: str, count: int, channels: int = 3, captions: tuple[str, ...] = (), seed: int = 0) -> Dataset:
    return Dataset(name, pictures(count, channels, seed), torch.zeros(count, dtype=torch.int64), (), captions)


def folder(root, count: int, size: tuple[int, int], seed: int):
    root.mkdir()
    for i, picture in enumerate(pictures(count, seed=seed).permute(0, 2, 3, 1).numpy()):
        Image.fromarray(picture).resize(size).save(root / f"{i:03}.png")
    return str(root)


def test_two_folders_of_other_counts_and_sizes_become_sides_of_one_size(tmp_path):
    a, b = folder(tmp_path / "day", 17, (40, 90), 1), folder(tmp_path / "night", 20, (70, 33), 2)
    domains = data.load_domains(a, b, paired=False, resolution=28)
    assert domains.inputs.shape == (17, 3, 28, 28) and domains.images.shape == (20, 3, 28, 28)
    assert not domains.paired and "A: 17 pictures of day; B: 20 pictures of night" in domains.notes
    assert any(note.startswith("A: only 17 pictures") for note in domains.notes)


def test_a_folder_is_read_at_the_size_of_the_named_set_it_is_translated_to(tmp_path):
    domains = data.load_domains(folder(tmp_path / "mine", 16, (90, 90), 3), "fashion-mnist-10k", paired=False)
    assert domains.inputs.shape == (16, 3, 28, 28) and domains.images.shape == (10_000, 3, 28, 28)
    assert torch.equal(domains.images[:, 0], domains.images[:, 2])  # grey, as grey in three channels


def test_pairs_of_two_sets_are_pictures_of_one_name_and_the_others_are_named():
    a = dataset("a", 18, captions=tuple(f"x/{i}.png" for i in range(18)))
    b = dataset("b", 17, captions=tuple(f"x/{i}.jpg" for i in range(17, 0, -1)), seed=1)
    domains = of_sets(a, b, paired=True)
    assert domains.paired and len(domains.images) == len(domains.inputs) == 17
    for x, y in zip(domains.inputs, domains.images, strict=True):
        row = next(i for i, picture in enumerate(a.images) if torch.equal(picture, x))
        assert torch.equal(y, b.images[17 - row])
    assert any("1 picture of a without a partner in B: x/0" in note for note in domains.notes)


def test_what_cannot_be_paired_is_refused_with_the_reason():
    named = dataset("a", 18, captions=tuple(map(str, range(18))))
    with pytest.raises(DataError, match="those of b have none: use --objective cycle"):
        of_sets(named, dataset("b", 18, seed=1), paired=True)
    other = dataset("b", 18, captions=tuple(map(str, range(10, 28))), seed=1)
    with pytest.raises(DataError, match="8 pairs of one name in a and b, at least 16.*without a partner in B: 0, 1"):
        of_sets(named, other, paired=True)


def test_too_few_pictures_equal_sides_and_pairs_as_a_side_are_refused():
    with pytest.raises(DataError, match="A, a, holds 15 pictures, at least 16 are needed"):
        of_sets(dataset("a", 15), dataset("b", 20, seed=1), paired=False)
    with pytest.raises(DataError, match="A and B, a and b, are the same pictures"):
        of_sets(dataset("a", 16), dataset("b", 16), paired=False)
    with pytest.raises(DataError, match="tiny holds pairs: pass it alone, as --pairs tiny, not as --to"):
        data.load_domains("emoji", "tiny", paired=False)
    with pytest.raises(DataError, match="unknown pairs 'emoji': pass one of sketch-to-face, .*--from A --to B"):
        data.load_domains("", "emoji", paired=False)
    with pytest.raises(DataError, match="resolution must be one of 28, 32, 64, 128, 256, got 30"):
        data.load_pairs("tiny", 30)


def test_pairs_used_unpaired_give_each_side_its_own_half():
    x = pictures(33)
    pairs = Pairs("p", x, 255 - x)
    apart = of_pairs(pairs, paired=False)
    assert len(apart.inputs) == len(apart.images) == 16 and not apart.paired
    a = {p.numpy().tobytes() for p in apart.inputs}
    assert not a & {p.numpy().tobytes() for p in 255 - apart.images}
    assert of_pairs(pairs, paired=True).inputs is x
    with pytest.raises(DataError, match="31 pairs, at least 32 are needed"):
        of_pairs(Pairs("p", x[:31], x[:31]), paired=False)
