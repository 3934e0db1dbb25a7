"""Run a few steps of every pair, then `train.py`: `python distributed_worker.py FOLDER FLAGS...`, under torchrun."""

from __future__ import annotations

import runpy
import sys
import weakref
from pathlib import Path

import torch
import torch.distributed as dist
from conftest import quick_directions, small, tiny_pairs
from safetensors.torch import save_file

from gan.data.pairs import PAIRS, PairSource
from gan.networks import NETWORKS
from gan.training import best, export_model
from gan.training.distributed import ProcessGroup, join
from gan.training.trainer import Trainer
from gan.training.validation import prepare

STEPS = 3  # rounding may turn a leaky ReLU's sign from the second step on, and then differences grow
SAMPLES = 64  # that are measured
CASES = {network: {"network": network, "penalty": "gp"} for network in NETWORKS} | {
    f"{network}-batch": {"network": network, "penalty": "none", "critic_norm": "batch"}
    for network, pair in NETWORKS.items()
    if pair.critic_batch_norm
}
CASES["cycle"] = {
    "task": "translate", "network": "unet", "dataset": "tiny", "objective": "cycle", "resolution": 28, "penalty": "r1",
    "mirror": True, "change": 1.0,
}  # fmt: skip


def train_case(name: str, processes: ProcessGroup) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """Return the tensors of a run before and after its steps."""
    config = small(precision="fp32", accumulate=2, optimizer="sgd", learning_rate=4e-3, anneal=0.0, **CASES[name])
    trainer = Trainer(*prepare(config), processes)
    before = trainer.snapshot().tensors
    for _ in range(STEPS):
        trainer.advance()
    return before, trainer.snapshot().tensors


if __name__ == "__main__":
    folder, processes = Path(sys.argv[1]), join("cpu")
    shared = processes.from_rank_zero(lambda: {"ü": processes.rank})
    (folder / f"shared-{processes.rank}").write_text(str(shared["ü"]))
    PAIRS["tiny"] = PairSource(tiny_pairs, 28, "squares; brighter ones", "CC0-1.0")
    for name in CASES:
        _, after = train_case(name, processes)
        save_file({k: v.contiguous() for k, v in after.items()}, folder / f"{name}-{processes.rank}.safetensors")
    best.SAMPLES, export_model.principal_directions = SAMPLES, quick_directions
    sys.argv[:2] = ["train.py"]
    group = weakref.ref(dist.group.WORLD)
    try:
        runpy.run_path("train.py", run_name="__main__")  # leaves the process group
    finally:
        (folder / f"group-{processes.rank}").write_text("kept" if group() else "gone")
