"""Results that take long, kept one by one in a file, so that a benchmark goes on where it stopped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gan.io import write_bytes


class CellsError(ValueError):
    """The file is of other settings, or none of ours; the message says what would do."""


def read_cells(path: Path | None, settings: dict[str, Any]) -> dict[str, Any]:
    """The cells, by name, that `write_cells` put into a file; none where there is no file.

    settings: all that decides a cell beside its name, as JSON has it. CellsError for a file of other settings, whose
    cells would be shown, and averaged, with these.
    """
    if path is None or not path.exists():
        return {}
    try:
        told = json.loads(path.read_text())
    except ValueError as error:
        raise CellsError(f"{path} is no JSON ({error}): name another file, or delete it") from None
    if not isinstance(told, dict) or told.get("settings") != settings:
        raise CellsError(f"{path} holds results of other settings: name another file, or delete it")
    return told["cells"]


def write_cells(path: Path | None, settings: dict[str, Any], cells: dict[str, Any]) -> None:
    """Write the file anew, whole, if there is to be one."""
    if path:
        write_bytes(path, (json.dumps({"settings": settings, "cells": cells}, indent=2) + "\n").encode())
