"""Reports of benchmarks: JSON on the screen and, on request, in a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def report(result: dict[str, Any], path: Path | None, met: bool) -> int:
    """Print the result and write it to `path`, if any. Returns the exit status: 0 if all goals are met, else 1."""
    text = json.dumps(result, indent=2)
    print(text)
    if path:
        path.write_text(text + "\n")
    return 0 if met else 1


def report_goals(result: dict[str, Any], goals: dict[str, tuple[float, bool]], path: Path | None) -> int:
    """Print each goal with what was measured and whether that is enough, then `report` the result with them."""
    for goal, (value, good) in goals.items():
        print(f"{'met   ' if good else 'MISSED'}  {goal}: {value:.2f}")
    told = {goal: {"measured": value, "met": good} for goal, (value, good) in goals.items()}
    return report({**result, "goals": told}, path, all(good for _, good in goals.values()))
