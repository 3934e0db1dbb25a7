"""Models of the Hub beside the bundled ones: fetched while the app starts, waited for only so long."""

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
MOST = 16  # models asked for by name
log = logging.getLogger(__name__)


def wanted(flags: Sequence[str], environment: str) -> list[str]:
    """Names from `--model` and from LATENT_LAB_MODELS (by commas), each once, in order, at most `MOST`."""
    listed = [*flags, *environment.split(",")]
    return list(dict.fromkeys(name.strip() for name in listed if name.strip()))[:MOST]


def local(name: str) -> bool:
    """Whether a name is that of a folder of this machine: it exists."""
    try:
        return Path(name).is_dir()
    except OSError:
        return False


class HubModels:
    """Fetches repositories, USER/NAME[@REVISION], each in a thread of its own from the moment it is made."""

    def __init__(self, repos: Sequence[str]) -> None:
        self._results: dict[str, Pulled | str] = {}  # what arrived, or why it did not
        self._arrived = threading.Condition()
        self._waiting = list(repos)
        for repo in repos:
            threading.Thread(target=self._fetch, args=(repo,), daemon=True).start()

    def settle(self, registry: ModelRegistry, seconds: float = WAIT) -> None:
        """Give the registry what arrives within so many seconds, and a notice for all that went otherwise."""
        deadline = time.monotonic() + seconds
        with self._arrived:
            self._arrived.wait_for(lambda: len(self._results) == len(self._waiting), deadline - time.monotonic())
            late = [repo for repo in self._waiting if repo not in self._results]
        for repo in self._waiting:
            if repo in late:
                registry.notices[repo] = "still on its way from the Hub; reload the page in a moment"
            else:
                self._add(registry, repo)
        self._waiting = late

    def watch(self, registry: ModelRegistry, changed: Callable[[], None]) -> None:
        """Give the registry what is late when it arrives, and call `changed` then."""

        def wait() -> None:
            for repo in self._waiting:
                with self._arrived:
                    self._arrived.wait_for(lambda repo=repo: repo in self._results)
                self._add(registry, repo)
                changed()

        if self._waiting:
            threading.Thread(target=wait, daemon=True).start()

    def _fetch(self, repo: str) -> None:
        try:
            result: Pulled | str = pull(*names.split(repo))
        except HubError as error:
            result = str(error)
        except OSError as error:
            result = f"it could not be kept on this machine ({error.strerror}): make room, and start the app again"
        except Exception:
            log.exception("%s could not be fetched", repo)
            result = "it could not be fetched; the server's log says why"
        with self._arrived:
            self._results[repo] = result
            self._arrived.notify_all()

    def _add(self, registry: ModelRegistry, repo: str) -> None:
        result = self._results[repo]
        registry.notices.pop(repo, None)
        if isinstance(result, str):
            registry.notices[repo] = f"{result}; the bundled models are here meanwhile"
            return
        registry.add(repo, result.folder)
        if result.notice:
            registry.notices[repo] = result.notice
