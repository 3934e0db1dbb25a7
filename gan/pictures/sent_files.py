"""Files that somebody sent, each as it is or out of a zip. Nothing is decoded here, and no name leads anywhere."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

DIRECTORY_BYTES = 2 * 2**20  # of a zip's list of files, some 20,000 of them: Python needs a kilobyte for each
FILE_HEADER = 30  # bytes before an entry, at least
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others may ask for gigabytes to be unpacked with


class Refused(ValueError):
    """Raised for a file that is not used, with the reason in a few words."""


@dataclass(frozen=True)
class SentFile:
    """A file. name: the last part of its path, fit for a message. data: its contents, None for an entry of a zip."""

    name: str
    data: bytes | None
    archive: zipfile.ZipFile | None = None
    entry: zipfile.ZipInfo | None = None

    @property
    def ending(self) -> str:
        """The ending of the name in small letters, with its dot."""
        return PurePosixPath(self.name).suffix.lower()

    def read(self, most: int) -> bytes:
        """Return the contents; `Refused` where they cannot be read, and beyond `most` bytes, whatever a zip says."""
        data = self.data if self.archive is None or self.entry is None else _unpacked(self.archive, self.entry, most)
        if data is None or len(data) > most:
            raise Refused("too large")
        return data


def sent_files(name: str, data: bytes) -> Iterator[SentFile]:
    """Yield a file, or the files in it if it is a zip; `Refused` for a zip that is damaged or made to do harm."""
    if not zipfile.is_zipfile(io.BytesIO(data)):
        yield SentFile(plain_name(name), data)
        return
    try:
        archive = zipfile.ZipFile(_ShortDirectory(data))  # stays open, because its entries are read later
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        _check_overlap(entries)
    except Refused:
        raise
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError) as error:
        raise Refused(f"a damaged zip ({error})"[:80]) from None
    for entry in entries:
        if (inside := plain_name(entry.filename)) and not inside.startswith("."):
            yield SentFile(inside, None, archive, entry)


def plain_name(path: str) -> str:
    """Return the last part of a path in either style, as at most 60 characters that can be printed."""
    name = PurePosixPath(path.replace("\\", "/")).name
    return "".join(c if c.isprintable() else "?" for c in name[-60:])


class _ShortDirectory(io.BytesIO):
    """The bytes of a zip, whose list of files is refused, before it is read, if it is too long."""

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        if data.startswith(b"PK\1\2") and len(data) > DIRECTORY_BYTES:
            raise Refused("a zip of too many files")
        return data


def _check_overlap(entries: list[zipfile.ZipInfo]) -> None:
    """Raise `Refused` where entries share bytes: that is how a small zip holds more than any budget."""
    end = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        if entry.header_offset < end:
            raise Refused("a zip whose files overlap")
        end = entry.header_offset + FILE_HEADER + entry.compress_size


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int) -> bytes:
    if entry.flag_bits & 1:
        raise Refused("encrypted")
    if entry.external_attr >> 28 == 0o12:
        raise Refused("a link")
    if entry.compress_type not in METHODS:
        raise Refused("packed in an unusual way")
    if entry.file_size > most:
        raise Refused("too large")
    try:
        with archive.open(entry) as packed:
            return packed.read(most + 1)
    except (zipfile.BadZipFile, NotImplementedError, zlib.error, EOFError, OSError, RuntimeError):
        raise Refused("damaged") from None
