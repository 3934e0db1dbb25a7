"""Server side of Interpolate: a walk through seeds as one sprite sheet, or as a film to download."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field

from gan.ui.server import rpc, sheets
from gan.ui.server.limits import Limit
from gan.ui.server.picture_requests import Keyframes, WalkRequest
from gan.ui.server.request import WHOLE, Request, one_of
from gan.ui.server.video import EXPORTS, file_name

if TYPE_CHECKING:
    from gan.ui.server.model_registry import ModelRegistry

SHEET = 2**24  # pixels in one sheet: 240 frames of 256 x 256 fit
DOWNLOADS = 1, 4  # downloads encoded at once, and downloads that may wait before `Busy`


class FilmRequest(Request):
    """Format, speed and look of a film, besides the walk that it shows. smooth: as for `gan.ui.server.video.gif`."""

    kind: Annotated[str, one_of(lambda: EXPORTS)]
    fps: Annotated[int, Field(ge=1, le=60, title="frame rate"), WHOLE]
    smooth: bool = False


class WalkApi:
    """The functions that the page calls, one method each; see `gan.ui.server.rpc` for their replies to bad requests.

    Both take {model, seeds, frames, mode, loop, label, truncation, edits}. The server stores nothing for a visitor: a
    download renders the same walk again, which gives the same pictures.
    """

    def __init__(self, registry: ModelRegistry) -> None:
        self.registry = registry
        self._downloads = Limit(*DOWNLOADS)

    def functions(self) -> list[rpc.Endpoint]:
        """Return the methods for `gr.HTML(server_functions=...)`."""
        return rpc.endpoints(self.walk, self.film)

    def walk(self, payload: rpc.Payload) -> rpc.Payload:
        """Render a walk as `sheets.sheet` returns it, and {frames, keys}.

        The sheet holds all frames, then all keyframes, row by row.
        """
        pictures = self._render(payload)
        keys = self.registry.keyframes(payload["model"], WalkRequest.pick(payload))
        made = sheets.sheet(np.concatenate([pictures, keys]))
        return made | {"frames": len(pictures), "keys": len(keys)}

    def film(self, payload: rpc.Payload) -> rpc.Payload:
        """Render a walk as a film, {..., kind, fps, smooth} -> as `rpc.download` returns it."""
        request = FilmRequest.parse(payload)
        export = EXPORTS[request.kind]
        pictures = self._render(payload)
        with self._downloads():
            data = export.encode(pictures, request.fps, None, request.smooth)
        return rpc.download(file_name(payload["model"], payload["seeds"], export.suffix), export.mime, data)

    def _render(self, payload: rpc.Payload) -> np.ndarray:
        walk, name = Keyframes.parse(payload), payload.get("model")
        most = max(2, SHEET // max(1, self.registry.info(name).resolution) ** 2) - len(walk.seeds)
        if walk.frames > most:
            raise ValueError(f"frames must be in [2, {most}] for pictures of this size, got {walk.frames}")
        return self.registry.interpolate(name, **WalkRequest.pick(payload))
