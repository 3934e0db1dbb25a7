"""Measure a model folder: each number beside the score of real pictures in place of generated ones.

python -m gan.evaluate FOLDER [--dataset NAME] [--data-root data] [--samples N] [--device auto] [--no-cas]
python -m gan.evaluate FOLDER --only-sliders
python -m gan.evaluate FOLDER --check-sliders
python -m gan.evaluate FOLDER --name-direction 3=smile --name-direction 5=-hair_length

Prints JSON, adds it to FOLDER/metrics.json and to the card, draws FOLDER/neighbours.png, and writes the sliders with
names into FOLDER/directions.safetensors. Sliders need no data: --only-sliders finds them for a model of any pictures,
and --check-sliders measures of those there are how much they change outside their attribute's part of a face.
Of pictures of which no attribute can be measured, --name-direction gives principal directions names by hand, as Explore
numbers them; a minus before the name takes the other way, and an empty name takes a name away.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gan.errors import ConfigError, DataError, FolderError
from gan.evaluation.card_tables import NEIGHBOURS, SLIDERS
from gan.evaluation.evaluate import SAMPLES, evaluate, read_metrics, record, record_sliders
from gan.evaluation.evaluate_translator import evaluate_translator
from gan.evaluation.sliders import check_elsewhere, find_sliders, name_directions
from gan.models.directions import Directions
from gan.models.translator import Translator, load_folder


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
    flags.add_argument("--no-sliders", action="store_true", help="keep the sliders with names that there are")
    flags.add_argument("--only-sliders", action="store_true", help="find the sliders with names alone, without data")
    flags.add_argument(
        "--check-sliders", action="store_true", help="measure what the sliders there are change elsewhere"
    )
    flags.add_argument(
        "--name-direction", action="append", default=[], metavar="N=NAME", help="name a principal direction by hand"
    )
    return flags


def _numbered(texts: Sequence[str]) -> dict[int, str]:
    """Return {3: "smile", -5: "long"} for ["3=smile", "5=-long"]; ConfigError for another text, or a number twice."""
    names: dict[int, str] = {}
    for text in texts:
        found = re.fullmatch(r"([0-9]{1,4})=(-?)(.*)", text)
        if not found:
            raise ConfigError(f"--name-direction takes a number and a name, such as 3=smile; got {text!r}")
        number = int(found[1])
        if number in map(abs, names):
            raise ConfigError(f"--name-direction names direction {number} twice")
        names[-number if found[2] else number] = found[3]
    return names


def _report(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    """Evaluate, record and print. Progress goes to stderr: stdout is JSON alone."""
    arguments = _parser().parse_args()
    try:
        names = _numbered(arguments.name_direction)
        if arguments.no_sliders and arguments.only_sliders:
            raise ConfigError("--only-sliders and --no-sliders leave nothing to do: pass one of them")
        if arguments.check_sliders and (arguments.only_sliders or arguments.no_sliders or names):
            raise ConfigError("--check-sliders measures sliders that are there: pass it alone")
        model = load_folder(arguments.folder, arguments.device)
        read_metrics(arguments.folder)  # an unusable file is found before the work, not after it
        root, samples, sheet = arguments.data_root, arguments.samples, arguments.folder / NEIGHBOURS
        result: dict[str, Any] = {}
        if isinstance(model, Translator):
            if arguments.only_sliders or arguments.check_sliders or names:
                raise ConfigError(f"{model.name} translates, and sliders are of a latent space: leave out their flags")
            result = evaluate_translator(model, root, samples, sheet, _report)
            record(arguments.folder, model.config, result)
        else:
            if not arguments.only_sliders and not arguments.check_sliders and not names:
                result = evaluate(model, root, samples, not arguments.no_cas, sheet, _report, arguments.dataset)
                record(arguments.folder, model.config, result)
            if names or not arguments.no_sliders:
                if arguments.check_sliders:
                    there = Directions(model.directions, model.variance, model.named_rows, model.sliders, model.beside)
                    directions = check_elsewhere(model, there)
                else:
                    directions = name_directions(model, names) if names else find_sliders(model, progress=_report)
                result[SLIDERS] = record_sliders(arguments.folder, model.config, directions)
    except (ConfigError, DataError, FolderError, OSError) as error:
        sys.exit(f"error: {error}")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
