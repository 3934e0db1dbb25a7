"""From the Hub to a folder of this machine. Needs no torch.

A branch or tag becomes a commit once; its files are fetched into a folder named by it, which appears whole or not at
all, and never changes. As long as that is known no request is made.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from gan.config import Config
from gan.errors import ConfigError, FolderError, HubError
from gan.hub import names
from gan.hub.client import TIMEOUT, Unreachable, api, offline, translate_errors, with_timeout
from gan.hub.names import FileSet
from gan.io import read_json, write_bytes

FRESH = 24 * 3600  # seconds for which the commit of a branch or tag is believed without asking again
PICKLED = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt")


@dataclass(frozen=True)
class Pulled:
    """Files of one commit, in a folder that stays as it is. notice: what the user should know, or ""."""

    folder: Path
    commit: str
    notice: str


def pull(repo: str, revision: str | None = None, kind: FileSet = names.MODEL, refresh: bool = False) -> Pulled:
    """The files of `kind` at a branch, tag or commit of USER/NAME.

    What a branch or tag means is asked once and then believed for a day, in which no request is made for files that are
    here. refresh: ask now.

    With the Hub out of reach it is the copy fetched last, with a notice, or Unreachable, within `TIMEOUT` seconds of
    silence. HubError, with the cure, for a repository that is not there, not allowed or not a model of ours; what
    is in its files is only believed by those who read them.
    """
    names.checked_repo(repo)
    revision = names.checked_revision(revision)
    place = cache() / repo.replace("/", "--")
    commit, age = _known(place, revision)
    kept = place / commit / kind.name if commit else None
    if kept and kept.is_dir() and (age == 0 or (age < FRESH and not refresh and not offline())):
        return Pulled(kept, commit, "")
    try:
        commit, sizes = with_timeout(TIMEOUT, lambda: _listing(repo, revision))
        folder = place / commit / kind.name
        if not folder.is_dir():
            _fetch(repo, commit, kind, sizes, folder)
    except Unreachable as error:
        if kept is None or not kept.is_dir():
            raise
        return Pulled(kept, kept.parent.name, f"{error}. This is the copy fetched earlier, {kept.parent.name[:7]}")
    _remember(place, revision, commit)
    return Pulled(folder, commit, "")


def forget(repo: str) -> None:
    """Ask what the branches and tags of USER/NAME mean when they are wanted next: they have just been moved."""
    shutil.rmtree(cache() / repo.replace("/", "--") / "revisions", ignore_errors=True)


def cache() -> Path:
    """Where pulled files are kept: a folder of huggingface_hub's cache of assets."""
    from huggingface_hub import constants

    return Path(constants.HF_ASSETS_CACHE) / "latent-lab"


def _known(place: Path, revision: str) -> tuple[str, float]:
    """(commit, seconds since that was asked) of a revision; ("", 0) if it never was. A commit is itself, always."""
    if names.is_commit(revision):
        return revision, 0
    note = _note(place, revision)
    try:
        commit, asked = note.read_text(encoding="ascii")[:41].strip(), note.stat().st_mtime
    except (OSError, UnicodeDecodeError):
        return "", 0
    return (commit, max(time.time() - asked, 1e-3)) if names.is_commit(commit) else ("", 0)


def _remember(place: Path, revision: str, commit: str) -> None:
    if not names.is_commit(revision):
        note = _note(place, revision)
        note.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(note, commit.encode())


def _note(place: Path, revision: str) -> Path:
    return place / "revisions" / quote(revision, safe="")


def _listing(repo: str, revision: str) -> tuple[str, dict[str, int]]:
    """(commit, bytes by file name) in one request."""
    with translate_errors(repo, revision):
        try:
            info = api().model_info(repo, revision=revision, timeout=TIMEOUT, files_metadata=True)
        except (json.JSONDecodeError, KeyError, TypeError, AttributeError):
            raise Unreachable("something else answers in the Hub's place: check the network's login page") from None
    if not names.is_commit(info.sha):
        raise HubError(f"{repo}: the Hub named no commit for {revision!r}")
    return info.sha, {f.rfilename: f.size for f in info.siblings or () if type(f.size) is int}


def _fetch(repo: str, commit: str, kind: FileSet, sizes: dict[str, int], folder: Path) -> None:
    """All files of `kind` into `folder`, which appears once they are there. Sizes are checked before any is sent."""
    wanted = {name: most for name, most in kind.files.items() if name in sizes}
    if missing := [name for name in kind.needed if name not in wanted]:
        raise HubError(f"{repo} holds no {kind.name} of Latent Lab: {missing[0]} is missing{_instead(sizes)}")
    for name, most in wanted.items():
        if not 0 <= sizes[name] <= most:
            raise HubError(f"{repo}: {name} has {sizes[name]:,} bytes, at most {most:,} are taken")
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".", dir=folder.parent))
    try:
        for name in wanted:
            _download(repo, commit, name, sizes[name], aside / name)
            if name == "config.json":
                _check_config(repo, aside / name)
        try:
            os.rename(aside, folder)
        except OSError:
            if not folder.is_dir():  # else another process was faster, with the same files
                raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _check_config(repo: str, path: Path) -> None:
    """HubError for settings out of range: before any weights are asked for."""
    try:
        Config.from_dict(read_json(path))
    except (ConfigError, FolderError) as error:
        raise HubError(f"{repo}: config.json is not usable: {str(error).replace(str(path), 'it')}"[:300]) from None


def _instead(sizes: dict[str, int]) -> str:
    if any(name.endswith(PICKLED) for name in sizes):
        return "; its pickled weights are never read, because reading them could run anything"
    return ""


def _download(repo: str, commit: str, name: str, size: int, path: Path) -> None:
    """One file, of exactly the size that was listed; Unreachable if it breaks off."""
    from huggingface_hub import get_session, hf_hub_url
    from huggingface_hub.utils import build_hf_headers, hf_raise_for_status

    path.parent.mkdir(parents=True, exist_ok=True)
    url, session, written = hf_hub_url(repo, name, revision=commit), get_session(), 0
    request = session.build_request("GET", url, headers=build_hf_headers(), timeout=TIMEOUT)

    def begin() -> Any:
        return session.send(request, stream=True, follow_redirects=True)

    with translate_errors(repo, commit), path.open("wb") as file, closing(with_timeout(TIMEOUT, begin)) as reply:
        if reply.status_code >= 400:
            reply.read()
            hf_raise_for_status(reply)
        for part in reply.iter_bytes():
            written += len(part)
            if written > size:
                raise HubError(f"{repo}: {name} is larger than the {size:,} bytes that were listed")
            file.write(part)
    if written < size:
        raise Unreachable(f"{repo}: {name} broke off after {written:,} of {size:,} bytes: try again")
