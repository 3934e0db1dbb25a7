"""The owner, who may use this machine's token: the browser that opened the link which the app prints when it starts.

Nothing else tells the owner from others. A proxy on this machine makes everybody's requests look like the owner's, if
it passes on no address, and what a request says of itself can be made up. The link holds a key of this start and leaves
it in a cookie, which browsers send for no other site's page.
"""

from __future__ import annotations

import secrets
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

PATH = "/owner"
COOKIE = "latent-lab-owner"
KEY = secrets.token_urlsafe(24)


def link(url: str) -> str:
    """Return the link for the owner, given the address of the app."""
    return f"{url.rstrip('/')}{PATH}?key={KEY}"


def is_owner(request: Any) -> bool:
    """Return True for a request, Starlette's or Gradio's, of the browser that opened the link."""
    return _equal(request.cookies.get(COOKIE, ""))


def routes() -> list[Route]:
    """Return the routes for `launch(app_kwargs={"routes": ...})`."""
    return [Route(PATH, _enter)]


async def _enter(request: Request) -> Response:
    """Leave the key in a cookie and show the page, without the key in its address."""
    if not _equal(request.query_params.get("key", "")):
        return PlainTextResponse("This link is from an earlier start: open the one that the app printed last.", 403)
    reply = RedirectResponse("./?tab=publish", 303)
    reply.set_cookie(COOKIE, KEY, httponly=True, samesite="strict", path="/")
    return reply


def _equal(key: Any) -> bool:
    return isinstance(key, str) and secrets.compare_digest(key.encode(errors="replace"), KEY.encode())
