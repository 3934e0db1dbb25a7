"""`gan.models.heads`: small networks beside a model are its own, in half precision, and are checked before use."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from gan.errors import FolderError
from gan.models.heads import read_head, write_head
from gan.models.taught_on import ENCODER, JUDGE, fingerprint, is_current

CPU = torch.device("cpu")


def linear() -> nn.Linear:
    with torch.device("meta"):
        return nn.Linear(3, 2)


@pytest.fixture
def folder(tmp_path):
    """Return a folder with some weights and a head for them."""
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    torch.manual_seed(0)
    write_head(tmp_path, ENCODER, nn.Linear(3, 2), {"latent": 26.5})
    return tmp_path


def test_what_was_written_is_read_to_half_precision(folder):
    torch.manual_seed(0)
    wanted = nn.Linear(3, 2)
    found = read_head(folder, ENCODER, linear(), CPU)
    assert found is not None and found.figures == {"latent": 26.5}
    assert torch.equal(found.network.weight, wanted.weight.half().float())
    assert not found.network.training and not found.network.weight.requires_grad
    assert is_current(folder, ENCODER)


def test_none_without_a_file_and_none_for_other_weights(folder):
    (folder / "model.safetensors").write_bytes(b"trained on")
    assert read_head(folder, ENCODER, linear(), CPU) is None and not is_current(folder, ENCODER)
    (folder / ENCODER).unlink()
    assert read_head(folder, ENCODER, linear(), CPU) is None


@pytest.mark.parametrize(
    ("about", "message"),
    [
        (None, "does not say for which weights"),
        ("[1]", "must be a JSON object"),
        ("{", "is not JSON"),
        ({"figures": [1]}, "numbers by name"),
        ({"figures": {"a b": 1}}, "figure 'a b' must be a number"),
        ({"figures": {"a": "1"}}, "figure 'a' must be a number"),
        ({"figures": {"a": 10**400}}, "figure 'a' must be a number"),
        ({"figures": {"a": float("nan")}}, "figure 'a' must be a number"),
        ({"figures": {f"n{i}": 0 for i in range(65)}}, "at most 64 numbers"),
    ],
)
def test_a_header_that_nobody_wrote_is_refused(folder, about, message):
    if isinstance(about, dict):
        about = json.dumps({"of": fingerprint(folder / "model.safetensors"), **about})
    save_file(load_file(folder / ENCODER), folder / ENCODER, None if about is None else {"head": about})
    with pytest.raises(FolderError, match=message):
        read_head(folder, ENCODER, linear(), CPU)


def test_tensors_of_another_shape_or_kind_and_half_a_file_are_refused(folder):
    good, header = load_file(folder / ENCODER), {"head": json.dumps({"of": fingerprint(folder / "model.safetensors")})}
    whole = (folder / ENCODER).read_bytes()
    faults = {
        "has shape": {**good, "weight": torch.zeros(2, 4).half()},
        "is F32": {**good, "weight": good["weight"].float()},
        "missing": {"weight": good["weight"]},
        "unexpected": {**good, "more": torch.zeros(2).half()},
        "not finite": {**good, "bias": good["bias"] / 0},
    }
    for message, tensors in faults.items():
        save_file(tensors, folder / ENCODER, header)
        with pytest.raises(FolderError, match=message):
            read_head(folder, ENCODER, linear(), CPU)
    (folder / ENCODER).write_bytes(whole[:-10])
    with pytest.raises(FolderError, match="damaged"):
        read_head(folder, ENCODER, linear(), CPU)


SHIPPED = sorted(path.parent for path in Path(__file__).parents[2].glob("weights/*/config.json"))


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_what_is_shipped_beside_a_model_is_of_its_weights(folder):
    names = [name for name in (ENCODER, JUDGE) if (folder / name).exists()]
    assert all(is_current(folder, name) for name in names), "teach it anew: train_encoder, train_judge"
    assert names == (
        [] if json.loads((folder / "config.json").read_text()).get("task") == "translate" else [ENCODER, JUDGE]
    )


def test_a_damaged_head_is_not_current(folder):
    whole = (folder / ENCODER).read_bytes()
    for damaged in (b"", whole[:7], whole[:40], b"\xff" * 8 + whole[8:], whole[:8] + b"[" * 4_000):
        (folder / ENCODER).write_bytes(damaged)
        assert not is_current(folder, ENCODER)
