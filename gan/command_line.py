"""Run the work of a command, and tell in a sentence why it failed: what all commands share."""

from __future__ import annotations

import sys
from collections.abc import Callable

from gan.errors import ConfigError, DataError, FolderError, HubError
from gan.io import explained
from gan.text import printable


def status_of(command: str, work: Callable[[], int]) -> int:
    """Do the work of a command and return its exit status; 1 after a sentence on stderr where it fails as users can."""
    try:
        return work()
    except OSError as error:
        message = explained(error)
    except (ConfigError, DataError, FolderError, HubError) as error:
        message = printable(error)
    print(f"{command}: error: {message}", file=sys.stderr)
    return 1
