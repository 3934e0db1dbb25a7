"""`gan.data.load` and `DATASETS`: the contract of every data set, and of its entry."""

import pytest
import torch

from gan import data
from gan.config import RESOLUTIONS

BUNDLED = [name for name, source in data.DATASETS.items() if not source.download]


@pytest.mark.parametrize("resized", [False, True])
@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_sets_keep_the_contract(name, resized):
    source = data.DATASETS[name]
    side = (28 if source.resolution == 32 else 32) if resized else source.resolution
    dataset = data.load(name, side if resized else None)
    assert dataset.name == name
    assert dataset.images.dtype == torch.uint8 and dataset.images.is_contiguous()
    assert dataset.images.shape[1] in (1, 3) and dataset.images.shape[2:] == (side, side)
    assert dataset.images.min() == 0 and dataset.images.max() == 255
    assert len(set(dataset.classes)) == len(dataset.classes)
    weights, k = dataset.class_weights(), len(dataset.classes)
    if dataset.groups:
        start = 0
        for group in dataset.groups:
            count = weights[:, start : start + group.size].sum(1)
            assert count.min() == 1 and count.max() == group.most
            start += group.size
    else:
        assert dataset.labels.dtype == torch.int64 and dataset.labels.shape == (len(dataset.images),)
        assert dataset.labels.unique().tolist() == list(range(max(k, 1)))
    assert weights.shape == (len(dataset.images), k) and weights.unique().tolist() in ([0, 1], [])
    assert (weights.sum(0) > 0).all()  # every class occurs


@pytest.mark.parametrize("name", BUNDLED)
def test_loading_twice_gives_the_same(name):
    one, two = data.load(name), data.load(name, data_root="/nonexistent")
    assert torch.equal(one.images, two.images) and torch.equal(one.labels, two.labels)
    assert one.captions == two.captions


@pytest.mark.parametrize("name", [name for name in BUNDLED if "test" not in data.DATASETS[name].splits])
def test_sets_without_a_test_split_say_what_has_one(name):
    have = r"\(faces, scenes, mnist, fashion-mnist, stacked-mnist\)"
    with pytest.raises(data.DataError, match=f"{name} has no 'test' split.*{have}"):
        data.load(name, split="test")


def test_sources_describe_themselves(tmp_path):
    for name, source in data.DATASETS.items():
        assert source.resolution in RESOLUTIONS and source.licence and source.download >= 0, name
        assert 0 < len(source.about) < 30 and "\n" not in source.about, name
        assert source.splits[0] == "train" and set(source.splits) <= {"train", "test"}, name
        assert bool(source.download) == bool(source.files) == (not source.is_present(tmp_path)), name
        if source.subset_of:
            whole = data.DATASETS[source.subset_of]
            assert "test" in whole.splits and not whole.subset_of, name
            assert (source.licence, source.hub, source.resolution) == (whole.licence, whole.hub, whole.resolution), name


def test_a_data_set_of_one_entry_is_loaded_by_its_name(monkeypatch, tmp_path):
    asked = []

    def load_stripes(root, resolution, split, progress):
        asked.append((root, resolution, split))
        return data.Dataset("stripes", torch.zeros(4, 1, resolution, resolution).byte(), torch.zeros(4).long(), ())

    entry = data.Source(load_stripes, 28, "Stripes", "CC0-1.0", splits=("train", "test"), files=("stripes/a", "b"))
    monkeypatch.setitem(data.DATASETS, "stripes", entry)
    for split in entry.splits:
        assert data.load("stripes", None, tmp_path, split).name == "stripes"
    assert asked == [(tmp_path, 28, "train"), (tmp_path, 28, "test")]
    with pytest.raises(data.DataError, match=r"emoji has no 'test' split.*stripes"):
        data.load("emoji", split="test")
    (tmp_path / "stripes").mkdir()
    (tmp_path / "stripes" / "a").touch()
    assert not entry.is_present(tmp_path)
    (tmp_path / "b").touch()
    assert entry.is_present(tmp_path)


@pytest.mark.parametrize("arguments, words", [
    (("emojis",), ["'emojis'", *data.DATASETS, "folder"]),
    (("",), ["''", "folder"]),
    (("x" * 5000,), ["unknown"]),
    (("nul\0",), ["unknown"]),
    (("emoji", 48), ["28, 32, 64", "48"]),
    (("emoji", -32), ["-32"]),
    (("emoji", 32, "data", "validation"), ["'validation'", "train"]),
    ((__file__,), ["is a file", "folder"]),
])  # fmt: skip
def test_wrong_arguments_are_answered_with_the_value_and_the_cure(arguments, words):
    with pytest.raises(data.DataError) as caught:
        data.load(*arguments)
    assert all(word in str(caught.value) for word in words), str(caught.value)
