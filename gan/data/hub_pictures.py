"""Pictures of a data set on the Hugging Face Hub: `hub:USER/NAME[/SUBSET][@REVISION][:COLUMN]`, as one tensor.

The `datasets` library, an optional extra, streams the rows; each picture's file is taken from it undecoded, and read as
the user's own files are. Nothing that a repository holds is trusted: no program of it is run, a row gets no other file
than those of its own repository, and rows, bytes, pixels and seconds are bounded.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

import torch

from gan.data.dataset import Dataset, Progress
from gan.data.folder import FEW_PICTURES, MIN_PICTURES, decode, size_notes
from gan.data.picture_folder import HELD_OUT, MAX_CLASS_NAME, MAX_CLASSES, TRAINING, note
from gan.errors import DataError, HubError
from gan.hub.client import api, translate_errors, with_timeout
from gan.hub.names import checked_repo, checked_revision, is_commit
from gan.pictures.picture_file import Picture, stack
from gan.text import count, listed, printable

PREFIX = "hub:"
CURE = "data sets of the Hub need one more package: pip install 'datasets>=5,<6'"
KINDS = ("parquet", "arrow", "imagefolder")  # formats that are read
ROWS = 200_000  # of which pictures are taken; a stream may have no end
PIXEL_BYTES = 6 * 2**30  # of all pictures, at their size in training
FILE_BYTES = 50 * 2**20  # of one picture's file
ATTEMPTS = 1_000  # rows without a single picture, after which there is none
AT_ONCE = 32  # rows
OPENING, SILENCE = 60.0, 60.0  # seconds for finding the files, and for the next `AT_ONCE` rows

# Why a row is left out, as it is told: how many, then which.
NO_PICTURE = "{n} row{s} without a picture skipped"
ELSEWHERE = "{n} row{s} skipped whose file lies outside the repository"
TOO_LONG = f"{{n}} file{{s}} of more than {FILE_BYTES // 2**20} MB skipped: make them smaller"


class Place(NamedTuple):
    """The parts of a name. revision None for the newest; subset and column "" where there is but one."""

    repo: str
    subset: str
    revision: str | None
    column: str

    @property
    def root(self) -> str:
        """Return the address of the repository as `datasets` writes it: never a folder of this machine."""
        return f"hf://datasets/{self.repo}"

    def holds(self, file: str) -> bool:
        """Return whether an address is that of a file of the repository, at its revision."""
        return file.startswith(f"{self.root}@{self.revision}/") and ".." not in file and "::" not in file

    def __str__(self) -> str:
        return (
            f"{PREFIX}{self.repo}{'/' * bool(self.subset)}{self.subset}"
            f"{'@' * bool(self.revision)}{self.revision or ''}{':' * bool(self.column)}{self.column}"
        )


def is_hub_name(name: str) -> bool:
    """Return whether a data set's name says that it is on the Hub, well formed or not."""
    return name.startswith(PREFIX)


def parse(name: str) -> Place:
    """Return the parts of a name; DataError, with the form, for another text."""
    found = re.fullmatch(r"hub:([^/@:]+/[^/@:]+)(?:/([^@:]+))?(?:@([^:]+))?(?::(.+))?", name)
    try:
        if found:
            revision = checked_revision(found[3]) if found[3] else None
            return Place(checked_repo(found[1]), found[2] or "", revision, found[4] or "")
    except HubError as error:
        raise DataError(str(error)) from None
    raise DataError(f"a data set of the Hub is hub:USER/NAME[/SUBSET][@REVISION][:COLUMN], got {name[:200]!r}")


def pin(name: str) -> str:
    """Return the name with the commit that its branch or tag stands for now, so that it means the same for ever.

    DataError, with the cure, for a repository that does not exist, may not be read, or cannot be reached.
    """
    place = parse(name)
    if is_commit(place.revision):
        return name
    hub = api()
    try:
        with translate_errors(place.repo, place.revision):
            info = with_timeout(OPENING, lambda: hub.dataset_info(place.repo, revision=place.revision))
    except HubError as error:
        raise DataError(str(error)) from None
    if not is_commit(info.sha):
        raise DataError(f"{place.repo}: the Hub named no commit")
    return str(place._replace(revision=info.sha))


def load_hub(name: str, resolution: int, split: str, progress: Progress) -> Dataset | None:
    """Return the pictures of a data set on the Hub: images (N, 3, resolution, resolution), N >= `MIN_PICTURES`.

    Each is read as `load_folder` reads a file. They come from the column named, or from the only one with pictures;
    classes from the only column of classes, or the one called label. Of the repository's splits the one for training is
    read, or the only one there is; for split "test" the one held out, None without one. `notes` tell what is left out,
    with the reason. DataError, with the cure, where the library is missing, and for whatever is not usable.
    """
    library = _library()
    place = parse(pin(name))
    progress(f"opening {place.repo} on the Hub")
    parts = _timed(OPENING, place, lambda: _open(library, place))
    chosen = _split_of(sorted(parts), split, place)
    if chosen is None:
        return None
    rows = parts[chosen]
    column, classes = _columns(library, rows.features or {}, place)
    names = [column, *([classes] if classes else [])]
    rows = rows.decode(False).select_columns(names)  # in this order: else folders of pictures are decoded
    most = min(ROWS, PIXEL_BYTES // (3 * resolution**2))
    found = _Reading(place, column, classes, resolution)
    found.read(_in_time(iter(rows), place), most, progress)
    if len(found.pictures) < MIN_PICTURES:
        raise DataError(
            f"{place.repo} holds {count(len(found.pictures), 'readable picture')} in {chosen!r}, at least "
            f"{MIN_PICTURES} are needed ({FEW_PICTURES} or more are better): take another data set"
            + "".join(f". {text}" for text in found.notes())
        )
    labels, known, about = _classes(found.labels, _class_names(parts[chosen].features, classes))
    images = torch.from_numpy(stack(found.pictures)).permute(0, 3, 1, 2).contiguous()
    notes = [*found.notes(), *filter(None, [about]), *size_notes(found.pictures, resolution)]
    return Dataset(place.repo, images, labels, known, (), tuple(notes))


def _library() -> Any:
    try:
        import datasets
    except ImportError:
        raise DataError(CURE) from None
    if int(datasets.__version__.partition(".")[0]) < 5:  # older ones may run programs that a repository holds
        raise DataError(f"datasets {datasets.__version__} is too old. {CURE}")
    datasets.disable_progress_bars()
    return datasets


def _open(library: Any, place: Place) -> Mapping[str, Any]:
    """Return the splits of a data set, as streams of rows that nothing was read of yet.

    A repository's card may say which files hold its rows: on this machine, or on another host than the Hub, they don't.
    """
    builder = library.load_dataset_builder(f"{place.root}", place.subset or None, revision=place.revision)
    files = [str(file) for part in (builder.config.data_files or {}).values() for file in part]
    if elsewhere := [file for file in files if not place.holds(file)]:
        raise DataError(f"{place.repo} names files outside its repository, which are not read: {listed(elsewhere[:3])}")
    kinds = {kind.__name__.lower() for kind in type(builder).__mro__}  # its own class is made for this repository
    if not kinds.intersection(KINDS):
        raise DataError(f"{place.repo} has files of another kind than {', '.join(KINDS)}: take another data set")
    return builder.as_streaming_dataset()


def _timed(seconds: float, place: Place, work: Callable[[], Any]) -> Any:
    """Return what `work` returns; DataError for what the library raises, which is nearly anything, and for silence."""
    try:
        with translate_errors(place.repo, place.revision):
            return with_timeout(seconds, work, f"{place.repo} sent nothing more")
    except HubError as error:
        raise DataError(str(error)) from None
    except (DataError, MemoryError):  # ours, or of this machine
        raise
    except Exception as error:
        said = printable(" ".join(str(error).split()))[:300] or type(error).__name__
        raise DataError(
            f"{place.repo} cannot be read as a data set of pictures ({said}): take another one, or, if it has several "
            f"subsets, name one of them: hub:{place.repo}/SUBSET"
        ) from None


def _in_time(rows: Iterator[dict[str, Any]], place: Place) -> Iterator[dict[str, Any]]:
    while some := _timed(SILENCE, place, lambda: list(islice(rows, AT_ONCE))):
        yield from some


def _split_of(names: list[str], split: str, place: Place) -> str | None:
    """Return which of a repository's splits to read; None for a "test" that is not there."""
    training = [name for name in names if name.casefold() in TRAINING]
    if split != "train":
        held = [name for name in names if name.casefold() in HELD_OUT]
        return "test" if "test" in held else held[0] if held and (training or len(names) > len(held)) else None
    if len(training) == 1 or len(names) == 1:
        return (training or names)[0]
    raise DataError(
        f"{place.repo} has the splits {listed(names) or 'none'}, and none of them is called train: take a data set "
        "that has one"
    )


def _columns(library: Any, features: Mapping[str, Any], place: Place) -> tuple[str, str]:
    """Return the column of pictures, and that of their classes or ""; DataError, with the columns, for none."""
    binary = [name for name, f in features.items() if getattr(f, "dtype", "") in ("binary", "large_binary")]
    found = [name for name, feature in features.items() if isinstance(feature, library.Image)]
    if place.column and place.column not in found + binary:
        kind = "holds no pictures" if place.column in features else "is not there"
        raise DataError(f"{place.repo}: column {place.column!r} {kind}; {_told(found or binary)}")
    if not place.column and len(found) != 1:
        raise DataError(f"{place.repo} has {count(len(found), 'column')} of pictures; {_told(found or binary)}")
    classes = [name for name, feature in features.items() if isinstance(feature, library.ClassLabel)]
    named = [name for name in classes if name in ("label", "labels")] or (classes if len(classes) == 1 else [])
    return place.column or found[0], named[0] if named else ""


def _told(columns: list[str]) -> str:
    if not columns:
        return "take a data set that has pictures"
    return f"name one of these after a colon, as in hub:USER/NAME:{printable(columns[0])[:60]}: {listed(columns)}"


def _class_names(features: Mapping[str, Any] | None, column: str) -> list[str]:
    return [str(name) for name in features[column].names] if features and column else []


def _classes(labels: list[Any], names: list[str]) -> tuple[torch.Tensor, tuple[str, ...], str]:
    """Return labels int64 (N,), the names of those classes that occur, and a sentence on them or ""."""
    none = torch.zeros(len(labels), dtype=torch.int64), ()
    if not names:
        return (*none, "")
    if unknown := sum(type(label) is not int or not 0 <= label < len(names) for label in labels):
        return (*none, f"no classes: {count(unknown, 'picture')} of no class")
    there = sorted(set(labels))
    if len(there) < 2:
        return (*none, f"no classes: all pictures are of {printable(names[there[0]])[:MAX_CLASS_NAME]}")
    if len(there) > MAX_CLASSES:
        return (*none, f"no classes: {len(there):,} are more than the {MAX_CLASSES:,} there can be")
    order = {label: i for i, label in enumerate(there)}
    known = tuple(printable(names[label])[:MAX_CLASS_NAME] for label in there)
    told = listed(f"{name} ({labels.count(label):,})" for name, label in zip(known, there, strict=True))
    return torch.tensor([order[label] for label in labels]), known, f"{count(len(known), 'class')}: {told}"


@dataclass
class _Reading:
    """Pictures that were read, their labels, and the numbers of the rows that were left out, by reason."""

    place: Place
    column: str
    classes: str
    resolution: int
    pictures: list[Picture] = field(default_factory=list)
    labels: list[Any] = field(default_factory=list)
    skipped: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    cut: int = 0

    def read(self, rows: Iterable[dict[str, Any]], most: int, progress: Progress) -> None:
        """Read rows until `most` of them were seen; DataError where none of the first `ATTEMPTS` has a picture."""
        for number, row in enumerate(rows):
            if number >= most:
                self.cut = most
                return
            found = self._picture(row.get(self.column))
            if isinstance(found, str):
                self.skipped[found].append(number)
            else:
                self.pictures.append(found)
                self.labels.append(row.get(self.classes) if self.classes else 0)
            if number + 1 >= ATTEMPTS and not self.pictures:
                raise DataError(
                    f"{self.place.repo}: none of the first {ATTEMPTS:,} rows has a picture that can be read in column "
                    f"{self.column!r}: take another data set. " + ". ".join(self.notes())
                )
            if number % 1000 == 999:
                progress(f"read {number + 1:,} rows of {self.place.repo}")

    def _picture(self, value: Any) -> Picture | str:
        """Return a row's picture, or why there is none."""
        if isinstance(value, bytes):
            value = {"bytes": value}
        if not isinstance(value, dict):
            return NO_PICTURE
        content, path = value.get("bytes"), value.get("path")
        if content is None:
            if not path:
                return NO_PICTURE
            if not self._is_own(str(path)):
                return ELSEWHERE
            content = _timed(SILENCE, self.place, lambda: _fetched(str(path)))
        return TOO_LONG if len(content) > FILE_BYTES else decode(bytes(content), self.resolution)

    def _is_own(self, path: str) -> bool:
        """Return whether a path leads to a file of this repository at this commit, or into an archive there."""
        inside, _, file = path.rpartition("::")
        return self.place.holds(file) and (not inside or re.fullmatch(r"zip://[^:]+", inside) is not None)

    def notes(self) -> list[str]:
        """Return a sentence for each reason, with the rows that were left out."""
        told = [note(reason, len(rows), (f"row {row:,}" for row in rows)) for reason, rows in self.skipped.items()]
        return [*told, *([f"only the first {self.cut:,} rows are used, as there are more"] if self.cut else [])]


def _fetched(path: str) -> bytes:
    """Return the start of a file of the repository, a byte more than is allowed at most."""
    import fsspec

    with fsspec.open(path, "rb") as file:
        return file.read(FILE_BYTES + 1)
