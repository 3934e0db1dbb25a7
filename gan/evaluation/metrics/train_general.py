"""Train the general network on all bundled data sets and write it to gan/evaluation/metrics/weights/general/.

python -m gan.evaluation.metrics.train_general

It learns everything that is known of their pictures: classes, styles, kinds, backgrounds, animals, and the attributes
of faces, those that change continuously in quarters. Six minutes on one CPU core.
"""

from __future__ import annotations

import argparse
import datetime
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from gan import data
from gan.config import ClassGroup
from gan.data import emoji, faces, scenes
from gan.data.seeded import Choice
from gan.evaluation.metrics import verdict
from gan.evaluation.metrics.classifier import BATCH, Network, to_float
from gan.evaluation.metrics.fit import Recipe, new_network, train
from gan.evaluation.metrics.general import FEATURES, FILE, RESOLUTION, as_input
from gan.evaluation.metrics.reference import hold_out
from gan.io import write_bytes
from gan.models.weights import write_tensors

SEED = 0
# How often an epoch shows each picture of a data set: emoji are fewest, and most varied.
DATASETS = {"emoji-styles": 2, "faces-10k": 1, "scenes-10k": 1, "mnist-10k": 1, "fashion-mnist-10k": 1}
RECIPE = Recipe(epochs=5)
LEARNING_RATE = 2e-3  # of Adam
QUARTERS = 4
MOVED = ("shift_x", "shift_y")  # attributes of faces that the recipe changes


@dataclass(frozen=True)
class Task:
    """A data set with what is to be told of its pictures: rows of classes in groups, and which are held out."""

    name: str
    images: Tensor
    rows: Tensor
    groups: tuple[ClassGroup, ...]
    held: Tensor


def load_task(name: str) -> Task:
    """Load a bundled data set with all that is known of its pictures."""
    found = data.load(name, RESOLUTION)
    rows, groups = found.class_weights().to(torch.uint8), found.groups or (ClassGroup("class", len(found.classes)),)
    if name.startswith("faces"):
        rows, groups = face_rows(faces.SEEDS["train"][: len(found.images)])
    if name.startswith("scenes"):
        style = scenes.attributes(scenes.SEEDS["train"][: len(found.images)])["style"]
        rows = torch.cat([rows, F.one_hot(torch.from_numpy(style), len(emoji.STYLES)).to(torch.uint8)], 1)
        groups = (*groups, ClassGroup("style", len(emoji.STYLES)))
    return Task(name, as_input(found.images), rows, groups, hold_out(found.strata()))


def face_rows(seeds: Sequence[int]) -> tuple[Tensor, tuple[ClassGroup, ...]]:
    """Return the attributes of faces as rows of classes, uint8 (N, K), and their groups: ranges in quarters."""
    parts, groups = [], []
    for name, values in faces.attributes(seeds).items():
        attribute = faces.ATTRIBUTES[name]
        if name in MOVED:
            continue
        if isinstance(attribute, Choice):
            size = len(attribute.names)
        else:
            values = (values - attribute.low) * QUARTERS // (attribute.high - attribute.low + 1)
            size = QUARTERS
        parts.append(F.one_hot(torch.from_numpy(np.asarray(values)), size).to(torch.uint8))
        groups.append(ClassGroup(name, size))
    return torch.cat(parts, 1), tuple(groups)


def fit(tasks: Sequence[Task]) -> Network:
    """Train on the pictures of all tasks that are not held out; each picture asks only for its own task's classes."""
    widths = [task.rows.shape[1] for task in tasks]
    of, at = [], []  # for every picture shown: its task, and its place there
    for number, task in enumerate(tasks):
        places = torch.nonzero(~task.held)[:, 0].repeat(DATASETS[task.name])
        of.append(torch.full_like(places, number))
        at.append(places)
    which, place = torch.cat(of), torch.cat(at)
    images = torch.cat([task.images[rows] for task, rows in zip(tasks, at, strict=True)])

    def loss(outputs: Tensor, chosen: Tensor) -> Tensor:
        total = outputs.new_zeros(())
        for number, (task, own) in enumerate(zip(tasks, outputs.split(widths, 1), strict=True)):
            rows = which[chosen] == number
            if n := int(rows.sum()):
                error = verdict.loss(own[rows], task.rows[place[chosen[rows]]], task.groups)
                total = total + error * n / len(task.groups)
        return total / len(chosen)

    network = new_network(3, sum(widths), RESOLUTION, FEATURES, SEED)
    adam = torch.optim.Adam(network.parameters(), LEARNING_RATE)
    return train(network, images, loss, RECIPE, torch.Generator().manual_seed(SEED), adam, print)


@torch.inference_mode()
def accuracies(network: Network, tasks: Sequence[Task]) -> dict[str, dict[str, float]]:
    """Return the share of held-out pictures that are right, by task and group."""
    widths, result = [task.rows.shape[1] for task in tasks], {}
    for number, task in enumerate(tasks):
        logits = [network(to_float(part)).split(widths, 1)[number] for part in task.images[task.held].split(BATCH)]
        right = verdict.right_by_group(verdict.seen(torch.cat(logits), task.groups), task.rows[task.held], task.groups)
        shares = right.double().mean(0).tolist()
        result[task.name] = {group.name: round(share, 4) for group, share in zip(task.groups, shares, strict=True)}
    return result


def main() -> None:
    """Train, test once at the end, and write general.safetensors and general.json."""
    parser = argparse.ArgumentParser(
        prog="python -m gan.evaluation.metrics.train_general", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--out", type=Path, default=FILE.parent, help="folder to write to (default: the package's own)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)  # rounding depends on the number of threads
    started, tasks = time.perf_counter(), [load_task(name) for name in DATASETS]
    network = fit(tasks)
    by_group = accuracies(network, tasks)
    means = {name: sum(own.values()) / len(own) for name, own in by_group.items()}
    about = {
        "architecture": "five convolutions of 32, 32, 64, 64, 64 channels, batch norm, ReLU; two linear layers",
        "features": FEATURES,
        "outputs": network.head.out_features,
        "parameters": sum(p.numel() for p in network.parameters()),
        "accuracy": round(sum(means.values()) / len(means), 4),
        "accuracy_on": "a tenth of each data set, held out; mean over what is told of it, then over data sets",
        "accuracy_by_dataset": {name: round(mean, 4) for name, mean in means.items()},
        "accuracy_by_group": by_group,
        "train_samples": sum(int((~task.held).sum()) for task in tasks),
        "test_samples": sum(int(task.held.sum()) for task in tasks),
        "recipe": {**vars(RECIPE), "learning_rate": LEARNING_RATE, "shown": DATASETS, "seed": SEED},
        "command": "python -m gan.evaluation.metrics.train_general",
        "date": datetime.date.today().isoformat(),
        "seconds": round(time.perf_counter() - started, 1),
        "torch": torch.__version__,
    }
    arguments.out.mkdir(parents=True, exist_ok=True)
    write_tensors(arguments.out / "general.safetensors", network.state_dict())
    write_bytes(arguments.out / "general.json", (json.dumps(about, indent=2) + "\n").encode())
    print(json.dumps(by_group, indent=2))


if __name__ == "__main__":
    main()
