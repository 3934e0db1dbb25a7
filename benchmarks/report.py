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
