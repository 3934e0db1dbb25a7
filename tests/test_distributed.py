"""`gan.distributed`: two processes make the run of one, and only the first writes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from gan.config import ConfigError
from gan.distributed import World, check, join

ROOT = Path(__file__).resolve().parent.parent
FLAGS = [
    "--preset", "smoke", "--images", "320", "--precision", "fp32", "--device", "cpu", "--augment", "color,translation",
    "--penalty", "gp", "--accumulate", "2", "--optimizer", "sgd", "--learning-rate", "0.01", "--anneal", "0",
]  # fmt: skip


def run(out: Path, *launcher: str) -> subprocess.CompletedProcess:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, *launcher, "train.py", *FLAGS, "--out", str(out)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)


def test_two_processes_match_one_to_rounding_over_20_steps_and_one_of_them_writes(tmp_path):
    one = run(tmp_path / "one")
    two = run(tmp_path / "two", "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    assert one.returncode == two.returncode == 0, one.stderr + two.stderr
    assert two.stdout.count("done: 320 images") == 1
    a, b = (load_file(tmp_path / name / "checkpoint" / "state.safetensors") for name in ("one", "two"))
    moved = 0.0
    torch.manual_seed(0)
    for name, value in a.items():
        torch.testing.assert_close(b[name], value, atol=1e-5, rtol=1e-4, msg=lambda m, name=name: f"{name}: {m}")
        moved = max(moved, value.abs().max().item())
    assert moved > 0.1
    steps = [json.loads(line) for line in (tmp_path / "two" / "log.jsonl").read_text().splitlines()]
    assert [s["event"] for s in steps].count("done") == 1 and steps[-1]["shown"] == 320


def test_alone_without_torchrun(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    world = join()
    assert (world.rank, world.size) == (0, 1)
    assert world.any(True) and not world.any(False)
    batch = torch.arange(6)
    assert torch.equal(world.part(batch), batch)
    p = torch.nn.Parameter(torch.ones(3))
    p.grad = torch.full((3,), 2.0)
    world.share([p])
    assert torch.equal(p.grad, torch.full((3,), 2.0))


def test_parts_of_a_batch_make_it_up_in_order():
    batch = torch.arange(12).view(6, 2)
    assert torch.equal(torch.cat([World(rank, 3).part(batch) for rank in range(3)]), batch)


@pytest.mark.parametrize(("size", "batch", "accumulate"), [(2, 15, 1), (3, 16, 1), (2, 16, 16)])
def test_uneven_shares_are_refused_with_what_would_do(size, batch, accumulate):
    with pytest.raises(ConfigError, match=f"batch_size must be a multiple of {size * accumulate} .*got {batch}"):
        check(World(0, size), batch, accumulate)
