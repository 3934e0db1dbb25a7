"""Train the network that finds the parts of faces and write it to gan/evaluation/metrics/weights/regions/.

python -m gan.evaluation.metrics.train_face_regions

It learns from other faces than those of the data set's two splits, half of them a little soft and noisy, a quarter
with hair, beard and glasses independently of each other, as the network that reads attributes does.
"""

from __future__ import annotations

import argparse
import datetime
import json
import time
from pathlib import Path

import numpy as np
import torch

from gan.data import faces
from gan.evaluation.metrics.face_regions import FILE, read
from gan.evaluation.metrics.fit_parts import LEARNING_RATE, RECIPE, fit_parts
from gan.evaluation.metrics.train_face_attributes import TAUGHT, draw
from gan.io import write_bytes
from gan.models.weights import write_tensors
from gan.networks.parts import WIDTHS

SEED = 0
LEARNT, TESTED = 40_000, 1_000  # faces


def overlaps(found: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Return, by part, the share of its pixels in either of two labellings (N, 64, 64) that it has in both (IoU)."""
    result = {}
    for i, region in enumerate(faces.REGIONS):
        a, b = found == i, truth == i
        result[region] = round(float((a & b).sum() / max(1, (a | b).sum())), 4)
    return result


def main() -> None:
    """Train, test once at the end, and write faces.safetensors and faces.json."""
    parser = argparse.ArgumentParser(
        prog="python -m gan.evaluation.metrics.train_face_regions", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--out", type=Path, default=FILE.parent, help="folder to write to (default: the package's own)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)  # rounding depends on the number of threads
    started = time.perf_counter()
    seeds = range(TAUGHT, TAUGHT + LEARNT)
    images, found = draw(seeds)
    changes = {name: found[name] for name in ("hair", "beard", "glasses", "rear_hair")}
    labels = torch.from_numpy(faces.labels(seeds, **changes))
    network = fit_parts(images, labels, len(faces.REGIONS), seed=SEED, progress=print)
    test = faces.SEEDS["test"][:TESTED]
    truth = faces.labels(test)
    seen = read(faces.draw(test), network)
    about = {
        "dataset": "faces",
        "architecture": f"U-Net, {', '.join(map(str, WIDTHS))} channels at 64, 32, 16, 8 pixels, batch norm, ReLU",
        "parameters": sum(p.numel() for p in network.parameters()),
        "accuracy": round(float((seen == truth).mean()), 5),
        "overlap": overlaps(seen, truth),
        "measured_on": f"the first {TESTED:,} pictures of the test split; accuracy of pixels, overlap (IoU) of parts",
        "train_samples": LEARNT,
        "recipe": {**vars(RECIPE), "learning_rate": LEARNING_RATE, "seed": SEED},
        "command": "python -m gan.evaluation.metrics.train_face_regions",
        "date": datetime.date.today().isoformat(),
        "seconds": round(time.perf_counter() - started, 1),
        "torch": torch.__version__,
    }
    arguments.out.mkdir(parents=True, exist_ok=True)
    write_tensors(arguments.out / FILE.name, network.state_dict())
    write_bytes((arguments.out / FILE.name).with_suffix(".json"), (json.dumps(about, indent=2) + "\n").encode())
    print(json.dumps({"accuracy": about["accuracy"], **overlaps(seen, truth)}, indent=2))


if __name__ == "__main__":
    main()
