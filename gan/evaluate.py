"""Measure a model folder: each number beside the score of real pictures in place of generated ones.

python -m gan.evaluate FOLDER [--dataset NAME] [--data-root data] [--samples N] [--device auto] [--no-cas]

Prints JSON, adds it to FOLDER/metrics.json and to the card, and draws FOLDER/neighbours.png.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from gan.errors import ConfigError, DataError, FolderError
from gan.evaluation.card import NEIGHBOURS
from gan.evaluation.evaluate import SAMPLES, evaluate, read_metrics, record
from gan.models.model import load


def _parser() -> argparse.ArgumentParser:
    flags = argparse.ArgumentParser(prog="python -m gan.evaluate", description=(__doc__ or "").splitlines()[0])
    flags.add_argument("folder", type=Path, help="a model folder")
    flags.add_argument(
        "--dataset", default="", help="data set or folder to compare with (default: the one it was trained on)"
    )
    flags.add_argument("--data-root", default="data", help="folder of downloaded data sets (default: data)")
    flags.add_argument("--samples", type=int, default=SAMPLES, help=f"generated pictures (default: {SAMPLES})")
    flags.add_argument("--device", default="auto", help="auto, cpu or cuda (default: auto)")
    flags.add_argument("--no-cas", action="store_true", help="skip the classifier accuracy score, the slowest part")
    return flags


def main() -> None:
    """Evaluate, record and print. Progress goes to stderr: stdout is JSON alone."""
    arguments = _parser().parse_args()
    try:
        model = load(arguments.folder, arguments.device)
        read_metrics(arguments.folder)  # an unusable file is found before the work, not after it
        result = evaluate(
            model,
            arguments.data_root,
            arguments.samples,
            not arguments.no_cas,
            arguments.folder / NEIGHBOURS,
            lambda line: print(line, file=sys.stderr, flush=True),
            arguments.dataset,
        )
        record(arguments.folder, model.config, result)
    except (ConfigError, DataError, FolderError, OSError) as error:
        sys.exit(f"error: {error}")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
