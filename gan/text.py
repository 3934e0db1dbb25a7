"""Names and commands as text for people: what any console, file and page can show, and what can be pasted."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import string
import subprocess
import sys
import unicodedata
from collections.abc import Iterable
from pathlib import Path, PureWindowsPath
from typing import Any

MAX_NAMED = 100  # names that a sentence lists; the rest it counts
UNSHOWABLE = {"Cc", "Cs", "Zl", "Zp"}  # Unicode categories: control characters, halves of pairs, line breaks


def printable(text: object) -> str:
    """Return a text as one line that UTF-8 can hold: control characters, line breaks and undecodable bytes escaped.

    A name of an old encoding reads as Python writes it: byte 8e, which is no UTF-8, as \\udc8e.
    """
    return "".join(
        c.encode("unicode_escape").decode() if unicodedata.category(c) in UNSHOWABLE else c for c in str(text)
    )


def last_name(path: str) -> str:
    """Return the last part of a path of any system, the only one that may become public; "" for a path without one."""
    name = PureWindowsPath(path).name  # knows both kinds of slash
    return "" if name == ".." else name


def shell(*words: object) -> str:
    """Return a command as this system's shell reads it, whatever is in its words. Those that are paths must be `Path`.

    A path that begins with a dash is written so that no program takes it for a flag.
    """
    plain = [os.path.join(".", w) if isinstance(w, Path) and str(w).startswith("-") else str(w) for w in words]
    if os.name == "nt":
        return subprocess.list2cmdline(plain)
    return " ".join(map(_quoted, plain))


def _quoted(word: str) -> str:
    if printable(word) == word:
        return shlex.quote(word)
    kept = f"{string.ascii_letters}{string.digits}/._-".encode()
    escaped = "".join(chr(byte) if byte in kept else f"\\x{byte:02x}" for byte in os.fsencode(word))
    return f"$'{escaped}'"  # ANSI-C quoting, of bash, zsh and newer POSIX shells


def count(n: int, thing: str) -> str:
    """Return a count with its noun: 1 file, 2 files, 2 classes."""
    return f"{n:,} {thing}" + ("" if n == 1 else "es" if thing.endswith("s") else "s")


def listed(names: Iterable[object]) -> str:
    """Return the first `MAX_NAMED` names as one printable line, then the number of the rest."""
    names = list(names)
    more = f" and {len(names) - MAX_NAMED:,} more" if len(names) > MAX_NAMED else ""
    return ", ".join(map(printable, names[:MAX_NAMED])) + more


def markdown(text: object, most: int = 200) -> str:
    """Return a text that is not trusted as one line of plain Markdown: no HTML, link, mention or table in it.

    most: characters, of which a longer text keeps the first.
    """
    return re.sub(r"[\\`*_{}\[\]<>|~@]|&(?=#?\w+;)|:(?=//)|(?<=www)\.", r"\\\g<0>", printable(text)[:most])


def code_span(text: object) -> str:
    """Return a text as inline code of Markdown, whatever backticks and line breaks it holds."""
    line = printable(text)
    fence = "`" * (1 + max(map(len, re.findall("`+", line)), default=0))
    space = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{space}{line}{space}{fence}"


def code_block(text: str) -> str:
    """Return a text as a fenced block of Markdown, whatever backticks it holds."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}\n{text}\n{fence}"


def forgive_console() -> None:
    """Escape what the console, or the file behind stdout, cannot hold, and let every line reach a pipe at once."""
    stream: Any = sys.stdout
    with contextlib.suppress(AttributeError):  # a stream of a test, or none
        stream.reconfigure(errors="backslashreplace", line_buffering=True)
