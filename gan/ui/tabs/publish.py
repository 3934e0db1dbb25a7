"""The Publish tab: what was trained here, a run or a model of the Train tab, becomes a repository of the Hub.

On a Space the visitor signs in, and what is published is theirs. Elsewhere this machine's own token is used, and only
for who sits at it. No token reaches the page, and every value from it is checked.

Models of the Train tab are listed by the browser that made them, under names that nobody else can guess.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import tempfile
import threading
from collections.abc import Callable, Iterator
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import gradio as gr

from gan.errors import FolderError, HubError
from gan.hub import names
from gan.hub.client import has_token
from gan.ui.server import checks
from gan.ui.server.model_info import is_run

if TYPE_CHECKING:
    from gan.hub.push import PushResult
    from gan.ui.server.model_registry import ModelRegistry

OAUTH = ("authlib", "itsdangerous")  # what Gradio signs visitors in with; a Space with `hf_oauth` has them
LOOPBACK = ("127.0.0.1", "localhost", "::1")
log = logging.getLogger(__name__)

INTRO = """
<div class="ll-publish-intro"><h2>Publish a model</h2>
<p>What was trained here becomes a repository of the Hugging Face Hub: weights, settings, samples, training curve, and a
card that tells how it was made. Anyone may then load it with <code>gan.load("USER/NAME")</code>, unless it is private.
</p></div>
"""


NOTHING = (
    "Nothing has been trained here yet: press Publish beside a run in the Train tab, or train one with "
    "<code>python train.py</code> and start the app again."
)


def build(registry: ModelRegistry, tab: gr.Tab) -> gr.Column:
    """Add the tab's contents to the tab under construction."""
    runs, why_not = trained(registry), reason()
    with gr.Column(elem_id="ll-publish") as column:
        gr.HTML(INTRO, padding=False, apply_default_css=False)
        if signed_in_here():
            gr.LoginButton(elem_id="ll-publish-login")
        # The server cannot know what this browser has made, so it takes any name, and judges it when it is published.
        run = gr.Dropdown(
            runs, value=runs[0] if runs else None, label="Model", interactive=not why_not, allow_custom_value=True
        )
        repo = gr.Textbox(
            label="Repository", placeholder="USER/NAME", max_length=names.LONGEST, max_lines=1, interactive=not why_not
        )
        private = gr.Checkbox(label="Private: for your eyes only", interactive=not why_not)
        button = gr.Button("Publish", variant="primary", interactive=not why_not, elem_id="ll-publish-button")
        result = gr.HTML(
            told(why_not or ("" if runs else NOTHING)),
            padding=False,
            apply_default_css=False,
            elem_id="ll-publish-result",
        )
    button.click(
        functions(registry),
        [run, repo, private],
        result,
        show_progress="hidden",
        api_visibility="private",
        concurrency_limit=1,
    )
    # Runs in the browser alone, which knows what was made in it.
    told_now = "" if why_not else told("")
    tab.select(
        None, None, [run, result], js=f"() => latentLab.offerToPublish({json.dumps(runs)}, {json.dumps(told_now)})"
    )
    return column


def trained(registry: ModelRegistry) -> list[str]:
    """Names of the runs that were trained here, for all to see."""
    return [name for name in registry.names if is_run(registry.folder(name))]


def signed_in_here() -> bool:
    """Whether visitors can sign in with Hugging Face: on a Space that has `hf_oauth`."""
    return {"SPACE_ID", "OAUTH_CLIENT_ID"} <= os.environ.keys() and all(map(find_spec, OAUTH))


def reason() -> str:
    """Why nothing can be published, or ""."""
    if signed_in_here():
        return ""
    if "SPACE_ID" in os.environ:
        return "This Space lets nobody sign in: set <code>hf_oauth: true</code> in its README.md."
    if os.environ.get("GRADIO_SERVER_NAME", LOOPBACK[0]) not in LOOPBACK:
        return "The app is open to other machines, so the token of this one is not lent: serve it on 127.0.0.1."
    if not has_token():
        return "There is no token: sign in with <code>hf auth login</code>, and start the app again."
    return ""


def functions(registry: ModelRegistry) -> Callable[..., Iterator[str]]:
    """What the button does: (run, repository, private) -> HTML that tells how far it is, and then where it is.

    With the visitor's token on a Space; elsewhere with the machine's, for requests that were made on it.
    """

    def for_visitor(run: Any, repo: Any, private: Any, token: gr.OAuthToken | None) -> Iterator[str]:
        if token is None:
            yield told("Sign in with Hugging Face first.", "wrong")
            return
        yield from publish(registry, run, repo, private, token.token)

    def for_owner(run: Any, repo: Any, private: Any, request: gr.Request) -> Iterator[str]:
        if not at_this_machine(request):
            yield told("Only who sits at this machine may publish with its token.", "wrong")
            return
        yield from publish(registry, run, repo, private, None)

    return for_visitor if signed_in_here() else for_owner


def at_this_machine(request: gr.Request) -> bool:
    """Whether a request came from a page of this very machine, and through no proxy.

    The name that the browser asked for counts too: another site's could lead here.
    """
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname
    forwarded = any(name in request.headers for name in ("x-forwarded-for", "forwarded"))
    return request.client.host in LOOPBACK and host in LOOPBACK and not forwarded


def publish(registry: ModelRegistry, run: Any, repo: Any, private: Any, token: str | None) -> Iterator[str]:
    """HTML for each step of a push, the last with a link or with what is wrong. Values may be anything."""
    try:
        why_not = reason()
        if why_not:
            yield told(why_not, "wrong")
            return
        if not registry.adopted(run):
            run = _run(run, trained(registry))
        repo = names.checked_repo(repo.strip() if isinstance(repo, str) else repo)
        if not isinstance(private, bool):
            raise ValueError(f"private must be true or false, got {checks.quoted(private)}")
        for step in _steps(registry.folder(run), repo, private, token):
            yield told(f"{escape(step)}…", "busy") if isinstance(step, str) else told(_link(step), "done")
    except (FolderError, HubError) as error:
        yield told(f"Sorry: {escape(_plain(error, registry, run))}.", "wrong")
    except ValueError as error:
        yield told(f"Sorry: {escape(str(error))}.", "wrong")
    except Exception:
        log.exception("publishing failed")
        yield told("Something went wrong on the server; its log says what.", "wrong")


def _run(name: Any, runs: list[str]) -> str:
    if name in (None, ""):
        raise ValueError("choose a model first: press Publish beside a run in the Train tab")
    if name not in runs:
        have = f" ({', '.join(runs)})" if runs else ""
        raise ValueError(
            f"model must be a finished run{have} or one of the Train tab's that is still kept, "
            f"got {checks.quoted(name)}"
        )
    return name


def _steps(folder: Path, repo: str, private: bool, token: str | None) -> Iterator[str | PushResult]:
    """What goes on, line by line, and at last what came of it; raises what the push raises."""
    from gan.hub.push import push

    heard: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def work() -> None:
        try:
            with tempfile.TemporaryDirectory(prefix="latent-lab-") as into:
                heard.put(push(folder, Path(into), repo, private, token=token, progress=heard.put))
        except Exception as error:
            heard.put(error)

    threading.Thread(target=work, daemon=True).start()
    while isinstance(item := heard.get(), str):
        yield item
    if isinstance(item, Exception):
        raise item
    yield item


def _link(sent: PushResult) -> str:
    page = escape(sent.page, quote=True)
    how = f"Published as {escape(sent.tag or sent.commit[:7])}" if sent.changed else "Already published, unchanged"
    return f'{how}: <a href="{page}" target="_blank" rel="noopener">{escape(sent.repo)}</a>'


def _plain(error: Exception, registry: ModelRegistry, run: Any) -> str:
    """An error's text without this machine's folders."""
    known = isinstance(run, str) and (run in registry.names or registry.adopted(run))
    return str(error).replace(str(registry.folder(run)), run) if known else str(error)


def told(html: str, kind: str = "idle") -> str:
    """A line below the button, announced to who cannot see it. html: safe already."""
    return f'<p class="ll-publish-said ll-{kind}" role="status">{html}</p>'
