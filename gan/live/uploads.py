"""A visitor's own pictures, as files or in a zip, read into a data set. Nothing about them is trusted."""

from __future__ import annotations

import zipfile
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from gan import scratch
from gan.data.dataset import Dataset
from gan.data.folder import MIN_PICTURES, load_folder
from gan.errors import DataError
from gan.pictures.picture_file import ENDINGS, read_picture

SENT_BYTES = 36 * 2**20  # of one upload, as sent: the files that were chosen, whether pictures or zips
USEFUL_SIDE = 128  # pixels of a picture's shorter side; four times what is trained on, so a larger one adds nothing
FILES = 2_000  # pictures taken; more are left out
FILE_BYTES = 20 * 2**20  # of one picture, unpacked
ALL_BYTES = 200 * 2**20  # of all of them, unpacked
LISTED = 12  # refused files that a notice names; the others are counted for each reason


def read_uploads(paths: Sequence[Path], resolution: int = 32) -> Dataset:
    """Read pictures and zips of pictures into a data set without classes, as `gan.data.load_folder` does.

    Of the names in a zip only the endings are used. Zips inside zips, links, encrypted and oversized entries are
    refused, and sizes are bounded while unpacking, whatever the zip says. Notes list the refused files and the reasons.
    DataError, with that list, when fewer than `MIN_PICTURES` pictures are left.
    """
    with scratch.folder() as folder:
        accepted = _Accepted(Path(folder), resolution)
        for path in paths:
            if zipfile.is_zipfile(path):
                accepted.add_zip(path)
            else:
                accepted.add(path.name, path)
        refused = accepted.refusal_notice()
        if accepted.count < MIN_PICTURES:
            raise DataError(
                f"{accepted.count} of the files are readable pictures, at least {MIN_PICTURES} are needed: upload "
                f"more, as PNG, JPEG or WebP, or a zip of them{refused and '. ' + refused}"
            )
        data = load_folder(accepted.folder, resolution, lambda line: None)
    notes = tuple(note for note in (*data.notes, refused) if note)
    return replace(data, name="uploaded", captions=(), notes=notes)


class _Accepted:
    """Accepted pictures, in a folder under names of our own, and the refused files with the reasons."""

    def __init__(self, folder: Path, resolution: int) -> None:
        self.folder, self.resolution = folder, resolution
        self.count, self.bytes = 0, 0
        self.refused: list[tuple[str, str]] = []  # name, reason

    def refuse(self, name: str, reason: str) -> None:
        """List a file as refused."""
        self.refused.append((_file_name(name)[:60] or "?", reason))

    def add(self, name: str, path: Path) -> None:
        """Accept the picture at `path`, or refuse it."""
        ending = _ending(name)
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
        """Accept or refuse every file of a zip."""
        try:
            with zipfile.ZipFile(path) as archive, scratch.folder() as aside:
                for entry in archive.infolist():
                    if not entry.is_dir() and not _file_name(entry.filename).startswith("."):
                        self._unpack(archive, entry, Path(aside) / "one")
        except (zipfile.BadZipFile, OSError, ValueError) as error:
            self.refuse(path.name, f"a damaged zip ({error})"[:80])

    def _unpack(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
        """Unpack one file to `target`, within bounds, and accept or refuse it."""
        if _ending(entry.filename) not in ENDINGS:
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
        target.write_bytes(data)
        return self.add(entry.filename, target)

    def refusal_notice(self) -> str:
        """Return a sentence on what was refused and why; empty when nothing was."""
        if not self.refused:
            return ""
        listed = ", ".join(f"{name} ({reason})" for name, reason in self.refused[:LISTED])
        more = Counter(reason for _, reason in self.refused[LISTED:])
        counted = ", ".join(f"{n:,} {reason}" for reason, n in more.items())
        return f"Refused: {listed}" + (f" and {more.total():,} more: {counted}" if more else "")


def _file_name(name: str) -> str:
    """Return the last part of a path in either style."""
    return PurePosixPath(name.replace("\\", "/")).name


def _ending(name: str) -> str:
    return PurePosixPath(_file_name(name)).suffix.lower()
