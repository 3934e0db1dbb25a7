"""Download a model from the Hub into a folder of this machine. Needs no torch.

A branch or tag is resolved to a commit, and the files of that commit go into a folder named after it. The folder
appears once it is complete and never changes. While the commit is known no request is made.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from gan import scratch
from gan.config import Config
from gan.errors import ConfigError, FolderError, HubError
from gan.hub import names
from gan.hub.client import TIMEOUT, Unreachable, api, offline, translate_errors, with_timeout
from gan.hub.names import FileSet
from gan.io import read_json, write_bytes

if TYPE_CHECKING:
    from huggingface_hub import HfApi

FRESH = 24 * 3600  # seconds for which the commit of a branch or tag is used without asking again
SLOWEST = 100_000  # bytes a second: a file may take `TIMEOUT` and as long as this rate allows
PICKLED = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt")


@dataclass(frozen=True)
class Pulled:
    """Files of one commit, in a folder that never changes. notice: for the user, or ""."""

    folder: Path
    commit: str
    notice: str


def pull(repo: str, revision: str | None = None, kind: FileSet = names.MODEL, refresh: bool = False) -> Pulled:
    """Download the files of `kind` at a branch, tag or commit of USER/NAME, unless they are here already.

    The commit of a branch or tag is asked for once a day; refresh: ask now.

    When the Hub cannot be reached, return the copy downloaded last, with a notice, or raise Unreachable. That is known
    `TIMEOUT` seconds after a Hub, or a host of its files, falls silent at a small file, and within
    `TIMEOUT` + bytes / `SLOWEST` at any other. HubError, with the cure, for a repository that does not exist, may not
    be read or holds no model of ours. What is in the files is checked by those who read them.
    """
    names.checked_repo(repo)
    revision = names.checked_revision(revision)
    place = cache() / repo.replace("/", "--")
    commit, age = _known_commit(place, revision)
    copy = place / commit / kind.name if commit else None
    if copy and copy.is_dir() and (age == 0 or (age < FRESH and not refresh and not offline())):
        return Pulled(copy, commit, "")
    hub = api()  # here, because importing the client takes time of its own
    try:
        commit, sizes = with_timeout(TIMEOUT, lambda: _listing(hub, repo, revision))
        folder = place / commit / kind.name
        if not folder.is_dir():
            _fetch(repo, commit, kind, sizes, folder)
    except Unreachable as error:
        if copy is None or not copy.is_dir():
            raise
        return Pulled(copy, copy.parent.name, f"{error}. This is the copy downloaded earlier, {copy.parent.name[:7]}")
    _remember_commit(place, revision, commit)
    return Pulled(folder, commit, "")


def forget(repo: str) -> None:
    """Forget the commits of USER/NAME's branches and tags, so that the next pull asks for them."""
    shutil.rmtree(cache() / repo.replace("/", "--") / "revisions", ignore_errors=True)


def cache() -> Path:
    """Return the folder of pulled files, in huggingface_hub's cache of assets."""
    from huggingface_hub import constants

    return Path(constants.HF_ASSETS_CACHE) / "latent-lab"


def _known_commit(place: Path, revision: str) -> tuple[str, float]:
    """Return (commit, seconds since it was asked for) of a revision; ("", 0) if unknown. A commit is its own, age 0."""
    if names.is_commit(revision):
        return revision, 0
    note = _commit_file(place, revision)
    try:
        commit, asked = note.read_text(encoding="ascii")[:41].strip(), note.stat().st_mtime
    except (OSError, UnicodeDecodeError):
        return "", 0
    return (commit, max(time.time() - asked, 1e-3)) if names.is_commit(commit) else ("", 0)


def _remember_commit(place: Path, revision: str, commit: str) -> None:
    if not names.is_commit(revision):
        note = _commit_file(place, revision)
        note.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(note, commit.encode())


def _commit_file(place: Path, revision: str) -> Path:
    return place / "revisions" / quote(revision, safe="")


def _listing(hub: HfApi, repo: str, revision: str) -> tuple[str, dict[str, int]]:
    """Ask for (commit, bytes by file name), in one request."""
    with translate_errors(repo, revision):
        try:
            info = hub.model_info(repo, revision=revision, timeout=TIMEOUT, files_metadata=True)
        except (json.JSONDecodeError, KeyError, TypeError, AttributeError):
            raise Unreachable("the answer is not the Hub's: check whether the network wants you to log in") from None
    if not names.is_commit(info.sha):
        raise HubError(f"{repo}: the Hub named no commit for {revision!r}")
    return info.sha, {f.rfilename: f.size for f in info.siblings or () if type(f.size) is int}


def _fetch(repo: str, commit: str, kind: FileSet, sizes: dict[str, int], folder: Path) -> None:
    """Download the files of `kind` into `folder`, which appears once it is complete.

    No file is asked for before all sizes are checked, and no weights before config.json is.
    """
    wanted = _check_listing(repo, kind, sizes)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with scratch.folder(near=cache()) as made:
        aside = Path(made)
        for name in wanted:
            _download(repo, commit, name, sizes[name], aside)
            if name == "config.json":
                _check_config(repo, aside / name)
        shutil.rmtree(aside / ".cache", ignore_errors=True)  # the client's notes on its downloads
        try:
            os.rename(aside, folder)
        except OSError:
            if not folder.is_dir():  # else another process was faster, with the same files
                raise


def _check_listing(repo: str, kind: FileSet, sizes: dict[str, int]) -> list[str]:
    """Return the names to download, in the order of `kind`; HubError for a missing file or one that is too large."""
    wanted = [name for name in kind.files if name in sizes]
    if missing := [name for name in kind.needed if name not in wanted]:
        pickled = any(name.endswith(PICKLED) for name in sizes)
        why = "; its pickled weights are never read, because reading them could run any program" if pickled else ""
        raise HubError(f"{repo} holds no {kind.name} of Latent Lab: {missing[0]} is missing{why}")
    for name in wanted:
        if not 0 <= sizes[name] <= kind.files[name]:
            raise HubError(f"{repo}: {name} has {sizes[name]:,} bytes, at most {kind.files[name]:,} are allowed")
    return wanted


def _check_config(repo: str, path: Path) -> None:
    """Raise HubError for settings out of range."""
    try:
        Config.from_dict(read_json(path))
    except (ConfigError, FolderError) as error:
        raise HubError(f"{repo}: config.json is not usable: {str(error).replace(str(path), 'it')}"[:300]) from None


def _download(repo: str, commit: str, name: str, size: int, folder: Path) -> None:
    """Download one file into `folder`, of exactly the size that was listed.

    The client does the work; the two limits here are ours. It asks a silent host again for minutes, and it takes
    whatever a host sends. Not its `snapshot_download`: that lists the files again, without a time limit, and its worker
    threads keep a program from ending.
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.utils import tqdm

    class SizeLimit(tqdm):
        """A progress bar, never shown, that ends a download beyond the listed size, at most 10 MB later."""

        received: float = 0

        def update(self, n: float | None = 1) -> None:
            self.received += n or 0
            if self.received > size:
                raise HubError(f"{repo}: {name} is larger than the {size:,} bytes that were listed")

        def update_transfer(self, n: float | None = 1) -> None:
            """Ignore bytes on the network, which Xet counts apart from those of the file."""

    def work() -> str:
        return hf_hub_download(
            repo, name, revision=commit, local_dir=folder, etag_timeout=TIMEOUT, tqdm_class=SizeLimit,
            library_name="latent-lab",
        )  # fmt: skip

    try:
        with translate_errors(repo, commit):
            with_timeout(TIMEOUT + size / SLOWEST, work, f"{repo}: {name} did not arrive")
    except HubError:
        raise
    except Exception as error:  # of the client's, which has many kinds: OSError without a number, RuntimeError, ...
        if isinstance(error, OSError) and error.errno is not None:  # of this machine: no space, no permission
            raise
        kind = type(error).__name__
        raise Unreachable(f"{repo}: {name} could not be downloaded ({kind}): try again") from None
    if (folder / name).stat().st_size != size:
        raise Unreachable(f"{repo}: {name} does not have the {size:,} bytes that were listed: try again")
