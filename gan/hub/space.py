"""The app as a Space: the repository's own files, without what only developers need."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gan.errors import HubError
from gan.hub.client import api, check_token, page, translate_errors
from gan.hub.names import checked_repo

ROOT = Path(__file__).resolve().parents[2]
# What a Space is made of: what the app runs on, and what README.md points to. A list of what goes, not of what stays:
# nothing goes by oversight.
FILES = ("README.md", "LICENSE", "requirements.txt", "app.py", "train.py", "benchmarks/RESULTS.md")
FOLDERS = {"gan": "**/*", "weights": "*/*", "docs": "*"}
JUNK = ("__pycache__", "checkpoint", "samples")


@dataclass(frozen=True)
class Deployed:
    """What a deployment came to."""

    page: str
    commit: str
    changed: bool


def files(root: Path = ROOT) -> list[str]:
    """Paths below the repository of all that a Space needs, sorted."""
    found = [root / name for name in FILES]
    for folder, pattern in FOLDERS.items():
        found += [p for p in (root / folder).glob(pattern) if p.is_file() and not p.is_symlink()]
    paths = [p.relative_to(root) for p in found]
    return sorted(p.as_posix() for p in paths if not any(part in JUNK or part.startswith(".") for part in p.parts))


def deploy(space: str, private: bool = False, root: Path = ROOT) -> Deployed:
    """Create the Space USER/NAME, or bring it up to date, in one commit.

    Files of ours that are no longer in the repository are deleted there; others, which only the Space has, stay.
    HubError with the cure.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    checked_repo(space)
    check_token()
    names = files(root)
    if missing := [name for name in FILES if not (root / name).is_file()]:
        raise HubError(f"{missing[0]} is missing: deploy from a checkout of the whole repository")
    with translate_errors(f"spaces/{space}"):
        hub = api()
        hub.create_repo(space, repo_type="space", space_sdk="gradio", private=private, exist_ok=True)
        hub.auth_check(space, repo_type="space", write=True)
        info = hub.space_info(space)
        gone = [f.rfilename for f in info.siblings or () if f.rfilename.split("/")[0] in FOLDERS]
        operations = [CommitOperationAdd(name, root / name) for name in names]
        operations += [CommitOperationDelete(name) for name in gone if name not in names]
        done = hub.create_commit(
            space, operations, repo_type="space", commit_message="Latent Lab", parent_commit=info.sha
        )
    return Deployed(page(f"spaces/{space}"), done.oid, done.oid != info.sha)
