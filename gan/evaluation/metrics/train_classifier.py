"""Train the classifier of one data set and write it to gan/evaluation/metrics/weights/.

python -m gan.evaluation.metrics.train_classifier NAME [--data-root data]

On one CPU core: three to six minutes; ten for clothes.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
import time
from pathlib import Path

import torch

from gan import data
from gan.data import Dataset
from gan.errors import DataError
from gan.evaluation.metrics.classifier import FEATURES, WEIGHTS
from gan.evaluation.metrics.fit import RECIPES, accuracy, fit
from gan.evaluation.metrics.reference import hold_out, load_test, subset
from gan.io import write_bytes
from gan.models.weights import write_tensors

SEED = 0


def splits(name: str, root: str | Path) -> tuple[Dataset, Dataset, str]:
    """Load (train, test, origin of test): the test split, or a tenth held out. DataError as `gan.data.load`."""
    full, test = data.load(name, None, root), load_test(name, None, root)
    if test is not None:
        return full, test, "the test split"
    held = hold_out(full.strata())
    return subset(full, ~held), subset(full, held), "a tenth of each class, held out"


def main() -> None:
    """Train, test once at the end, and write NAME.safetensors and NAME.json."""
    parser = argparse.ArgumentParser(
        prog="python -m gan.evaluation.metrics.train_classifier", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("name", choices=RECIPES, help="a data set")
    parser.add_argument("--data-root", default="data", help="where downloaded data sets live (default: data)")
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="folder to write to (default: the package's own)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)  # rounding depends on the number of threads
    recipe, started = RECIPES[arguments.name], time.perf_counter()
    try:
        train, test, origin = splits(arguments.name, arguments.data_root)
    except DataError as error:
        sys.exit(str(error))
    network = fit(train.images, train.labels, len(train.classes), recipe, SEED, progress=print, groups=train.groups)
    correct = accuracy(network, test.images, test.labels, train.groups)
    about = {
        "dataset": arguments.name,
        "classes": list(train.classes),
        **({"class_groups": train.groups} if train.groups else {}),
        "resolution": train.images.shape[-1],
        "channels": train.images.shape[1],
        "architecture": "five convolutions of 32, 32, 64, 64, 64 channels, batch norm, ReLU; two linear layers",
        "features": FEATURES,
        "parameters": sum(p.numel() for p in network.parameters()),
        "accuracy": correct,
        "accuracy_on": origin,
        "train_samples": len(train.images),
        "test_samples": len(test.images),
        "recipe": {**vars(recipe), "seed": SEED},
        "command": f"python -m gan.evaluation.metrics.train_classifier {arguments.name}",
        "date": datetime.date.today().isoformat(),
        "seconds": round(time.perf_counter() - started, 1),
        "torch": torch.__version__,
    }
    write_tensors(arguments.out / f"{arguments.name}.safetensors", network.state_dict())
    write_bytes(arguments.out / f"{arguments.name}.json", (json.dumps(about, indent=2) + "\n").encode())
    print(f"{arguments.name}: {correct:.2%} of {len(test.images):,} pictures ({origin}) correct")


if __name__ == "__main__":
    main()
