"""Parts of pictures that are known without anybody's painting: of digits, by what a stroke encloses, and of faces.

A digit's are told by a head that was taught on samples, whose parts are computed. A face's are read from its picture by
a network that knows 40,000 drawn faces (`gan.evaluation.metrics.face_regions`): that is right on 98 % of the pixels of
faces that were found, and a head taught on eight of those on 82 % (docs/LOG.md).
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from torch import Tensor

from gan.data import face_layers, faces, full_set
from gan.editing.parts import Painted, can_tell_parts, teach
from gan.editing.recolour import colour_coordinates, recoloured
from gan.evaluation.metrics import face_regions
from gan.models.model import Model

SAMPLES, STEPS = 8, 100  # digits that a head is taught on, and steps of that
READINGS = 25  # of a face, each in other colours, where its parts are to be known well
DARK = 128  # grey levels, below which a pixel of a digit is no stroke


class TellsParts(Protocol):
    """Whatever colours pictures by their latents, as `gan.editing.parts.Parts`."""

    saw_offsets: bool

    @property
    def model(self) -> Model: ...

    @property
    def names(self) -> tuple[str, ...]: ...

    def of(self, z: Tensor, y: Tensor | None, offsets: Tensor | None = None) -> np.ndarray: ...


class FaceParts:
    """The parts of faces, read from the pictures of latents."""

    saw_offsets = True

    def __init__(self, model: Model) -> None:
        self.model = model
        self.names: tuple[str, ...] = faces.REGIONS

    def of(self, z: Tensor, y: Tensor | None, offsets: Tensor | None = None) -> np.ndarray:
        """Return the part that each pixel shows, uint8 (N, R, R), an index into `names`, of the pictures of latents."""
        return face_regions.read(self.model.render(z, y, offsets))


def known_parts(model: Model) -> TellsParts | None:
    """Return what tells the parts of a model's pictures; None for other models than those of digits and faces."""
    dataset = full_set(model.config.dataset)
    if dataset == "mnist" and model.channels == 1 and can_tell_parts(model):
        return teach(model, painted_digits(model, SAMPLES), steps=STEPS)
    if dataset == "faces" and (model.resolution, model.channels) == (face_layers.RESOLUTION, 3):
        return FaceParts(model)
    return None


def steady_face_parts(model: Model, z: Tensor, y: Tensor | None) -> np.ndarray:
    """Return the parts that faces of latents show, uint8 (N, R, R), as most of `READINGS` in other colours say.

    Colours move no part, and the network that reads them errs anew in each: two readings agree in less than two
    readings of several (docs/LOG.md). Without known colours it is one reading.
    """
    coordinates = colour_coordinates(model.config)
    times = READINGS if coordinates else 1
    votes = np.zeros((len(z), model.resolution, model.resolution, len(faces.REGIONS)), np.uint8)
    for latents in recoloured(z, coordinates, times).split(len(z)):
        read = face_regions.read(model.render(latents, y))
        votes += read[..., None] == np.arange(len(faces.REGIONS))
    return votes.argmax(3).astype(np.uint8)


def painted_digits(model: Model, count: int) -> Painted:
    """Return samples of digits, seeds from 0, with their parts."""
    z, y = model.latents(range(count)), model.class_weights(range(count))
    return Painted(z, y, digit_parts(model.render(z, y)), ("outside", "stroke", "hole"))


def digit_parts(pictures: np.ndarray) -> np.ndarray:
    """Return outside, stroke or hole (0, 1, 2) of each pixel of digits, uint8 (N, H, W); a hole is closed all round."""
    dark = pictures[..., 0] < DARK
    outside = np.zeros_like(dark)
    outside[:, 0] = outside[:, -1] = outside[:, :, 0] = outside[:, :, -1] = True
    outside &= dark
    while True:
        wider = np.pad(outside, ((0, 0), (1, 1), (1, 1)))
        upright = wider[:, :-2, 1:-1] | wider[:, 2:, 1:-1]
        wider = (outside | upright | wider[:, 1:-1, :-2] | wider[:, 1:-1, 2:]) & dark
        if (wider == outside).all():
            return np.where(outside, 0, np.where(dark, 2, 1)).astype(np.uint8)
        outside = wider
