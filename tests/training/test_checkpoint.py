"""`gan.training.checkpoint`: a crash, wherever it comes, loses nothing, and older checkpoints are read."""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import shutil
import struct
from pathlib import Path

import pytest
import torch

from gan.config import Config
from gan.errors import FolderError
from gan.models import weights
from gan.models.weights import read_json, read_tensors, write_bytes
from gan.training.checkpoint import (
    ended_before_checkpoint,
    find_state,
    holds_run,
    newest_state,
    read_state,
    save_state,
)  # fmt: skip


def test_a_name_reaches_the_disk_after_what_it_names(tmp_path, monkeypatch):
    done, kinds = [], {"fsync": "sync", "replace": "rename"}
    for name, kind in kinds.items():
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *a, real=real, kind=kind: (done.append(kind), real(*a))[1])
    write_bytes(tmp_path / "file", b"content")
    assert done == ["sync", "rename", "sync"]  # the file, its name, the folder


class Crash(Exception):
    """The machine stops here."""


def test_a_crash_while_writing_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_bytes(path, b"old")

    def cut(number):
        os.truncate(number, 4)
        raise Crash

    monkeypatch.setattr(os, "fsync", cut)
    with pytest.raises(Crash):
        write_bytes(path, b"new content")
    assert path.read_bytes() == b"old"
    monkeypatch.undo()
    write_bytes(path, b"new content")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
    assert path.read_bytes() == b"new content"


def saved_number(folder: Path) -> int:
    """Return the number that a complete checkpoint was saved with; it must be the same in both of its files."""
    found = find_state(folder)
    number = read_json(found / "state.json")["shown"]
    tensors = read_tensors(found / "state.safetensors", {"w": torch.empty(3, device="meta")})
    assert tensors["w"].tolist() == [number] * 3
    return number


META = {"step": 1, "seconds": 1.0, "pictures": [1, 2], "config": dataclasses.asdict(Config())}


def put(folder: Path, number: int) -> None:
    save_state(folder, {"w": torch.full((3,), float(number))}, {"shown": number, **META})


def crash_at(monkeypatch, n: int) -> None:
    """Let the n-th change to the disk raise instead; renames, replacements, removals, new folders and files count."""
    left = [n]

    def counted(real):
        def change(*args, **kwargs):
            left[0] -= 1
            if left[0] == 0:
                raise Crash
            return real(*args, **kwargs)

        return change

    for owner, name in (
        (os, "replace"), (os, "fsync"), (Path, "rename"), (Path, "mkdir"), (shutil, "rmtree"),
    ):  # fmt: skip
        monkeypatch.setattr(owner, name, counted(getattr(owner, name)))


def test_a_crash_anywhere_in_save_state_leaves_a_whole_checkpoint(tmp_path, monkeypatch):
    for point in itertools.count(1):
        folder = tmp_path / str(point) / "checkpoint"
        put(folder, 1)
        with monkeypatch.context() as patch:
            crash_at(patch, point)
            try:
                put(folder, 2)
            except Crash:
                pass
            else:
                break
        assert saved_number(folder) in (1, 2), f"crash at change {point}"
        # And whatever lies about, the next one succeeds and tidies up; so does one that crashes again.
        with monkeypatch.context() as patch:
            crash_at(patch, point)
            with pytest.raises(Crash):
                put(folder, 3)
                put(folder, 3)
        assert saved_number(folder) in (1, 2, 3), f"two crashes at change {point}"
        for number in (4, 5):
            put(folder, number)
            assert saved_number(folder) == number, f"after crashes at change {point}"
            assert {p.name for p in folder.parent.iterdir()} == {"checkpoint", "checkpoint.old"}, f"change {point}"
        assert read_json(folder.with_name("checkpoint.old") / "state.json")["shown"] == 4
    assert point > 13, "a crash that does not happen tests nothing"
    assert saved_number(folder) == 2


def test_a_crash_in_the_first_checkpoint_leaves_none_or_a_whole_one(tmp_path, monkeypatch):
    for point in range(1, 6):
        folder = tmp_path / str(point) / "checkpoint"
        with monkeypatch.context() as patch:
            crash_at(patch, point)
            with pytest.raises(Crash):
                put(folder, 1)
                put(folder, 1)
        try:
            assert saved_number(folder) == 1, f"crash at change {point}"
        except FolderError as error:
            assert "no checkpoint to resume from" in str(error), f"crash at change {point}"


@pytest.mark.parametrize("cut", ["state.json", "state.safetensors"])
def test_half_written_checkpoints_are_passed_over(tmp_path, cut):
    """Folder gone between two renames, the new one half there: the old one is whole."""
    put(tmp_path / "checkpoint.old", 1)
    put(tmp_path / "checkpoint.new", 2)
    assert saved_number(tmp_path / "checkpoint") == 2
    (tmp_path / "checkpoint.new" / cut).unlink()
    assert newest_state(tmp_path / "checkpoint") == (tmp_path / "checkpoint.old", "")
    (tmp_path / "checkpoint.old" / cut).unlink()
    with pytest.raises(FolderError, match="no checkpoint to resume from: start the run anew, with --out"):
        find_state(tmp_path / "checkpoint")


@pytest.mark.parametrize("name", ["state.json", "state.safetensors"])
@pytest.mark.parametrize("keep", [0, 5, -1], ids=["empty", "start", "all but the end"])
def test_a_checkpoint_that_was_cut_after_it_was_written_gives_way_to_the_one_before(tmp_path, name, keep):
    folder = tmp_path / "checkpoint"
    put(folder, 1)
    put(folder, 2)
    damaged = folder / name
    damaged.write_bytes(damaged.read_bytes()[:keep])
    found, faults = newest_state(folder)
    assert found == tmp_path / "checkpoint.old" and str(damaged) in faults and saved_number(folder) == 1
    put(folder, 3)
    assert newest_state(folder) == (folder, "")
    for state in (folder, tmp_path / "checkpoint.old"):
        (state / name).write_bytes(b"")
    with pytest.raises(FolderError, match=r"no checkpoint to resume from: .*checkpoint/.*; .*checkpoint\.old/"):
        find_state(folder)


@pytest.mark.parametrize("value", [2.0, 1e30, float("nan")])
def test_a_checkpoint_whose_numbers_rotted_gives_way_to_the_one_before(tmp_path, value):
    """Same length, same header: only the checksum differs."""
    folder = tmp_path / "checkpoint"
    put(folder, 1)
    put(folder, 3)
    path = folder / "state.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[:-4] + struct.pack("<f", value))
    found, faults = newest_state(folder)
    assert found == tmp_path / "checkpoint.old" and str(path) in faults and "not what was written" in faults
    assert saved_number(folder) == 1
    path.write_bytes(whole)
    assert newest_state(folder) == (folder, "")


def test_a_checkpoint_from_before_there_were_checksums_is_read(tmp_path):
    folder = tmp_path / "checkpoint"
    put(folder, 1)
    meta = read_json(folder / "state.json")
    assert isinstance(meta.pop("crc32"), int)
    write_bytes(folder / "state.json", json.dumps(meta).encode())
    assert newest_state(folder) == (folder, "") and saved_number(folder) == 1


OLD_STATE = {"shown": 64, "step": 4, "seconds": 2.5, "pictures": [10, 20], "config": dataclasses.asdict(Config())}


@pytest.mark.parametrize(
    ("old", "expected"),
    [
        ({}, (1.0, 0, 0)),  # before there were rollbacks
        ({"rate_scale": 0.5}, (0.5, 0, 0)),  # before they were counted
        ({"rate_scale": 0.25, "falls": 2, "fell": 48}, (0.25, 2, 48)),  # before they were renamed
        ({"rate_scale": 0.5, "rollbacks": 1, "last_rollback": 32}, (0.5, 1, 32)),
    ],
)
def test_state_files_of_every_age_are_read(tmp_path, old, expected):
    (tmp_path / "state.json").write_text(json.dumps(OLD_STATE | old))
    state = read_state(tmp_path)
    assert (state.rate_scale, state.rollbacks, state.last_rollback) == expected
    assert (state.shown, state.step, state.seconds, state.pictures) == (64, 4, 2.5, [10, 20])


@pytest.mark.parametrize("old", [{"falls": -1, "fell": 0}, {"falls": 1, "fell": None}, {"falls": "1"}])
def test_state_files_with_broken_counters_under_their_old_names_are_refused(tmp_path, old):
    (tmp_path / "state.json").write_text(json.dumps(OLD_STATE | old))
    with pytest.raises(FolderError, match="state.json: not a checkpoint of this program"):
        read_state(tmp_path)


def test_a_folder_of_a_run_is_told_from_one_that_has_only_begun(tmp_path):
    assert not holds_run(tmp_path) and not ended_before_checkpoint(tmp_path)
    (tmp_path / "log.jsonl").write_text("my diary")
    assert not ended_before_checkpoint(tmp_path)
    (tmp_path / "log.jsonl").write_text('{"event": "started", "shown": 0}\n')
    (tmp_path / "checkpoint.new").mkdir()
    (tmp_path / "checkpoint.new/state.safetensors.new").touch()
    assert ended_before_checkpoint(tmp_path) and not holds_run(tmp_path)
    (tmp_path / "mine").touch()
    assert not ended_before_checkpoint(tmp_path)
    (tmp_path / "mine").unlink()
    put(tmp_path / "checkpoint", 1)
    assert holds_run(tmp_path) and not ended_before_checkpoint(tmp_path)
    (tmp_path / "checkpoint/state.json").write_text("")
    assert holds_run(tmp_path)
    (tmp_path / "checkpoint").rename(tmp_path / "checkpoint.old")
    assert holds_run(tmp_path)


def test_a_state_of_ones_own_may_be_as_large_as_the_run_is(tmp_path, monkeypatch):
    put(tmp_path / "checkpoint", 1)
    monkeypatch.setattr(weights, "safe_open", None)
    expected = {"w": torch.empty(weights.MAX_ELEMENTS + 1, device="meta")}
    path = tmp_path / "checkpoint/state.safetensors"
    with pytest.raises(TypeError):  # it gets as far as opening the file
        read_tensors(path, expected, weights.MAX_ELEMENTS + 1)
    with pytest.raises(FolderError, match="the limit is 200,000,000"):
        read_tensors(path, expected)
