"""Pictures that lose something and get it back, as the Edit tab shows them: damaged, on the way, and all answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gan.ui.server import sheets
from gan.ui.server.edit_requests import RestoreRequest

if TYPE_CHECKING:
    from torch import Tensor

    from gan.editing.operators import Operator
    from gan.models.model import Model

STRENGTH = {"noise": 0.5}  # of `gan.editing.operators`, where it is not the default
STEPS = 40  # of a search, all answers in a batch: .4 s of processor for a digit, 1.1 for a face; a mean a quarter more
FRAMES = 8  # of the film, at most


def damaged(model: Model, request: RestoreRequest) -> np.ndarray:
    """Return what is left of a picture as one sees it, uint8 (R, R, C): small pictures with larger pixels."""
    lost, picture = _operator(model, request), _tensor(model, request)
    return _shown(model, lost.spoil(picture))


def restore(model: Model, request: RestoreRequest) -> dict[str, Any]:
    """Return what may have been lost, {film, answers, tool, decibels, tool_decibels}.

    film: sheets of the likeliest answer on the way. answers: of all, the likeliest first, with what is known of the
    picture put back. tool: what the usual tool makes of it. decibels: how near each is to what was there.
    """
    from gan.editing.restore import restoring
    from gan.models.pixels import to_uint8

    lost, picture = _operator(model, request), _tensor(model, request)
    seen = lost.spoil(picture)
    truth = to_uint8(picture)[0]
    film = list(restoring(model, seen, lost, steps=STEPS))
    shown = sorted({round(i) for i in np.linspace(0, len(film) - 1, min(FRAMES, len(film)))})
    answers = film[-1].pictures[0]
    tool = to_uint8(lost.keep(lost.guess(seen), seen) if request.task == "hole" else lost.guess(seen))
    return {
        "film": sheets.sheet(np.stack([film[i].pictures[0, 0] for i in shown])),
        "answers": sheets.sheet(answers),
        "tool": sheets.sheet(tool),
        "decibels": [_decibels(one, truth) for one in answers],
        "tool_decibels": _decibels(tool[0], truth),
    }


def _operator(model: Model, request: RestoreRequest) -> Operator:
    from gan.editing.operators import operator

    mask = request.mask if request.task == "hole" else None
    if request.task == "hole" and (mask is None or not mask.any()):
        raise ValueError("there is no hole yet: erase something of the picture first")
    return operator(request.task, model.resolution, model.channels, STRENGTH.get(request.task), mask)


def _tensor(model: Model, request: RestoreRequest) -> Tensor:
    from gan.models.pixels import to_tensor

    return to_tensor([request.picture], model.resolution, model.channels)


def _shown(model: Model, left: Tensor) -> np.ndarray:
    from torch.nn.functional import interpolate

    from gan.models.pixels import to_uint8

    large = interpolate(left, (model.resolution, model.resolution))  # the nearest
    return to_uint8(large.expand(-1, model.channels, -1, -1))[0]


def _decibels(picture: np.ndarray, truth: np.ndarray) -> float:
    error = np.square((picture.astype(np.float32) - truth) / 255).mean()
    return round(float(-10 * np.log10(max(error, 1e-10))), 1)
