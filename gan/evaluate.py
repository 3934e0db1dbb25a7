"""Measure a model folder: each number beside the score of real pictures in place of generated ones.

python -m gan.evaluate FOLDER [--data-root data] [--samples N] [--device auto] [--no-cas]

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
from gan.evaluation.evaluate_translator import evaluate_translator
from gan.models.translator import Translator, load_folder


def _parser() -> argparse.ArgumentParser:
    flags = argparse.ArgumentParser(prog="python -m gan.evaluate", description=(__doc__ or "").splitlines()[0])
    flags.add_argument("folder", type=Path, help="a model folder")
    flags.add_argument("--data-root", default="data", help="folder of downloaded data sets (default: data)")
    flags.add_argument("--samples", type=int, default=SAMPLES, help=f"generated pictures (default: {SAMPLES})")
    flags.add_argument("--device", default="auto", help="auto, cpu or cuda (default: auto)")
    flags.add_argument("--no-cas", action="store_true", help="skip the classifier accuracy score, the slowest part")
    return flags


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    """Evaluate, record and print. Progress goes to stderr: stdout is JSON alone."""
    arguments = _parser().parse_args()
    try:
        model = load_folder(arguments.folder, arguments.device)
        read_metrics(arguments.folder)  # an unusable file is found before the work, not after it
        root, samples, sheet = arguments.data_root, arguments.samples, arguments.folder / NEIGHBOURS
        if isinstance(model, Translator):
            result = evaluate_translator(model, root, samples, sheet, _progress)
        else:
            result = evaluate(model, root, samples, not arguments.no_cas, sheet, _progress)
        record(arguments.folder, model.config, result)
    except (ConfigError, DataError, FolderError, OSError) as error:
        sys.exit(f"error: {error}")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
