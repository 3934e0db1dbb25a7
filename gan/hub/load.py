"""`gan.load`: a model from a folder or from a repository on the Hub."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from gan.errors import FolderError, HubError
from gan.hub import names
from gan.hub.pull import pull
from gan.models.translator import load_folder

log = logging.getLogger(__name__)


def load(source: str | Path, device: str = "auto", revision: str | None = None, refresh: bool = False) -> Any:
    """Load a model folder, or USER/NAME on the Hub at a branch, tag or commit (`main` if not given).

    Returns a `Model`, or a `Translator` for one that translates.

    A path that exists is a folder. Any other text of the form USER/NAME is a repository, whose files are downloaded
    once. The commit of a branch or tag is asked for once a day; refresh=True asks now. When the Hub cannot be reached,
    the copy on this machine is used and a warning logged. device: auto, cpu or cuda.

    HubError says what is wrong with the repository, FolderError which file is unusable; see `gan.models.model.load`.
    """
    if isinstance(source, Path) or Path(source).exists() or not names.is_repo(source):
        if revision is not None:
            raise FolderError(f"{source}: a folder has no revisions: leave out revision")
        return load_folder(source, device)
    try:
        pulled = pull(source, revision, refresh=refresh)
    except HubError as error:
        raise type(error)(f"there is no folder {source!r}; from the Hub: {error}") from None
    if pulled.notice:
        log.warning("%s: %s", source, pulled.notice)
    try:
        loaded = load_folder(pulled.folder, device)
    except FolderError as error:
        raise FolderError(str(error).replace(str(pulled.folder), source)) from None
    loaded.name = source
    return loaded
