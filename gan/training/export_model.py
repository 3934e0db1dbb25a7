"""Export of a run as a model folder: weights, directions, metrics, samples, training curve, card."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import nn

from gan.config import Config
from gan.evaluation.card import NOT_AFFECTING_WEIGHTS, card, licence_of, public
from gan.evaluation.loss_curve import write_curve
from gan.io import LOG_START, write_bytes
from gan.models.directions import Directions, without_names, write_directions
from gan.models.image_grid import GRID, write_grid
from gan.models.latent import principal_directions
from gan.models.weights import write_tensors
from gan.training.events import Stepped
from gan.training.memory import oom_hint
from gan.training.trainer import Trainer

SAMPLES = 8192  # generated for the principal directions
# Settings that decide the weights and may change in a resumed run, each with what a log implies that lacks it.
SEGMENT_SETTINGS: dict[str, Any] = {
    f.name: f.metadata.get("absent", f.default)
    for f in dataclasses.fields(Config)
    if f.metadata.get("resumable") and f.name not in NOT_AFFECTING_WEIGHTS
}


def write_model(trainer: Trainer, out: Path, latest: Stepped | None, samples: int = SAMPLES) -> None:
    """Write or renew all files of the model folder `out`, as of now; see `capture_model`."""
    capture_model(trainer, latest, samples)(out)


def capture_model(trainer: Trainer, latest: Stepped | None, samples: int = SAMPLES) -> Callable[[Path], None]:
    """Copy the run's model as it is now, and return a function that writes it into the model folder it is given.

    It is the best of those measured, where any was. Copying takes a moment, writing takes seconds. Writing may be done
    later and in another thread: it draws no random number of the run's. The folder may hold the run's log.jsonl.
    model.safetensors is written last, as the sign that the folder is complete. config.json names no folder of this
    machine; the checkpoint does. latest: the latest losses, if any were reported. samples: for the principal
    directions, which take most of the time.
    """
    config = trainer.config
    with oom_hint(config):
        average, best = copy.deepcopy(trainer.average), trainer.best or trainer.candidate()
        average.load_state_dict(best.generator)
        pictures = trainer.task.preview(trainer.task.model(config, average, trainer.critic), trainer.batches)
    captured, has_latents = _metrics(trainer, latest, len(pictures)), trainer.task.has_latents

    def write(out: Path) -> None:
        metrics = dict(captured)
        directions = _directions(config, average, samples) if has_latents else None
        parts = segments(out / "log.jsonl")
        if len(parts) > 1 or any(part["shown"] for part in parts):
            metrics["segments"] = parts
        write_bytes(out / "config.json", public(config).to_json().encode())
        write_bytes(out / "metrics.json", (json.dumps(metrics, indent=2) + "\n").encode())
        text = card(config, metrics, licence_of(config), curve=write_curve(out))
        write_bytes(out / "README.md", text.encode())
        write_grid(out / "samples.png", pictures)
        if directions:
            write_directions(out / "directions.safetensors", directions)
        else:
            write_tensors(out / "directions.safetensors", {})
        write_tensors(out / "critic.safetensors", best.critic)
        write_tensors(out / "model.safetensors", average.state_dict())

    return write


def _directions(config: Config, average: nn.Module, samples: int) -> Directions:
    with oom_hint(config):
        directions, variance = principal_directions(
            average, config.z_dim, len(config.classes), samples=samples, groups=config.class_groups
        )
    return without_names(directions, variance)


def _metrics(trainer: Trainer, latest: Stepped | None, pictures: int) -> dict[str, Any]:
    columns = GRID[1]
    metrics = {
        "images": trainer.shown,
        "seconds": round(trainer.seconds, 1),
        "generator_parameters": sum(p.numel() for p in trainer.generator.parameters()),
        "critic_parameters": sum(p.numel() for p in trainer.critic.parameters()),
        "device": str(trainer.device),
        "torch": torch.__version__,
        "grid": [-(-pictures // columns), columns],
    }
    if trainer.best:
        metrics |= {"best_images": trainer.best.images, "best_frechet_distance": trainer.best.distance}
    if latest is not None:
        of_translator = () if trainer.task.has_latents else ("generator_content",)
        for name in ("critic_loss", "generator_loss", "penalty", *of_translator):
            metrics[name] = getattr(latest, name)
    return metrics


def segments(log: Path) -> list[dict[str, Any]]:
    """Return the segments of a run, between which settings that decide the weights were changed, from its log.

    Each is {"shown": images at its start, setting: value, ...}, with the settings that differ between any two segments.
    A run that was only stopped and resumed has one segment, because it equals an uninterrupted one. A line of the log
    that lacks a setting was written before that setting existed, and has the value that folders of that time imply.
    """
    found: list[tuple[int, dict[str, Any]]] = []
    for shown, settings in _starts(log):
        while found and shown <= found[-1][0]:
            found.pop()  # the run went back to before it, so nothing of it was kept
        if not found or settings != found[-1][1]:
            found.append((shown, settings))
    differing = [name for name in SEGMENT_SETTINGS if any(s[name] != found[0][1][name] for _, s in found)]
    return [{"shown": shown} | {name: settings[name] for name in differing} for shown, settings in found]


def _starts(log: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (images shown, settings) for each time that the run was started or resumed, from readable lines only."""
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else ():
        if not line.startswith(LOG_START):
            continue
        try:
            started = json.loads(line)
            settings = SEGMENT_SETTINGS | started["config"]
            yield int(started["shown"]), {name: settings[name] for name in SEGMENT_SETTINGS}
        except (ValueError, TypeError, KeyError):  # cut short by a power cut, or edited: the other lines still count
            continue
