"""Train the network that reads the attributes of faces and write it to gan/evaluation/metrics/weights/attributes/.

python -m gan.evaluation.metrics.train_face_attributes [--more]

It learns from other faces than those of the data set's two splits. A quarter of them have hair, beard and glasses
independently of each other, so that it also knows the combinations that `gan.data.faces` holds out: it judges what a
generator makes of them. It takes 26 minutes of one CPU core, and another round of new faces, which --more goes on with
from the weights that are there, as long.
"""

from __future__ import annotations

import argparse
import datetime
import json
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from gan.data import faces
from gan.data.seeded import Choice, Values, have_all, value_of
from gan.evaluation.metrics.face_attributes import FEATURES, FILE, OUTPUTS, load, outputs, read, seen, split, targets
from gan.evaluation.metrics.fine_network import STRIDES, WIDTHS, FineNetwork
from gan.evaluation.metrics.fit import Recipe, train
from gan.io import write_bytes
from gan.models.weights import write_tensors

SEED = 0
TAUGHT, ROUND = 2_000_000, 60_000  # first seed of the faces that it learns from, and how many a round
# Undistorted: tilt and place are among what it reads. Batches are small, so that there are steps enough.
RECIPE = Recipe(epochs=10, shift=0, batch_size=32)
LEARNING_RATE = 2e-3  # of Adam
NOISE, BLUR = 8.0, 0.6  # most, on half of the faces, which a generator's pictures resemble more: levels, share
COMBINED = 1_000  # test faces on which each held-out combination is tried


def draw(seeds: range) -> tuple[Tensor, Values]:
    """Return pictures uint8 (N, 3, 64, 64), half of them a little soft and noisy, and their attributes."""
    rows = np.asarray(seeds)
    free = rows % 4 == 0
    own = faces.attributes(rows)
    changes = {
        name: np.where(free, faces.attributes(rows + (i + 1) * 10_000_000)[name], own[name])
        for i, name in enumerate(("hair", "beard", "glasses"))
    }
    bald = changes["hair"] == value_of(faces.ATTRIBUTES, "hair", "bald")
    changes["rear_hair"] = np.where(bald, 0, own["rear_hair"])
    images = torch.from_numpy(faces.draw(rows, **changes)).permute(0, 3, 1, 2).contiguous()
    rng = torch.Generator().manual_seed(SEED)
    for some in torch.arange(1, len(rows), 2).split(1000):
        images[some] = worsen(images[some], rng)
    return images, faces.attributes(rows, **changes)


def worsen(images: Tensor, rng: torch.Generator) -> Tensor:
    """Return pictures uint8 (N, 3, H, H) softer and noisier, each by an amount of its own."""
    blur, noise = (most * torch.rand(len(images), 1, 1, 1, generator=rng) for most in (BLUR, NOISE))
    x = images.float()
    x = torch.lerp(x, F.avg_pool2d(F.pad(x, (1, 1, 1, 1), "replicate"), 3, 1), blur)
    return (x + noise * torch.randn(x.shape, generator=rng)).round().clamp(0, 255).to(torch.uint8)


def shown(found: Values) -> dict[str, Tensor]:
    """Mark, for every attribute, the faces in which it shows: float32 (N,), 0 or 1."""
    n = len(found["hair"])
    return {
        name: torch.from_numpy(have_all(found, faces.ATTRIBUTES, faces.SHOWN_WITH[name])).float()
        if name in faces.SHOWN_WITH
        else torch.ones(n)
        for name in faces.ATTRIBUTES
    }


def taught(number: int) -> range:
    """Return the seeds of the faces of a round, from 0 on."""
    return range(TAUGHT + number * ROUND, TAUGHT + (number + 1) * ROUND)


def new_network() -> FineNetwork:
    """Return the network as training begins; the caller's random numbers stay as they were."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        return FineNetwork(OUTPUTS, FEATURES).to(memory_format=torch.channels_last)


def fit(network: FineNetwork, number: int) -> FineNetwork:
    """Draw a round of faces and train on them: cross-entropy of choices, squared error of ranges, equally weighted."""
    images, found = draw(taught(number))
    truth, there = {name: torch.from_numpy(v) for name, v in found.items()}, shown(found)

    def loss(outputs: Tensor, chosen: Tensor) -> Tensor:
        total = outputs.new_zeros(())
        for name, own in split(outputs).items():
            wanted, rows = truth[name][chosen], there[name][chosen]
            if isinstance(faces.ATTRIBUTES[name], Choice):
                each = F.cross_entropy(own, wanted, reduction="none")
            else:
                each = (own - targets(name, wanted)).square().sum(1)
            total = total + (each * rows).sum() / rows.sum().clamp_min(1)
        return total / len(truth)

    adam = torch.optim.Adam(network.requires_grad_(True).parameters(), LEARNING_RATE)
    return train(network, images, loss, RECIPE, torch.Generator().manual_seed(SEED + number), adam, print)


def scores(network: FineNetwork, seeds: range) -> dict[str, dict[str, float]]:
    """Return, by attribute, the accuracy of a choice and the R2 of a range, over the faces in which it shows."""
    found = faces.attributes(seeds)
    there, result = shown(found), {}
    for name, own in split(outputs(network, faces.draw(seeds))).items():
        rows, wanted = there[name] > 0, torch.from_numpy(found[name])
        if isinstance(faces.ATTRIBUTES[name], Choice):
            result[name] = {"accuracy": float((own.argmax(1) == wanted)[rows].double().mean())}
        else:
            aim = targets(name, wanted)[rows].double()
            rest = (own[rows] - aim).square().sum(1).mean() / (aim - aim.mean(0)).square().sum(1).mean()
            result[name] = {"r2": 1 - float(rest)}
    return {name: {kind: round(value, 5) for kind, value in own.items()} for name, own in result.items()}


def held_out_accuracy(network: FineNetwork, seeds: range) -> list[float]:
    """Return, for each of `faces.HELD_OUT`, the share of faces made to have it in which it is seen."""
    result = []
    for combination in faces.HELD_OUT:
        changes = {name: [values[i % len(values)] for i in range(len(seeds))] for name, values in combination.items()}
        found = seen(read(faces.draw(seeds, **changes), network))
        numbers = {name: found[name].numpy() for name in combination}
        result.append(round(float(have_all(numbers, faces.ATTRIBUTES, combination).mean()), 5))
    return result


def main() -> None:
    """Train, test once at the end, and write faces.safetensors and faces.json."""
    parser = argparse.ArgumentParser(
        prog="python -m gan.evaluation.metrics.train_face_attributes", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--out", type=Path, default=FILE.parent, help="folder to write to (default: the package's own)")
    parser.add_argument("--more", action="store_true", help="go on from the weights in that folder")
    arguments = parser.parse_args()
    torch.set_num_threads(1)  # rounding depends on the number of threads
    started, test = time.perf_counter(), faces.SEEDS["test"]
    file = arguments.out / "faces.safetensors"
    before = json.loads(file.with_suffix(".json").read_text(encoding="utf-8")) if arguments.more else {}
    rounds = before.get("rounds", 0)
    network = load("cpu", file) if arguments.more else new_network()
    fit(network, rounds)
    about = {
        "dataset": "faces",
        "architecture": f"convolutions of {', '.join(map(str, WIDTHS))} channels, strides {STRIDES}, batch norm, ReLU; "
        "two linear layers",
        "features": FEATURES,
        "parameters": sum(p.numel() for p in network.parameters()),
        "attributes": scores(network, test),
        "attributes_on": "the test split; accuracy of choices, R2 of ranges, where the attribute shows",
        "held_out_accuracy": held_out_accuracy(network, test[:COMBINED]),
        "rounds": rounds + 1,
        "train_samples": (rounds + 1) * ROUND,
        "test_samples": len(test),
        "recipe": {**vars(RECIPE), "learning_rate": LEARNING_RATE, "noise": NOISE, "blur": BLUR, "seed": SEED},
        "command": "python -m gan.evaluation.metrics.train_face_attributes, then with --more for each further round",
        "date": datetime.date.today().isoformat(),
        "seconds": round(before.get("seconds", 0) + time.perf_counter() - started, 1),
        "torch": torch.__version__,
    }
    arguments.out.mkdir(parents=True, exist_ok=True)
    write_tensors(file, network.state_dict())
    write_bytes(file.with_suffix(".json"), (json.dumps(about, indent=2) + "\n").encode())
    print(json.dumps(about["attributes"], indent=2))


if __name__ == "__main__":
    main()
