"""A run becomes a model folder: weights, directions, metrics, samples, card."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from gan.card import GRID, card, licence_of, public, write_grid
from gan.checkpoint import write_tensors
from gan.events import Stepped
from gan.files import write_bytes
from gan.latent import principal_directions
from gan.trainer import Trainer


def write_model(trainer: Trainer, out: Path, last: Stepped | None) -> None:
    """Write or renew all files of the model folder `out`; model.safetensors comes last, as the sign that it is whole.

    last: the latest losses, if any were seen. config.json names no folder of this machine; the checkpoint does.
    """
    config = trainer.config
    directions, variance = principal_directions(trainer.average, config.z_dim, len(config.classes))
    metrics = {
        "images": trainer.shown,
        "seconds": round(trainer.seconds, 1),
        "generator_parameters": sum(p.numel() for p in trainer.generator.parameters()),
        "critic_parameters": sum(p.numel() for p in trainer.critic.parameters()),
        "device": str(trainer.device),
        "torch": torch.__version__,
        "grid": list(GRID),
    }
    if last is not None:
        metrics |= {"critic_loss": last.critic_loss, "generator_loss": last.generator_loss, "penalty": last.penalty}
    write_bytes(out / "config.json", public(config).to_json().encode())
    write_bytes(out / "metrics.json", (json.dumps(metrics, indent=2) + "\n").encode())
    write_bytes(out / "README.md", card(config, metrics, licence_of(config)).encode())
    write_grid(out / "samples.png", trainer.sample())
    write_tensors(out / "directions.safetensors", {"directions": directions, "variance": variance})
    write_tensors(out / "critic.safetensors", trainer.critic.state_dict())
    write_tensors(out / "model.safetensors", trainer.average.state_dict())
