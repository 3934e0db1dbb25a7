"""`gan.hub.pusher`: training never waits for a push, and no failed one is the last word."""

from __future__ import annotations

import json
import shutil
import threading
import time
from pathlib import Path

import pytest
from hub_server import READER
from starlette.responses import Response

from gan.errors import HubError
from gan.hub import pusher as module
from gan.hub.pusher import DryRunPusher, Pusher


@pytest.fixture(autouse=True)
def hurried(monkeypatch):
    monkeypatch.setattr(module, "PAUSES", (0.05,))


@pytest.fixture
def run(tiny_folder, tmp_path) -> Path:
    return Path(shutil.copytree(tiny_folder, tmp_path / "run"))


def until(condition) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, "never"
        time.sleep(0.005)


def at(run: Path, images: int) -> Path:
    """The run after so many images."""
    metrics = json.loads((run / "metrics.json").read_text()) | {"images": images}
    (run / "metrics.json").write_text(json.dumps(metrics))
    return run


def test_each_state_becomes_a_commit_and_a_tag(hub, run):
    said = []
    pusher = Pusher("alice/digits", False, False, said.append)
    pusher.offer(at(run, 64))
    until(lambda: said)
    pusher.offer(at(run, 128))
    assert pusher.finish(), said
    repo = hub.model("alice/digits")
    assert list(repo.tags) == ["images-64", "images-128"] and repo.tags["images-128"] == repo.head
    assert [line.split(",")[-1] for line in said] == [" tag images-64", " tag images-128"]


def test_an_offer_returns_while_the_hub_takes_its_time_and_newer_states_overtake(hub, run):
    gate = threading.Event()
    hub.fault = lambda request: None if "/commit/" not in request.url.path else (gate.wait(20), None)[1]
    pusher = Pusher("alice/digits", False, False, lambda line: None)
    start = time.monotonic()
    pusher.offer(at(run, 64))
    until(lambda: any("/commit/" in line for line in hub.seen))
    pusher.offer(at(run, 128))
    pusher.offer(at(run, 192))
    assert time.monotonic() - start < 5 and not hub.model("alice/digits").tags
    gate.set()
    assert pusher.finish()
    assert list(hub.model("alice/digits").tags) == ["images-64", "images-192"]


def test_what_is_offered_is_a_copy(hub, run):
    gate = threading.Event()
    hub.fault = lambda request: None if "/commit/" not in request.url.path else (gate.wait(20), None)[1]
    pusher = Pusher("alice/digits", False, False, lambda line: None)
    weights = (run / "model.safetensors").read_bytes()
    pusher.offer(run)
    (run / "model.safetensors").write_bytes(b"half a fi")
    gate.set()
    assert pusher.finish()
    assert hub.model("alice/digits").files["model.safetensors"] == weights


def test_training_waits_for_no_copy_of_a_checkpoint_that_is_not_pushed(run):
    assert (run / "checkpoint/state.safetensors").is_file()
    for checkpoint in (True, False):
        copy = module.FolderCopy(run, None, checkpoint)
        assert (copy._raw / "checkpoint/state.safetensors").exists() is checkpoint
        assert ("checkpoint/state.safetensors" in copy.build("alice/digits")) is checkpoint


def test_a_failed_push_warns_and_is_tried_again_until_it_works(hub, run):
    said, failures = [], [3]

    def fault(request):
        if "/commit/" in request.url.path and failures[0]:
            failures[0] -= 1
            return Response("", 500)
        return None

    pusher = Pusher("alice/digits", False, False, said.append)
    hub.fault = fault
    pusher.offer(run)
    until(lambda: hub.model("alice/digits").tags)
    assert pusher.finish()
    warnings = [line for line in said if line.startswith("warning")]
    assert len(warnings) == 3 and all("will be tried again: the Hub has a problem" in line for line in warnings)


def test_a_commit_whose_answer_was_lost_is_known_again_and_tagged(hub, run):
    said, losses = [], [1]

    def loses(request):
        if "/commit/" not in request.url.path or not losses[0]:
            return False
        losses[0] -= 1
        return True

    pusher = Pusher("alice/digits", False, False, said.append)
    hub.loses = loses
    pusher.offer(at(run, 64))
    until(lambda: hub.model("alice/digits").tags)
    pusher.offer(at(run, 128))
    assert pusher.finish(), said
    assert hub.model("alice/digits").messages[1:] == ["64 images shown", "128 images shown"]
    assert list(hub.model("alice/digits").tags) == ["images-64", "images-128"]


def test_a_last_state_that_could_not_be_copied_is_not_on_the_hub(hub, run, monkeypatch):
    """Also if the push before it, still under way, goes well; a newer copy that is sent makes it good."""
    gate, real = threading.Event(), module.copytree
    hub.fault = lambda request: None if "/commit/" not in request.url.path else (gate.wait(20), None)[1]

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    for repo, better in (("alice/digits", False), ("alice/letters", True)):
        gate.clear()
        said = []
        pusher = Pusher(repo, False, False, said.append)
        pusher.offer(at(run, 64))
        monkeypatch.setattr(module, "copytree", full)
        pusher.offer(at(run, 128))
        monkeypatch.setattr(module, "copytree", real)
        if better:
            pusher.offer(at(run, 192))
        gate.set()
        assert pusher.finish() is better
        assert "No space left" in said[0]


def test_what_others_commit_meanwhile_is_not_overwritten(hub, run):
    said = []
    pusher = Pusher("alice/digits", False, False, said.append)
    theirs = hub.model("alice/digits").commit({"README.md": b"edited on the site"}, "a note")
    pusher.offer(run)
    assert not pusher.finish()
    assert hub.model("alice/digits").head == theirs and "has been changed by someone else" in said[-1]


def test_at_the_end_a_push_that_keeps_failing_is_given_up(hub, run):
    pusher = Pusher("alice/digits", False, False, lambda line: None)
    hub.fault = lambda request: Response("", 500) if "/commit/" in request.url.path else None
    pusher.offer(run)
    assert not pusher.finish()
    assert sum("/commit/" in line for line in hub.seen) >= module.FINAL_TRIES


def test_whatever_goes_wrong_in_a_push_stays_in_it(hub, run, monkeypatch):
    monkeypatch.setattr(module, "send", lambda *_: 1 / 0)
    said = []
    pusher = Pusher("alice/digits", False, False, said.append)
    pusher.offer(run)
    assert not pusher.finish() and "division by zero" in said[0]


def test_a_folder_that_is_not_whole_is_not_pushed(hub, run):
    said = []
    pusher = Pusher("alice/digits", False, False, said.append)
    (run / "model.safetensors").unlink()
    pusher.offer(run)
    assert not pusher.finish()
    assert "warning: not pushed" in said[0] and list(hub.model("alice/digits").tags) == []


def test_who_may_not_push_learns_it_before_training(hub, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", READER)
    with pytest.raises(HubError, match="may not write"):
        Pusher("alice/digits", False, False, print)


def test_a_dry_run_says_what_would_be_sent_and_sends_nothing(hub, run, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "")
    said = []
    dry_run = DryRunPusher("alice/digits", True, said.append)
    dry_run.offer(run)
    assert dry_run.finish()
    assert said[0].startswith("dry run: would push 11 files") and "checkpoint/state.safetensors" in said[0]
    assert hub.seen == []
