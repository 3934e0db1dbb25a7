"""`gan.text`: names and commands of any kind can be shown, pasted and published."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gan import text

LATIN = os.fsdecode(b"\x8e\xca\x90^")  # a name of an old encoding
NAMES = ["My run", "it's", 'a"b', "a$(x)b", "--resume", "写真", "a\nb", "a\tb", "\x1b[31m", LATIN]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("above", ["", "runs/"])
def test_a_printed_command_can_be_pasted(name, above):
    line = text.shell("printf", "%s\\0", Path(above + name), name)
    assert line.encode() and text.printable(line) == line
    out = subprocess.run(["bash", "-c", line], capture_output=True, check=True).stdout.split(b"\0")
    path, word = map(os.fsdecode, out[:2])
    assert Path(path) == Path(above + name) and word == name
    assert not path.startswith("-")


def test_a_command_for_windows_has_its_quotes(monkeypatch):
    monkeypatch.setattr(text.os, "name", "nt")
    assert text.shell("python", "train.py", "--resume", "C:\\My runs\\a") == 'python train.py --resume "C:\\My runs\\a"'


def test_plain_words_need_no_quotes():
    assert text.shell("python", "train.py", "--resume", Path("runs/cats")) == "python train.py --resume runs/cats"


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_one_line_of_utf_8(name):
    shown = text.printable(name)
    assert shown.encode() and len(shown.splitlines()) == 1 and "\x1b" not in shown
    assert not name.isprintable() or shown == name


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/home/anna/cats", "cats"), ("C:\\Users\\anna\\cats", "cats"), ("C:\\Users\\anna/cats\\", "cats"),
        ("cats", "cats"), ("\\\\nas\\anna\\cats", "cats"),
        (".", ""), ("..", ""), ("a/..", ""), ("/", ""), ("C:\\", ""), ("", ""),
    ],
)  # fmt: skip
def test_the_last_name_of_a_path_of_any_system(path, name):
    assert text.last_name(path) == name


def test_counts_and_lists():
    assert [text.count(n, "file") for n in (0, 1, 2_000)] == ["0 files", "1 file", "2,000 files"]
    assert text.count(2, "class") == "2 classes"
    assert text.listed(["a\n", "b"]) == "a\\n, b"
    assert text.listed(str(i) for i in range(text.MAX_NAMED + 7)).endswith(f"{text.MAX_NAMED - 1} and 7 more")


def test_a_console_of_any_encoding_gets_what_it_can_hold_at_once(tmp_path):
    code = "from gan.text import forgive_console; forgive_console(); print('写 é \\udc8e'); import os; os._exit(0)"
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252"}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment, timeout=60)
    assert run.stdout.decode("cp1252").strip() == "\\u5199 é \\udc8e", run.stderr
