"""`gan.models.halve`: a rounded model draws on the server what a browser draws of its pack."""

from __future__ import annotations

import shutil
import sys

import pytest
import torch

from gan.models import halve
from gan.models.model import load


def test_a_rounded_model_is_the_one_that_a_browser_gets(tiny_folder, tmp_path, monkeypatch, capsys):
    folder = shutil.copytree(tiny_folder, tmp_path / "tiny")
    before = load(folder, "cpu")
    monkeypatch.setattr(sys, "argv", ["halve", str(folder)])
    halve.main()
    assert "no weight by more than" in capsys.readouterr().out
    after = load(folder, "cpu")
    weights, rounded = before.generator.state_dict(), after.generator.state_dict()
    assert any(not torch.equal(weights[name], rounded[name]) for name in weights)
    assert all(torch.equal(weights[name].half().float(), rounded[name]) for name in weights)
    assert abs(before.sample([1, 2]).astype(int) - after.sample([1, 2]).astype(int)).max() <= 1
    assert halve.halve(folder) == 0


def test_what_half_precision_cannot_hold_is_refused(tiny_folder, tmp_path, monkeypatch):
    folder = shutil.copytree(tiny_folder, tmp_path / "tiny")
    model = load(folder, "cpu")
    with torch.no_grad():
        next(model.generator.parameters()).mul_(1e9)
    halve.write_tensors(folder / "model.safetensors", model.generator.state_dict())
    whole = (folder / "model.safetensors").read_bytes()
    monkeypatch.setattr(sys, "argv", ["halve", str(folder)])
    with pytest.raises(SystemExit, match="beyond what half precision holds"):
        halve.main()
    assert (folder / "model.safetensors").read_bytes() == whole
