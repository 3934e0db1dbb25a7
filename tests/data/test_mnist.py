"""The digits and the clothes: IDX files, downloading, and the bundled subsets."""

import socket
import urllib.error
import urllib.request

import numpy as np
import pytest
import torch

from gan import data
from gan.data import build_subsets, mnist

FULL = list(mnist.FAMILY)


def write_idx(path, array):
    header = bytes((0, 0, 8, array.ndim)) + np.array(array.shape, ">i4").tobytes()
    path.write_bytes(header + array.astype(np.uint8).tobytes())


@pytest.fixture
def root(tmp_path):
    """A data root with both sets in torchvision's layout, 40 training and 20 test pictures each."""
    rng = np.random.default_rng(0)
    for folder, _ in mnist.FAMILY.values():
        raw = tmp_path / folder / "raw"
        raw.mkdir(parents=True)
        for (pictures, labels), n in zip(mnist.FILES.values(), (40, 20), strict=True):
            write_idx(raw / pictures, rng.integers(0, 256, (n, 28, 28)))
            write_idx(raw / labels, np.arange(n) % 10)
    return tmp_path


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Every request fails at once, as it does without a route; returns the addresses asked for."""
    asked = []

    def refuse(request, *args, **kwargs):
        asked.append(request.full_url)
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    return asked


@pytest.mark.parametrize("name", FULL)
@pytest.mark.parametrize("split, n", [("train", 40), ("test", 20)])
def test_full_sets_are_what_the_files_hold(root, name, split, n, no_network):
    dataset = data.load(name, data_root=root, split=split)
    file = root / mnist.FAMILY[name][0] / "raw" / mnist.FILES[split][0]
    expected = np.frombuffer(file.read_bytes()[16:], np.uint8).reshape(n, 1, 28, 28)
    assert (dataset.images.numpy() == expected).all() and dataset.images.dtype == torch.uint8
    assert dataset.labels.tolist() == [i % 10 for i in range(n)] and len(dataset.classes) == 10
    assert not no_network
    assert data.DATASETS[name].is_present(root) and not data.DATASETS[name].is_present(root / "elsewhere")


def test_a_home_folder_is_understood(root, monkeypatch):
    monkeypatch.setenv("HOME", str(root.parent))
    assert len(data.load("mnist", data_root=f"~/{root.name}").images) == 40


@pytest.mark.parametrize("name", [*FULL, *(f"{name}-10k" for name in FULL)])
def test_32_pads_with_black_and_64_doubles_that(root, name):
    small, padded, large = (data.load(name, r, data_root=root).images for r in (28, 32, 64))
    assert torch.equal(padded[:, :, 2:-2, 2:-2], small)
    assert not padded[:, :, :2].any() and not padded[:, :, -2:].any()
    assert not padded[..., :2].any() and not padded[..., -2:].any()
    assert large.shape[2:] == (64, 64)
    means = large.float().unflatten(2, (32, 2)).unflatten(4, (32, 2)).mean((3, 5))
    limit = 10 if name.endswith("10k") else 60  # in levels; the root's pictures are noise, the hardest case
    assert (means - padded).abs().mean() < limit


@pytest.mark.parametrize("name", FULL)
def test_subsets_are_balanced_and_distinct(name):
    dataset = data.load(f"{name}-10k")
    assert torch.bincount(dataset.labels).tolist() == [1000] * 10
    assert dataset.classes == mnist.FAMILY[name][1]
    assert len({bytes(image) for image in dataset.images.flatten(1).numpy()}) > 9_990


def test_digits_belong_to_their_labels():
    # Independent of our tables: ones have the least ink of all digits, noughts are hollow, sevens are top-heavy.
    dataset = data.load("mnist-10k")
    means = torch.stack([dataset.images[dataset.labels == k].float().mean((0, 1)) for k in range(10)])
    assert means.mean((1, 2)).argmin() == 1
    assert means[:, 12:16, 13:15].mean((1, 2)).argmin() == 0
    assert (means[:, :14].sum((1, 2)) / means.sum((1, 2))).argmax() in (7, 9)


def test_clothes_belong_to_their_labels():
    dataset = data.load("fashion-mnist-10k")
    means = {c: dataset.images[dataset.labels == i].float().mean((0, 1)) for i, c in enumerate(dataset.classes)}
    assert (means["Trouser"] > 64).sum(1).float()[4:24].max() <= 16  # narrow
    assert means["Pullover"][20, :6].mean() > 3 * means["T-shirt/top"][20, :6].mean()  # only one has long sleeves
    assert means["Ankle boot"][:8].mean() > 2 * means["Sneaker"][:8].mean()  # boots reach higher


@pytest.mark.parametrize("name", FULL)
def test_building_subsets_is_even_balanced_and_repeatable(root, tmp_path, monkeypatch, name):
    labels = torch.tensor([k for k in range(10) for _ in range(7 + k)])
    chosen = build_subsets.choose(labels, 5)
    assert labels[chosen].tolist() == list(range(10)) * 5 and len(set(chosen.tolist())) == 50
    nines = chosen[9::10] - int((labels == 9).nonzero()[0])
    assert nines.tolist() == [k * 16 // 5 for k in range(5)]
    with pytest.raises(data.DataError, match="class 0 has 7"):
        build_subsets.choose(labels, 8)


@pytest.mark.parametrize("damage, words", [
    (lambda raw: (raw / "train-images-idx3-ubyte").write_bytes(b""), ["train-images-idx3-ubyte", "no IDX"]),
    (lambda raw: (raw / "train-images-idx3-ubyte").write_bytes(b"<html>not found</html>"), ["no IDX"]),
    (lambda raw: (raw / "train-images-idx3-ubyte").write_bytes(b"\0\0\x08"), ["no IDX"]),
    (lambda raw: cut(raw / "train-images-idx3-ubyte", 5), ["train-images-idx3-ubyte", "damaged", "31,371", "31,376"]),
    (lambda raw: cut(raw / "train-labels-idx1-ubyte", 1), ["train-labels-idx1-ubyte", "damaged"]),
    (lambda raw: write_idx(raw / "train-images-idx3-ubyte", np.zeros((40, 32, 32))), ["no IDX file of 28x28"]),
    (lambda raw: write_idx(raw / "train-images-idx3-ubyte", np.zeros((0, 28, 28))), ["no IDX"]),
    (lambda raw: write_idx(raw / "train-labels-idx1-ubyte", np.zeros(39)), ["39 labels for 40"]),
    (lambda raw: write_idx(raw / "train-labels-idx1-ubyte", np.full(40, 11)), ["label 11"]),
])  # fmt: skip
def test_damaged_idx_files_are_named_with_a_cure(root, damage, words):
    damage(root / "MNIST" / "raw")
    with pytest.raises(data.DataError) as caught:
        data.load("mnist", data_root=root)
    for word in [*words, "--data-root", "delete"]:
        assert word in str(caught.value), str(caught.value)


def cut(path, n):
    path.write_bytes(path.read_bytes()[:-n])


@pytest.mark.parametrize("name", FULL)
def test_without_network_one_error_names_both_cures_and_leaves_nothing(tmp_path, name, no_network):
    root, lines = tmp_path / "new", []
    with pytest.raises(data.DataError) as caught:
        data.load(name, data_root=root, progress=lines.append)
    for word in ("no route to host", "--data-root DIR", f"--dataset {name}-10k", mnist.FAMILY[name][0]):
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)
    assert no_network and len(no_network) <= 4 and "downloading" in lines[0]
    assert not list(root.iterdir())
    assert socket.getdefaulttimeout() is None


@pytest.mark.parametrize("failure", [TimeoutError("timed out"), ConnectionResetError("reset"), EOFError("ended")])
def test_an_interrupted_download_leaves_nothing(tmp_path, monkeypatch, failure):
    def fetch(root, download):
        (tmp_path / "seen").write_text(str(socket.getdefaulttimeout()))
        raw = mnist.Path(root, "MNIST", "raw")
        (raw / "train-images-idx3-ubyte").write_bytes(b"half")
        raise failure

    fetch.__name__ = "MNIST"
    monkeypatch.setattr("torchvision.datasets.MNIST", fetch)
    with pytest.raises(data.DataError, match="could not be downloaded"):
        data.load("mnist", data_root=tmp_path / "d")
    assert (tmp_path / "seen").read_text() == str(mnist.TIMEOUT)
    assert not [p for p in (tmp_path / "d").rglob("*") if p.is_file()]


def test_a_finished_download_is_moved_into_place_beside_what_is_there(root, tmp_path, monkeypatch):
    import torchvision.datasets as tv

    elsewhere, kept = tmp_path / "d", (tmp_path / "d" / "MNIST" / "raw" / "t10k-labels-idx1-ubyte")
    kept.parent.mkdir(parents=True)
    write_idx(kept, np.arange(20)[::-1] % 10)
    mine = kept.read_bytes()

    def download(self):
        for file in (root / "MNIST" / "raw").iterdir():
            (mnist.Path(self.raw_folder) / file.name).write_bytes(file.read_bytes())

    monkeypatch.setattr(tv.MNIST, "download", download)
    assert len(data.load("mnist", data_root=elsewhere).images) == 40
    assert kept.read_bytes() == mine
    assert sorted(p.name for p in elsewhere.iterdir()) == ["MNIST"]


def test_a_data_root_that_cannot_be_written_is_an_error_with_the_cure(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(data.DataError, match="--data-root"):
        data.load("mnist", data_root=tmp_path / "file")
