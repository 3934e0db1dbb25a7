"""The installed package: a wheel holds all that a checkout has, works from any folder, and brings its commands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import warm

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """A folder with the wheel's files, as pip would put them into site-packages."""
    folder = tmp_path_factory.mktemp("wheel")
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if files.returncode or not files.stdout:
        pytest.skip("not a git checkout")
    for name in filter(None, files.stdout.split("\0")):  # only these: a build leaves files in the folder it builds from
        if name.startswith(("gan/", "weights/")) or "/" not in name:
            copy = folder / "source" / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / name).is_file():
                os.link(ROOT / name, copy)
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-q", "-w", str(folder), "."]
    built = subprocess.run(command, cwd=folder / "source", capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def run(installed: Path, folder: Path, code: str) -> str:
    status, said, problem = warm.run(["-c", code], folder, {**os.environ, "PYTHONPATH": str(installed)})
    assert status == 0, problem
    return said.strip()


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_wheel_holds_every_file_of_the_package_and_every_shipped_model(installed):
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True).stdout.split("\0")
    wanted = {name for name in files if name.startswith("gan/") and (ROOT / name).is_file()}
    wanted |= {f"gan/{name}" for name in files if name.startswith("weights/")}
    have = {p.relative_to(installed).as_posix() for p in installed.rglob("*") if p.is_file()}
    assert not wanted - have
    assert not {name for name in have if name.startswith("gan/")} - wanted
    assert all(name.startswith(("gan/", "latent_lab-")) for name in have)


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_an_installed_package_works_from_any_folder(installed, tmp_path):
    code = (
        "import gan; from gan import data; from gan.io import shipped_models; from gan.ui.server.model_info import *;"
        "found = discover(shipped_models(), __import__('pathlib').Path('runs'));"
        "print(gan.__file__); print(*[f.name for f in found]);"
        "print(len(data.load('emoji').images), gan.load(found[0]).sample([1]).shape)"
    )
    where, models, made = run(installed, tmp_path, code).splitlines()
    assert where == str(installed / "gan/__init__.py")
    assert sorted(models.split()) == sorted(p.name for p in (ROOT / "weights").iterdir())
    assert made == "1911 (1, 64, 64, 3)"


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_its_commands_are_there(installed, tmp_path):
    text = next(installed.glob("*.dist-info/entry_points.txt")).read_text(encoding="utf-8")
    commands = dict(re.findall(r"^([\w-]+) = (\S+)$", text, re.MULTILINE))
    assert set(commands) == {"latent-lab", "latent-lab-train"}
    for name, target in commands.items():
        module, function = target.split(":")
        code = f"import sys; from {module} import {function}; sys.argv = [{name!r}, '--help']; {function}()"
        assert "usage:" in run(installed, tmp_path, code)
