"""Server side of Edit: pictures to begin with, what a model finds of a picture, and what it knows about it."""

from __future__ import annotations

import asyncio
import functools
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
from anyio import to_thread

from gan.ui.server import drawing, finding, reading, restoring, rpc, taught_parts, visitor
from gan.ui.server.edit_requests import FindRequest, RestoreRequest, RowRequest, found_state, tasks_of
from gan.ui.server.held_out import Beginnings, beginnings
from gan.ui.server.limits import Limit
from gan.ui.server.picture_api import PictureApi
from gan.ui.server.picture_requests import GridRequest
from gan.ui.server.render_queue import RenderQueue

if TYPE_CHECKING:
    from gan.models.model import Model
    from gan.ui.server.finding import FoundPicture
    from gan.ui.server.model_registry import ModelRegistry

SLOW = 1, 8  # pictures restored and heads taught at once, and how many more may wait
QUICK = 1, 8  # pictures brought, damaged and read


class EditApi:
    """The functions that the page calls, one method each; see `gan.ui.server.rpc` for their replies to bad requests.

    No picture of a visitor's is kept: a reply has all that the next request needs.
    """

    def __init__(self, registry: ModelRegistry) -> None:
        self.registry, self._pictures = registry, PictureApi(registry)
        self._glances: RenderQueue[FoundPicture] = RenderQueue(finding.glance)
        self._drawn: RenderQueue[np.ndarray] = RenderQueue(drawing.draw)
        self._finds: RenderQueue[FoundPicture] = RenderQueue(
            finding.find,
            most=finding.WAITING,
            batch=finding.BATCH,
            patience=finding.PATIENCE,
            gather=finding.GATHER,
        )
        self._coloured: RenderQueue[np.ndarray] = RenderQueue(taught_parts.colour)
        self._slow, self._quick = Limit(*SLOW), Limit(*QUICK)
        self._heads = taught_parts.Heads()
        self._gathering = threading.Lock()
        self._beginnings: dict[str, Beginnings] = {}
        self._readers: dict[str, reading.Reader] = {}

    def functions(self) -> list[rpc.Endpoint]:
        """Return the methods for `gr.HTML(server_functions=...)`."""
        own = (self.describe, self.example, self.glance, self.find, self.line, self.picture, self.damage, self.restore)
        parts = self.known_parts, self.teach, self.colour
        return rpc.endpoints(self._pictures.locate, *own, *parts, self.read, self.grid, self._pictures.pack)

    def model(self, name: object) -> Model:
        """Return a loaded model that has an encoder; ValueError for another."""
        model = self.registry.model(name)
        if model.encoder is None:
            raise ValueError(
                f"{name} cannot find pictures: choose another model. Its encoder is missing, or of other weights; "
                "python -m gan.editing.train_encoder FOLDER teaches one"
            )
        return model

    def describe(self, payload: rpc.Payload) -> rpc.Payload:
        """Describe a model. {model} -> as `ModelRegistry.describe`, and {count, kind, tasks, usual}.

        count, kind: of pictures to begin with. tasks: of `edit_requests.TASKS`. usual: decibels to which real pictures
        are found, null where nobody has measured it.
        """
        model, found = self.model(payload.get("model")), self._of(payload.get("model"))
        assert model.encoder
        usual = model.encoder.figures.get("map", model.encoder.figures.get("latent"))
        more = {"count": found.count, "kind": found.kind, "tasks": list(tasks_of(model)), "usual": usual}
        return dict(self.registry.describe(payload.get("model"))) | more

    def example(self, payload: rpc.Payload) -> rpc.Payload:
        """Return a picture to begin with. {model, row} -> as `rpc.pixels`, and {named}, its class or ""."""
        found, row = self._of(payload.get("model")), RowRequest.parse(payload).row
        with self._quick():
            picture, named = found.take(row % found.count)
        return rpc.pixels(picture[None]) | {"named": named}

    async def glance(self, payload: rpc.Payload) -> rpc.Payload:
        """Say what the encoder sees in a picture. {model, picture} -> as `FoundPicture.reply`."""
        return await self._ask(self._glances, payload)

    async def find(self, payload: rpc.Payload) -> rpc.Payload:
        """Find a picture. {model, picture} -> as `FoundPicture.reply`; a newer one takes the place of one in line."""
        return await self._ask(self._finds, payload)

    def line(self, payload: rpc.Payload) -> rpc.Payload:
        """Tell a visitor whose picture waits how many come before. {} -> {before}, null where none waits."""
        return {"before": self._finds.before(visitor.asking())}

    async def picture(self, payload: rpc.Payload) -> rpc.Payload:
        """Render what was found, as `PictureApi.picture`, with `offsets` besides: null, or base64 of float16."""
        name = payload.get("model")
        model = await self._loaded(name)
        values = found_state(payload, model)
        asked = self._drawn.ask(visitor.asking(), model, values, payload.get("follows") is True)
        drawn = await asyncio.wrap_future(asked)
        rows = model.class_weights([values["seed"]], values["label"])
        depends = rows is not None and any(map(model.named.depends, model.named.names))
        acting = model.named.acting(rows[0]) if rows is not None and depends else None
        return rpc.pixels(drawn.picture[None]) | {"waited": round(drawn.waited * 1000), "acting": acting}

    def damage(self, payload: rpc.Payload) -> rpc.Payload:
        """Take something away from a picture. {model, picture, task, mask} -> as `rpc.pixels`, what is left to see."""
        model = self.model(payload.get("model"))
        request = RestoreRequest.parse(RestoreRequest.pick(payload), model)
        with self._quick():
            return rpc.pixels(restoring.damaged(model, request)[None])

    def restore(self, payload: rpc.Payload) -> rpc.Payload:
        """Bring back what that takes away. {model, picture, task, mask} -> as `restoring.restore`."""
        model = self.model(payload.get("model"))
        request = RestoreRequest.parse(RestoreRequest.pick(payload), model)
        with self._slow():
            return restoring.restore(model, request)

    def known_parts(self, payload: rpc.Payload) -> rpc.Payload:
        """Say which parts of a model's pictures are known. {model} -> {names}, none where a visitor must paint them."""
        model = self.model(payload.get("model"))
        with self._slow():
            found = self._heads.known(model)
        return {"names": list(found.names) if found else []}

    def teach(self, payload: rpc.Payload) -> rpc.Payload:
        """Learn parts from painted pictures. {model, names, painted} -> {parts}, their name for `colour`.

        painted: for each picture what `picture` takes, and labels, base64 of a byte a pixel, 255 for none.
        """
        model = self.model(payload.get("model"))
        request = taught_parts.TeachRequest.parse(taught_parts.TeachRequest.pick(payload), model)
        with self._slow():
            found = taught_parts.taught(model, request)
        return {"parts": self._heads.add(found, visitor.asking())}

    async def colour(self, payload: rpc.Payload) -> rpc.Payload:
        """Say which part each pixel of pictures shows. {model, parts, states, follows} -> as `rpc.pixels`, or {gone}.

        parts: as `teach` named them, or null for those that are known, once `known_parts` has been asked. gone: true
        where they are not kept any more.
        """
        model = await self._loaded(payload.get("model"))
        request = taught_parts.ColourRequest.parse(taught_parts.ColourRequest.pick(payload), model)
        states = [found_state(one, model) for one in request.states]
        name = payload.get("parts")
        found = self._heads.known(model, make=False) if name is None else self._heads.find(name, model)
        if found is None:
            return {"gone": True}
        who, follows = visitor.asking(), payload.get("follows") is True and len(states) == 1
        asked = [asyncio.wrap_future(self._coloured.ask(who, found, state, follows)) for state in states]
        drawn = await asyncio.gather(*asked)
        return rpc.pixels(np.stack([one.picture for one in drawn])[..., None]) | {"gone": False}

    def read(self, payload: rpc.Payload) -> rpc.Payload:
        """Say what a picture is. {model, picture} -> as `reading.read`."""
        name = payload.get("model")
        model, some = self.model(name), self._of(name)
        request = FindRequest.parse(FindRequest.pick(payload), model)
        with self._quick():
            if name not in self._readers:
                self._readers[str(name)] = reading.reader(model, self.registry.folder(name), some)
            return reading.read(model, self._readers[str(name)], request)

    def grid(self, payload: rpc.Payload) -> rpc.Payload:
        """As `PictureApi.grid`."""
        self.model(payload.get("model"))
        return rpc.pixels(self.registry.grid(payload.get("model"), **{"seeds": None, **GridRequest.pick(payload)}))

    async def _loaded(self, name: object) -> Model:
        if not self.registry.is_loaded(name):
            await to_thread.run_sync(functools.partial(self.model, name))
        return self.model(name)

    async def _ask(self, queue: RenderQueue[FoundPicture], payload: rpc.Payload) -> rpc.Payload:
        model = await self._loaded(payload.get("model"))
        request = FindRequest.parse(FindRequest.pick(payload), model)
        drawn = await asyncio.wrap_future(queue.ask(visitor.asking(), model, request, follows=True))
        found: dict[str, Any] = await to_thread.run_sync(drawn.picture.reply)
        return found | {"waited": round(drawn.waited * 1000)}

    def _of(self, name: object) -> Beginnings:
        """Return a model's pictures to begin with, which are gathered once."""
        model = self.model(name)
        if name not in self._beginnings:
            with self._quick(), self._gathering:
                if name not in self._beginnings:
                    self._beginnings[str(name)] = beginnings(model)
        return self._beginnings[str(name)]
