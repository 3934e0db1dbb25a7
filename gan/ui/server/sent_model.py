"""A model folder that somebody sent, as its files or as the zip that was downloaded: written to a folder of its own.

Nothing here is trusted: `gan.models` checks what is in the files, as it does of any folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from gan.errors import FolderError
from gan.hub.names import MODEL
from gan.io import read_json
from gan.pictures.sent_files import Refused, sent_files

UNPACKED_BYTES = 128 * 2**20  # of all files together, whatever their zip says


def write_sent_model(files: Iterable[tuple[str, bytes]], folder: Path) -> None:
    """Write those files, by name and contents, that belong to a model; ValueError where one that is needed is missing.

    Of a path only the last part is used, and of several files of a name the first; a zip is unpacked no further than
    each file may be large.
    """
    folder.mkdir(parents=True)
    left, written = UNPACKED_BYTES, set()
    for name, data in files:
        try:
            for file in sent_files(name, data):
                if file.name in MODEL.files and file.name not in written:
                    content = file.read(min(MODEL.files[file.name], left))
                    left -= len(content)
                    (folder / file.name).write_bytes(content)
                    written.add(file.name)
        except Refused as error:
            raise ValueError(f"{name[:60]} is not used ({error}): choose the zip as it was downloaded") from None
    if missing := [name for name in MODEL.needed if name not in written]:
        raise ValueError(
            f"{missing[0]} is missing: choose the zip that Download model has saved, or all files of a model's folder"
        )


def sent_name(folder: Path) -> str:
    """Return what to call such a folder: the last part of its data set's name, in letters that any address holds.

    "model" where it says none; what is wrong with the folder is for whoever loads it.
    """
    try:
        about = read_json(folder / "config.json")
    except FolderError:
        return "model"
    dataset = about.get("dataset") if isinstance(about, dict) else None
    words = re.findall(r"\w+", dataset.rpartition("/")[2][:40], re.ASCII) if isinstance(dataset, str) else []
    return "-".join(words) or "model"
