"""Packs on their way to the browser, for whom, under which address and for how long; and the worker's script."""

from __future__ import annotations

import shutil
import struct
import subprocess

import brotli
import pytest
import torch
from starlette.applications import Starlette
from starlette.testclient import TestClient

from gan.config import Config
from gan.models.directions import without_names
from gan.models.model import Model, load
from gan.models.pack import pack
from gan.networks import build
from gan.ui.server import engine, packs
from gan.ui.server.model_registry import ModelRegistry


@pytest.fixture(scope="module")
def registry(tiny_folder) -> ModelRegistry:
    return ModelRegistry([tiny_folder])


@pytest.fixture
def browser_of(registry) -> TestClient:
    return TestClient(Starlette(routes=engine.routes(registry.packs)), "http://127.0.0.1:7860")


def test_a_pack_is_half_of_the_weights_and_the_directions(tiny_folder):
    from safetensors.torch import load as tensors_of

    model = load(tiny_folder, "cpu")
    tensors = tensors_of(pack(model))
    assert torch.equal(tensors.pop("directions"), model.directions)
    assert tensors.pop("named").shape == (0, model.z_dim) and tensors.pop("named_own").shape == (0, 0, model.z_dim)
    weights = model.generator.state_dict()
    assert tensors.keys() == weights.keys()
    for name, tensor in tensors.items():
        assert tensor.dtype == torch.float16 and torch.equal(tensor, weights[name].half()), name


@pytest.mark.parametrize("network", ["mlp", "dcgan"])
def test_other_networks_have_no_pack(network):
    config = Config(dataset="any", resolution=28, channels=1, network=network)
    generator, critic = build(config)
    model = Model("other", config, generator, critic, without_names(torch.zeros(16, 100), torch.zeros(16)))
    with pytest.raises(ValueError, match=f"other is {network}"):
        pack(model)
    assert packs.Packs().of("other", model) is None


def test_weights_that_half_precision_cannot_hold_and_too_many_of_them_have_no_pack(tiny_folder, monkeypatch):
    model = load(tiny_folder, "cpu")
    with torch.no_grad():
        model.generator.dense.bias[0] = 7e4
    with pytest.raises(ValueError, match="half precision"):
        pack(model)
    monkeypatch.setattr(packs, "MAX_BYTES", 1000)
    assert packs.Packs().of("large", load(tiny_folder, "cpu")) is None


def test_a_pack_keeps_its_address_and_a_browser_that_has_it_gets_no_byte_of_it(registry, browser_of):
    offer = registry.pack("tiny")
    assert offer == registry.pack("tiny")
    reply = browser_of.get(offer["address"])
    assert reply.status_code == 200 and len(reply.content) == offer["bytes"]
    (length,) = struct.unpack("<Q", reply.content[:8])
    assert reply.content[8 : 8 + length].startswith(b"{")
    assert "immutable" in reply.headers["cache-control"] and "max-age=31536000" in reply.headers["cache-control"]
    for known in (reply.headers["etag"], f'"x", W/{reply.headers["etag"]}'):
        again = browser_of.get(offer["address"], headers={"if-none-match": known})
        assert again.status_code == 304 and not again.content and again.headers["etag"] == reply.headers["etag"]
    assert browser_of.get(offer["address"], headers={"if-none-match": '"x"'}).status_code == 200


@pytest.mark.parametrize("path", ["pack/0", "pack/tiny", f"pack/{'0' * 32}"])
def test_an_address_that_nothing_has_is_not_found(browser_of, path):
    assert browser_of.get(f"/engine/{path}").status_code == 404


def test_a_model_of_a_visitors_own_is_offered_to_nobody(tiny_folder, tmp_path):
    registry = ModelRegistry([tiny_folder])
    own = shutil.copytree(tiny_folder, tmp_path / "own")
    name = registry.add_unlisted("own", own)
    assert registry.picture(name, 0).shape == (28, 28, 1)
    assert registry.pack(name) == {"address": None, "bytes": 0}
    with pytest.raises(ValueError, match="model must be one of those served"):
        registry.pack("other")


def test_old_packs_make_room(tiny_folder, monkeypatch):
    model, kept = load(tiny_folder, "cpu"), packs.Packs()
    first = kept.of("a", model)
    monkeypatch.setattr(packs, "KEPT_BYTES", len(first.data) * 2)
    model.directions[0, 0] += 1  # another version
    second = kept.of("b", model)
    assert kept.of("a", model) is first and first.version != second.version
    kept.of("c", model)
    assert kept.find(first.version) is first and len(kept._kept) == 2 and "b" not in kept._kept


@pytest.mark.parametrize(
    ("script", "modules", "most"),
    [(engine.worker_script, engine.DRAWING, 15_000), (engine.trainer_script, engine.TRAINING, 20_000)],
)
def test_a_workers_script_is_one_file_that_parses(tmp_path, script, modules, most):
    text = script()
    assert len(brotli.compress(text.encode())) < most  # as it travels
    assert "\nimport " not in text and "\nexport " not in text
    folder = modules[-1].partition("/")[0]
    assert {f"{folder}/{path.stem}" for path in (engine.STATIC / folder).glob("*.mjs")} <= set(modules)
    if node := shutil.which("node"):
        (tmp_path / "worker.js").write_text(text)
        subprocess.run([node, "--check", tmp_path / "worker.js"], check=True)
