"""Server side of Gallery and Explore: what a model is, one picture, a grid of pictures."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from anyio import to_thread

from gan.ui.server import controls, rpc
from gan.ui.server.picture_requests import GridRequest
from gan.ui.server.request import quoted

if TYPE_CHECKING:
    from gan.ui.server.model_registry import ModelRegistry


class PictureApi:
    """The functions that the page calls, one method each; see `gan.ui.server.rpc` for their replies to bad requests."""

    def __init__(self, registry: ModelRegistry) -> None:
        self.registry = registry

    def functions(self) -> list[rpc.Endpoint]:
        """Return the methods for `gr.HTML(server_functions=...)`."""
        return rpc.endpoints(self.locate, self.describe, self.picture, self.grid, self.pack, self.warm)

    def describe(self, payload: rpc.Payload) -> rpc.Payload:
        """Describe a model before its first picture. {model} -> as `ModelRegistry.describe` returns it."""
        return dict(self.registry.describe(payload.get("model")))

    def locate(self, payload: rpc.Payload) -> rpc.Payload:
        """Find a model that a link names. {model} -> {found, gone}.

        found: as `Info.for_browser` returns it, or null where it cannot be shown; gone: why not, "" where it can.
        """
        name = payload.get("model")
        try:
            info = self.registry.info(name)
        except ValueError as error:
            known = isinstance(name, str) and name in self.registry.errors
            return {"found": None, "gone": str(error) if known else f"there is no model {quoted(name)} here any more"}
        return {"found": info.for_browser(), "gone": ""}

    async def picture(self, payload: rpc.Payload) -> rpc.Payload:
        """Render one picture. {model, seed, ..., follows} -> as `rpc.pixels` returns it, and {waited, acting}.

        The request has an entry for each control. follows: true where it takes the place of the visitor's one before,
        if that still waits. waited: milliseconds before its turn came. acting: as `ModelRegistry.acting` says.
        """
        name, values = payload.get("model"), {"seed": None, **controls.requested(payload)}
        if not self.registry.is_loaded(name):
            await to_thread.run_sync(self.registry.model, name)
        drawn = await asyncio.wrap_future(self.registry.ask_picture(name, values, payload.get("follows") is True))
        known = {"waited": round(drawn.waited * 1000), "acting": self.registry.acting(name, values)}
        return rpc.pixels(drawn.picture[None]) | known

    def grid(self, payload: rpc.Payload) -> rpc.Payload:
        """Render one picture for each seed. {model, seeds, label, truncation} -> as `rpc.pixels` returns them."""
        values = {"seeds": None, **GridRequest.pick(payload)}
        return rpc.pixels(self.registry.grid(payload.get("model"), **values))

    def pack(self, payload: rpc.Payload) -> rpc.Payload:
        """Say where a model's weights are, for the browser to draw itself. {model} -> {address or null, bytes}."""
        return dict(self.registry.pack(payload.get("model")))

    def warm(self, payload: rpc.Payload) -> rpc.Payload:
        """Begin to load every model in the background. {} -> {}."""
        self.registry.warm()
        return {}
