"""`gan.load`: folder or repository, and hostile weights; from training to the app and back to the same pictures."""

from __future__ import annotations

import json
import logging
import struct
from pathlib import Path

import numpy as np
import pytest
import warm
from conftest import point_client, small, translation
from safetensors.numpy import load, save

import gan
from gan.errors import FolderError, HubError
from gan.hub.client import Unreachable
from gan.hub.names import MODEL
from gan.hub.pull import cache, pull
from gan.hub.push import push
from gan.training.loop import train
from gan.ui.server.hub_models import HubModels
from gan.ui.server.model_registry import ModelRegistry


@pytest.fixture
def files(tiny_folder) -> dict[str, bytes]:
    return {name: (tiny_folder / name).read_bytes() for name in MODEL.files if (tiny_folder / name).exists()}


@pytest.mark.slow
def test_train_push_load_and_the_app_give_the_same_pictures_bit_for_bit(hub, tmp_path):
    list(train(small(seed=9), tmp_path / "run"))
    here = gan.load(tmp_path / "run", "cpu")
    (tmp_path / "into").mkdir()
    push(tmp_path / "run", tmp_path / "into", "alice/digits")
    there = gan.load("alice/digits", "cpu")
    assert there.name == "alice/digits"
    assert np.array_equal(here.sample(range(8)), there.sample(range(8)))
    session, remote = ModelRegistry([]), HubModels(["alice/digits@images-64"])
    remote.add_to(session)
    assert session.names == ("alice/digits@images-64",) and not session.notices
    shown = [session.picture("alice/digits@images-64", seed) for seed in range(8)]
    assert np.array_equal(here.sample(range(8)), np.stack(shown))


def test_a_translator_goes_to_the_hub_and_back_and_the_app_says_what_it_is(hub, tmp_path):
    list(train(translation(seed=9), tmp_path / "run"))
    (tmp_path / "into").mkdir()
    push(tmp_path / "run", tmp_path / "into", "alice/brighter")
    here, there = gan.load(tmp_path / "run", "cpu"), gan.load("alice/brighter", "cpu")
    pictures = np.random.default_rng(0).integers(0, 255, (3, 28, 28, 3), dtype=np.uint8)
    assert there.name == "alice/brighter" and np.array_equal(here.translate(pictures), there.translate(pictures))
    card = hub.model("alice/brighter").files["README.md"].decode()
    assert 'gan.load("alice/brighter")' in card and "python -m gan.translate alice/brighter PICTURES" in card
    registry = ModelRegistry([tmp_path / "run"])
    assert (
        registry.translators == ("run",)
        and registry.info("run", "translate").task == "translate"
        and not registry.errors
    )


def test_a_path_that_exists_is_a_folder(hub, tiny_folder, monkeypatch):
    monkeypatch.chdir(tiny_folder.parent.parent)
    name = f"{tiny_folder.parent.name}/{tiny_folder.name}"
    assert gan.load(name, "cpu").name == "tiny" and hub.seen == []


@pytest.mark.parametrize("source", ["nowhere", "/nowhere/x", "a/b/c", Path("alice/digits")])
def test_what_is_neither_is_no_folder(hub, source):
    with pytest.raises(FolderError, match="no such folder"):
        gan.load(source)
    assert hub.seen == []


def test_a_folder_has_no_revisions(tiny_folder):
    with pytest.raises(FolderError, match="leave out revision"):
        gan.load(tiny_folder, revision="v1")


def test_revisions(hub, files):
    repo = hub.add("alice/digits", files)
    repo.tags["v1"] = repo.head
    repo.commit(files | {"config.json": b"{}"}, "spoilt")
    assert gan.load("alice/digits", "cpu", revision="v1").resolution == 28
    with pytest.raises(HubError, match="there is no folder 'alice/digits'; from the Hub: .*not usable"):
        gan.load("alice/digits")


def test_a_warm_start_makes_no_request_until_the_newest_is_asked_for(hub, files):
    repo = hub.add("alice/digits", files)
    gan.load("alice/digits", "cpu")
    config = json.loads(files["config.json"]) | {"seed": 77}
    repo.commit(files | {"config.json": json.dumps(config).encode()}, "newer")
    hub.seen.clear()
    assert gan.load("alice/digits", "cpu").config.seed != 77 and hub.seen == []
    assert gan.load("alice/digits", "cpu", refresh=True).config.seed == 77


def test_what_this_machine_pushes_it_loads(hub, files, tiny_folder, tmp_path):
    """Without waiting for the day to pass in which it need not ask."""
    hub.add("alice/digits", files | {"metrics.json": b"{}"})
    first = pull("alice/digits")
    push(tiny_folder, tmp_path, "alice/digits")
    assert pull("alice/digits").commit == hub.model("alice/digits").head != first.commit


def test_with_the_hub_gone(hub, files, monkeypatch, caplog):
    hub.add("alice/digits", files)
    gan.load("alice/digits", "cpu")
    point_client(monkeypatch, "http://127.0.0.1:9")
    monkeypatch.setattr("gan.hub.pull.FRESH", 0)
    with caplog.at_level(logging.WARNING):
        gan.load("alice/digits", "cpu")
    assert "cannot be reached" in caplog.text and "downloaded earlier" in caplog.text
    with pytest.raises(Unreachable):
        gan.load("alice/other")


def reshaped(content: bytes) -> bytes:
    tensors = load(content)
    name = max(tensors, key=lambda k: tensors[k].size)
    return save(tensors | {name: tensors[name].reshape(-1)})


def huge_header(content: bytes) -> bytes:
    names = ",".join(f'"t{i}":{{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}' for i in range(80_000))
    header = f"{{{names}}}".encode()
    return struct.pack("<Q", len(header)) + header


def larger_than_memory(content: bytes) -> bytes:
    header = json.dumps({"w": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]}}).encode()
    return struct.pack("<Q", len(header)) + header


HOSTILE = {
    "wrong shapes": (reshaped, "has shape"),
    "huge header": (huge_header, "too large for a model"),
    "a terabyte": (larger_than_memory, "damaged|missing"),
    "pickle": (lambda content: b"\x80\x04cos\nsystem\n.", "damaged or not safetensors"),
    "cut": (lambda content: content[:100], "damaged or not safetensors"),
    "extra": (lambda content: save(load(content) | {"evil": np.zeros(1, np.float32)}), "unexpected tensor 'evil'"),
    "nan": (lambda content: save({k: v * np.float32("nan") for k, v in load(content).items()}), "not finite"),
}


@pytest.mark.parametrize("how", HOSTILE)
def test_hostile_weights_are_refused_by_name(hub, files, how):
    damage, message = HOSTILE[how]
    hub.add("eve/model", files | {"model.safetensors": damage(files["model.safetensors"])})
    with pytest.raises(FolderError, match=message) as refused:
        gan.load("eve/model", "cpu")
    assert "eve/model/model.safetensors" in str(refused.value) and str(cache()) not in str(refused.value)


@pytest.mark.parametrize(
    ("setting", "value"), [("width", 256), ("z_dim", 512), ("network", "vit"), ("resolution", 0), ("classes", ["a"])]
)
def test_settings_that_do_not_fit_the_weights_are_refused(hub, files, setting, value):
    config = json.loads(files["config.json"]) | {setting: value}
    hub.add("eve/model", files | {"config.json": json.dumps(config).encode()})
    with pytest.raises(FolderError, match="eve/model"):
        gan.load("eve/model", "cpu")


@pytest.mark.slow
def test_nothing_imports_the_hubs_client_before_it_is_needed():
    code = (
        "import sys, gan, gan.hub.pull, gan.hub.load, gan.hub.push, gan.hub.pusher, gan.hub.space, gan.hub.resume; "
        "from gan import train; train.parser(); "
        "print([m for m in sys.modules if m.split('.')[0] in ('huggingface_hub', 'httpx2', 'gradio')])"
    )
    assert warm.run(["-c", code]) == (0, "[]\n", "")
