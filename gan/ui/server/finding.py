"""Pictures found in a model's latent space, for several visitors in one batch, each with the film of the search.

Alone, a picture gets the whole search. In a crowd all go down together, which takes an eighth of the time a picture;
what no latent says is then left to the first feature map.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gan.ui.server import controls, sheets
from gan.ui.server.edit_requests import FindRequest

if TYPE_CHECKING:
    from gan.models.inversion import Found
    from gan.models.model import Model

BATCH = 10  # pictures found at once
WAITING = 40  # that may wait, of all visitors together
PATIENCE = 15.0  # seconds after which the server tells a visitor to come back; a browser gives a call 20
GATHER = 0.02  # seconds for those to come who come at once; what the encoder sees is on screen meanwhile
ALONE = {"steps": 3, "map_steps": 60}  # .7 s of processor for a digit, 1 s for a face (docs/LOG.md)
TOGETHER = {"steps": 1, "map_steps": 45, "classes": 2, "together": True}  # .1 and .2 s each
FRAMES = 14  # of a film, at most


class FoundPicture(NamedTuple):
    """One picture as it was found.

    latent    float32 (z_dim,), within the range of Explore's coordinates
    label     the classes: an index, a list where a picture can have several, None without classes
    offsets   float32 (F, S, S) of the first feature map, or None
    frames    uint8 (T, R, R, C): the film, whose last picture is the one of latent, label and offsets
    decibels  of each frame, how near it is
    far       a sentence for a picture that the model cannot know, whose nearest this then is; else ""
    """

    latent: np.ndarray
    label: int | list[int] | None
    offsets: np.ndarray | None
    frames: np.ndarray
    decibels: list[float]
    far: str

    def reply(self) -> dict[str, Any]:
        """Return it as JSON: {latent, label, offsets, film, decibels, far}; offsets: base64 of float16."""
        offsets = None if self.offsets is None else base64.b64encode(self.offsets.astype("<f2").tobytes()).decode()
        return {
            "latent": [round(float(value), 4) for value in self.latent],
            "label": self.label,
            "offsets": offsets,
            "film": sheets.sheet(self.frames),
            "decibels": [round(value, 1) for value in self.decibels],
            "far": self.far,
        }


def glance(model: Model, requests: Sequence[FindRequest]) -> list[FoundPicture]:
    """Return what the encoder sees in each picture, in milliseconds."""
    return _found(model, [next(_search(model, requests, steps=0, map_steps=0))])


def find(model: Model, requests: Sequence[FindRequest]) -> list[FoundPicture]:
    """Return what was found of each picture."""
    return _found(model, list(_search(model, requests, **(ALONE if len(requests) == 1 else TOGETHER))))


def _search(model: Model, requests: Sequence[FindRequest], **plan: Any) -> Iterator[Found]:
    return model.finding([request.picture for request in requests], **plan)


def _found(model: Model, film: list[Found]) -> list[FoundPicture]:
    """Return each picture of a search by itself; one that no latent comes near without what was forced on the map."""
    from gan.editing.found import how_far

    by_latent = [one for one in film if one.offsets is None]
    # These searches are shorter than the one that was measured: a latent is as near as the encoder, at least.
    far = how_far(film[-1]._replace(steps=0), model.encoder.figures if model.encoder else {})
    last, y, reach = film[-1], film[-1].classes, controls.by_name()["raw"].high
    latents = last.latents.clamp(-reach, reach)
    whole, plain = model.render(latents, y, last.offsets), model.render(latents, y)
    result = []
    for i in range(len(latents)):
        own = by_latent if far[i] else film
        shown = sorted({round(k) for k in np.linspace(0, len(own) - 1, min(FRAMES, len(own)))})
        picture = plain[i] if far[i] else whole[i]
        frames = np.stack([own[k].pictures[i] for k in shown[:-1]] + [picture])
        row = None if y is None else [int(k) for k in y[i].nonzero().flatten()]
        label = row if row is None or model.groups else row[0]
        offsets = None if far[i] or last.offsets is None else last.offsets[i].numpy()
        decibels = [float(own[k].decibels[i]) for k in shown]
        result.append(FoundPicture(latents[i].numpy(), label, offsets, frames, decibels, far[i]))
    return result
