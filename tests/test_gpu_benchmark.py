"""`benchmarks.gpu`: what it measures, as far as a CPU goes, and that a part that fails costs none of the others."""

from __future__ import annotations

import ast
import json
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from benchmarks import gpu, gpu_checks
from benchmarks.gpu_checks import PARTS, Check
from gan.presets import PRESETS

CPU, NEVER = torch.device("cpu"), float("inf")
SCRIPT = """
import os, sys, time
words = dict(zip(sys.argv[1::2], sys.argv[2::2]))
with open(words["--out"], "w") as out:
    out.write('{"name": "first", "value": 2.5, "unit": "levels"}\\n{"name": "cut o')
print("the last words", flush=True)
ends = {"data": lambda: None, "rates": os.abort, "suite": lambda: time.sleep(60), "command": lambda: sys.exit(3)}
ends[words["--part"]]()
"""


@pytest.fixture
def parts(monkeypatch, tmp_path):
    """Let parts run a small script in place of the benchmark's process."""
    (tmp_path / "part.py").write_text(SCRIPT)
    monkeypatch.setattr(gpu, "COMMAND", [sys.executable, str(tmp_path / "part.py")])


@pytest.mark.parametrize(
    ("name", "told"),
    [("data", None), ("rates", "status -6: the last words"), ("command", "status 3"), ("suite", "stopped after")],
)
def test_a_part_that_fails_keeps_what_it_found_and_is_named(parts, monkeypatch, name, told):
    monkeypatch.setattr(gpu, "GRACE", 0.2 if name == "suite" else 30)
    shown, start = [], time.monotonic()
    checks = gpu.run_part(name, "cpu", 1.0, lambda part, check: shown.append((part, check)))
    assert checks[0] == Check("first", True, 2.5, "levels") and [check for _, check in shown] == checks
    assert time.monotonic() - start < 30
    if told is None:
        assert len(checks) == 1
        return
    assert checks[1].ok is False and told in checks[1].note
    assert gpu.failures((name, check) for check in checks) == [f"{name}: came to an end"]


def test_the_table_the_json_and_the_status_tell_of_failures(monkeypatch, tmp_path, capsys):
    found = {"pictures": [Check("faces", True, 1, "levels")], "processes": [Check("two", None, note="one GPU")]}
    given = []

    def run_part(name, device, seconds, show):
        given.append((name, device, seconds))
        for check in found[name]:
            show(name, check)
        return found[name]

    monkeypatch.setattr(gpu, "run_part", run_part)
    words = ["gpu", "--device", "cpu", "--parts", "pictures,processes", "--minutes", "2"]
    monkeypatch.setattr("sys.argv", [*words, "--json", str(tmp_path / "found.json")])
    assert gpu.main() == 0
    assert [name for name, *_ in given] == ["pictures", "processes"] and 0 < given[0][2] < given[1][2] <= 120
    text = capsys.readouterr().out
    assert "nothing failed" in text and "not run one GPU" in text
    result = json.loads((tmp_path / "found.json").read_text())
    assert result["machine"]["device"] == "cpu" and result["parts"]["pictures"][0]["value"] == 1
    found["pictures"].append(Check("emoji", False, 9, "levels"))
    assert gpu.main() == 1
    assert "failed:\npictures: emoji\n" in capsys.readouterr().out
    assert json.loads((tmp_path / "found.json").read_text())["failed"] == ["pictures: emoji"]


def test_a_part_is_written_down_check_by_check(monkeypatch, tmp_path):
    def broken(device, until):
        yield Check("before", True, note="ü")
        raise RuntimeError("device lost")

    monkeypatch.setitem(PARTS, "data", (broken, 1))
    with pytest.raises(RuntimeError):
        gpu.work("data", "cpu", 1.0, tmp_path / "out")
    assert gpu.read_checks(tmp_path / "out") == [Check("before", True, note="ü")]
    assert gpu.read_checks(tmp_path / "none") == []


def test_a_device_that_is_not_there_is_refused(monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr("sys.argv", ["gpu"])
    assert gpu.run_main(gpu.main) == 2
    assert "torch sees no CUDA device" in capsys.readouterr().err


def test_every_network_has_its_gradients_compared_and_a_wrong_one_is_seen(monkeypatch):
    names = [name for name, *_ in gpu_checks.every_network()]
    assert names == [
        "mlp", "dcgan", "resnet", "modulated", "light", "points", "points-fourier", "unet", "unet-palette",
        "unet-borrowed", "unet-informed", "unet-patches", "cyclegan",
    ]  # fmt: skip
    few = [found for found in gpu_checks.every_network(16, 4) if found[0] in ("resnet", "points")]
    monkeypatch.setattr(gpu_checks, "every_network", lambda: iter(few))
    checks = list(gpu_checks.gradients(CPU, NEVER))
    assert [check.name for check in checks] == [
        "resnet critic, fp32", "resnet generator, fp32", "resnet critic, bf16", "resnet generator, bf16",
        "points critic, fp32", "points generator, fp32",
    ]  # fmt: skip
    assert all(check.ok for check in checks)
    assert checks[0].value == pytest.approx(1, abs=1e-6) and checks[2].value < 1
    wrong = iter([{"critic": torch.tensor([1.0, 0.0])}, {"critic": torch.tensor([0.0, 1.0])}])
    monkeypatch.setattr(gpu_checks, "every_network", lambda: iter(few[1:]))
    monkeypatch.setattr(gpu_checks, "step_gradients", lambda *_: next(wrong))
    assert [check.ok for check in gpu_checks.gradients(CPU, NEVER)] == [False]
    assert {check.ok for check in gpu_checks.gradients(CPU, 0)} == {None}


def test_pictures_are_compared_in_levels():
    a = np.zeros((2, 4, 4, 3), np.uint8)
    near, far = a.copy(), a.copy()
    near[0, 0, 0, 0], far[0, 0, 0, 0] = 1, 2
    assert [gpu_checks._levels("x", a, b).ok for b in (a, near, far)] == [True, True, False]
    assert "1.04% of all values differ" in gpu_checks._levels("x", a, near).note


def test_presets_have_stand_ins_rates_and_what_there_is_no_time_for_is_told(monkeypatch):
    monkeypatch.setattr(gpu_checks, "PICTURES", 8)
    for name in gpu_checks.presets():
        config, dataset = gpu_checks.stand_in(gpu_checks.Config(**PRESETS[name]))
        assert dataset.images.shape[1:] == (config.channels, config.resolution, config.resolution), name
    monkeypatch.setattr(gpu_checks, "presets", lambda: ["classic-mlp", "emoji"])
    monkeypatch.setattr(gpu_checks, "ENOUGH", 0.0)
    monkeypatch.setattr(gpu_checks, "STEPS", 1)
    first, second = gpu_checks.rates(CPU, 0)
    assert (first.ok, second.ok, second.note) == (None, None, "no time left")
    rated = next(gpu_checks.rates(CPU, NEVER))
    assert rated.name == "classic-mlp" and rated.ok and rated.value > 0 and rated.unit == "images/s"
    monkeypatch.setattr(gpu_checks, "_rate", lambda *_: 1 / 0)
    assert [c.ok for c in gpu_checks.rates(CPU, NEVER)] == [False, False]


def test_data_is_found_where_it_belongs():
    assert [check.ok for check in gpu_checks.data(CPU, NEVER)] == [True, True, True]


def test_no_part_needs_gradio():
    for module in (gpu, gpu_checks):
        tree = ast.parse(Path(module.__file__).read_text())
        names = [n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
        names += [alias.name for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names]
        assert not [name for name in names if name.startswith(("gradio", "gan.ui"))]
