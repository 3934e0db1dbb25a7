"""huggingface_hub as we use it, and every failure of it as one sentence with the cure.

Tokens come from the environment or from `hf auth login`, or, on a Space, from the visitor who signed in. They are
handed to the client and to nothing else: no message, file or address here is made of one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from gan.errors import HubError

if TYPE_CHECKING:
    from huggingface_hub import HfApi

TIMEOUT = 4.0  # seconds: to connect, to the next bytes, and for a whole question about a repository
SILENCE = 60.0  # seconds that a push waits for the next sign of life: the client by itself would wait for ever
T = TypeVar("T")


class RepoChanged(HubError):
    """The repository is no longer as this program last saw it."""


class Unreachable(HubError):
    """The Hub does not answer, or not now; what was fetched before is still good."""


def api(token: str | None = None) -> HfApi:
    """The client; without a token it takes the machine's own, if there is one."""
    from huggingface_hub import HfApi, get_session
    from huggingface_hub.utils import disable_progress_bars

    disable_progress_bars()
    get_session().timeout = SILENCE
    return HfApi(token=token, library_name="latent-lab")


def has_token() -> bool:
    """Whether this machine has a token: in HF_TOKEN, or from `hf auth login`."""
    from huggingface_hub import get_token

    return bool(get_token())


def check_token() -> None:
    """HubError, with the cure, where this machine has no token."""
    if not has_token():
        raise HubError("there is no token: sign in with `hf auth login`, or set HF_TOKEN to one with write permission")


def page(repo: str) -> str:
    """The address of a repository's page; of a Space's for spaces/USER/NAME."""
    from huggingface_hub import constants

    return f"{constants.ENDPOINT}/{repo}"


def offline() -> bool:
    """Whether the user has forbidden requests, with HF_HUB_OFFLINE=1."""
    from huggingface_hub import constants

    return constants.is_offline_mode()


def with_timeout(seconds: float, work: Callable[[], T]) -> T:
    """The result of `work`, or Unreachable after that long: looking up a host's name has no time limit of its own."""
    done: list[tuple[bool, Any]] = []

    def run() -> None:
        try:
            done.append((True, work()))
        except BaseException as error:
            done.append((False, error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if not done:
        raise Unreachable(f"the Hub did not answer within {seconds:g} s: check the network, and try again")
    good, result = done[0]
    if not good:
        raise result
    return result


@contextmanager
def translate_errors(repo: str, revision: str | None = None) -> Iterator[None]:
    """Turn what the client raises inside into HubError or Unreachable; other exceptions are faults and go on up."""
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, HTTPError, OfflineModeIsEnabled

    try:
        yield
    except HubError:
        raise
    except HfHubHTTPError as error:
        raise _refusal(error, repo, revision) from None
    except HFValidationError:
        raise HubError(f"the Hub takes no repository called {repo!r}: choose another USER/NAME") from None
    except UnicodeEncodeError:  # of the header that holds the token; the exception would tell what stands there
        raise HubError("the token holds a letter that no token has: copy it anew, or use `hf auth login`") from None
    except OfflineModeIsEnabled:
        raise Unreachable("requests to the Hub are turned off: unset HF_HUB_OFFLINE to allow them") from None
    except (HTTPError, TimeoutError, ConnectionError) as error:
        kind = type(error).__name__
        raise Unreachable(f"the Hub cannot be reached ({kind}): check the network, and try again") from None


def _refusal(error: Any, repo: str, revision: str | None) -> HubError:
    """The sentence for a reply that says no."""
    from huggingface_hub.errors import GatedRepoError, RemoteEntryNotFoundError, RepositoryNotFoundError
    from huggingface_hub.errors import RevisionNotFoundError as NoRevision

    status = error.response.status_code
    if isinstance(error, GatedRepoError):
        return HubError(f"{repo} is gated: sign in at {page(repo)}, accept its terms, and try again")
    if isinstance(error, NoRevision):
        return HubError(f"{repo} has no revision {revision!r}: pass one of its branches, tags or whole commits")
    if isinstance(error, RemoteEntryNotFoundError):
        return HubError(f"{repo} lacks a file that it listed a moment ago: try again")
    if isinstance(error, RepositoryNotFoundError):
        return HubError(
            f"there is no {repo} on the Hub, or it is private and this token may not see it: check the name, or sign "
            "in with `hf auth login` as someone who may"
        )
    if status == 401:
        return HubError("the Hub does not know this token: sign in again with `hf auth login`, or set HF_TOKEN anew")
    if status == 403:
        return HubError(
            f"this token may not write to {repo}: make one with write permission at {page('settings/tokens')}, or "
            "choose a repository of your own"
        )
    if status in (409, 412):
        return RepoChanged(
            f"{repo} has been changed by someone else since this program looked: see what is new at {page(repo)}, "
            "then push again to put this on top"
        )
    if status == 429:
        wait = error.response.headers.get("Retry-After", "")
        after = f"in {wait} seconds" if wait.isascii() and wait.isdigit() else "in some minutes"
        return Unreachable(f"the Hub is asked too often from here (rate limit): try again {after}")
    if status >= 500:
        return Unreachable(f"the Hub has troubles of its own (status {status}): try again later")
    return HubError(f"the Hub refused this for {repo} (status {status}): {_told(error)}")


def _told(error: Any) -> str:
    """What a reply says of itself: one line of at most 200 plain characters."""
    text = str(getattr(error, "server_message", None) or "it did not say why")
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:200]
