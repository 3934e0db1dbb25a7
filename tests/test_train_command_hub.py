"""`train.py --push-to-hub`: pushes along the way, which stop no run and lose nothing."""

from __future__ import annotations

import json
import signal
import threading
import time

import pytest
from runs import FINISHED, refused
from starlette.responses import Response

from gan import train
from gan.models.model import load
from gan.training import loop

TINY = ("--preset", "smoke", "--images", "64", "--device", "cpu")


def test_a_run_is_pushed_along_the_way_and_at_the_end(hub, capsys, tmp_path):
    out = tmp_path / "run"
    flags = ("--push-to-hub", "alice/digits", "--push-every", "32", "--private", "--push-checkpoint")
    assert train.main([*TINY, *flags, "--out", str(out)]) == 0
    repo = hub.model("alice/digits")
    assert list(repo.tags)[-1] == "images-64" and repo.private
    assert json.loads(repo.files["checkpoint/state.json"])["shown"] == 64
    first = repo.commits[repo.tags["images-32"]] if "images-32" in repo.tags else None
    assert first is None or json.loads(first["metrics.json"])["images"] == 32
    assert f"pushed to {hub.url}/alice/digits" in capsys.readouterr().out
    for name in ("config.json", "README.md", "log.jsonl"):
        assert "alice" not in (out / name).read_text() and str(tmp_path) not in repo.files[name].decode()


@pytest.mark.parametrize(
    ("token", "repo", "message"),
    [
        ("", "alice/digits", "there is no token"),
        ("hf_forged", "alice/digits", "does not accept this token"),
        ("hf_alice", "bob/digits", "may not write to bob/digits"),
        ("hf_alice", "digits", "a repository is USER/NAME"),
    ],
)
def test_a_push_that_is_not_allowed_is_refused_before_the_first_step(
    hub, capsys, monkeypatch, tmp_path, token, repo, message
):
    monkeypatch.setenv("HF_TOKEN", token)
    error = refused(capsys, *TINY, "--push-to-hub", repo, "--out", str(tmp_path / "run"))
    assert message in error and not (token and token in error)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("flags", [["--private"], ["--push-every", "9"], ["--push-checkpoint"], ["--dry-run"]], ids=str)
def test_flags_of_a_push_want_one(capsys, tmp_path, flags):
    error = refused(capsys, *TINY, *flags, "--out", str(tmp_path / "run"))
    assert f"{flags[0]} needs --push-to-hub USER/NAME" in error


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--network", "typo"], "network must be one of"),
        (["--loss", "typo"], "loss must be one of"),
        (["--gamma", "nan"], "gamma must be in"),
        (["--accumulate", "3"], "accumulate must divide batch_size"),
        (["--device", "tpu"], "device must be auto, cpu or cuda"),
        (["--dataset", "typo"], "unknown data set 'typo'"),
        (["--dataset", "mnist", "--data-root", "{full}/mine"], "mine"),
        (["--out", "{full}"], "already holds files: choose another --out"),
        (["--out", "{full}/mine"], "mine is not a folder that can be written to: choose another --out"),
        (["--out", "{full}/mine/run"], "mine is not a folder that can be written to: choose another --out"),
        (["--resume", "{full}"], "no checkpoint to resume from"),
        (["--resume", "{run}", "--width", "32"], "--width cannot change in a resumed run"),
        (["--push-every", "-5"], "push-every must be a number of images"),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, list) else "",
)
def test_a_mistake_is_refused_before_the_hub_is_asked_anything(
    hub, capsys, monkeypatch, tmp_path, tiny_folder, flags, message
):
    """Else an empty repository would stand there for a run that never was."""
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine").write_text("mine")
    monkeypatch.chdir(tmp_path)  # the default of --out lies below
    flags = [flag.format(full=full, run=tiny_folder) for flag in flags]
    first = () if "--resume" in flags else TINY
    assert train.main([*first, *flags, "--push-to-hub", "alice/digits"]) == 1
    assert message in capsys.readouterr().err
    assert hub.seen == [] and not (tmp_path / "runs").exists()


def test_ctrl_c_ends_the_wait_for_the_last_push_and_says_how_to_push_later(capsys, monkeypatch, tmp_path):
    class SlowPusher:
        def __init__(self, repo, *_):
            self.repo = repo

        def offer(self, folder, write=None):
            assert folder == out

        def finish(self):
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setenv("HF_TOKEN", "hf_alice")
    monkeypatch.setattr("gan.hub.pusher.Pusher", SlowPusher)
    out = tmp_path / "run"
    assert train.main([*TINY, "--push-to-hub", "alice/digits", "--out", str(out)]) == 1
    assert f"push it with: python -m gan.hub push {out} alice/digits" in capsys.readouterr().err
    assert {p.name for p in out.iterdir()} >= FINISHED


def test_a_hub_that_fails_stops_no_run_and_loses_nothing(hub, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr("gan.hub.pusher.PAUSES", (0.01,))
    hub.fault = lambda request: Response("", 500) if "/commit/" in request.url.path else None
    out = tmp_path / "run"
    flags = ("--push-to-hub", "alice/digits", "--push-every", "32")
    assert train.main([*TINY, *flags, "--out", str(out)]) == 1
    captured = capsys.readouterr()
    assert "warning: not pushed to alice/digits, will be tried again" in captured.out and "done: 64" in captured.out
    assert f"push it with: python -m gan.hub push {out} alice/digits" in captured.err
    assert {p.name for p in out.iterdir()} >= FINISHED and load(out, "cpu").sample([1]).shape == (1, 28, 28, 1)


def test_training_does_not_wait_for_a_push(hub, capsys, monkeypatch, tmp_path):
    """The Hub takes the first push only when the run has ended: a loop that waited for it never would."""
    out, write_model, pushing = tmp_path / "run", loop.write_model, threading.Event()

    def fault(request):
        deadline = time.monotonic() + 30
        while "/commit/" in request.url.path and not (out / "model.safetensors").exists():
            pushing.set()
            if time.monotonic() > deadline:
                return Response("", 500)
            time.sleep(0.01)

    def last(*what):
        assert pushing.wait(60)  # the run does not end before the first push has begun
        return write_model(*what)

    hub.fault = fault
    monkeypatch.setattr(loop, "write_model", last)
    flags = ("--images", "96", "--push-to-hub", "alice/digits", "--push-every", "32")
    assert train.main([*TINY, *flags, "--out", str(out)]) == 0
    assert list(hub.model("alice/digits").tags) in (["images-32", "images-96"], ["images-64", "images-96"])
    assert "warning" not in capsys.readouterr().out


def test_pushing_changes_no_weights(hub, tmp_path):
    assert train.main([*TINY, "--out", str(tmp_path / "a")]) == 0
    flags = ("--push-to-hub", "alice/digits", "--push-every", "32")
    assert train.main([*TINY, *flags, "--out", str(tmp_path / "b")]) == 0
    assert (tmp_path / "a/model.safetensors").read_bytes() == (tmp_path / "b/model.safetensors").read_bytes()


def test_a_dry_run_trains_and_says_what_would_be_pushed(hub, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("HF_TOKEN", "")
    assert train.main([*TINY, "--push-to-hub", "alice/digits", "--dry-run", "--out", str(tmp_path / "run")]) == 0
    assert "dry run: would push 9 files" in capsys.readouterr().out
    assert hub.seen == [] and (tmp_path / "run/model.safetensors").is_file()
