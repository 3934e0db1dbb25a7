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
from gan.errors import FolderError
from gan.evaluation.card import card, licence_of
from gan.evaluation.card_tables import SLIDERS
from gan.evaluation.commands import NOT_AFFECTING_WEIGHTS, public
from gan.evaluation.loss_curve import write_curve
from gan.io import LOG_START, write_bytes
from gan.models.directions import Directions, read_directions, slider_entries, without_names, write_directions
from gan.models.image_grid import GRID, write_grid
from gan.models.kept_names import keep_names
from gan.models.latent import principal_directions
from gan.models.weights import write_tensors
from gan.text import listed, shell
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


def write_model(trainer: Trainer, out: Path, latest: Stepped | None, samples: int = SAMPLES) -> tuple[str, ...]:
    """Write or renew all files of the model folder `out`, as of now; see `capture_model`."""
    return capture_model(trainer, latest, samples, out)(out)


def capture_model(
    trainer: Trainer, latest: Stepped | None, samples: int = SAMPLES, names_from: Path | None = None
) -> Callable[[Path], tuple[str, ...]]:
    """Copy the run's model as it is now, and return a function that writes it into the model folder it is given.

    It is the best of those measured, where any was. Copying takes a moment, writing takes seconds. Writing may be done
    later and in another thread: it draws no random number of the run's. The folder may hold the run's log.jsonl.
    model.safetensors is written last, as the sign that the folder is complete. config.json names no folder of this
    machine; the checkpoint does. latest: the latest losses, if any were reported. samples: for the principal
    directions, which take most of the time. names_from: a folder of the run, whose names of directions are kept as far
    as they still hold; the function returns sentences on those that do not.
    """
    config = trainer.config
    with oom_hint(config):
        average, best = copy.deepcopy(trainer.average), trainer.best or trainer.candidate()
        average.load_state_dict(best.generator)
        pictures = trainer.task.preview(trainer.task.model(config, average, trainer.critic), trainer.batches)
    captured, has_latents = _metrics(trainer, latest, len(pictures)), trainer.task.has_latents
    named = _named(names_from, config) if names_from and has_latents else None

    def write(out: Path) -> tuple[str, ...]:
        metrics, notes = dict(captured), ()  # type: dict[str, Any], tuple[str, ...]
        directions = _directions(config, average, samples) if has_latents else None
        if directions and named:
            directions, *lost = keep_names(named, directions)
            notes = _notes_on_names(names_from or out, *lost)
            if directions.sliders:
                metrics[SLIDERS] = slider_entries(directions.sliders)
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
        return notes

    return write


def _named(folder: Path, config: Config) -> Directions | None:
    """Return the directions of the model folder that a run wrote before, if any has a name."""
    try:
        found = read_directions(folder / "directions.safetensors", config.z_dim, config.classes)
    except FolderError:  # none yet, or one that nobody can use
        return None
    return found if found.sliders or any(found.beside) else None


def _notes_on_names(folder: Path, by_hand: list[str], measured: list[str]) -> tuple[str, ...]:
    """Return what to tell of names that training further has made void, and how to get them back."""
    again = shell("python", "-m", "gan.evaluate", folder)
    notes = []
    if measured:
        notes.append(
            f"the sliders {listed(measured)} were those of the weights before and are left out: find them anew with "
            f"{again} --only-sliders"
        )
    if by_hand:
        notes.append(
            f"no principal direction is still like the one named {listed(by_hand)}: look at them in Explore, and name "
            f"one anew with {again} --name-direction N={by_hand[0]}"
        )
    return tuple(notes)


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
