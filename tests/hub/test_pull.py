"""`gan.hub.pull`: the requests it makes, the copy that stands in for the Hub, and hostile repositories and hosts."""

from __future__ import annotations

import errno
import json
import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import hub_environment, point_client
from hub_server import ALICE, NOBODY, Hub, blob, broken_off, running
from huggingface_hub import constants
from starlette.responses import Response, StreamingResponse

from gan.errors import HubError
from gan.hub import pull as module
from gan.hub.client import Unreachable
from gan.hub.names import CHECKPOINT, MODEL
from gan.hub.pull import cache, pull

NOWHERE = "http://127.0.0.1:9"  # nothing listens there


@pytest.fixture
def files(tiny_folder) -> dict[str, bytes]:
    """A model's files, as they lie on the Hub."""
    return {name: (tiny_folder / name).read_bytes() for name in MODEL.files if (tiny_folder / name).exists()}


@pytest.fixture
def repo(hub, files):
    return hub.add("alice/digits", files | {"README.md": b"a card"})


@pytest.fixture(scope="session")
def faulty_server():
    """A server for downloads that are given up: the client goes on asking it for a while, which no other test sees."""
    with running(Hub()) as server:
        yield server
        server.fault = lambda request: Response("", 410)


@pytest.fixture
def faulty_hub(hub, faulty_server, files, monkeypatch):
    """The Hub for this test, with alice/digits."""
    faulty_server.repos, faulty_server.seen, faulty_server.fault = {}, [], lambda request: None
    faulty_server.add("alice/digits", files)
    point_client(monkeypatch, faulty_server.url)
    yield faulty_server
    faulty_server.fault = lambda request: Response("", 410)


@contextmanager
def impatient(seconds: float):
    """Limit a download to so many seconds, whatever its size."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "TIMEOUT", seconds)
        patch.setattr(module, "SLOWEST", 1e12)
        yield


def downloads(hub) -> list[str]:
    """The names of the files that were asked for, in order, each with the method."""
    return [f"{s.split()[0]} {s.split('/', 5)[-1]}" for s in hub.seen if "/resolve/" in s]


def test_a_repository_becomes_a_folder_of_the_allowed_files(hub, repo, files):
    pulled = pull("alice/digits")
    assert {p.name: p.read_bytes() for p in pulled.folder.iterdir()} == files
    assert pulled.commit == repo.head and pulled.notice == ""
    assert not any(p.is_symlink() for p in pulled.folder.iterdir())
    assert downloads(hub) == [f"{method} {name}" for name in MODEL.files if name in files for method in ("HEAD", "GET")]
    assert len(hub.seen) == 1 + 2 * len(files), "and one listing"


def test_a_tag_a_branch_and_a_commit_each_give_their_own_files(hub, repo, files):
    first = repo.head
    repo.tags["v1"] = first
    second = repo.commit(files | {"metrics.json": b'{"images": 2}'}, "second")
    third = repo.commit(files | {"metrics.json": b'{"images": 3}'}, "third", branch="next/try")
    for revision, commit in (("v1", first), (None, second), ("main", second), ("next/try", third), (first, first)):
        assert pull("alice/digits", revision).commit == commit
    assert (pull("alice/digits", "next/try").folder / "metrics.json").read_bytes() == b'{"images": 3}'
    assert (pull("alice/digits", first).folder / "metrics.json").read_bytes() == files["metrics.json"]


@pytest.mark.parametrize("revision", [None, "v1", "commit"])
def test_a_warm_start_makes_no_request(hub, repo, revision):
    repo.tags["v1"] = repo.head
    revision = repo.head if revision == "commit" else revision
    first = pull("alice/digits", revision)
    hub.seen.clear()
    assert pull("alice/digits", revision) == first
    assert hub.seen == []


def test_branches_of_similar_names_are_told_apart(hub, repo, files):
    for name in ("a/b", "a--b", "a-b"):
        repo.branches[name] = repo.commit(files | {"metrics.json": json.dumps({"of": name}).encode()}, name)
    repo.branches["main"] = repo.branches["a/b"]
    for _ in range(2):  # the second time from what was kept
        assert [pull("alice/digits", name).commit for name in ("a/b", "a--b", "a-b")] == [
            repo.branches[name] for name in ("a/b", "a--b", "a-b")
        ]


def test_a_branch_is_asked_about_again_after_a_day_or_on_request(hub, repo, files):
    old = pull("alice/digits")
    new = repo.commit(files | {"metrics.json": b"{}"}, "newer")
    assert pull("alice/digits") == old
    assert pull("alice/digits", refresh=True).commit == new
    newest = repo.commit(files, "newest")
    (note,) = (cache() / "alice--digits" / "revisions").iterdir()
    os.utime(note, (0, time.time() - module.FRESH - 1))
    assert pull("alice/digits").commit == newest


def test_with_the_hub_gone_the_copy_serves_with_a_notice(repo, monkeypatch):
    kept = pull("alice/digits")
    point_client(monkeypatch, NOWHERE)
    again = pull("alice/digits", refresh=True)
    assert again.folder == kept.folder
    assert "cannot be reached" in again.notice and f"the copy downloaded earlier, {kept.commit[:7]}" in again.notice


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_hub_in_trouble_is_as_good_as_gone(hub, repo, status):
    kept = pull("alice/digits")
    hub.fault = lambda request: Response("", status)
    assert pull("alice/digits", refresh=True).folder == kept.folder


@pytest.mark.parametrize("answer", ["<html>Welcome to the hotel</html>", "[]", "7", '"x"'])
def test_a_login_page_is_not_the_hub(hub, repo, answer):
    kept = pull("alice/digits")
    hub.fault = lambda request: Response(answer)
    assert "the answer is not the Hub's" in pull("alice/digits", refresh=True).notice
    with pytest.raises(Unreachable, match="wants you to log in"):
        pull("alice/other")
    assert kept.folder.is_dir()


def test_when_the_user_is_offline_on_purpose_the_notice_says_so(repo, monkeypatch):
    kept = pull("alice/digits")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    again = pull("alice/digits")
    assert again.folder == kept.folder and "HF_HUB_OFFLINE" in again.notice


def test_with_the_hub_gone_and_nothing_kept_it_says_so_at_once(hub, monkeypatch):
    point_client(monkeypatch, NOWHERE)
    start = time.monotonic()
    with pytest.raises(Unreachable, match="cannot be reached"):
        pull("alice/digits")
    assert time.monotonic() - start < 2


@pytest.mark.parametrize("kept", [True, False])
def test_a_hub_that_never_answers_is_given_up_within_five_seconds(hub, repo, kept, monkeypatch):
    if kept:
        pull("alice/digits")
    monkeypatch.setattr(module, "TIMEOUT", 0.3)
    hub.fault = lambda request: time.sleep(1)
    start = time.monotonic()
    if kept:
        assert pull("alice/digits", refresh=True).notice
    else:
        with pytest.raises(Unreachable):
            pull("alice/digits")
    assert time.monotonic() - start < 0.9


def at_file(method: str, name: str, answer):
    """A fault of one kind of request for one file."""

    def fault(request):
        wrong = request.method == method and request.url.path.endswith(f"/{name}")
        return answer(request) if wrong else None

    return fault


def elsewhere(host: str, files: dict[str, bytes]):
    """A fault by which the Hub sends its files from another host, as it does with large ones."""

    def fault(request):
        if "/resolve/" not in request.url.path:
            return None
        commit, name = request.url.path.split("/", 5)[4:]
        linked = {"X-Linked-ETag": f'"{blob(files[name])}"', "X-Linked-Size": str(len(files[name]))}
        return Response("", 302, {"Location": f"{host}/{name}", "X-Repo-Commit": commit, **linked})

    return fault


def test_a_host_of_files_that_never_answers_is_given_up_as_soon(faulty_hub, files, monkeypatch):
    """Looking up its name has no time limit of its own."""
    look_up = socket.getaddrinfo

    def slow(host, *rest, **more):
        if host in ("files.example", b"files.example"):
            time.sleep(3)
            raise socket.gaierror("no such name")
        return look_up(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    faulty_hub.fault = elsewhere("http://files.example", files)
    start = time.monotonic()
    with impatient(0.8), pytest.raises(Unreachable, match="config.json did not arrive within 0.8 s"):
        pull("alice/digits")
    assert time.monotonic() - start < 2.5


def test_the_host_of_files_gets_no_token(hub, repo, files, faulty_server):
    asked = []

    def serve(request):
        asked.append(request.headers)
        return Response(files[request.url.path.removeprefix("/")])

    faulty_server.fault = serve
    hub.fault = elsewhere(faulty_server.url.replace("127.0.0.1", "localhost"), files)
    pulled = pull("alice/digits")
    assert {p.name: p.read_bytes() for p in pulled.folder.iterdir()} == files
    assert len(asked) == len(files) and not any(ALICE in str(headers.items()) for headers in asked)


def silent(request) -> Response:
    time.sleep(3)
    return Response("")


def dribbling(request) -> Response:
    def drops():
        for _ in range(50):
            yield b"x"
            time.sleep(0.1)

    return StreamingResponse(drops())


def in_trouble(request) -> Response:
    return Response("", 503)


@pytest.mark.parametrize(
    ("method", "answer"),
    [("HEAD", silent), ("GET", silent), ("GET", dribbling), ("GET", broken_off), ("HEAD", in_trouble)],
)
def test_a_file_that_does_not_arrive_is_given_up_and_the_copy_serves(faulty_hub, files, method, answer):
    old = pull("alice/digits")
    faulty_hub.model("alice/digits").commit(files | {"metrics.json": b"{}"}, "newer")
    faulty_hub.fault = at_file(method, "critic.safetensors", answer)
    start = time.monotonic()
    with impatient(0.8):
        again = pull("alice/digits", refresh=True)
    assert time.monotonic() - start < 2.5
    assert again.folder == old.folder and "alice/digits: critic.safetensors" in again.notice
    assert [p.name for p in old.folder.parent.parent.iterdir() if p.is_dir() and list(p.rglob("*.safetensors"))] == [
        old.commit
    ]
    faulty_hub.fault = lambda request: None
    assert pull("alice/digits", refresh=True).folder != old.folder


def test_a_program_ends_although_a_download_was_given_up(faulty_hub, tmp_path):
    """The client goes on asking for minutes."""
    faulty_hub.fault = lambda request: silent(request) if "/resolve/" in request.url.path else None
    code = "from gan.hub import pull as module; module.TIMEOUT = 0.8; module.pull('alice/digits')"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(module.__file__).parents[2], timeout=30, capture_output=True, text=True,
        env=hub_environment(faulty_hub, tmp_path, None),
    )  # fmt: skip
    assert "config.json did not arrive within 0.8 s" in run.stderr


@pytest.mark.parametrize("error", [RuntimeError("xet"), OSError("Consistency check failed"), ValueError("xet")])
def test_whatever_the_client_cannot_do_leaves_the_copy(hub, repo, files, monkeypatch, error):
    old = pull("alice/digits")
    repo.commit(files | {"metrics.json": b"{}"}, "newer")

    def fail(*rest, **named):
        raise error

    monkeypatch.setattr("huggingface_hub.hf_hub_download", fail)
    again = pull("alice/digits", refresh=True)
    assert again.folder == old.folder and f"could not be downloaded ({type(error).__name__})" in again.notice


def test_a_full_disk_is_not_the_hubs_fault(hub, repo, monkeypatch):
    def fail(*rest, **named):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("huggingface_hub.hf_hub_download", fail)
    with pytest.raises(OSError, match="No space left"):
        pull("alice/digits")


def test_the_real_limit_leaves_room_below_five_seconds():
    assert module.TIMEOUT <= 4.5


@pytest.mark.parametrize(
    ("name", "revision", "message"),
    [
        ("alice/nothing", None, "alice/nothing is not on the Hub, or it is private"),
        ("alice/digits", "v9", "alice/digits has no revision 'v9'"),
        ("alice/digits", "0" * 40, "has no revision"),
        ("bob/secret", None, "or it is private and this token has no access.*hf auth login"),
        (
            "bob/gated",
            None,
            r"is gated: sign in at .*bob/gated, .* \(the Hub says: .*Access to this model is restricted",
        ),
        ("../digits", None, "a repository is USER/NAME"),
        ("alice/digits", "../../x", "a revision is a branch"),
    ],
)
def test_what_cannot_be_had_says_why(hub, repo, files, name, revision, message):
    hub.add("bob/secret", files, private=True)
    hub.add("bob/gated", files, gated=True)
    with pytest.raises(HubError, match=message):
        pull(name, revision)
    assert not (cache() / "bob--gated" / "revisions").exists()


def test_a_download_that_is_forbidden_speaks_of_reading_and_says_why(hub, repo):
    refusal = Response("", 403, {"X-Error-Message": "This repository is disabled"})
    hub.fault = lambda request: refusal if request.method in ("GET", "HEAD") else None
    with pytest.raises(HubError, match=r"may not read alice/digits: This repository is disabled\. If the token is"):
        pull("alice/digits")


def test_a_token_nobody_knows_is_named_as_the_fault(hub, repo, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", NOBODY)
    with pytest.raises(HubError, match="does not accept this token") as refused:
        pull("alice/digits")
    assert NOBODY not in str(refused.value)


def test_public_repositories_need_no_token(repo, monkeypatch):
    monkeypatch.delenv("HF_TOKEN")
    assert pull("alice/digits").folder.is_dir()


# What comes back is not trusted.

TRAPS = {
    "../../evil.json": b"x", "/etc/cron.d/x": b"x", "pytorch_model.bin": b"\x80\x04.", "gan/__init__.py": b"x",
    "config.json/../../x": b"x", "sub/model.safetensors": b"x",
}  # fmt: skip


def test_only_names_on_the_list_are_asked_for(hub, files):
    hub.add("eve/model", files | TRAPS)
    pulled = pull("eve/model")
    assert {p.name for p in pulled.folder.iterdir()} == files.keys()
    assert {line.split()[1] for line in downloads(hub)} == files.keys()


def test_pickles_alone_are_no_model(hub):
    hub.add("eve/model", {"config.json": b"{}", "pytorch_model.bin": b"\x80\x04."})
    with pytest.raises(HubError, match="directions.safetensors is missing; its pickled weights are never read"):
        pull("eve/model")
    assert downloads(hub) == []


@pytest.mark.parametrize("missing", MODEL.needed)
def test_what_is_needed_must_be_there(hub, files, missing):
    hub.add("eve/model", {k: v for k, v in files.items() if k != missing})
    with pytest.raises(HubError, match=f"holds no model of Latent Lab: {missing} is missing$"):
        pull("eve/model")


def test_what_is_not_needed_may_be_missing(hub, files):
    hub.add("eve/model", {k: v for k, v in files.items() if k in MODEL.needed})
    assert {p.name for p in pull("eve/model").folder.iterdir()} == set(MODEL.needed)


def test_sizes_are_checked_before_anything_is_sent(hub, files, monkeypatch):
    hub.add("eve/model", files)
    monkeypatch.setitem(MODEL.files, "critic.safetensors", 1000)
    with pytest.raises(HubError, match="critic.safetensors has .* bytes, at most 1,000 are allowed"):
        pull("eve/model")
    assert downloads(hub) == []


def lying(size: int):
    """A listing in which each file has this size."""

    def fault(request):
        if "/revision/" not in request.url.path:
            return None
        names = [{"rfilename": name, "size": size} for name in MODEL.files]
        return Response(json.dumps({"id": "eve/model", "sha": "a" * 40, "siblings": names}))

    return fault


def test_a_file_that_is_larger_than_listed_is_refused(hub, files):
    repo = hub.add("eve/model", files)
    repo.commits["a" * 40] = files
    hub.fault = lying(5)
    with pytest.raises(HubError, match="config.json is larger than the 5 bytes that were listed"):
        pull("eve/model")
    assert [p for p in (cache() / "eve--model").rglob("*") if p.is_file()] == []


def test_a_file_that_is_smaller_than_listed_is_refused(hub, files):
    repo = hub.add("eve/model", files)
    repo.commits["a" * 40] = files
    hub.fault = lying(100_000)
    with pytest.raises(Unreachable, match="config.json does not have the 100,000 bytes that were listed"):
        pull("eve/model")
    assert [p for p in (cache() / "eve--model").rglob("*") if p.is_file()] == []


def test_an_endless_file_is_cut_off(hub, repo, files):
    cut_off = threading.Event()

    def endless():
        while not cut_off.is_set():
            yield bytes(2**18)

    hub.fault = at_file("GET", "metrics.json", lambda request: StreamingResponse(endless()))
    with pytest.raises(HubError, match="metrics.json is larger than the .* bytes that were listed"):
        pull("alice/digits")
    cut_off.set()
    assert [p for p in (cache() / "alice--digits").rglob("*") if p.is_file()] == []


def test_a_commit_that_is_no_commit_is_refused(hub, files):
    hub.add("eve/model", files)
    hub.fault = lambda request: Response(json.dumps({"id": "eve/model", "sha": "../../x", "siblings": []}))
    with pytest.raises(HubError, match="named no commit"):
        pull("eve/model")


@pytest.mark.parametrize(
    "config", [b"[]", b"{}", b"[" * 100_000, b"\xff", b'{"width": "wide"}', b"null"], ids=lambda c: str(c[:12])
)
def test_settings_of_the_wrong_kind_are_refused_before_any_weights_are_sent(hub, files, config):
    hub.add("eve/model", files | {"config.json": config})
    with pytest.raises(HubError, match="eve/model: config.json is not usable") as refused:
        pull("eve/model")
    assert not any("safetensors" in line for line in hub.seen)
    assert str(cache()) not in str(refused.value)


def test_a_download_that_breaks_off_leaves_nothing_and_can_be_repeated(faulty_hub):
    faulty_hub.fault = at_file("GET", "critic.safetensors", broken_off)
    with impatient(0.8), pytest.raises(Unreachable, match="critic.safetensors did not arrive"):
        pull("alice/digits")
    assert [p for p in (cache() / "alice--digits").rglob("*") if p.is_file()] == []
    faulty_hub.fault = lambda request: None
    assert {p.name for p in pull("alice/digits").folder.iterdir()} == set(MODEL.files) - set(MODEL.optional)


def test_a_checkpoint_is_kept_apart_from_the_model(hub, files):
    more = {"checkpoint/state.json": b"{}", "checkpoint/state.safetensors": b"x", "log.jsonl": b""}
    hub.add("alice/run", files | more)
    pulled = pull("alice/run", kind=CHECKPOINT)
    found = {p.relative_to(pulled.folder).as_posix() for p in Path(pulled.folder).rglob("*") if p.is_file()}
    assert found == set(more) and pulled.folder != pull("alice/run").folder
