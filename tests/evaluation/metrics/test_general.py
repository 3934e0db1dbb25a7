"""`metrics.general`: the network that measures pictures of every kind, Inception in its place, and training it."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys

import pytest
import torch
from torch import nn

from gan.errors import FolderError
from gan.evaluation.metrics import general, train_general
from gan.evaluation.metrics.fit import Recipe
from gan.evaluation.metrics.train_general import Task

ABOUT = json.loads(general.FILE.read_text(encoding="utf-8"))


def noise(n: int, side: int, channels: int = 3) -> torch.Tensor:
    source = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (n, side, side, channels), generator=source, dtype=torch.uint8)


def test_the_file_tells_how_it_was_made_and_how_good_it_is():
    assert set(ABOUT["accuracy_by_dataset"]) == set(train_general.DATASETS) == set(ABOUT["accuracy_by_group"])
    assert ABOUT["accuracy"] == pytest.approx(sum(ABOUT["accuracy_by_dataset"].values()) / 5, abs=1e-3)
    assert ABOUT["accuracy"] > 0.75 and ABOUT["accuracy_by_group"]["mnist-10k"]["class"] > 0.95
    assert ABOUT["recipe"]["epochs"] == train_general.RECIPE.epochs
    assert general.FILE.with_suffix(".safetensors").stat().st_size < 2_000_000


@pytest.mark.parametrize(("side", "channels"), [(28, 1), (32, 3), (64, 3)])
def test_pictures_of_every_size_have_features(side, channels):
    network, images = general.load_general(), noise(4, side, channels)
    features = network.features(images)
    assert features.shape == (4, general.FEATURES) and features.dtype == torch.float32 and (features >= 0).all()
    assert torch.allclose(network.features(images[2:3])[0], features[2], atol=1e-4)
    assert torch.allclose(network.features(images.expand(-1, -1, -1, 3).numpy()), features, atol=1e-4)
    assert network.features(images[:0]).shape == (0, general.FEATURES)
    assert network.about == f"a general network, {ABOUT['accuracy']:.2%} accurate" and network.kind == "general"


@pytest.mark.parametrize("text", ["[]", "{}", '{"outputs": 0, "accuracy": 0.5}', '{"outputs": 9, "accuracy": 2.0}'])
def test_a_damaged_file_is_named(tmp_path, text):
    (tmp_path / "general.json").write_text(text)
    with pytest.raises(FolderError, match=r"general\.json"):
        general.load_general(file=tmp_path / "general.json")


def test_weights_of_another_network_are_refused(tmp_path):
    shutil.copy(general.FILE.with_suffix(".safetensors"), tmp_path)
    (tmp_path / "general.json").write_text(json.dumps(ABOUT | {"outputs": 3}))
    with pytest.raises(FolderError, match="shape"):
        general.load_general(file=tmp_path / "general.json")


# Inception, of which a stand-in lies in the cache.


class Tiny(nn.Module):
    """Mean colours and zeros, as if they were features."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(2048, 3)

    def forward(self, x):
        assert x.shape[1:] == (3, 299, 299)
        return self.fc(nn.functional.pad(x.mean((2, 3)), (0, 2045)))


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache of torch's, and weights whose name tells their own hash."""
    from torchvision import models  # takes seconds

    (tmp_path / "checkpoints").mkdir()
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    content = b"weights"
    url = f"https://nowhere/inception-{hashlib.sha256(content).hexdigest()[:8]}.pth"
    asked = []

    def state(self, **more):
        asked.append(more)
        return Tiny().state_dict()

    monkeypatch.setattr(models.Inception_V3_Weights, "url", url, raising=False)
    monkeypatch.setattr(models.Inception_V3_Weights, "get_state_dict", state)
    monkeypatch.setattr(models, "inception_v3", lambda **_: Tiny())
    return tmp_path / "checkpoints" / url.rsplit("/", 1)[1], content, asked


def test_inception_is_used_where_it_lies_in_the_cache(cache):
    path, content, asked = cache
    assert general.inception_file() is None and general.load_extractor().kind == "general"
    path.write_bytes(content)
    found = general.load_extractor()
    assert found.kind == "inception" and "Inception v3 of torchvision" in found.about
    assert asked == [{"progress": False, "map_location": "cpu", "weights_only": True}]
    grey = found.features(torch.full((3, 28, 28, 1), 255, dtype=torch.uint8))
    wanted = (1 - torch.tensor([0.485, 0.456, 0.406])) / torch.tensor([0.229, 0.224, 0.225])
    assert grey.shape == (3, 2048) and torch.allclose(grey[:, :3], wanted.expand(3, 3), atol=1e-4)


def test_a_damaged_inception_is_not_used(cache):
    path, content, _ = cache
    path.write_bytes(content[:-1])
    assert general.inception_file() is None and general.load_extractor().kind == "general"


# Training it.


def task(name: str, k: int) -> Task:
    """Pictures of k classes: how bright they are."""
    labels = torch.arange(160) % k
    images = (noise(160, 64).permute(0, 3, 1, 2) // 8 + (labels * (200 // k))[:, None, None, None]).to(torch.uint8)
    rows = nn.functional.one_hot(labels, k).to(torch.uint8)
    return Task(name, images, rows, (train_general.ClassGroup("class", k),), torch.arange(160) % 10 == 0)


def test_the_command_writes_a_network_that_loads(tmp_path, monkeypatch, capsys):
    tasks = {"one": task("one", 2), "two": task("two", 4)}
    monkeypatch.setattr(train_general, "DATASETS", {"one": 2, "two": 1})
    monkeypatch.setattr(train_general, "load_task", tasks.get)
    monkeypatch.setattr(train_general, "RECIPE", Recipe(epochs=4, shift=0))
    monkeypatch.setattr(torch, "set_num_threads", lambda n: None)
    monkeypatch.setattr(sys, "argv", ["x", "--out", str(tmp_path)])
    train_general.main()
    about = json.loads((tmp_path / "general.json").read_text())
    assert set(about) == set(ABOUT) and about["outputs"] == 6
    assert about["train_samples"] == 288 and about["test_samples"] == 32
    assert about["accuracy_by_group"]["one"]["class"] > 0.8 and about["accuracy"] > 0.6
    assert '"two"' in capsys.readouterr().out
    network = general.load_general(file=tmp_path / "general.json").network
    assert train_general.accuracies(network, list(tasks.values())) == about["accuracy_by_group"]


def test_tasks_hold_all_that_is_known(monkeypatch):
    faces = train_general.load_task("faces-10k")
    assert faces.images.shape == (300, 3, 64, 64) and faces.rows.shape[0] == 300
    assert not {"shift_x", "shift_y"} & {group.name for group in faces.groups}
    assert torch.equal(faces.rows.sum(1), torch.full((300,), len(faces.groups)))
    skin = dict(zip((g.name for g in faces.groups), faces.rows.split([g.size for g in faces.groups], 1), strict=True))
    assert skin["skin"].shape == (300, 4) and (skin["skin"].sum(0) > 40).all()
    scenes = train_general.load_task("scenes-10k")
    assert [group.name for group in scenes.groups] == ["background", "animals", "style"]
    assert (scenes.rows[:, -4:].sum(1) == 1).all() and scenes.held.shape == (300,)
