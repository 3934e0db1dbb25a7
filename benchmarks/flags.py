"""Flags of the benchmarks, and how a benchmark refuses to begin: in one line, before anything has run for minutes."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Iterable

from gan.errors import ConfigError, DataError, FolderError, TrainingError


def count(text: str) -> int:
    """A whole number of at least 1."""
    number = int(text) if text.strip().isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1, got {text!r}")
    return number


def duration(text: str) -> float:
    """Seconds, above 0."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"must be a number of seconds above 0, got {text!r}")
    return number


def some_of(known: Iterable[str]) -> Callable[[str], list[str]]:
    """Names from `known`, joined by commas."""

    def names(text: str) -> list[str]:
        given = text.split(",")
        if unknown := [name for name in given if name not in known]:
            raise argparse.ArgumentTypeError(f"must be some of {','.join(known)}, got {unknown[0]!r}")
        return given

    return names


def guarded(main: Callable[[], int]) -> int:
    """The benchmark's exit status; 2, and one line that says why, where data, settings or memory do not do."""
    try:
        return main()
    except (ConfigError, DataError, FolderError, TrainingError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
