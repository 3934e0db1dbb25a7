"""A folder looked through: files that are pictures, folders that are classes, and what is left out, with the reason.

Nothing is left out in silence: whatever a user may have meant is counted and named, with the reason.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path

from gan.errors import DataError
from gan.io import OUTPUT, is_output_folder
from gan.pictures.picture_file import ENDINGS, MAX_PIXELS
from gan.text import count, listed, printable

MAX_CLASSES, MAX_CLASS_NAME = 1000, 200  # of `Config`
# Folders that file servers, systems and archives put beside the user's; hidden ones begin with a dot.
SYSTEM_FOLDERS = {
    "@eadir", "@tmp", "@recycle", "@recently-snapshot", "@sharebin", "@__thumb", "#recycle", "#snapshot", "~snapshot",
    "$recycle.bin", "recycler", "recycled", "system volume information", "found.000", "lost+found", "__macosx",
    "network trash folder", "temporary items",
}  # fmt: skip
TRAINING = {"train", "training"}  # folders that hold the part of a data set to learn from, by their names
HELD_OUT = {"val", "valid", "validation", "dev", "eval", "evaluation", "test", "testing", "holdout"}  # and the others
OTHER_KINDS = {
    ".heic", ".heif", ".hif", ".jxl", ".jp2", ".j2k", ".jpx", ".svg", ".psd", ".xcf", ".tga", ".ico", ".icns", ".exr",
    ".hdr", ".dds", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".orf", ".rw2", ".raf", ".raw", ".pcx", ".mpo", ".eps",
}  # fmt: skip
ARCHIVES = {".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".7z", ".rar"}
STARTS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*")  # of pictures, whatever their names

# Why something is left out, as it is told: how many, then which.
UNREADABLE = "{n} unreadable file{s} skipped"
HUGE = f"{{n}} file{{s}} of more than {MAX_PIXELS:,} pixels skipped: make them smaller"
NOT_PLAIN = "{n} broken link{s} or special file{s} skipped"
OUTSIDE = "{n} link{s} to outside the folder skipped"
LINKED = "{n} link{s} to folders skipped, so put the folders themselves there"
CLOSED = "{n} folder{s} skipped that cannot be read"
HIDDEN = "{n} hidden picture{s} or folder{s} skipped"
SYSTEM = "{n} folder{s} of a file server, a system or an archive skipped"
WRITTEN = "{n} file{s} or folder{s} skipped that a training run has written"
OTHER_KIND = "{n} picture{s} of a kind that cannot be read skipped: make them PNG or JPEG"
ARCHIVE = "{n} archive{s} skipped: unpack what is meant to be learnt from"
MISNAMED = "{n} picture{s} skipped without a picture's ending: rename what is meant to be learnt from"
TESTING = "{n} picture{s} held out of training, as the folders' names say"


@dataclass
class PictureFolder:
    """The outcome of looking through `root`. All paths are relative to it, and sorted.

    pictures  files to learn from, as far as their names tell
    folders   the folders that were looked into
    skipped   what was left out, by the reasons above
    home      the folder whose subfolders are the classes, if there are any: `root`, or the one that holds everything,
              or the one named `train`
    """

    root: Path
    pictures: list[Path] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    skipped: dict[str, list[Path]] = field(default_factory=lambda: defaultdict(list))
    home: Path = Path()

    def notes(self) -> list[str]:
        """Return a sentence for each reason, with the number and the names of what was left out."""
        return [_note(reason, sorted(paths, key=Path.as_posix)) for reason, paths in self.skipped.items() if paths]


def find_pictures(root: Path) -> PictureFolder:
    """Look through a folder. Links that lead outside are not read, and links to folders not followed.

    DataError for a folder that cannot be read, or that a training run has written.
    """
    for path in (root.resolve(), *root.resolve().parents):
        if path.name in OUTPUT and is_output_folder(path.parent):
            raise DataError(f"{root} holds what a training run has written: pass a folder of other pictures")
    found = PictureFolder(root)

    def closed(error: OSError) -> None:
        if Path(error.filename) == root:
            raise DataError(f"{root} cannot be read ({error.strerror}): change its permissions, or pass another folder")
        found.skipped[CLOSED].append(Path(error.filename).relative_to(root))

    for name, folders, files in os.walk(root, onerror=closed):
        here = Path(name)
        found.folders.append(here.relative_to(root))
        output = OUTPUT if is_output_folder(here) else set()
        for sub in list(folders):
            if reason := _why_not_into(here / sub, output):
                folders.remove(sub)
                found.skipped[reason].append((here / sub).relative_to(root))
        for file in files:
            if reason := _why_not(here / file, root, output):
                found.skipped[reason].append((here / file).relative_to(root))
            elif reason is None:
                found.pictures.append((here / file).relative_to(root))
    found.pictures.sort(key=Path.as_posix)
    _find_home(found)
    return found


def _why_not_into(folder: Path, output: AbstractSet[str]) -> str | None:
    """Return why a folder is not looked into, None if it is."""
    if folder.name in output:
        return WRITTEN
    if folder.name.startswith("."):
        return HIDDEN
    if folder.name.casefold() in SYSTEM_FOLDERS:
        return SYSTEM
    return LINKED if folder.is_symlink() else None


def _why_not(file: Path, root: Path, output: AbstractSet[str]) -> str | None:
    """Return why a file is left out, "" for no picture, which nobody could have meant, None for a picture."""
    ending = file.suffix.lower()
    if file.name in output:
        return WRITTEN
    if file.name.startswith("."):
        return HIDDEN if ending in ENDINGS and not file.name.startswith("._") else ""  # ._: litter of file managers
    if ending not in ENDINGS:
        named = ARCHIVE if ending in ARCHIVES else OTHER_KIND if ending in OTHER_KINDS else ""
        return named or (MISNAMED if _holds_picture(file) else "")
    if file.is_symlink() and not Path(os.path.realpath(file)).is_relative_to(root.resolve()):
        return OUTSIDE
    return None if file.is_file() else NOT_PLAIN


def _holds_picture(file: Path) -> bool:
    if file.is_symlink() or not file.is_file():
        return False
    try:
        with file.open("rb") as opened:
            start = opened.read(12)
    except OSError:
        return False
    return start.startswith(STARTS) or (start[:4] == b"RIFF" and start[8:] == b"WEBP")


def _find_home(found: PictureFolder) -> None:
    """Go down from `root` for as long as one folder holds everything, or `train` all that is not held out."""
    while True:
        inside = [path.relative_to(found.home) for path in found.pictures]
        names = {path.parts[0] for path in inside}
        if not inside or any(len(path.parts) == 1 for path in inside):
            return
        training = {name for name in names if name.casefold() in TRAINING}
        if len(training) == 1 and all(name.casefold() in HELD_OUT for name in names - training):
            names = training
        if len(names) > 1:
            return
        found.home /= names.pop()
        found.skipped[TESTING] += [path for path in found.pictures if not path.is_relative_to(found.home)]
        found.pictures = [path for path in found.pictures if path.is_relative_to(found.home)]


@dataclass(frozen=True)
class Classes:
    """The classes of pictures: names, and an index into them for each picture, all 0 without classes.

    note: what was found, with the number of pictures of each class, or why there are none; "" if nobody would ask.
    """

    names: tuple[str, ...]
    labels: list[int]
    note: str


def find_classes(found: PictureFolder, pictures: Sequence[Path]) -> Classes:
    """Find the classes of pictures, some of those found: two or more folders in which all of them lie."""
    inside = [path.relative_to(found.home) for path in pictures]
    folders = sorted({path.parts[0] for path in inside if len(path.parts) > 1})
    beside = [path for path, rest in zip(pictures, inside, strict=True) if len(rest.parts) == 1]
    none = [0] * len(pictures)
    if len(folders) < 2:
        only = found.home / folders[0] if folders else found.home
        named = "" if only == Path() or beside and folders else printable(only.as_posix())
        return Classes((), none, f"no classes: all pictures lie in {named}" if named else "")
    if beside:
        lie = "lies" if len(beside) == 1 else "lie"
        where = f"{count(len(beside), 'picture')} {lie} beside the {len(folders)} folders: {listed(beside)}"
        return Classes((), none, f"no classes, because {where}")
    if all(name.casefold() in TRAINING | HELD_OUT for name in folders):
        return Classes((), none, f"no classes: {' and '.join(map(printable, folders))} are parts of a data set")
    if len(folders) > MAX_CLASSES:
        return Classes((), none, f"no classes: {len(folders):,} folders are more than the {MAX_CLASSES:,} there can be")
    labels = [folders.index(path.parts[0]) for path in inside]
    sizes = Counter(labels)
    names = tuple(printable(name)[:MAX_CLASS_NAME] for name in folders)
    told = [f"{name} ({sizes[i]:,})" for i, name in enumerate(names)]
    rest = f"; no pictures in {listed(empty)}" if (empty := _empty_folders(found, folders)) else ""
    return Classes(names, labels, f"{count(len(names), 'class')}: {listed(told)}{rest}")


def _empty_folders(found: PictureFolder, classes: Sequence[str]) -> list[str]:
    """Return the names of the folders beside the classes that hold no picture, nor anything that a run has written."""
    there = {path.name for path in found.folders if path != found.home and path.parent == found.home}
    runs = {path.relative_to(found.home).parts[0] for path in found.skipped[WRITTEN] if path.is_relative_to(found.home)}
    return sorted(there - set(classes) - runs)


def _note(reason: str, paths: Sequence[Path]) -> str:
    if reason is TESTING:
        folders = Counter(path.parent.as_posix() for path in paths)
        return note(reason, len(paths), (f"{name} ({n:,})" for name, n in sorted(folders.items())))
    return note(reason, len(paths), (path.as_posix() for path in paths))


def note(reason: str, n: int, names: Iterable[str]) -> str:
    """Return the sentence that tells how many were left out for a reason, one of those above or alike, and which."""
    return f"{reason.format(n=f'{n:,}', s='' if n == 1 else 's')}: {listed(names)}"


def find_all(given: Sequence[Path]) -> tuple[dict[Path, Path], list[str]]:
    """Return the files to read, and under which name each is written, and sentences on what folders hold besides.

    A picture of a folder keeps its place in it. DataError for what is not there, and for no picture at all.
    """
    files: dict[Path, Path] = {}
    notes: list[str] = []
    for path in given:
        if path.is_dir():
            found = find_pictures(path)
            files |= {path / name: name.with_suffix(".png") for name in found.pictures}
            notes += found.notes()
        elif path.is_file():
            files[path] = Path(path.name).with_suffix(".png")
        else:
            raise DataError(f"{path}: no such file or folder")
    if not files:
        raise DataError(f"no pictures in {', '.join(map(str, given))}" + "".join(f". {note}" for note in notes))
    taken = Counter(files.values())
    doubled = sorted(name.as_posix() for name, times in taken.items() if times > 1)
    if doubled:
        raise DataError(f"several pictures would be written as {doubled[0]}: give them different folders")
    return files, notes
