"""Add a judge of real pictures to a model: fit it on pictures of the data set, measure it on others, write it.

python -m gan.editing.train_judge MODEL [--dataset NAME] [--data-root data] [--pictures 1000]

MODEL is a model folder. Writes MODEL/judge.safetensors for the critic that is there now. Half of the pictures measure,
of the test split where there is one: those that the critic has learnt from may look more real to it than they are.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from gan.command_line import status_of
from gan.editing.encoder import pictures_for
from gan.editing.judge import PICTURES, fit_judge, write_judge
from gan.editing.recognise import can_recognise
from gan.errors import ConfigError
from gan.models.model import load
from gan.models.taught_on import JUDGE
from gan.text import forgive_console


def _report(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Add what was taught to the folder; return the exit status: 0, or 1 for an error."""
    forgive_console()
    flags = argparse.ArgumentParser(
        prog="python -m gan.editing.train_judge", description=(__doc__ or "").splitlines()[0]
    )
    flags.add_argument("folder", type=Path, metavar="MODEL", help="a model folder")
    flags.add_argument("--dataset", default="", help="data set or folder of real pictures (default: the model's own)")
    flags.add_argument("--data-root", default="data", help="folder of downloaded data sets (default: data)")
    flags.add_argument("--pictures", type=int, default=PICTURES, help=f"of each kind to fit on (default: {PICTURES})")
    flags.add_argument("--device", default="auto", help="auto, cpu or cuda (default: auto)")
    arguments = flags.parse_args(argv)
    torch.set_num_threads(1)  # rounding depends on the number of threads
    return status_of("gan.editing.train_judge", lambda: _run(arguments))


def _run(arguments: argparse.Namespace) -> int:
    """Fit a judge, measure it and write it; print what was measured as JSON."""
    if not 10 <= arguments.pictures <= 100_000:
        raise ConfigError(f"pictures must be in [10, 100000], got {arguments.pictures}")
    model = load(arguments.folder, arguments.device)
    if not can_recognise(model):
        raise ConfigError(f"{model.name}: its critic has no feature map that a judge could look at")
    dataset = arguments.dataset or model.config.dataset
    splits = (pictures_for(model, dataset, arguments.data_root, split, _report) for split in ("test", "train"))
    pictures = next((found for found in splits if found), None)
    if pictures is None:
        raise ConfigError(f"{dataset} does not fit {model.name}, or is not there: pass --dataset")
    count, there = arguments.pictures, len(pictures.images)
    if there < 2 * count:
        raise ConfigError(f"{dataset} has {there:,} pictures, and {2 * count:,} are needed: pass fewer --pictures")
    order = torch.randperm(there, generator=torch.Generator().manual_seed(0))
    real, others = pictures.images[order[:count]], pictures.images[order[count : 2 * count]]
    head = fit_judge(model, real, others)
    write_judge(arguments.folder, head)
    print(json.dumps({"bytes": (arguments.folder / JUDGE).stat().st_size, **head.figures}, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
