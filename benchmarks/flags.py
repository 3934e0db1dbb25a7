"""Command lines of the benchmarks: a parser, types of flags, and errors in one line before a long measurement."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from gan.errors import ConfigError, DataError, FolderError, HubError, TrainingError


def benchmark_parser(
    description: str | None, json_help: str = "also write the JSON to this file"
) -> argparse.ArgumentParser:
    """Return a parser with the flag --json, which every benchmark has."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, metavar="FILE", help=json_help)
    return parser


def positive_int(text: str) -> int:
    """Parse a whole number of at least 1."""
    number = int(text) if text.strip().isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1, got {text!r}")
    return number


def positive_seconds(text: str) -> float:
    """Parse a number of seconds above 0."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"must be a number of seconds above 0, got {text!r}")
    return number


def names_from(known: Iterable[str]) -> Callable[[str], list[str]]:
    """Return a parser of names from `known`, joined by commas."""

    def parse(text: str) -> list[str]:
        names = text.split(",")
        if unknown := [name for name in names if name not in known]:
            raise argparse.ArgumentTypeError(f"must be some of {','.join(known)}, got {unknown[0]!r}")
        return names

    return parse


def run_main(main: Callable[[], int]) -> int:
    """Run a benchmark and return its exit status; 2, and one line on stderr, for unusable settings, data or memory."""
    try:
        return main()
    except (ConfigError, DataError, FolderError, HubError, TrainingError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
