"""`gan.scratch`: temporary folders go with their use, and what a killed process left goes at the next start."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from gan import scratch

ROOT = Path(__file__).parents[1]
# Makes two folders with a file in each, says so, and waits to be killed.
HOLDER = """
import sys
from pathlib import Path
from gan import scratch
made = [scratch.folder(), scratch.folder(near=Path(sys.argv[1]))]
for folder in made:
    (Path(folder.name) / "file").write_text("x")
print(*(folder.name for folder in made), flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def place(monkeypatch, tmp_path: Path) -> Path:
    """Provide an empty temporary folder, for this process and for those it starts."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def start(near: Path) -> tuple[subprocess.Popen, list[Path]]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, near], cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    return process, [Path(name) for name in process.stdout.readline().split()]


def end(process: subprocess.Popen, how: signal.Signals | None) -> None:
    if how:
        process.send_signal(how)
    process.communicate()


def test_a_folder_goes_with_its_use_and_only_its_user_can_look_inside(place):
    with scratch.folder() as name:
        assert Path(name).is_dir() and Path(name).stat().st_mode & 0o077 == 0
        assert [path.name for path in place.iterdir()] == [Path(name).name]
    assert not list(place.iterdir())


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_what_a_killed_process_left_is_removed_and_what_a_living_one_has_is_not(place, how):
    near = place / "near"
    near.mkdir()
    (killed, left), (living, kept) = start(near), start(near)
    kept_by_user = scratch.kept_folder()
    foreign = place / f"{scratch.PREFIX}1000"
    foreign.mkdir()
    end(killed, how)
    assert all((folder / "file").exists() for folder in [*left, *kept])
    with scratch.folder(), scratch.folder(near=near):
        assert not any(folder.exists() for folder in left)
        assert all((folder / "file").exists() for folder in kept)
    end(living, None)
    assert not any(folder.exists() for folder in kept), "a process that ends by itself leaves nothing"
    assert kept_by_user.exists() and foreign.exists()


def test_links_and_files_with_our_prefix_are_left_alone(place):
    elsewhere = place / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "file").write_text("x")
    (place / f"{scratch.OWN}link").symlink_to(elsewhere)
    (place / f"{scratch.OWN}file").write_text("x")
    with scratch.folder():
        pass
    assert (elsewhere / "file").exists() and (place / f"{scratch.OWN}file").exists()


def test_without_locks_nothing_is_taken_for_left_behind(place, monkeypatch):
    left = place / f"{scratch.OWN}left"
    left.mkdir()
    monkeypatch.setattr(scratch, "fcntl", None)
    with scratch.folder() as name:
        assert Path(name).is_dir() and left.exists()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_does_not_take_its_parents_folder_with_it(place):
    made = scratch.folder()
    with made as name:
        child = os.fork()
        if child == 0:
            try:
                scratch.folder().cleanup()
                made.cleanup()
            finally:
                os._exit(0)
        assert os.waitpid(child, 0)[1] == 0 and Path(name).is_dir()
