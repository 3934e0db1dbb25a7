"""Server side of Publish: check who may publish, and push a model to the Hub, step by step.

On a Space the visitor signs in and publishes with their own token. Elsewhere this machine's token is used, and only for
its owner (`gan.ui.server.owner`). No token reaches the page, and every value from it is checked.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from gan import scratch
from gan.errors import FolderError, HubError
from gan.hub import names
from gan.hub.client import has_token
from gan.ui.server import owner
from gan.ui.server.model_info import is_run
from gan.ui.server.request import refusal

if TYPE_CHECKING:
    from gan.hub.push import PushResult
    from gan.ui.server.model_registry import ModelRegistry

OAUTH = ("authlib", "itsdangerous")  # modules that Gradio signs visitors in with; a Space with `hf_oauth` has them
LOOPBACK = ("127.0.0.1", "localhost", "::1")
log = logging.getLogger(__name__)


def can_sign_in() -> bool:
    """Return True where visitors can sign in with Hugging Face: on a Space that has `hf_oauth`."""
    return {"SPACE_ID", "OAUTH_CLIENT_ID"} <= os.environ.keys() and all(map(find_spec, OAUTH))


def obstacle() -> str:
    """Return why nobody can publish here, with the cure; "" where somebody can."""
    if can_sign_in():
        return ""
    if "SPACE_ID" in os.environ:
        return "Visitors cannot sign in on this Space: set hf_oauth: true in its README.md."
    if os.environ.get("GRADIO_SERVER_NAME", LOOPBACK[0]) not in LOOPBACK:
        return "Other machines can open this app, so it does not use this machine's token: serve it on 127.0.0.1."
    if not has_token():
        return (
            "Nothing can be published yet: there is no token of the Hub on this machine. Whoever runs this app gives "
            "it one with the command “hf auth login” and starts the app again. Till then, Train can download a model."
        )
    return ""


@dataclass(frozen=True)
class Status:
    """The line below the button. kind: idle, busy, done or wrong. page, repo: a link and its text, when done."""

    text: str
    kind: str = "idle"
    page: str = ""
    repo: str = ""


class PublishApi:
    """Publishes models of a registry. Values come from the page and may be anything.

    A model is a run of this machine, or an unlisted one, whose name only the browser that trained it knows.
    """

    def __init__(self, registry: ModelRegistry) -> None:
        self.registry = registry

    def trained(self) -> list[str]:
        """List the runs of this machine, which everyone may see."""
        names = (*self.registry.names, *self.registry.translators)
        return [name for name in names if is_run(self.registry.folder(name))]

    def handler(self) -> Callable[..., Iterator[Status]]:
        """Return the function of the button: (run, repository, private, ...) -> a status for each step."""
        return self.for_visitor if can_sign_in() else self.for_owner

    def for_visitor(self, run: Any, repo: Any, private: Any, token: gr.OAuthToken | None) -> Iterator[Status]:
        """Publish with the token of the visitor who signed in."""
        if token is None:
            yield Status("Sign in with Hugging Face first.", "wrong")
            return
        yield from self.publish(run, repo, private, token.token)

    def for_owner(self, run: Any, repo: Any, private: Any, request: gr.Request) -> Iterator[Status]:
        """Publish with this machine's token, for its owner."""
        if not owner.is_owner(request):
            text = "To publish with this machine's token, open the link that the app printed when it started."
            yield Status(text, "wrong")
            return
        yield from self.publish(run, repo, private, None)

    def publish(self, run: Any, repo: Any, private: Any, token: str | None) -> Iterator[Status]:
        """Push a model; yield a status for each step, the last with a link or with what is wrong."""
        try:
            if text := obstacle():
                yield Status(text, "wrong")
                return
            run = self._checked_run(run)
            repo = names.checked_repo(repo.strip() if isinstance(repo, str) else repo)
            if not isinstance(private, bool):
                raise refusal("private", "true or false", private)
            for step in _push(self.registry.folder(run), repo, private, token):
                yield Status(f"{step}…", "busy") if isinstance(step, str) else _done(step)
        except (FolderError, HubError) as error:
            yield Status(f"Sorry: {self._without_folder(error, run)}.", "wrong")
        except ValueError as error:
            yield Status(f"Sorry: {error}.", "wrong")
        except Exception:
            log.exception("publishing failed")
            yield Status("Something went wrong on the server; details are in its log.", "wrong")

    def _checked_run(self, run: Any) -> str:
        if run in (None, ""):
            raise ValueError("choose a model first: press Publish beside a run in the Train tab")
        trained = self.trained()
        if not self.registry.is_unlisted(run) and run not in trained:
            have = f" ({', '.join(trained)})" if trained else ""
            raise refusal("model", f"a finished run{have} or one from the Train tab that is still available", run)
        return run

    def _without_folder(self, error: Exception, run: Any) -> str:
        """Return an error's text without this machine's folders."""
        served = (*self.registry.names, *self.registry.translators)
        known = isinstance(run, str) and (run in served or self.registry.is_unlisted(run))
        return str(error).replace(str(self.registry.folder(run)), run) if known else str(error)


def _push(folder: Path, repo: str, private: bool, token: str | None) -> Iterator[str | PushResult]:
    """Push in a thread; yield a line for each step and at last the result. Raises what the push raises."""
    from gan.hub.push import push

    events: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def work() -> None:
        try:
            with scratch.folder() as into:
                events.put(push(folder, Path(into), repo, private, token=token, progress=events.put))
        except Exception as error:
            events.put(error)

    threading.Thread(target=work, daemon=True).start()
    while isinstance(event := events.get(), str):
        yield event
    if isinstance(event, Exception):
        raise event
    yield event


def _done(result: PushResult) -> Status:
    text = f"Published as {result.tag or result.commit[:7]}" if result.changed else "Already published, unchanged"
    return Status(text, "done", result.page, result.repo)
