"""Run a few steps of every pair, in `python distributed_worker.py FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from conftest import small
from safetensors.torch import save_file

from gan.networks import NETWORKS
from gan.training.distributed import ProcessGroup, join, leave
from gan.training.trainer import Trainer
from gan.training.validation import prepare

STEPS = 6  # differences stay at 3e-7 for about nine; then a leaky ReLU's sign differs, and they grow as in any chaos
ARMS = {network: {"network": network, "penalty": "gp"} for network in NETWORKS} | {
    f"{network}-batch": {"network": network, "penalty": "none", "critic_norm": "batch"}
    for network, pair in NETWORKS.items()
    if pair.critic_batch_norm
}


def trained(arm: str, processes: ProcessGroup) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """The state of a run before and after its steps."""
    config = small(precision="fp32", accumulate=2, optimizer="sgd", learning_rate=2e-3, anneal=0.0, **ARMS[arm])
    trainer = Trainer(*prepare(config), processes)
    before = trainer.snapshot().tensors
    for _ in range(STEPS):
        trainer.advance()
    return before, trainer.snapshot().tensors


if __name__ == "__main__":
    processes = join("cpu")
    for arm in ARMS:
        _, state = trained(arm, processes)
        save_file(
            {k: v.contiguous() for k, v in state.items()}, Path(sys.argv[1]) / f"{arm}-{processes.rank}.safetensors"
        )
    leave()
