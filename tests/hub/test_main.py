"""`python -m gan.hub`: what a user reads, and the exit status."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import hub_environment
from hub_server import ALICE

from gan.hub import space
from gan.hub.__main__ import main
from gan.hub.pull import cache

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_push_in_a_process_of_its_own(hub, tiny_folder, tmp_path):
    command = [sys.executable, "-m", "gan.hub", "push", str(tiny_folder), "alice/digits", "--private"]
    talkative = hub_environment(hub, tmp_path, ALICE) | {"HF_DEBUG": "1"}  # the client's own log, at its longest
    run = subprocess.run(command, cwd=ROOT, env=talkative, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    repo = hub.model("alice/digits")
    assert run.stdout == f"pushed to {hub.url}/alice/digits, commit {repo.head[:7]}, tag images-64\n"
    assert repo.private and ALICE not in run.stdout + run.stderr
    assert "/commit/main" in run.stderr  # so there was a log
    assert not [p for p in tmp_path.rglob("*") if p.is_file() and ALICE.encode() in p.read_bytes()]


def test_a_push_of_nothing_new_says_so(hub, tiny_folder, capsys):
    main(["push", str(tiny_folder), "alice/digits"])
    main(["push", str(tiny_folder), "alice/digits"])
    assert capsys.readouterr().out.splitlines()[1] == f"nothing to push: {hub.url}/alice/digits is up to date"


def test_a_dry_run_builds_the_folder_and_sends_nothing(hub, tiny_folder, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_TOKEN", "")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    main(["push", str(tiny_folder), "alice/digits", "--dry-run", "--checkpoint"])
    said = capsys.readouterr().out
    built = Path(said.splitlines()[-1].removeprefix("built in "))
    assert 'gan.load("alice/digits")' in (built / "README.md").read_text()
    for path in filter(Path.is_file, built.rglob("*")):
        assert f"{path.stat().st_size:>12,}  {path.relative_to(built)}" in said
    assert hub.seen == []


def test_pull_says_where_the_files_are(hub, tiny_folder, capsys):
    main(["push", str(tiny_folder), "alice/digits"])
    capsys.readouterr()
    main(["pull", "alice/digits@images-64"])
    captured = capsys.readouterr()
    folder = Path(captured.out.strip())
    assert captured.err == "", "no progress bars"
    assert folder.is_relative_to(cache()) and (folder / "model.safetensors").is_file()


def test_deploy_says_what_it_did(hub, capsys, monkeypatch):
    monkeypatch.setattr(space, "files", lambda root=space.ROOT: list(space.FILES))  # not megabytes of weights
    main(["deploy", "alice/lab", "--dry-run"])
    assert "app.py" in capsys.readouterr().out and hub.seen == []
    main(["deploy", "alice/lab"])
    assert capsys.readouterr().out.startswith(f"deployed: {hub.url}/spaces/alice/lab, commit ")


@pytest.mark.parametrize(
    "words", [["push", "nowhere", "alice/digits"], ["pull", "alice/digits"], ["pull", "x"], ["deploy", "x"]], ids=str
)
def test_failures_are_one_line(hub, words):
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert str(ended.value.code).startswith("error: ") and "\n" not in str(ended.value.code)


def test_no_flag_takes_a_token(capsys):
    for command in ("push", "pull", "deploy"):
        with pytest.raises(SystemExit):
            main([command, "--help"])
        assert "--token" not in capsys.readouterr().out
