"""The visitor who asks, told from others so that what is a visitor's own counts against that visitor.

There are no accounts. An address cannot be forged, but a school or a company may share one; a page's session can be
made up, but honest visitors have one each. So shares go to addresses first, and within an address to sessions: who
invents sessions takes only from their own address.
"""

from __future__ import annotations

import ipaddress
import os
import sys
from typing import Any, NamedTuple

LONGEST = 64  # characters kept of what a request says


class Visitor(NamedTuple):
    """One visitor. address: as the server sees it, an IPv6 one without the half that its owner chooses. session: what
    the page calls itself, new with each load; never to be trusted. Both are "" where nobody asks.
    """

    address: str = ""
    session: str = ""


def asking() -> Visitor:
    """Return the visitor whose request this thread answers, for server functions of `gr.HTML` and for events."""
    gradio = sys.modules.get("gradio.context")  # where it is not loaded, nobody asks
    request = gradio.LocalContext.request.get(None) if gradio else None
    return Visitor() if request is None else of(request)


def of(request: Any) -> Visitor:
    """Return the visitor who made a request, Starlette's or Gradio's, whose body has been read."""
    return Visitor(_address(request), _session(request))


def _address(request: Any) -> str:
    """Return the client's address.

    uvicorn has put in a proxy's place whom it forwarded for, if it is listed in FORWARDED_ALLOW_IPS (127.0.0.1 if that
    is not set). A Space is reached through its own proxies only; each adds on the right whom it was asked by, and what
    a visitor writes stays on the left.
    """
    if "SPACE_ID" in os.environ:
        for host in reversed(request.headers.get("x-forwarded-for", "").split(",")):
            if (address := _parsed(host.strip())) and address.is_global:
                return _named(address)
    host = str(getattr(request.client, "host", None) or "")
    return _named(address) if (address := _parsed(host)) else host[:LONGEST]


def _parsed(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host[:LONGEST])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _named(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    if address.version == 6:  # the network: its owner has all the other 2**64 addresses in it
        return str(ipaddress.ip_network((int(address), 64), strict=False))
    return str(address)


def _session(request: Any) -> str:
    """Return the session that the page sent; "" for anything but text."""
    session = getattr(request, "session_hash", None)  # of an event of Gradio's queue
    if session is None and hasattr(request, "json"):
        body = _body(request)
        session = body.get("session_hash") if isinstance(body, dict) else None
    return session[:LONGEST] if isinstance(session, str) else ""


def _body(request: Any) -> Any:
    """Return the JSON that Gradio has already read of this request; None where it was no JSON."""
    reading = request.json()
    try:
        reading.send(None)  # ends at once, because the request keeps what was read
    except StopIteration as read:
        return read.value
    except (RuntimeError, ValueError):
        return None
    reading.close()
    return None
