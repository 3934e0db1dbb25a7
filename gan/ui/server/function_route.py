"""The route that answers the page's functions, in the place of Gradio's own, for a third of its time a call.

`server.NAME(payload)` on the page posts {component_id, fn_name, data, session_hash} to Gradio's route, which reads
signatures and type hints anew for each call. Ours comes first, finds the same function, and holds back a refusal for a
moment: whoever asks a busy server again at once is answered no more than twice a second on a connection. It knows no
logins, because this app has none (`launch(auth=...)`).
"""

from __future__ import annotations

import asyncio
import inspect
import time
from typing import TYPE_CHECKING, Any

from anyio import to_thread
from gradio.context import LocalContext
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

PATH = "/gradio_api/component_server"
HELD = 0.5  # seconds from a request to the answer that the server is busy


def routes() -> list[Route]:
    """Return the routes for `launch(app_kwargs={"routes": ...})`."""
    return [Route(path, _call, methods=["POST"]) for path in (PATH, PATH + "/")]


async def _call(request: Request) -> Response:
    begun = time.monotonic()
    try:
        body = await request.json()
    except (ValueError, RecursionError, ClientDisconnect):
        return JSONResponse({"detail": "expected JSON"}, 400)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    match body:
        case {"component_id": int(number), "fn_name": str(name)} if kind == "application/json":
            data, blocks = body.get("data"), request.app.get_blocks()
        case _:
            return JSONResponse({"detail": "expected application/json with component_id and fn_name"}, 400)
    function: Any = getattr(blocks.blocks.get(number), name, None)
    if not getattr(function, "_is_server_fn", False):  # not one of those made for the page
        return JSONResponse({"detail": "there is no such function: please reload the page"}, 404)
    # For `gan.ui.server.visitor`; on a Space also for who counts GPU seconds.
    LocalContext.request.set(request)  # type: ignore[arg-type]
    if inspect.iscoroutinefunction(function):
        reply = await function(data)
    else:
        reply = await to_thread.run_sync(function, data, limiter=blocks.limiter)
    if isinstance(reply, dict) and reply.get("after"):
        await asyncio.sleep(begun + HELD - time.monotonic())
    return JSONResponse(reply)
