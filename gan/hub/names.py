"""Names that may be asked of the Hub: repositories, revisions, and the files that belong to a model."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeGuard

from gan.errors import HubError
from gan.io import MAX_JSON_BYTES

_PART = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?"
_REPO = re.compile(f"{_PART}/{_PART}")
_REVISION = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_./-]*[A-Za-z0-9_-])?")
_COMMIT = re.compile(r"[0-9a-f]{40}")
MAX_REPO_NAME = 96  # characters of USER/NAME, by the Hub's rules

MAX_WEIGHT_BYTES = 400_000_000  # of one file of weights: thirty times the largest preset's
MAX_HEAD_BYTES = 16_000_000  # of a small network beside a model: twenty times the largest shipped one
MAX_PICTURE_BYTES = 16 * 2**20  # of samples.png: 64 pictures of 256 pixels take 12; the gallery shows none above that


@dataclass(frozen=True)
class FileSet:
    """Files that are pulled together. files: name in the repository -> bytes at most; no others are requested.

    needed: a repository that lacks one of these is refused. optional: those that a finished model may do without.
    """

    name: str
    files: dict[str, int]
    needed: tuple[str, ...]
    optional: tuple[str, ...] = ()


MODEL = FileSet(
    "model",
    {
        "config.json": MAX_JSON_BYTES,
        "metrics.json": MAX_JSON_BYTES,
        "samples.png": MAX_PICTURE_BYTES,
        "directions.safetensors": MAX_PICTURE_BYTES,
        "encoder.safetensors": MAX_HEAD_BYTES,
        "judge.safetensors": MAX_HEAD_BYTES,
        "critic.safetensors": MAX_WEIGHT_BYTES,
        "model.safetensors": MAX_WEIGHT_BYTES,
    },
    ("config.json", "directions.safetensors", "critic.safetensors", "model.safetensors"),
    ("encoder.safetensors", "judge.safetensors"),
)
CHECKPOINT = FileSet(
    "checkpoint",
    {
        "checkpoint/state.json": MAX_JSON_BYTES,
        "log.jsonl": 50_000_000,
        "checkpoint/state.safetensors": 4 * MAX_WEIGHT_BYTES,
    },
    ("checkpoint/state.json", "checkpoint/state.safetensors"),
)


def is_repo(text: str) -> bool:
    """Return whether a text is USER/NAME by the Hub's rules for repositories."""
    plain = _REPO.fullmatch(text) and "--" not in text and ".." not in text
    return bool(plain) and len(text) <= MAX_REPO_NAME and not text.endswith((".git", ".ipynb"))


def checked_repo(text: str) -> str:
    """Return the text if it is USER/NAME; HubError otherwise."""
    if not isinstance(text, str) or not is_repo(text):
        raise HubError(
            f"a repository is USER/NAME, of letters, digits, '-', '_' and '.', at most {MAX_REPO_NAME} characters: "
            f"got {str(text)[:120]!r}"
        )
    return text


def checked_revision(text: str | None) -> str:
    """Return the text if it can be a branch, tag or full commit, `main` for None; HubError otherwise."""
    if text is None:
        return "main"
    if not isinstance(text, str) or len(text) > 120 or not _REVISION.fullmatch(text) or ".." in text or "//" in text:
        raise HubError(f"a revision is a branch, a tag or a commit: got {str(text)[:120]!r}")
    return text


def is_commit(text: object) -> TypeGuard[str]:
    """Return whether this is a full commit, which always means the same state of the repository."""
    return isinstance(text, str) and bool(_COMMIT.fullmatch(text))


def split(text: str) -> tuple[str, str | None]:
    """Split USER/NAME or USER/NAME@REVISION into (repository, revision), both checked; revision None if absent."""
    repo, at, revision = text.partition("@")
    return checked_repo(repo), checked_revision(revision) if at else None
