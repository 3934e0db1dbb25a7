"""`gan.hub.resume`: a run goes on elsewhere, and a repository chooses nothing on this machine."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest
from safetensors.torch import load_file

from gan import train
from gan.config import Config
from gan.errors import FolderError, HubError
from gan.hub.push import push
from gan.hub.resume import fetch_run, valid_events


@pytest.fixture
def pushed(hub, tiny_folder, tmp_path):
    """alice/digits, with a checkpoint."""
    into = tmp_path / "into"
    into.mkdir()
    push(tiny_folder, into, "alice/digits", checkpoint=True)
    return hub.model("alice/digits")


def changed(repo, name: str, **values) -> None:
    """Change keys of a JSON file of the repository, or of its `config`."""
    meta = json.loads(repo.files[name])
    config = {k: values.pop(k) for k in list(values) if k in meta.get("config", {})}
    meta |= values
    meta["config"] |= config
    repo.commit(repo.files | {name: json.dumps(meta).encode()}, "changed")


@pytest.mark.slow
def test_a_pushed_run_goes_on_bit_for_bit_as_if_it_had_stayed(pushed, tiny_folder, tmp_path):
    here = Path(shutil.copytree(tiny_folder, tmp_path / "here"))
    there = tmp_path / "there"
    assert train.main(["--resume", str(here), "--images", "128"]) == 0
    assert train.main(["--resume", "hub:alice/digits", "--out", str(there), "--images", "128"]) == 0
    for name in ("model.safetensors", "critic.safetensors", "checkpoint/state.safetensors"):
        ours, theirs = load_file(here / name), load_file(there / name)
        assert ours.keys() == theirs.keys() and all(ours[k].equal(theirs[k]) for k in ours)
    card = (there / "README.md").read_text()
    assert "from 64 images on `--images 128`" in card


def test_the_newest_state_is_fetched_even_after_a_day_of_trust(pushed, tmp_path):
    fetch_run("alice/digits", None, tmp_path / "a", None)
    changed(pushed, "checkpoint/state.json", shown=80)
    fetch_run("alice/digits", None, tmp_path / "b", None)
    assert json.loads((tmp_path / "b/checkpoint/state.json").read_text())["shown"] == 80


def test_a_folder_that_holds_files_is_not_written_to(pushed, capsys, tmp_path):
    (tmp_path / "mine").write_text("mine")
    assert train.main(["--resume", "hub:alice/digits", "--out", str(tmp_path)]) == 1
    assert "already holds files: choose another --out" in capsys.readouterr().err
    assert not (tmp_path / "checkpoint").exists()


def test_a_repository_without_a_checkpoint_says_so(hub, tiny_folder, capsys, tmp_path):
    into = tmp_path / "into"
    into.mkdir()
    push(tiny_folder, into, "alice/digits")
    assert train.main(["--resume", "hub:alice/digits", "--out", str(tmp_path / "out")]) == 1
    assert "holds no checkpoint of Latent Lab: checkpoint/state.json is missing" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("field", ["dataset", "source"])
@pytest.mark.parametrize("name", ["/etc", "~", "..", "../../secrets", "cats"])
def test_a_repository_cannot_choose_a_folder_of_this_machine(pushed, tmp_path, name, field):
    changed(pushed, "checkpoint/state.json", data_root="/etc", **{field: name})
    with pytest.raises(HubError, match=f"learnt from a folder named .*: pass your copy of it with --{field}"):
        fetch_run("alice/digits", None, tmp_path / "out", None)
    assert not (tmp_path / "out").exists()


def test_a_run_on_points_needs_no_folder(pushed, tmp_path):
    changed(pushed, "checkpoint/state.json", dataset="ring")
    fetch_run("alice/digits", None, tmp_path / "out", None)
    assert json.loads((tmp_path / "out/checkpoint/state.json").read_text())["config"]["dataset"] == "ring"


def test_a_run_on_pairs_needs_no_folder_and_one_between_folders_both(pushed, tmp_path):
    changed(pushed, "checkpoint/state.json", dataset="beard", task="translate", network="unet")
    fetch_run("alice/digits", None, tmp_path / "pairs", None)
    changed(pushed, "checkpoint/state.json", dataset="zebras", source="horses")
    with pytest.raises(HubError, match="pass your copy of it with --source"):
        fetch_run("alice/digits", None, tmp_path / "out", "my/zebras", "emoji")
    fetch_run("alice/digits", None, tmp_path / "out", "my/zebras", "my/horses")
    config = json.loads((tmp_path / "out/checkpoint/state.json").read_text())["config"]
    assert (config["source"], config["dataset"]) == ("my/horses", "my/zebras")


@pytest.mark.parametrize("folder", ["/home/me/cats", "moved/here"])
def test_the_folder_of_pictures_is_the_users(pushed, tmp_path, folder):
    changed(pushed, "checkpoint/state.json", dataset="cats", data_root="/etc")
    with pytest.raises(HubError, match="pass your copy of it with --dataset"):
        fetch_run("alice/digits", None, tmp_path / "out", "mnist")
    fetch_run("alice/digits", None, tmp_path / "out", folder)
    config = json.loads((tmp_path / "out/checkpoint/state.json").read_text())["config"]
    assert (config["dataset"], config["data_root"]) == (folder, Config.data_root)


@pytest.mark.parametrize(
    "values", [{"shown": -1}, {"shown": "64"}, {"width": 17}, {"seconds": None}, {"network": 3}], ids=str
)
def test_a_checkpoint_of_the_wrong_kind_is_refused(pushed, tmp_path, values):
    changed(pushed, "checkpoint/state.json", **values)
    with pytest.raises(FolderError, match="not a checkpoint"):
        fetch_run("alice/digits", None, tmp_path / "out", None)
    assert not (tmp_path / "out").exists()


def test_wrong_shapes_are_refused_before_training(pushed, capsys, tmp_path):
    files = pushed.files | {"checkpoint/state.safetensors": pushed.files["critic.safetensors"]}
    pushed.commit(files, "other weights")
    assert train.main(["--resume", "hub:alice/digits", "--out", str(tmp_path / "out"), "--images", "128"]) == 1
    assert "tensor" in capsys.readouterr().err


def test_of_a_log_only_what_is_needed_and_valid_stays():
    config = dataclasses.asdict(Config(dataset="/home/her/cats"))
    good = {"event": "stepped", "shown": 16, "critic_loss": 0.5, "generator_loss": 1.0, "path": "/etc", "x": 1}
    start = {"event": "started", "shown": 0, "config": config, "notes": ["<b>"]}
    near = {"event": "evaluated", "shown": 16, "frechet_distance": 3.0, "frechet_floor": 1.0, "recall": 0.5}
    back = {"event": "alarmed", "shown": 32, "kind": "non-finite", "message": "<b>"}
    bad = [
        back | {"kind": "critic-won"}, back | {"shown": -1}, {"event": []},
        3, [], {}, {"event": "stepped"}, good | {"shown": -1}, good | {"shown": 1e9}, good | {"critic_loss": "0"},
        near | {"frechet_distance": None}, near | {"shown": "16"},
        start | {"config": {}}, start | {"shown": True}, {"event": "done", "shown": 1},
    ]  # fmt: skip
    lines = [*map(json.dumps, [start, *bad, good, near, back]), "{", "[" * 100_000]
    kept = [json.loads(line) for line in valid_events("\n".join(lines)).splitlines()]
    assert [set(event) for event in kept] == [
        {"event", "config", "shown"},
        {"event", "shown", "critic_loss", "generator_loss"},
        {"event", "shown", "frechet_distance", "frechet_floor"},
        {"event", "shown", "kind"},
    ]
    assert kept[0]["config"]["dataset"] == "cats"
