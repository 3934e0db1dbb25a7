"""The engine that draws in the browser, run by Node for the tests."""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gan.models.model import Model
from gan.models.pack import KEY

ROOT = Path(__file__).resolve().parents[1]


def engine(*jobs: dict, program: str = "engine") -> list[dict]:
    """Let a program of tests/js/ do jobs and return its replies."""
    path = shutil.which("node")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("there is no node on this machine: CI needs it")
        pytest.skip("there is no node on this machine")
    done = subprocess.run(
        [path, ROOT / f"tests/js/{program}.mjs"], input=json.dumps(jobs), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def drawn(out: Path, model: Any) -> np.ndarray:
    """Read pictures that the engine has drawn as `Model` returns them, as int."""
    rgba = np.fromfile(out, np.uint8).reshape(-1, model.resolution, model.resolution, 4)
    assert (rgba[..., 3] == 255).all()
    if model.channels == 1:
        assert (rgba[..., :1] == rgba[..., 1:3]).all()
    return rgba[..., : model.channels].astype(int)


def assert_same(ours: np.ndarray, theirs: np.ndarray, share: float = 0.04) -> None:
    """Check that pictures differ by one grey level at most, and no more than a share of their values."""
    assert ours.shape == theirs.shape
    difference = np.abs(ours - theirs.astype(int))
    assert difference.max() <= 1
    assert (difference > 0).mean() <= share


def rewritten(data: bytes, about=None, entries=None, body=None) -> bytes:
    """Return a pack with parts of it replaced: what it says of its model, its header's entries, its numbers."""
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    if about is not None:
        header["__metadata__"] = {KEY: json.dumps({**json.loads(header["__metadata__"][KEY]), **about})}
    for name, change in (entries or {}).items():
        if change is None:
            del header[name]
        else:
            header[name] = {**header.get(name, {}), **change}
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + (data[8 + length :] if body is None else body)


def random_states(model: Model, count: int) -> list[dict]:
    """Return states of Explore, as the page sends them: some sliders moved, some classes chosen."""
    random = np.random.default_rng(1)
    states = []
    for _ in range(count):
        states.append(
            {
                "seed": int(random.integers(2**32)),
                "label": int(random.integers(len(model.classes))) if model.classes and random.random() < 0.5 else None,
                "truncation": round(random.uniform(0, 2), 2),
                "sliders": [round(v, 2) for v in random.uniform(-2, 2, len(model.directions))],
                "named": [round(v, 2) for v in random.uniform(-1, 1, len(model.named))],
                "raw": [0.5 if random.random() < 0.1 else 0 for _ in range(model.z_dim)],
            }
        )
    return states
