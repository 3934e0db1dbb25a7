"""The JSON file beside a classifier's weights, validated: its content is not trusted.

Only what loading needs is checked; the rest of the file records how the classifier was made.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, ValidationError, model_validator

from gan.config import ClassGroup
from gan.config import class_groups as read_groups
from gan.errors import FolderError
from gan.io import read_json


class ClassifierFile(BaseModel):
    """The fields of NAME.json that decide a classifier: see `gan.evaluation.metrics.classifier.Classifier`."""

    model_config = ConfigDict(strict=True, frozen=True)

    classes: Annotated[list[str], Field(min_length=2, max_length=1000)]
    resolution: Literal[28, 32, 64]
    channels: Literal[1, 3]
    accuracy: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
    class_groups: Annotated[tuple[ClassGroup, ...], PlainValidator(read_groups)] = ()

    @model_validator(mode="after")
    def _groups_hold_every_class(self) -> Self:
        if self.class_groups and sum(group.size for group in self.class_groups) != len(self.classes):
            raise ValueError("class_groups must hold each class once")
        return self


def read_classifier_file(path: Path) -> ClassifierFile:
    """Read and validate one file; FolderError names the file, the field and the fault."""
    try:
        return ClassifierFile.model_validate(read_json(path))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        field = ".".join(map(str, first["loc"])) or "the file"
        raise FolderError(
            f"{path}: not a classifier of this program ({field}: {first['msg']}, got {first['input']!r:.60})"
        ) from None
