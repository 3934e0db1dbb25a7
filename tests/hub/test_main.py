"""`python -m gan.hub`: what a user reads, and the exit status."""

from __future__ import annotations

from pathlib import Path

import pytest
import warm
from conftest import hub_environment
from hub_server import ALICE, Refusal

from gan.hub import space
from gan.hub.__main__ import main
from gan.hub.pull import cache


@pytest.mark.slow
def test_push_in_a_process_of_its_own(hub, tiny_folder, tmp_path):
    command = ["-m", "gan.hub", "push", str(tiny_folder), "alice/digits", "--private"]
    talkative = hub_environment(hub, tmp_path, ALICE) | {"HF_DEBUG": "1"}  # the client's own log, at its longest
    code, said, log = warm.run(command, environment=talkative)
    assert code == 0, log
    repo = hub.model("alice/digits")
    assert said == f"pushed to {hub.url}/alice/digits, commit {repo.head[:7]}, tag images-64\n"
    assert repo.private and ALICE not in said + log
    assert "/commit/main" in log  # so there was a log
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


def test_a_static_space_is_the_page_and_its_card(hub, capsys, tiny_folder):
    main(["deploy", "alice/lab", "--static", "--model", str(tiny_folder), "--dry-run"])
    assert "index.html" in capsys.readouterr().out and hub.seen == []
    main(["deploy", "alice/lab", "--static", "--model", str(tiny_folder)])
    assert capsys.readouterr().out.startswith(f"deployed: {hub.url}/spaces/alice/lab, commit ")
    repo = hub.repos["spaces/alice/lab"]
    assert repo.sdk == "static" and repo.hardware is None
    assert {name for name in repo.files if "/" not in name} == {".gitattributes", "README.md", "index.html"}
    assert b"\nsdk: static\n" in repo.files["README.md"] and b"Content-Security-Policy" in repo.files["index.html"]
    kinds = sorted(Path(name).suffix for name in repo.files if name.startswith("files/"))
    assert kinds in ([".css", ".js", ".pack", ".png"], [".css", ".js", ".pack", ".webp"])
    repo.commit({**repo.files, "files/old.js": b"", "notes.txt": b"mine"}, "by hand")
    main(["deploy", "alice/lab", "--static", "--model", str(tiny_folder)])
    assert "files/old.js" not in repo.files and repo.files["notes.txt"] == b"mine"


def test_hardware_is_passed_on(hub, monkeypatch):
    monkeypatch.setattr(space, "files", lambda root=space.ROOT: list(space.FILES))
    main(["deploy", "alice/lab", "--hardware", "zero-a10g"])
    repo = hub.repos["spaces/alice/lab"]
    assert (repo.sdk, repo.hardware) == ("gradio", "zero-a10g")
    main(["deploy", "alice/lab", "--hardware", "t4-small"])
    assert repo.hardware == "t4-small"


def test_where_a_plan_is_wanted_the_cure_is_named(hub, monkeypatch):
    monkeypatch.setattr(space, "files", lambda root=space.ROOT: list(space.FILES))
    refusal = Refusal(402, message="Subscribe to PRO to host Gradio Spaces").reply
    hub.fault = lambda request: refusal if request.url.path == "/api/repos/create" else None
    with pytest.raises(SystemExit, match="--static, which is free for everyone") as ended:
        main(["deploy", "alice/lab"])
    assert "Subscribe to PRO" in str(ended.value.code)


@pytest.mark.parametrize(
    "words", [["--static", "--hardware", "t4-small"], ["--model", "weights/emoji"]], ids=lambda words: words[0]
)
def test_flags_that_do_not_go_together(hub, words, capsys):
    with pytest.raises(SystemExit):
        main(["deploy", "alice/lab", *words])
    assert "error:" in capsys.readouterr().err and hub.seen == []


def test_a_page_goes_with_the_model_if_asked(hub, tiny_folder):
    main(["push", str(tiny_folder), "alice/digits", "--page"])
    repo = hub.model("alice/digits")
    assert repo.files["index.html"].startswith(b"<!doctype html>")
    assert "alice/digits/resolve/main/index.html" in repo.files["README.md"].decode()


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
