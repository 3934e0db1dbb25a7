"""A visitor's own pictures, several files or a zip, as a data set. Nothing about them is trusted."""

from __future__ import annotations

import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from gan.data.dataset import Dataset
from gan.data.folder import ENDINGS, MIN_PICTURES, load_folder, read_picture
from gan.errors import DataError

FILES = 2_000  # pictures taken; more are left out
FILE_BYTES = 20 * 2**20  # of one picture, unpacked
ALL_BYTES = 200 * 2**20  # of all of them, unpacked
NAMED = 12  # refused files that an error lists by name; of the others it tells how many there are for each reason


def read_uploads(paths: Sequence[Path], resolution: int = 32) -> Dataset:
    """Pictures and zips of pictures at `paths` to a data set without classes, as `gan.data.load_folder` reads them.

    A zip's names lead nowhere: only endings are read of them. Zips inside zips, links, encrypted and oversized entries
    are refused, and what is unpacked is bounded as it is unpacked, whatever the zip says of its size. Notes tell what
    was refused and why. DataError, listing that, when fewer than `MIN_PICTURES` pictures are left.
    """
    with tempfile.TemporaryDirectory(prefix="latent-lab-") as folder:
        taken = _Taken(Path(folder), resolution)
        for path in paths:
            if zipfile.is_zipfile(path):
                taken.add_zip(path)
            else:
                taken.add(path.name, path)
        refused = taken.told()
        if taken.count < MIN_PICTURES:
            raise DataError(
                f"{taken.count} of the files are pictures that can be read, at least {MIN_PICTURES} are needed: "
                f"upload more, as PNG, JPEG or WebP, or a zip of them{refused and '. ' + refused}"
            )
        data = load_folder(taken.folder, resolution, lambda line: None)
    notes = tuple(note for note in (*data.notes, refused) if note)
    return replace(data, name="uploaded", captions=(), notes=notes)


class _Taken:
    """Pictures that were accepted, in a folder under names of our own, and what was refused."""

    def __init__(self, folder: Path, resolution: int) -> None:
        self.folder, self.resolution = folder, resolution
        self.count, self.bytes, self.refused = 0, 0, []

    def refuse(self, name: str, why: str) -> None:
        self.refused.append((_last(name)[:60] or "?", why))

    def add(self, name: str, path: Path) -> None:
        """A picture that lies at `path`; goes if it is none."""
        ending = PurePosixPath(_last(name)).suffix.lower()
        if ending not in ENDINGS:
            return self.refuse(name, "not a picture's ending")
        if self.count >= FILES:
            return self.refuse(name, f"more than {FILES:,} pictures")
        size = path.stat().st_size
        if size > FILE_BYTES or self.bytes + size > ALL_BYTES:
            return self.refuse(name, "too large")
        try:
            read_picture(path, self.resolution)
        except Exception:  # decoders raise nearly anything on damaged bytes
            return self.refuse(name, "cannot be read as a picture")
        self.bytes += size
        (self.folder / f"{self.count:06d}{ending}").write_bytes(path.read_bytes())
        self.count += 1
        return None

    def add_zip(self, path: Path) -> None:
        """Every picture in a zip."""
        try:
            with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory(prefix="latent-lab-") as aside:
                for entry in archive.infolist():
                    if not entry.is_dir() and not _last(entry.filename).startswith("."):
                        self._unpack(archive, entry, Path(aside) / "one")
        except (zipfile.BadZipFile, OSError, ValueError) as error:
            self.refuse(path.name, f"a damaged zip ({error})"[:80])

    def _unpack(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, aside: Path) -> None:
        if PurePosixPath(_last(entry.filename)).suffix.lower() not in ENDINGS:
            return self.refuse(entry.filename, "not a picture's ending")
        if self.count >= FILES or len(self.refused) >= FILES:
            return self.refuse(entry.filename, f"more than {FILES:,} files")
        if entry.flag_bits & 1:
            return self.refuse(entry.filename, "encrypted")
        if entry.external_attr >> 28 == 0o12:
            return self.refuse(entry.filename, "a link")
        most = min(FILE_BYTES, ALL_BYTES - self.bytes)
        try:
            with archive.open(entry) as packed:
                data = packed.read(most + 1)
        except (zipfile.BadZipFile, NotImplementedError, zlib.error, EOFError, OSError, RuntimeError):
            return self.refuse(entry.filename, "damaged")
        if len(data) > most:
            return self.refuse(entry.filename, "too large")
        aside.write_bytes(data)
        return self.add(entry.filename, aside)

    def told(self) -> str:
        """A sentence on what was refused and why; empty when nothing was."""
        if not self.refused:
            return ""
        listed = ", ".join(f"{name} ({why})" for name, why in self.refused[:NAMED])
        more = Counter(why for _, why in self.refused[NAMED:])
        rest = f" and {more.total():,} more: {', '.join(f'{n:,} {why}' for why, n in more.items())}" if more else ""
        return f"Refused: {listed}{rest}"


def _last(name: str) -> str:
    return PurePosixPath(name.replace("\\", "/")).name
