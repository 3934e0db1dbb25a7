"""What may be asked of the Hub: names of repositories and revisions, and the files that belong to a model."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gan.errors import HubError
from gan.io import MAX_JSON_BYTES

_PART = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?"
_REPO = re.compile(f"{_PART}/{_PART}")
_REVISION = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_./-]*[A-Za-z0-9_-])?")
_COMMIT = re.compile(r"[0-9a-f]{40}")
LONGEST = 96  # characters of USER/NAME, by the Hub's rules

WEIGHTS = 400_000_000  # bytes of one file of weights: thirty times the largest preset's
PICTURE = 6 * 2**20  # bytes of samples.png, above which the gallery would not show it


@dataclass(frozen=True)
class FileSet:
    """Files that are pulled together. files: name in the repository -> bytes at most; others are never asked for.

    needed: those without which there is nothing to pull.
    """

    name: str
    files: dict[str, int]
    needed: tuple[str, ...]


MODEL = FileSet(
    "model",
    {
        "config.json": MAX_JSON_BYTES,
        "metrics.json": MAX_JSON_BYTES,
        "samples.png": PICTURE,
        "directions.safetensors": PICTURE,
        "critic.safetensors": WEIGHTS,
        "model.safetensors": WEIGHTS,
    },
    ("config.json", "directions.safetensors", "critic.safetensors", "model.safetensors"),
)
CHECKPOINT = FileSet(
    "checkpoint",
    {"checkpoint/state.json": MAX_JSON_BYTES, "log.jsonl": 50_000_000, "checkpoint/state.safetensors": 4 * WEIGHTS},
    ("checkpoint/state.json", "checkpoint/state.safetensors"),
)


def is_repo(text: str) -> bool:
    """Whether a text has the form USER/NAME that the Hub gives its repositories."""
    plain = _REPO.fullmatch(text) and "--" not in text and ".." not in text
    return bool(plain) and len(text) <= LONGEST and not text.endswith((".git", ".ipynb"))


def checked_repo(text: str) -> str:
    """The same text; HubError unless it is USER/NAME."""
    if not isinstance(text, str) or not is_repo(text):
        raise HubError(
            f"a repository is USER/NAME, of letters, digits, '-', '_' and '.', at most {LONGEST} characters: "
            f"got {str(text)[:120]!r}"
        )
    return text


def checked_revision(text: str | None) -> str:
    """A branch, tag or whole commit, `main` for None; HubError for what can be none of them."""
    if text is None:
        return "main"
    if not isinstance(text, str) or len(text) > 120 or not _REVISION.fullmatch(text) or ".." in text or "//" in text:
        raise HubError(f"a revision is a branch, a tag or a commit: got {str(text)[:120]!r}")
    return text


def is_commit(text: object) -> bool:
    """Whether this is a whole commit, which can never mean another state of the repository."""
    return isinstance(text, str) and bool(_COMMIT.fullmatch(text))


def split(text: str) -> tuple[str, str | None]:
    """(repository, revision) of USER/NAME or USER/NAME@REVISION, both checked; None where no revision is given."""
    repo, at, revision = text.partition("@")
    return checked_repo(repo), checked_revision(revision) if at else None
