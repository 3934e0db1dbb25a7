"""Server side of Translate: what a translator is, pictures to begin with, one translation, and what speaks for it."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from anyio import to_thread
from pydantic import Field

from gan.ui.server import rpc, translations
from gan.ui.server.examples import Examples, examples_of
from gan.ui.server.limits import Limit
from gan.ui.server.request import WHOLE, Request, quoted
from gan.ui.server.video import EXPORTS, file_name

if TYPE_CHECKING:
    from gan.ui.server.model_registry import ModelRegistry

MAX_GRID = 32  # examples in one grid
OFFERED = 8  # examples whose conditions are offered
VERDICTS = 1, 8  # verdicts, grids and first examples at once, and how many more may wait
FILMS = 1, 4


class GridRequest(Request):
    """Names the examples to translate; numbers beyond the last one begin anew."""

    rows: Annotated[
        list[Annotated[int, Field(ge=0, le=2**32 - 1), WHOLE]], Field(strict=False, min_length=1, max_length=MAX_GRID)
    ]
    to: translations.Side


class TranslateApi:
    """The functions that the page calls, one method each; see `gan.ui.server.rpc` for their replies to bad requests."""

    def __init__(self, registry: ModelRegistry) -> None:
        self.registry = registry
        self._examples: dict[str, Examples] = {}
        self._gathering = threading.Lock()
        self._limit, self._films = Limit(*VERDICTS), Limit(*FILMS)

    def functions(self) -> list[rpc.Endpoint]:
        """Return the methods for `gr.HTML(server_functions=...)`."""
        return rpc.endpoints(
            self.locate, self.describe, self.example, self.translate, self.judge, self.grid, self.film, self.pack
        )

    def locate(self, payload: rpc.Payload) -> rpc.Payload:
        """Find a translator that a link names. {model} -> {found, gone}, as `PictureApi.locate`."""
        name = payload.get("model")
        try:
            return {"found": self.registry.info(name, "translate").of_translator(), "gone": ""}
        except ValueError as error:
            known = isinstance(name, str) and name in self.registry.errors
            gone = str(error) if known else f"there is no translator {quoted(name)} here any more"
            return {"found": None, "gone": gone}

    def describe(self, payload: rpc.Payload) -> rpc.Payload:
        """Describe a translator. {model} -> {names, examples, told}.

        Of each side what it is called and how many examples there are; told: conditions of some, to choose from.
        """
        examples = self._of(payload.get("model"))
        return {
            "names": dict(examples.names),
            "examples": {side: len(pictures) for side, pictures in examples.pictures.items()},
            "told": [] if examples.told is None else examples.told[:OFFERED].tolist(),
        }

    def example(self, payload: rpc.Payload) -> rpc.Payload:
        """Return a picture to begin with. {model, to, row} -> as `rpc.pixels`, and {told}.

        One picture, of the side that is translated from; of pairs also the one it should become. told: that one's
        conditions, or null.
        """
        examples, model = self._of(payload.get("model")), self.registry.translator(payload.get("model"))
        request = GridRequest.parse({"rows": [payload.get("row")], "to": payload.get("to")}, model)
        ways = ("a", "b") if request.to == "b" else ("b", "a")
        if ways[0] not in examples.pictures:
            raise ValueError(f"there are no examples of {examples.names[ways[0]]}")
        row = request.rows[0] % len(examples.pictures[ways[0]])
        shown = [examples.pictures[side][row] for side in (ways if examples.paired else ways[:1])]
        told = None if examples.told is None else examples.told[row].tolist()
        return rpc.pixels(np.stack(shown)) | {"told": told}

    async def translate(self, payload: rpc.Payload) -> rpc.Payload:
        """Translate one picture. {model, picture, to, conditions, follows} -> as `rpc.pixels` returns it, and {waited}.

        picture: base64 of RGB at the model's own size. follows, waited: as for `PictureApi.picture`.
        """
        name = payload.get("model")
        if not self.registry.is_loaded(name):
            await to_thread.run_sync(self.registry.translator, name)
        asked = self.registry.ask_translation(name, _request(payload), payload.get("follows") is True)
        drawn = await asyncio.wrap_future(asked)
        return rpc.pixels(drawn.picture[None]) | {"waited": round(drawn.waited * 1000)}

    def judge(self, payload: rpc.Payload) -> rpc.Payload:
        """Say what speaks for a translation. {model, picture, to, conditions} -> as `rpc.pixels`, and {score, above}.

        Pictures: what the translation is translated back to, none for one way. score: the critic's logit of it, less
        that of the picture left as it was. above: the share of real pictures that it scores above, or null.
        """
        name = payload.get("model")
        model, examples = self.registry.translator(name), self._of(name)
        request = translations.TranslationRequest.parse(_request(payload), model)
        with self._limit():
            (made,) = translations.draw(model, [request])
            told = request.conditions if request.to == "b" else None
            inputs = [request.picture] * 2 if "pairs" in model.config.network_parts else None
            scores = model.critic_score([made, request.picture], request.to, inputs, told)
            back = [model.translate([made], side)[0] for side in model.sides if side != request.to]
        shape = (0, model.resolution, model.resolution, model.channels)
        return rpc.pixels(np.stack(back) if back else np.empty(shape, np.uint8)) | {
            "score": float(scores[0] - scores[1]),
            "above": examples.share_below(request.to, float(scores[0])),
        }

    def grid(self, payload: rpc.Payload) -> rpc.Payload:
        """Translate many examples. {model, rows, to} -> as `rpc.pixels`: those, then their translations."""
        name = payload.get("model")
        model, examples = self.registry.translator(name), self._of(name)
        request = GridRequest.parse(payload, model)
        pictures = examples.pictures.get("a" if request.to == "b" else "b")
        if pictures is None:
            raise ValueError(f"there are no examples of {examples.names['a' if request.to == 'b' else 'b']}")
        rows = [row % len(pictures) for row in request.rows]
        told = examples.told[rows] if examples.told is not None and request.to == "b" else None
        made = self.registry.translate(name, pictures[rows], request.to, told)
        return rpc.pixels(np.concatenate([pictures[rows], np.broadcast_to(made, (len(rows), *pictures.shape[1:]))]))

    def film(self, payload: rpc.Payload) -> rpc.Payload:
        """Go through pictures, each beside its translation. {model, ..., kind, fps} -> as `rpc.download` returns it.

        The request: as `translations.FilmRequest` has it.
        """
        name = payload.get("model")
        request = translations.FilmRequest.parse(payload, self.registry.translator(name))
        frames = translations.blends(request.pictures, request.frames, request.loop)
        made = self.registry.translate(name, frames, request.to, request.conditions)
        export = EXPORTS[request.kind]
        with self._films():
            both = np.concatenate([frames, np.broadcast_to(made, frames.shape)], 2)
            data = export.encode(both, request.fps, None)
        return rpc.download(file_name(str(name), (), export.suffix), export.mime, data)

    def pack(self, payload: rpc.Payload) -> rpc.Payload:
        """As `PictureApi.pack`."""
        return dict(self.registry.pack(payload.get("model")))

    def _of(self, name: object) -> Examples:
        """Return a model's examples, which are gathered once."""
        model = self.registry.translator(name)
        if name not in self._examples:
            with self._limit(), self._gathering:
                if name not in self._examples:
                    self._examples[str(name)] = examples_of(model, self.registry.folder(name))
        return self._examples[str(name)]


def _request(payload: rpc.Payload) -> dict[str, Any]:
    return translations.TranslationRequest.pick(payload)
