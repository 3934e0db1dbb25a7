"""Models of the Hub beside the bundled ones, downloaded while the app starts, which waits for a few seconds at most."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gan.errors import HubError
from gan.hub import names
from gan.hub.pull import pull

if TYPE_CHECKING:
    from gan.hub.pull import Pulled
    from gan.ui.server.model_registry import ModelRegistry

WAIT = 5.0  # seconds that the first screen may wait for models; later ones are on the page after a reload
MAX_MODELS = 16  # asked for by name
log = logging.getLogger(__name__)


def requested_models(flags: Sequence[str], environment: str) -> list[str]:
    """List names from `--model` and from LATENT_LAB_MODELS (by commas), each once, in order, at most `MAX_MODELS`."""
    listed = [*flags, *environment.split(",")]
    return list(dict.fromkeys(name.strip() for name in listed if name.strip()))[:MAX_MODELS]


def is_local_folder(name: str) -> bool:
    """Return True for the name of an existing folder of this machine."""
    try:
        return Path(name).is_dir()
    except OSError:
        return False


class HubModels:
    """Downloads of repositories, USER/NAME[@REVISION], each in a thread of its own that starts at once."""

    def __init__(self, repos: Sequence[str]) -> None:
        self._results: dict[str, Pulled | str] = {}  # what arrived, or why it did not
        self._arrived = threading.Condition()
        self._pending = list(repos)
        for repo in repos:
            threading.Thread(target=self._fetch, args=(repo,), daemon=True).start()

    def add_to(self, registry: ModelRegistry, seconds: float = WAIT) -> None:
        """Add what arrives within so many seconds to the registry, and a notice for each model that does not."""
        deadline = time.monotonic() + seconds
        with self._arrived:
            self._arrived.wait_for(lambda: len(self._results) == len(self._pending), deadline - time.monotonic())
            late = [repo for repo in self._pending if repo not in self._results]
        for repo in self._pending:
            if repo in late:
                registry.notices[repo] = "still downloading from the Hub; reload the page in a moment"
            else:
                self._add(registry, repo)
        self._pending = late

    def add_late(self, registry: ModelRegistry, on_change: Callable[[], None]) -> None:
        """Add the models that `add_to` did not wait for, in the background, and call `on_change` after each."""

        def wait() -> None:
            for repo in self._pending:
                with self._arrived:
                    while repo not in self._results:
                        self._arrived.wait()
                self._add(registry, repo)
                on_change()

        if self._pending:
            threading.Thread(target=wait, daemon=True).start()

    def _fetch(self, repo: str) -> None:
        try:
            result: Pulled | str = pull(*names.split(repo))
        except HubError as error:
            result = str(error)
        except OSError as error:
            result = f"it could not be stored on this machine ({error.strerror}): make room, and start the app again"
        except Exception:
            log.exception("%s could not be fetched", repo)
            result = "it could not be downloaded; the server's log says why"
        with self._arrived:
            self._results[repo] = result
            self._arrived.notify_all()

    def _add(self, registry: ModelRegistry, repo: str) -> None:
        result = self._results[repo]
        registry.notices.pop(repo, None)
        if isinstance(result, str):
            registry.notices[repo] = f"{result}; the bundled models work without it"
            return
        registry.add(repo, result.folder)
        if result.notice:
            registry.notices[repo] = result.notice
