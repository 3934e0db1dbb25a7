"""Deploy the app as a Space: the repository's files, without those that only developers need."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gan.errors import HubError
from gan.hub.client import api, check_token, page, translate_errors
from gan.hub.names import checked_repo
from gan.io import is_plain

ROOT = Path(__file__).resolve().parents[2]
# The files that the app runs on and those that README.md links to. A list of what is sent, not of what is left out:
# nothing is sent by oversight.
FILES = (
    "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "requirements.txt", "app.py", "train.py",
    "benchmarks/RESULTS.md",
)  # fmt: skip
FOLDERS = {"gan": "**/*", "weights": "*/*", "docs": "*"}
EXCLUDED = ("__pycache__", "checkpoint", "samples")  # folders, wherever they lie


@dataclass(frozen=True)
class Deployed:
    """The outcome of a deployment."""

    page: str
    commit: str
    changed: bool


def files(root: Path = ROOT) -> list[str]:
    """Return the paths of all that a Space needs, relative to the repository, sorted. Nothing is reached by a link."""
    paths = [Path(name) for name in FILES]
    for folder, pattern in FOLDERS.items():
        paths += [p.relative_to(root) for p in (root / folder).glob(pattern)]
    wanted = {p.as_posix() for p in paths if not any(part in EXCLUDED or part.startswith(".") for part in p.parts)}
    return sorted(name for name in wanted if is_plain(root, name))


def deploy(space: str, private: bool = False, root: Path = ROOT) -> Deployed:
    """Create the Space USER/NAME, or update it, in one commit.

    Files in our folders that the repository no longer has are deleted there; others stay. HubError with the cure.
    """
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    checked_repo(space)
    check_token()
    names = files(root)
    if missing := [name for name in FILES if name not in names]:
        raise HubError(f"{missing[0]} is missing, or a link: deploy from a checkout of the whole repository")
    with translate_errors(f"spaces/{space}"):
        hub = api()
        hub.create_repo(space, repo_type="space", space_sdk="gradio", private=private, exist_ok=True)
        hub.auth_check(space, repo_type="space", write=True)
        info = hub.space_info(space)
        there = [f.rfilename for f in info.siblings or () if f.rfilename.split("/")[0] in FOLDERS]
        added = [CommitOperationAdd(name, root / name) for name in names]
        deleted = [CommitOperationDelete(name) for name in there if name not in names]
        done = hub.create_commit(
            space, [*added, *deleted], repo_type="space", commit_message="Latent Lab", parent_commit=info.sha
        )
    return Deployed(page(f"spaces/{space}"), done.oid, done.oid != info.sha)
