"""Deploy the app as a Space: the repository's files, without those that only developers need; or a static page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
STATIC_FOLDERS = ("files",)  # of a site
STATIC_CARD = """---
title: Latent Lab
emoji: 🎲
colorFrom: yellow
colorTo: indigo
sdk: static
app_file: index.html
short_description: Walk the latent space of small GANs, in your browser
license: mit
---

# Latent Lab

Pictures made by small networks, and the space between them. All of it is drawn by the visitor's browser: there is no
server, so it costs nothing and takes any number of visitors. `python -m gan.hub deploy USER/SPACE --static` made it.
"""


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


def deploy(space: str, private: bool = False, hardware: str = "", root: Path = ROOT) -> Deployed:
    """Create the Space USER/NAME, or update it, in one commit.

    Files in our folders that the repository no longer has are deleted there; others stay. hardware: the Hub's name of
    what it is to run on, "" for what it has or the Hub gives. HubError with the cure.
    """
    checked_repo(space)
    check_token()
    names = files(root)
    if missing := [name for name in FILES if name not in names]:
        raise HubError(f"{missing[0]} is missing, or a link: deploy from a checkout of the whole repository")
    return _send(space, "gradio", private, hardware, {name: root / name for name in names}, tuple(FOLDERS))


def deploy_static(space: str, site: Path, private: bool = False) -> Deployed:
    """Create the static Space USER/NAME, or update it, in one commit: a folder as `gan.export` writes it, and its card.

    Files of an older site are deleted there; others stay. HubError with the cure.
    """
    checked_repo(space)
    check_token()
    sent: dict[str, Path | bytes] = {p.relative_to(site).as_posix(): p for p in site.rglob("*") if p.is_file()}
    return _send(space, "static", private, "", sent | {"README.md": STATIC_CARD.encode()}, STATIC_FOLDERS)


def _send(
    space: str, sdk: str, private: bool, hardware: str, sent: Mapping[str, Path | bytes], owned: Sequence[str]
) -> Deployed:
    """Create a Space of that kind, or update it. owned: folders in which nothing else is to be."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    with translate_errors(f"spaces/{space}"):
        hub = api()
        wanted: dict[str, Any] = {"space_sdk": sdk, **({"space_hardware": hardware} if hardware else {})}
        hub.create_repo(space, repo_type="space", private=private, exist_ok=True, **wanted)
        hub.auth_check(space, repo_type="space", write=True)
        if hardware:  # of one that was there already
            hub.request_space_hardware(space, hardware)  # type: ignore[arg-type]
        info = hub.space_info(space)
        there = [f.rfilename for f in info.siblings or () if f.rfilename.split("/")[0] in owned]
        added = [CommitOperationAdd(name, content) for name, content in sorted(sent.items())]
        deleted = [CommitOperationDelete(name) for name in there if name not in sent]
        done = hub.create_commit(
            space, [*added, *deleted], repo_type="space", commit_message="Latent Lab", parent_commit=info.sha
        )
    return Deployed(page(f"spaces/{space}"), done.oid, done.oid != info.sha)
