"""Push a model folder to the Hub: a copy for publication, one commit, one tag."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from gan.config import Config
from gan.errors import FolderError, HubError
from gan.evaluation.card import card, licence_of
from gan.evaluation.card_tables import NEIGHBOURS
from gan.evaluation.commands import public
from gan.evaluation.loss_curve import NAME as CURVE
from gan.evaluation.loss_curve import write_curve
from gan.hub.client import RepoChanged, api, check_token, page, translate_errors
from gan.hub.names import MAX_PICTURE_BYTES, MODEL, checked_repo, is_commit
from gan.hub.pull import forget
from gan.io import is_plain, json_line, naming_file, read_json, write_bytes
from gan.models.taught_on import is_current
from gan.models.translator import load_folder
from gan.models.weights import read_config
from gan.training.checkpoint import copy_state, find_state, read_state

PATHS = ("path", "folder", "notes")  # keys of events that may name folders of this machine
PICTURES = ("samples.png", CURVE, NEIGHBOURS)
CHECKPOINTS = ("checkpoint", "checkpoint.new", "checkpoint.old")
TAGS = 100  # tags of one number of images; a later push gets none


@dataclass(frozen=True)
class PushResult:
    """The outcome of a push. tag: its name, "" if nothing had changed or the Hub refused it."""

    repo: str
    commit: str
    tag: str
    changed: bool

    @property
    def page(self) -> str:
        """Return the address of the repository's page."""
        return page(self.repo)


def build(folder: Path, into: Path, repo: str, checkpoint: bool = False, player: bytes | None = None) -> dict[str, int]:
    """Copy a finished model folder into the empty folder `into`, ready for `repo`; return name -> bytes.

    The card is written for the repository, the training curve is drawn, and the names of this machine's folders are
    removed from log and checkpoint. checkpoint: also copy what training needs to go on. player: a page that plays the
    model, to lie there as index.html. FolderError for a model that would not load, for a picture that is none, and for
    whatever is no plain file inside the folder: none of it is read.
    """
    names = plain_files(folder, CHECKPOINTS if checkpoint else ())
    if missing := [name for name in MODEL.files if name not in names and name not in MODEL.optional]:
        raise FolderError(f"{folder / missing[0]}: missing, so this is no finished model")
    load_folder(folder, "cpu")
    for name in PICTURES:
        if name in names:
            _check_picture(folder / name)
    config, metrics = read_config(folder), read_json(folder / "metrics.json")
    if not isinstance(metrics, dict) or type(metrics.get("images")) is not int:
        raise FolderError(f"{folder / 'metrics.json'}: `images`, a whole number, is missing")
    for name in MODEL.files:
        if name not in MODEL.optional or (name in names and is_current(folder, name)):
            copy_plain(folder / name, into / name)
    write_bytes(into / "config.json", public(config).to_json().encode())
    if "log.jsonl" in names:
        write_bytes(into / "log.jsonl", public_log(folder / "log.jsonl"))
    if not write_curve(into) and CURVE in names:  # shipped models bring theirs, and no log
        copy_plain(folder / CURVE, into / CURVE)
    if NEIGHBOURS in names:
        copy_plain(folder / NEIGHBOURS, into / NEIGHBOURS)
    curve, neighbours = ((into / name).is_file() for name in (CURVE, NEIGHBOURS))
    if player:
        write_bytes(into / "index.html", player)
    text = card(config, metrics, licence_of(config), repo, curve, neighbours, bool(player))
    write_bytes(into / "README.md", text.encode())
    if checkpoint:
        state = find_state(folder / "checkpoint")
        copy_state(state, into / "checkpoint", public(read_state(state).config))
    return {p.relative_to(into).as_posix(): p.stat().st_size for p in sorted(into.rglob("*")) if p.is_file()}


def plain_files(folder: Path, checkpoints: Sequence[str] = ()) -> list[str]:
    """Return the names of the files that a push reads, as far as they are there; checkpoints: subfolders that it reads.

    FolderError for a link, a pipe or a device among them, or below a link: it may lead to anything on this machine.
    """
    names = [*MODEL.files, "log.jsonl", CURVE, NEIGHBOURS]
    names += [f"{state}/{name}" for state in checkpoints for name in ("state.json", "state.safetensors")]
    there = [name for name in names if os.path.lexists(folder / name)]
    for name in there:
        if not is_plain(folder, name):
            raise FolderError(
                f"{folder / name}: a link, or no plain file, so nothing is sent: put the file itself there"
            )
    return there


def copy_plain(file: Path, target: Path) -> None:
    """Copy a file's content, and nothing that a link leads to."""
    with naming_file(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target, follow_symlinks=False)


def _check_picture(path: Path) -> None:
    """Raise FolderError unless the file is a whole PNG of a size that a page can show."""
    size = path.stat().st_size
    if size > MAX_PICTURE_BYTES:
        raise FolderError(f"{path}: {size:,} bytes are too large for a picture of a model")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path, formats=("PNG",)) as image:
                image.load()
    except Exception:  # decoders raise nearly anything on damaged bytes
        raise FolderError(f"{path}: not a PNG picture, so nothing is sent: remove or replace it") from None


def public_log(log: Path) -> bytes:
    """Return the log without the folders of this machine and without lines that are no events."""
    lines = []
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            event = {k: v for k, v in json.loads(line).items() if k not in PATHS}
            if "config" in event:
                event["config"] = dataclasses.asdict(public(Config.from_dict(event["config"])))
        except (ValueError, AttributeError, RecursionError):
            continue
        lines.append(json_line(event))
    return b"".join(lines)


def ensure_repo(repo: str, private: bool = False, token: str | None = None) -> str:
    """Create the repository if it does not exist, check for write access, and return its newest commit.

    private: if it has to be created. HubError says why it cannot be written to, before any work is done for it.
    """
    checked_repo(repo)
    if not token:
        check_token()
    with translate_errors(repo):
        hub = api(token)
        hub.create_repo(repo, private=private, exist_ok=True)
        hub.auth_check(repo, write=True)
        head = hub.model_info(repo).sha
    if not is_commit(head):
        raise HubError(f"{repo}: the Hub named no newest commit: try again")
    return head


def send(built: Path, files: dict[str, int], repo: str, parent: str, token: str | None = None) -> PushResult:
    """Make one commit of a built folder on top of `parent`, then one tag; neither if nothing has changed.

    RepoChanged if `parent` is no longer the newest commit, unless the newer one is this very push, sent at an earlier
    try whose answer was lost.
    """
    from huggingface_hub import CommitOperationAdd

    metrics = read_json(built / "metrics.json")
    hub, message = api(token), f"{metrics['images']:,} images shown"
    operations = [CommitOperationAdd(name, built / name) for name in files]
    try:
        with translate_errors(repo):
            commit = hub.create_commit(repo, operations, commit_message=message, parent_commit=parent).oid
    except RepoChanged:
        with translate_errors(repo):
            newest = hub.list_repo_commits(repo)[:2]
        if [newest[0].title, *(c.commit_id for c in newest[1:])] != [message, parent]:
            raise
        commit = newest[0].commit_id
    forget(repo)
    if commit == parent:
        return PushResult(repo, commit, "", False)
    return PushResult(repo, commit, _create_tag(hub, repo, commit, f"images-{metrics['images']}"), True)


def _create_tag(hub: Any, repo: str, commit: str, name: str) -> str:
    """Tag the commit with that name, or with -2, -3, ... appended; return the tag, "" if the Hub refuses one."""
    from huggingface_hub.errors import HfHubHTTPError, HTTPError

    for tag in (name, *(f"{name}-{i}" for i in range(2, TAGS))):
        try:
            hub.create_tag(repo, tag=tag, revision=commit)
            return tag
        except HfHubHTTPError as error:
            if error.response.status_code != 409:  # a tag of that name exists
                break
        except HTTPError:
            break
    return ""


def push(
    folder: Path,
    into: Path,
    repo: str,
    private: bool = False,
    checkpoint: bool = False,
    token: str | None = None,
    progress: Callable[[str], None] = lambda line: None,
    player: bytes | None = None,
) -> PushResult:
    """Build `folder` in the empty folder `into`, make sure that the repository can be written to, and send.

    token: of a visitor; None for this machine's own. progress: is given a line for each step. player: as for `build`.
    HubError or FolderError with the cure.
    """
    checked_repo(repo)
    progress("Building the folder")
    files = build(folder, into, repo, checkpoint, player)
    progress("Checking access on the Hub")
    parent = ensure_repo(repo, private, token)
    progress(f"Sending {file_summary(files)}")
    return send(into, files, repo, parent, token)


def file_summary(files: dict[str, int]) -> str:
    """Return a text such as "9 files, 8.1 MB"."""
    return f"{len(files)} files, {sum(files.values()) / 1e6:.1f} MB"
