"""`gan.training.run_folder`: a run has its folder to itself, for as long as its process lives and no longer."""

from __future__ import annotations

import errno
import json

import pytest
import warm
from conftest import small

from gan.errors import ConfigError
from gan.io import LOG_START
from gan.training import run_folder
from gan.training.checkpoint import ended_before_checkpoint
from gan.training.events import Ticked
from gan.training.loop import train
from gan.training.run_folder import own_folder


@pytest.mark.parametrize("resume", [False, True])
def test_a_second_run_is_refused_while_the_first_goes_on(tmp_path, resume):
    with own_folder(tmp_path / "run", False) as log:
        assert log.locked
        with pytest.raises(ConfigError, match="run is in use: another run is writing to it"):
            own_folder(tmp_path / "run", resume).__enter__()
        log.append(Ticked(3))
    with own_folder(tmp_path / "run", resume) as log:
        log.append(Ticked(4))
    assert (tmp_path / "run/log.jsonl").read_text().count("\n") == 2


def test_a_refused_run_reads_no_data_and_changes_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("gan.training.loop.prepare", lambda *_: pytest.fail("data was read"))
    with own_folder(tmp_path, False) as log:
        log.append(Ticked(3))
        before = (tmp_path / "log.jsonl").read_bytes()
        with pytest.raises(ConfigError, match="is in use"):
            next(iter(train(small(), tmp_path)))
        assert (tmp_path / "log.jsonl").read_bytes() == before


def test_a_lock_ends_with_its_process_however_that_ends(tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from gan.training.run_folder import own_folder\n"
        "with own_folder(Path(sys.argv[1]), False): print('held', flush=True); time.sleep(60)"
    )
    with warm.Program(["-c", code, str(tmp_path / "run")]) as program:
        assert program.stdout.readline() == "held\n"
        with pytest.raises(ConfigError, match="is in use"):
            own_folder(tmp_path / "run", True).__enter__()
    with own_folder(tmp_path / "run", True) as log:
        assert log.locked


def test_a_folder_in_which_nothing_was_written_is_removed_with_those_above_it(tmp_path):
    with own_folder(tmp_path / "a/b/run", False):
        assert (tmp_path / "a/b/run/log.jsonl").is_file()
    assert not (tmp_path / "a").exists()
    (tmp_path / "mine").mkdir()
    with own_folder(tmp_path / "mine", False):
        pass
    assert list((tmp_path / "mine").iterdir()) == []


def test_a_run_that_died_while_it_read_its_data_can_be_begun_anew(tmp_path):
    (tmp_path / "log.jsonl").touch()
    assert ended_before_checkpoint(tmp_path)
    with own_folder(tmp_path, False):
        pass


def test_a_run_that_came_to_a_checkpoint_meanwhile_is_not_overwritten(tmp_path):
    """Both found the folder free; the other was quicker, and has ended."""
    (tmp_path / "checkpoint").mkdir()
    with pytest.raises(ConfigError, match=f"{tmp_path} already holds a run: continue it with --resume {tmp_path}"):
        own_folder(tmp_path, False).__enter__()


def test_a_disk_without_locks_is_told_and_trained_on(tmp_path, monkeypatch, read_once):
    def no_locks(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", no_locks)
    assert run_folder.NOT_LOCKED in next(iter(train(small(), tmp_path / "run"))).notes


def test_a_log_goes_on_with_a_line_of_its_own_and_holds_any_name(tmp_path):
    (tmp_path / "log.jsonl").write_text(LOG_START + ', "sho')
    with own_folder(tmp_path, True) as log:
        log.append(Ticked(3))
    lines = (tmp_path / "log.jsonl").read_text().splitlines()
    assert lines[0] == LOG_START + ', "sho' and json.loads(lines[1]) == {"event": "ticked", "shown": 3}


class FullDisk:
    """A file on a disk without room."""

    def __getattr__(self, name):
        def fail(*_):
            raise OSError(errno.ENOSPC, "No space left on device")

        return fail


def test_a_full_disk_names_the_log(tmp_path):
    with pytest.raises(OSError) as caught, own_folder(tmp_path, True) as log:
        log.file = FullDisk()
        log.append(Ticked(3))
    assert caught.value.filename == str(tmp_path / "log.jsonl")
