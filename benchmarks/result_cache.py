"""Results of long measurements in a JSON file, so that a benchmark continues where it stopped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gan.io import write_bytes


class CacheError(ValueError):
    """Raised for a file that is unreadable or holds results of other settings; the message has the cure."""


class ResultCache:
    """Results by name, written to `path` one by one; in memory only if there is no path.

    settings: everything but the name that decides a result, as JSON values. Raises CacheError for a file with other
    settings, whose results must not be shown or averaged with these.
    """

    def __init__(self, path: Path | None, settings: dict[str, Any]) -> None:
        self.path, self.settings = path, settings
        self._results = self._read()

    def get(self, name: str) -> dict[str, Any] | None:
        """Return a result, or None if it is not there."""
        return self._results.get(name)

    def add(self, name: str, result: dict[str, Any]) -> None:
        """Add a result and write the file."""
        self._results[name] = result
        if self.path:
            content = {"settings": self.settings, "results": self._results}
            write_bytes(self.path, (json.dumps(content, indent=2) + "\n").encode())

    def _read(self) -> dict[str, dict[str, Any]]:
        if self.path is None or not self.path.exists():
            return {}
        try:
            content = json.loads(self.path.read_text())
        except ValueError as error:
            raise CacheError(f"{self.path} is not JSON ({error}): name another file, or delete it") from None
        if not isinstance(content, dict) or content.get("settings") != self.settings:
            raise CacheError(f"{self.path} holds results of other settings: name another file, or delete it")
        return content["results"]
