"""Versions that must agree: requirements, project metadata, the Space's front matter, and docs/VERSIONS.md."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "docs/VERSIONS.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
MATTER = yaml.safe_load((ROOT / "README.md").read_text(encoding="utf-8").split("---\n", 2)[1])


def requirements() -> dict[str, SpecifierSet]:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    parsed = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {requirement.name: requirement.specifier for requirement in parsed}


def table(heading: str) -> list[list[str]]:
    """Return the rows of the table below a heading of docs/VERSIONS.md, without its head."""
    section = TEXT.split(f"## {heading}\n", 1)[1].split("\n## ")[0]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in re.findall(r"^\|.*\|$", section, re.M)][2:]


def test_ranges_hold_the_pairs_of_the_table_and_nothing_beyond():
    pairs, torch, torchvision = (
        table("Pairs of torch and torchvision"),
        *map(requirements().get, ("torch", "torchvision")),
    )
    assert len(pairs) == 7
    for a, b in pairs:
        assert f"{a}.0" in torch and f"{b}.0" in torchvision, (a, b)

    def after(version: str, step: int) -> str:
        major, minor = map(int, version.split("."))
        return f"{major}.{minor + step}.0"

    for place, step in ((0, -1), (-1, 1)):
        assert after(pairs[place][0], step) not in torch
        assert after(pairs[place][1], step) not in torchvision


def test_both_ends_of_the_range_and_each_python_were_tried():
    tried = table("Tried")
    pairs = table("Pairs of torch and torchvision")
    minors = {".".join(row[1].split(".")[:2]) for row in tried}
    assert {pairs[0][0], pairs[-1][0], "2.11"} <= minors
    pythons = {".".join(row[0].split(".")[:2]) for row in tried}
    allowed = SpecifierSet(PROJECT["project"]["requires-python"])
    assert pythons == {f"3.{minor}" for minor in range(9, 20) if f"3.{minor}.0" in allowed}
    assert all(re.search(r"[\d,]+ passed", row[3]) for row in tried)
    assert f"{sys.version_info.major}.{sys.version_info.minor}" in pythons


def test_the_space_builds_on_zerogpu():
    listed = {name: [v.strip() for v in versions.split(",")] for name, versions in table("ZeroGPU")}
    python = [v for v in listed["python"] if v.startswith(f"{MATTER['python_version']}.")]
    assert python, "python_version of the front matter is not one that ZeroGPU has"
    assert python[0] in SpecifierSet(PROJECT["project"]["requires-python"])
    assert all(version in requirements()["torch"] for version in listed["torch"])
    assert MATTER["suggested_hardware"] == "zero-a10g"


def test_the_space_runs_the_gradio_that_is_pinned():
    assert str(requirements()["gradio"]) == f"=={MATTER['sdk_version']}"


def test_checkers_look_at_the_oldest_python():
    assert PROJECT["project"]["requires-python"].startswith(">=3.11,")
    assert PROJECT["tool"]["ruff"]["target-version"] == "py311" and PROJECT["tool"]["mypy"]["python_version"] == "3.11"


def test_the_version_is_the_newest_of_the_changelog():
    import gan

    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert newest and newest[1] == gan.__version__
