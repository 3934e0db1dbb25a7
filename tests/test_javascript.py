"""The page's scripts: their types, their format, and the tests of what needs no browser."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = sorted((ROOT / "gan/ui/static").glob("*/*.js"))
TESTS = sorted((ROOT / "tests/js").glob("*.test.mjs"))
DECLARED = ROOT / "gan/ui/static/latent-lab.d.ts"


def missing(what: str) -> NoReturn:
    """Skip the test; in CI, where nobody reads of skips, fail it."""
    if os.environ.get("CI"):
        pytest.fail(f"{what}: CI needs it")
    pytest.skip(what)


def run(*command: str | Path) -> None:
    done = subprocess.run([str(part) for part in command], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def node() -> str:
    return shutil.which("node") or missing("there is no node on this machine")


def tool(name: str) -> Path:
    """Return the path of a development tool that npm installs."""
    node()
    path = ROOT / "node_modules/.bin" / name
    return path if path.exists() else missing(f"{name} is not installed here: run `npm ci`")


def test_types() -> None:
    run(tool("tsc"))


def test_format() -> None:
    run(tool("prettier"), "--check", "gan/ui/static", "tests/js")


def test_functions_that_need_no_browser() -> None:
    assert len(TESTS) >= 9
    run(node(), "--test", *TESTS)


def test_the_table_of_types_lists_what_the_scripts_add() -> None:
    """A script cannot use a name of `latentLab` that is not declared; nor may one be declared that none adds."""
    interface = DECLARED.read_text(encoding="utf-8").split("interface LatentLab {")[1].split("\n}\n")[0]
    declared = set(re.findall(r"^  (\w+)[:(<]", interface, re.MULTILINE)) - {
        "controls",
        "worker",
        "trainer",
        "words",
        "seeds",
        "site",
    }
    added = [
        name for path in SCRIPTS for name in re.findall(r"^  lab\.(\w+) =\s", path.read_text("utf-8"), re.MULTILINE)
    ]
    assert len(added) == len(set(added)), "two scripts add the same name"
    assert declared == set(added)
