"""Measure a model folder: each number beside the score of real pictures in place of generated ones.

python -m gan.evaluate FOLDER [--data-root data] [--samples N] [--device auto] [--no-cas] [--only-sliders]

Prints JSON, adds it to FOLDER/metrics.json and to the card, draws FOLDER/neighbours.png, and writes the sliders with
names into FOLDER/directions.safetensors. Sliders need no data: --only-sliders finds them for a model of any pictures.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from gan.errors import ConfigError, DataError, FolderError
from gan.evaluation.card import NEIGHBOURS, SLIDERS
from gan.evaluation.evaluate import SAMPLES, evaluate, read_metrics, record, record_sliders
from gan.evaluation.sliders import find_sliders
from gan.models.model import load


def _parser() -> argparse.ArgumentParser:
    flags = argparse.ArgumentParser(prog="python -m gan.evaluate", description=(__doc__ or "").splitlines()[0])
    flags.add_argument("folder", type=Path, help="a model folder")
    flags.add_argument("--data-root", default="data", help="folder of downloaded data sets (default: data)")
    flags.add_argument("--samples", type=int, default=SAMPLES, help=f"generated pictures (default: {SAMPLES})")
    flags.add_argument("--device", default="auto", help="auto, cpu or cuda (default: auto)")
    flags.add_argument("--no-cas", action="store_true", help="skip the classifier accuracy score, the slowest part")
    flags.add_argument("--only-sliders", action="store_true", help="find the sliders with names alone, without data")
    return flags


def _report(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    """Evaluate, record and print. Progress goes to stderr: stdout is JSON alone."""
    arguments = _parser().parse_args()
    try:
        model = load(arguments.folder, arguments.device)
        read_metrics(arguments.folder)  # an unusable file is found before the work, not after it
        result = {}
        if not arguments.only_sliders:
            result = evaluate(
                model,
                arguments.data_root,
                arguments.samples,
                not arguments.no_cas,
                arguments.folder / NEIGHBOURS,
                _report,
            )
            record(arguments.folder, model.config, result)
        directions = find_sliders(model, progress=_report)
        result[SLIDERS] = record_sliders(arguments.folder, model.config, directions)
    except (ConfigError, DataError, FolderError, OSError) as error:
        sys.exit(f"error: {error}")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
