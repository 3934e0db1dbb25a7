"""The huggingface_hub client as this program uses it, with each of its failures as one sentence that names the cure.

Tokens come from the environment or from `hf auth login`, or, on a Space, from the visitor who signed in. They are
passed to the client only: no message, file or address in this program contains one.
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
SILENCE = 60.0  # seconds that a push waits for the next bytes; the client's own default is to wait for ever
T = TypeVar("T")


class RepoChanged(HubError):
    """The repository has changed since this program last looked."""


class Unreachable(HubError):
    """The Hub does not answer, or not now; a copy on this machine is still good."""


def api(token: str | None = None) -> HfApi:
    """Return the client; without a token it uses this machine's, if there is one."""
    from huggingface_hub import HfApi, get_session
    from huggingface_hub.utils import disable_progress_bars

    disable_progress_bars()
    get_session().timeout = SILENCE
    return HfApi(token=token, library_name="latent-lab")


def has_token() -> bool:
    """Return whether this machine has a token: in HF_TOKEN, or from `hf auth login`."""
    from huggingface_hub import get_token

    return bool(get_token())


def check_token() -> None:
    """Raise HubError, with the cure, if this machine has no token."""
    if not has_token():
        raise HubError("there is no token: sign in with `hf auth login`, or set HF_TOKEN to one with write permission")


def page(repo: str) -> str:
    """Return the address of a repository's page; of a Space's for spaces/USER/NAME."""
    from huggingface_hub import constants

    return f"{constants.ENDPOINT}/{repo}"


def offline() -> bool:
    """Return whether the user has turned requests off, with HF_HUB_OFFLINE=1."""
    from huggingface_hub import constants

    return constants.is_offline_mode()


def with_timeout(seconds: float, work: Callable[[], T], failure: str = "the Hub did not answer") -> T:
    """Return what `work` returns, or raise what it raises; Unreachable, with the failure, when it takes longer.

    It runs in a daemon thread, because looking up a host name has no time limit of its own. After the time limit the
    thread is left to itself; it does not keep a program from ending.
    """
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        raise Unreachable(f"{failure} within {round(seconds, 1):g} s: check the network, and try again")
    return results[0]


@contextmanager
def translate_errors(repo: str, revision: str | None = None) -> Iterator[None]:
    """Raise the client's errors as HubError or Unreachable; other exceptions pass, because they are faults."""
    from huggingface_hub.errors import (
        HfHubHTTPError,
        HFValidationError,
        HTTPError,
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
    )

    try:
        yield
    except HubError:
        raise
    except LocalEntryNotFoundError as error:  # the client's wrapper for whatever made a download fail
        with translate_errors(repo, revision):
            raise error.__cause__ or ConnectionError from None
    except HfHubHTTPError as error:
        raise _refusal(error, repo, revision) from None
    except HFValidationError:
        raise HubError(f"the Hub does not allow the name {repo!r}: choose another USER/NAME") from None
    except UnicodeEncodeError:  # of the header that holds the token; the exception's text would show the token
        raise HubError("the token contains an invalid character: copy it again, or use `hf auth login`") from None
    except OfflineModeIsEnabled:
        raise Unreachable("requests to the Hub are turned off: unset HF_HUB_OFFLINE to allow them") from None
    except (HTTPError, TimeoutError, ConnectionError) as error:
        kind = type(error).__name__
        raise Unreachable(f"the Hub cannot be reached ({kind}): check the network, and try again") from None


def _refusal(error: Any, repo: str, revision: str | None) -> HubError:
    """Return the error for a reply that refuses a request: what the Hub says, where it says anything, and the cure."""
    from huggingface_hub.errors import GatedRepoError, RemoteEntryNotFoundError, RepositoryNotFoundError
    from huggingface_hub.errors import RevisionNotFoundError as NoRevision

    status, said = error.response.status_code, _server_message(error)
    told = f" (the Hub says: {said})" if said else ""
    if isinstance(error, GatedRepoError):
        return HubError(f"{repo} is gated: sign in at {page(repo)}, accept its terms, and try again{told}")
    if isinstance(error, NoRevision):
        return HubError(f"{repo} has no revision {revision!r}: pass one of its branches, tags or full commits")
    if isinstance(error, RemoteEntryNotFoundError):
        return HubError(f"{repo} lacks a file that it listed a moment ago: try again")
    if isinstance(error, RepositoryNotFoundError):
        return HubError(
            f"{repo} is not on the Hub, or it is private and this token has no access: check the name, or sign in "
            "with `hf auth login` as someone who has"
        )
    if status == 402:
        return HubError(
            f"the Hub wants a paid plan for {repo}{told}: deploy it with --static, which is free for everyone, or with "
            "--hardware zero-a10g, of which a free account has two"
        )
    if status == 401:
        return HubError(
            f"the Hub does not accept this token: sign in again with `hf auth login`, or set a new HF_TOKEN{told}"
        )
    if status == 403:
        return HubError(_forbidden(error, repo, said))
    if status in (409, 412):
        return RepoChanged(
            f"{repo} has been changed by someone else meanwhile: see what is new at {page(repo)}, then push again to "
            f"put this on top{told}"
        )
    if status == 429:
        wait = error.response.headers.get("Retry-After", "")
        after = f"in {wait} seconds" if wait.isascii() and wait.isdigit() else "in a few minutes"
        return Unreachable(f"too many requests to the Hub from here (rate limit): try again {after}{told}")
    if status >= 500:
        return Unreachable(f"the Hub has a problem of its own (status {status}): try again later{told}")
    return HubError(f"the Hub refused this for {repo} (status {status}): {said or 'it gave no reason'}")


def _forbidden(error: Any, repo: str, said: str) -> str:
    """Return the message for status 403, which no token cures where the account is full, blocked or not verified."""
    request = getattr(error.response, "request", None)
    method, url = getattr(request, "method", ""), str(getattr(request, "url", ""))
    reading = method in ("GET", "HEAD") and "/auth-check/" not in url
    verb = "read" if reading else "write"
    cure = f"create one with {verb} permission at {page('settings/tokens')}"
    if not reading:
        cure += ", or choose a repository of your own"
    may_not = f"this token may not {verb} {'' if reading else 'to '}{repo}"
    return f"{may_not}: {said}. If the token is the reason, {cure}" if said else f"{may_not}: {cure}"


def _server_message(error: Any) -> str:
    """Return the reply's own explanation, "" without one: one line of at most 200 printable characters."""
    text = str(getattr(error, "server_message", None) or "")
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:200].rstrip(".")
