"""Requests of the Train tab, one model a call: what to train, what to ask of a run, and pictures to learn from.

Nothing here imports torch before a request is checked. The name of a run is no field: it is looked up, and any other
value is the name of no run.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Field, PlainValidator, ValidationInfo

from gan.training.control import MOVES
from gan.ui.server import train_form
from gan.ui.server.picture_requests import Seed
from gan.ui.server.request import WHOLE, Request, number, one_of, quoted, whole
from gan.ui.server.video import EXPORTS

if TYPE_CHECKING:
    from gan.data.dataset import Dataset
    from gan.data.domains import Domains

MAX_MOMENT = 2**31


def _presets() -> Iterable[str]:
    from gan.live.lessons import LESSONS

    return LESSONS


def _side(value: Any, info: ValidationInfo[Any]) -> int:
    return whole(value, "side", 0, info.context - 1)


def _seconds(value: Any) -> float:
    from gan.live.run import SLOWEST

    return number(value, "seconds", 0.0, SLOWEST)


MomentNumber = Annotated[int, Field(ge=0, le=MAX_MOMENT), WHOLE]
Settings = Annotated[dict[str, Any], AfterValidator(train_form.settings), Field(title="settings")]
Side = Annotated[int, PlainValidator(_side)]  # the context of the request is how many sides the run has


class Upload(Request):
    """A file. data: its contents in base64."""

    name: str
    data: str


class SidePlan(Request):
    """One side of a run: a preset, and what is changed of its settings."""

    preset: Annotated[str, one_of(_presets)]
    changes: Settings = {}


Files = Annotated[list[Upload], Field(fail_fast=True, description="a list of names and contents")]


class BeginRequest(Request):
    """A run of one side, or of two that compete. dataset: ignored where files are given.

    files: pictures to learn from; with source_files, those that the latter are translated to.
    """

    sides: Annotated[list[SidePlan], Field(min_length=1, max_length=2, description="a list of one or two objects")]
    dataset: Any = None
    seed: Seed = 0
    files: Files | None = None
    source_files: Files | None = None


class ReopenRequest(Request):
    """Files of a model."""

    files: Annotated[list[Upload], Field(min_length=1, max_length=64, description="a list of names and contents")]


class PresetRequest(Request):
    """A preset, for a data set."""

    preset: Annotated[str, one_of(_presets)]
    dataset: Annotated[str, PlainValidator(train_form.dataset)]


class ForkRequest(Request):
    """The moment of a run at which another one begins, and what is changed of its settings."""

    number: MomentNumber
    changes: Settings = {}


class NewsRequest(Request):
    """The newest moment that the browser has; -1 for none."""

    after: Annotated[int, Field(ge=-1, le=MAX_MOMENT), WHOLE] = -1


class MomentRequest(Request):
    """A moment of a run."""

    number: MomentNumber


class FolderRequest(MomentRequest):
    """A moment of one side."""

    side: Side = 0


class FilmRequest(Request):
    """The format of a film."""

    kind: Annotated[str, one_of(lambda: EXPORTS)]


class StepRequest(Request):
    """A single step."""

    move: Annotated[str, one_of(lambda: MOVES)]


class SlowRequest(Request):
    """Slow motion: seconds between steps."""

    seconds: Annotated[float, PlainValidator(_seconds)]


class ChangeRequest(Request):
    """New settings for one side."""

    side: Side = 0
    settings: Settings


def read_files(request: BeginRequest) -> tuple[str, Dataset | Domains]:
    """Make a data set of a request's files, or two, and return its name for a config with it.

    ValueError for files that are damaged, too large or no pictures, and for two sets that cannot be translated.
    """
    from gan.live import uploads

    a, b = request.source_files, request.files
    if b is None:
        raise ValueError("files of set A came without files of set B: choose both")
    contents = decoded([*(a or ()), *b], "upload fewer pictures, or smaller ones")
    if a is None:
        return uploads.UPLOADED, uploads.read_uploads(contents)
    both = uploads.read_two_sets(contents[: len(a)], contents[len(a) :], _learns_from_pairs(request))
    return uploads.SETS[1], both


def _learns_from_pairs(request: BeginRequest) -> bool:
    """Return whether a run on two uploaded sets takes pictures of one name for pairs, by its first side."""
    from gan.live import uploads
    from gan.training.objectives import OBJECTIVES

    first = request.sides[0]
    return OBJECTIVES[train_form.config(first.preset, uploads.SETS[1], first.changes, 0).objective].paired


def decoded(
    files: Sequence[Upload], cure: str = "unpack the zip and choose the model's files"
) -> list[tuple[str, bytes]]:
    """Return names and contents; ValueError for damaged files, and with that cure for more than may be sent."""
    from gan.live import uploads

    if sum(len(file.data) // 4 * 3 for file in files) > uploads.SENT_BYTES:
        raise ValueError(f"the files must be at most {uploads.SENT_BYTES // 2**20} MB in all: {cure}")
    return [(file.name, _decoded(file)) for file in files]


def _decoded(file: Upload) -> bytes:
    try:
        return base64.b64decode(file.data, validate=True)  # pydantic's Base64Bytes would take damaged files
    except ValueError:
        raise ValueError(f"{quoted(file.name)} arrived damaged: please try again") from None
