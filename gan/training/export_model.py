"""A run becomes a model folder: weights, directions, metrics, samples, training curve, card."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from gan.config import Config
from gan.evaluation.card import NEUTRAL, card, licence_of, public
from gan.evaluation.loss_curve import write_curve
from gan.io import write_bytes
from gan.models.image_grid import GRID, write_grid
from gan.models.latent import principal_directions
from gan.models.weights import write_tensors
from gan.training.events import Stepped
from gan.training.memory import oom_hint
from gan.training.trainer import Trainer

SAMPLES = 8192  # from which a model's directions are told


def write_model(trainer: Trainer, out: Path, last: Stepped | None, samples: int = SAMPLES) -> None:
    """Write or renew all files of the model folder `out`, as of now; see `capture_model`."""
    capture_model(trainer, last, samples)(out)


def capture_model(trainer: Trainer, last: Stepped | None, samples: int = SAMPLES) -> Callable[[Path], None]:
    """The run's model as it is now, copied, as a function that writes the model folder it is given.

    Copying takes a moment, writing takes seconds; it may be done later and in another thread, where it draws no random
    number of the run's. The folder may hold the run's log.jsonl; model.safetensors comes last, as the sign that all is
    there. config.json names no folder of this machine; the checkpoint does. last: the latest losses, if any were seen.
    samples: for the principal directions; they cost most of the time.
    """
    config, pictures = trainer.config, trainer.preview()
    with oom_hint(config):
        average = copy.deepcopy(trainer.average)
        critic = {name: tensor.detach().clone() for name, tensor in trainer.critic.state_dict().items()}
    metrics = _metrics(trainer, last)

    def write(out: Path) -> None:
        told = dict(metrics)
        with oom_hint(config):
            directions, variance = principal_directions(average, config.z_dim, len(config.classes), samples=samples)
        parts = segments(out / "log.jsonl")
        if len(parts) > 1 or any(part["shown"] for part in parts):
            told["segments"] = parts
        write_bytes(out / "config.json", public(config).to_json().encode())
        write_bytes(out / "metrics.json", (json.dumps(told, indent=2) + "\n").encode())
        text = card(config, told, licence_of(config), curve=write_curve(out))
        write_bytes(out / "README.md", text.encode())
        write_grid(out / "samples.png", pictures)
        write_tensors(out / "directions.safetensors", {"directions": directions, "variance": variance})
        write_tensors(out / "critic.safetensors", critic)
        write_tensors(out / "model.safetensors", average.state_dict())

    return write


def _metrics(trainer: Trainer, last: Stepped | None) -> dict[str, Any]:
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
    return metrics


def segments(log: Path) -> list[dict[str, Any]]:
    """The parts of a run between which settings that decide weights were changed, from its log.

    Each {"shown": images at its start, setting: value, ...}, the settings being those that differ between any two
    parts. A run that was only stopped and resumed has one part, for it is the same as one that never was. A setting
    that a part's line lacks is what folders mean that were written before there was such a setting.
    """
    fields = [f for f in dataclasses.fields(Config) if f.metadata.get("resumable") and f.name not in NEUTRAL]
    lacking = {f.name: f.metadata.get("absent", f.default) for f in fields}
    parts: list[dict[str, Any]] = []
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else ():
        if not line.startswith('{"event": "started"'):
            continue
        try:
            started = json.loads(line)
            settings = lacking | started["config"]
            part = {"shown": int(started["shown"])} | {name: settings[name] for name in lacking}
        except (ValueError, TypeError, KeyError):  # cut short when the power went, or edited: the rest still counts
            continue
        while parts and part["shown"] <= parts[-1]["shown"]:
            parts.pop()  # nothing was kept of it
        if not parts or any(part[name] != parts[-1][name] for name in lacking):
            parts.append(part)
    differ = [name for name in lacking if len({part[name] for part in parts}) > 1]
    return [{"shown": part["shown"]} | {name: part[name] for name in differ} for part in parts]
