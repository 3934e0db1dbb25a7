"""How every benchmark ends: its JSON on the screen, and in a file where one was asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def report(result: dict[str, Any], path: Path | None, good: bool) -> int:
    """Print the result, write it to `path` if there is one; the exit status, 1 where a goal is missed."""
    text = json.dumps(result, indent=2)
    print(text)
    if path:
        path.write_text(text + "\n")
    return 0 if good else 1
