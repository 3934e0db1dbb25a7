"""Reads a stranger's pictures in a process of its own, which the system stops when it takes too much.

Decoders are large, and time and memory that a file costs them cannot be told from its size: comments of a GIF take the
square of their number, a PPM of an odd depth is decoded in Python. So `read_apart` starts a process that has a budget
of bytes, pixels, seconds and memory, knows no secret and writes no file. It counts everything first, then decodes each
picture once, and sends each as soon as it is read, so that those read in time are kept.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from gan.pictures.picture_file import ENDINGS, Picture, count_pixels, read_picture
from gan.pictures.sent_files import Refused, SentFile, plain_name, sent_files

PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "PYTHONHOME", "SYSTEMROOT")  # of the environment; it may hold tokens


@dataclass(frozen=True)
class Budget:
    """The most that the files of one upload may take together, packed ones unpacked."""

    pictures: int = 2_000
    file_bytes: int = 20 * 2**20
    bytes: int = 200 * 2**20
    file_pixels: int = 20_000_000
    pixels: int = 400_000_000
    seconds: int = 10  # of processor time
    wait: int = 60  # seconds of the clock: where it shares the processor, the process lasts longer
    memory: int = 1024 * 2**20  # bytes of address space, of which the process takes a fifth before it reads anything


@dataclass(frozen=True)
class Reading:
    """The outcome of an upload. found: files that say they are pictures, within the budget; none is decoded below
    `least`. names: of the pictures. refused: names and reasons.
    """

    found: int
    pictures: list[Picture]
    names: list[str]
    refused: list[tuple[str, str]]


def read_apart(
    files: Iterable[tuple[str, bytes]], resolution: int, least: int = 0, budget: Budget | None = None
) -> Reading:
    """Read pictures, and zips of pictures, given by name and contents, in a process of its own."""
    budget, files = budget or Budget(), list(files)
    order = {"resolution": resolution, "least": least, "budget": asdict(budget)}
    head = json.dumps(order | {"files": [[name, len(data)] for name, data in files]}).encode()
    process = subprocess.Popen(
        [sys.executable, "-P", "-B", "-m", "gan.pictures.reader"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(),
    )
    try:
        sent, _ = process.communicate(b"".join([head, b"\n", *(data for _, data in files)]), budget.wait)
    except subprocess.TimeoutExpired:
        process.kill()
        sent, _ = process.communicate()
    return _reading(sent, resolution)


def _environment() -> dict[str, str]:
    passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    path = os.pathsep.join([str(Path(__file__).parents[2]), *filter(None, sys.path)])
    return {**passed, "PYTHONPATH": path, "PYTHONIOENCODING": "utf-8", "OPENBLAS_NUM_THREADS": "1"}


def _reading(sent: bytes, resolution: int) -> Reading:
    """Make sense of what the process sent before it ended, or was ended."""
    found, pictures, unread = 0, [], None  # type: int, list[Picture], int | None
    names: list[str] = []
    refused: list[tuple[str, str]] = []
    at = 0
    while (end := sent.find(b"\n", at)) >= 0:
        record, at = json.loads(sent[at:end]), end + 1
        if "refused" in record:
            refused.append((record["refused"], record["reason"]))
        elif "found" in record:
            found = record["found"]
        elif "end" in record:
            unread = 0
        else:
            kind = np.dtype(np.uint16 if record["deep"] else np.uint8)
            size = resolution * resolution * 3 * kind.itemsize
            if at + size > len(sent):
                break
            pixels = np.frombuffer(sent, kind, size // kind.itemsize, at).reshape(resolution, resolution, 3)
            pictures.append(Picture(pixels, record["side"], record["peak"]))
            names.append(record["name"])
            at += size
    if unread is None:
        refused.append(("the others", "they took too much time or memory to read"))
    return Reading(found, pictures, names, refused)


# What follows runs in the process.


class _Sender:
    """Sends what becomes of files, one record each, at once."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self.pipe = pipe

    def send(self, record: dict[str, Any], data: bytes = b"") -> None:
        self.pipe.write(json.dumps(record).encode() + b"\n" + data)

    def refuse(self, name: str, reason: object) -> None:
        self.send({"refused": name, "reason": str(reason)})

    def picture(self, name: str, picture: Picture) -> None:
        deep = picture.pixels.dtype == np.uint16
        about = {"name": name, "side": picture.side, "peak": picture.peak, "deep": deep}
        self.send(about, picture.pixels.tobytes())
        self.pipe.flush()


class _Counter:
    """The rest of a budget."""

    def __init__(self, budget: Budget) -> None:
        self.budget, self.bytes, self.pixels = budget, budget.bytes, budget.pixels
        self.accepted: list[SentFile] = []

    def check_time(self) -> None:
        if time.process_time() > self.budget.seconds:
            raise Refused("the files before it took too long to read")

    def add(self, file: SentFile) -> None:
        """Accept a file that is within the budget; `Refused` for any other. What is unpacked counts in any case."""
        budget = self.budget
        if file.ending not in ENDINGS:
            raise Refused("not a picture's ending")
        if len(self.accepted) >= budget.pictures:
            raise Refused(f"more than {budget.pictures:,} pictures")
        self.check_time()
        data = file.read(min(budget.file_bytes, self.bytes))
        self.bytes -= len(data)
        pixels = _attempt(count_pixels, data)
        if pixels > budget.file_pixels:
            raise Refused(f"more than {budget.file_pixels / 1e6:g} million pixels")
        if pixels > self.pixels:
            raise Refused(f"more than {budget.pixels / 1e6:g} million pixels in all")
        self.pixels -= pixels
        self.accepted.append(file)


def _attempt(function: Any, *values: Any) -> Any:
    try:
        return function(*values)
    except MemoryError:
        raise Refused("too large") from None
    except Exception:  # decoders raise nearly anything on damaged bytes
        raise Refused("cannot be read as a picture") from None


def _read(files: Iterable[tuple[str, bytes]], resolution: int, least: int, budget: Budget, sender: _Sender) -> None:
    """Count all files, then decode those that were accepted, if there are enough."""
    counter = _Counter(budget)
    for name, data in files:
        try:
            for file in sent_files(name, data):
                try:
                    counter.add(file)
                except Refused as reason:
                    sender.refuse(file.name, reason)
        except Refused as reason:
            sender.refuse(plain_name(name), reason)
    sender.send({"found": len(counter.accepted)})
    for file in counter.accepted if len(counter.accepted) >= least else ():
        try:
            counter.check_time()
            data = file.read(budget.file_bytes)
            sender.picture(file.name, _attempt(read_picture, data, resolution, budget.file_pixels))
        except Refused as reason:
            sender.refuse(file.name, reason)
    sender.send({"end": True})


def _limit(budget: Budget) -> None:
    """Have the system end this process where it takes more than its budget, and let it write no file."""
    with suppress(ImportError, ValueError, OSError):  # not on every system
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (budget.seconds + 2, budget.seconds + 2))
        resource.setrlimit(resource.RLIMIT_AS, (budget.memory, budget.memory))


def _files(names: Iterable[tuple[str, int]], pipe: IO[bytes]) -> Iterator[tuple[str, bytes]]:
    for name, size in names:
        yield name, pipe.read(size)


def main() -> None:
    """Read an order and files from standard input; write what becomes of them to standard output."""
    order = json.loads(sys.stdin.buffer.readline())
    budget = Budget(**order["budget"])
    _limit(budget)
    with suppress(ImportError):
        from PIL import AvifImagePlugin

        AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    files = _files(order["files"], sys.stdin.buffer)
    _read(files, order["resolution"], order["least"], budget, _Sender(sys.stdout.buffer))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
