"""`gan.hub.push`, with the real client: what one push leaves on the Hub, and what each refusal says."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import re
import shutil
import time
from pathlib import Path

import pytest
import yaml
from conftest import point_client, within
from hub_server import ALICE, BOB, NOBODY, READER, broken_off
from PIL import Image
from starlette.responses import Response

import gan
from gan.config import Config
from gan.errors import FolderError, HubError
from gan.hub import push as module
from gan.hub.client import Unreachable
from gan.hub.push import build, ensure_repo, push, send
from gan.models.heads import write_head
from gan.models.taught_on import ENCODER, JUDGE
from gan.models.weights import read_config, write_tensors
from gan.networks.encoder import Encoder

FILES = {
    "README.md", "config.json", "model.safetensors", "critic.safetensors", "directions.safetensors", "metrics.json",
    "samples.png", "curve.png", "log.jsonl",
}  # fmt: skip


@pytest.fixture
def into(tmp_path):
    """Makes empty folders to build in."""
    count = iter(range(100))

    def make() -> Path:
        path = tmp_path / f"into{next(count)}"
        path.mkdir()
        return path

    return make


@pytest.fixture
def run(tiny_folder, tmp_path) -> Path:
    """A run that may be changed."""
    return Path(shutil.copytree(tiny_folder, tmp_path / "run"))


def test_a_first_push_is_one_commit_and_one_tag(hub, tiny_folder, into):
    lines = []
    sent = push(tiny_folder, into(), "alice/digits", progress=lines.append)
    repo = hub.model("alice/digits")
    assert repo.messages == ["initial commit", "64 images shown"]
    assert set(repo.files) == FILES | {".gitattributes"}
    assert repo.tags == {"images-64": repo.head} and (sent.commit, sent.tag) == (repo.head, "images-64")
    assert sent.changed and sent.page == f"{hub.url}/alice/digits" and not repo.private
    for name in ("model.safetensors", "critic.safetensors", "directions.safetensors", "samples.png"):
        assert repo.files[name] == (tiny_folder / name).read_bytes()
    assert [line.split(",")[0] for line in lines] == [
        "Building the folder",
        "Checking access on the Hub",
        "Sending 9 files",
    ]


def test_the_card_tells_how_to_load_it_and_shows_both_pictures(hub, tiny_folder, into):
    push(tiny_folder, into(), "alice/digits")
    text = hub.model("alice/digits").files["README.md"].decode()
    matter = yaml.safe_load(text.split("---\n")[1])
    assert matter["pipeline_tag"] == "unconditional-image-generation" and matter["library_name"] == "latent-lab"
    assert matter["datasets"] == ["ylecun/mnist"] and "model-index" not in matter
    code = re.search(r"```python\n(.*?)```", text, re.DOTALL)[1]
    assert 'gan.load("alice/digits")' in code and len([line for line in code.splitlines() if line]) == 3
    for part in ("(samples.png)", "(curve.png)", "python train.py --dataset mnist-10k", "--model alice/digits"):
        assert part in text


def test_what_was_measured_becomes_a_model_index(hub, run, into):
    from huggingface_hub.repocard_data import model_index_to_eval_results

    metrics = json.loads((run / "metrics.json").read_text()) | {
        "frechet_distance": 0.25,
        "recall": 0.5,
        "density": None,
    }
    (run / "metrics.json").write_text(json.dumps(metrics))
    push(run, into(), "alice/digits")
    matter = yaml.safe_load(hub.model("alice/digits").files["README.md"].decode().split("---\n")[1])
    name, results = model_index_to_eval_results(matter["model-index"])
    assert name == "digits" and {r.metric_type: r.metric_value for r in results} == {
        "frechet_distance": 0.25, "recall": 0.5,
    }  # fmt: skip
    assert {(r.dataset_type, r.dataset_name) for r in results} == {("ylecun/mnist", "mnist-10k")}


def test_nothing_that_is_sent_tells_of_this_machine_or_of_the_token(hub, run, tiny_folder, into, tmp_path):
    log = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    config = dataclasses.asdict(Config(dataset=str(tmp_path / "my cats"), data_root=str(tmp_path), device="cpu"))
    log[0] |= {"config": config, "notes": [f"{tmp_path}/cat.png cannot be read"]}
    assert str(tiny_folder) in (run / "log.jsonl").read_text()
    lines = [json.dumps(event) for event in log] + ["half a li", "3"]
    (run / "log.jsonl").write_text("\n".join(lines))
    push(run, into(), "alice/digits", checkpoint=True)
    for name, content in hub.model("alice/digits").files.items():
        for secret in (tmp_path, tiny_folder, ALICE):
            assert str(secret).encode() not in content, name
    told = hub.model("alice/digits").files["log.jsonl"].decode().splitlines()
    assert len(told) == len(log) and json.loads(told[0])["config"]["dataset"] == "my cats"
    assert json.loads(told[-1])["event"] == "done"
    assert not any(ALICE in line for line in hub.seen)


def test_a_second_push_goes_on_top_with_a_tag_of_its_own(hub, run, into):
    first = push(run, into(), "alice/digits")
    (run / "metrics.json").write_text((run / "metrics.json").read_text().replace('"device": "cpu"', '"device": "x"'))
    second = push(run, into(), "alice/digits")
    repo = hub.model("alice/digits")
    assert len(repo.commits) == 3 and repo.head == second.commit != first.commit
    assert repo.tags == {"images-64": first.commit, "images-64-2": second.commit}


def test_a_push_of_nothing_new_makes_no_commit_and_no_tag(hub, tiny_folder, into):
    first = push(tiny_folder, into(), "alice/digits")
    again = push(tiny_folder, into(), "alice/digits")
    repo = hub.model("alice/digits")
    assert (again.changed, again.commit, again.tag) == (False, first.commit, "")
    assert len(repo.commits) == 2 and len(repo.tags) == 1


def test_the_optimisers_go_only_when_asked_and_in_a_folder_of_their_own(hub, tiny_folder, into):
    push(tiny_folder, into(), "alice/digits")
    assert not any("checkpoint" in name for name in hub.model("alice/digits").files)
    push(tiny_folder, into(), "alice/digits", checkpoint=True)
    found = {name for name in hub.model("alice/digits").files if "checkpoint" in name}
    assert found == {"checkpoint/state.json", "checkpoint/state.safetensors"}


def test_private(hub, tiny_folder, into):
    push(tiny_folder, into(), "alice/secret", private=True)
    assert hub.model("alice/secret").private


@pytest.mark.parametrize(
    ("token", "repo", "message"),
    [
        ("", "alice/digits", "there is no token: sign in with `hf auth login`"),
        (NOBODY, "alice/digits", "the Hub does not accept this token"),
        ("hf_copiéd", "alice/digits", "the token contains an invalid character: copy it again"),
        (READER, "alice/digits", "this token may not write to alice/digits"),
        (ALICE, "bob/digits", "this token may not write to bob/digits"),
        (ALICE, "digits", "a repository is USER/NAME"),
    ],
)
def test_who_may_not_push_is_told_why_and_what_to_do(hub, tiny_folder, into, monkeypatch, token, repo, message):
    monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(HubError, match=message) as refused:
        push(tiny_folder, into(), repo)
    assert not hub.repos
    assert token == "" or token not in str(refused.value)


def test_a_foreign_repository_stays_as_it_is(hub, tiny_folder, into, monkeypatch):
    theirs = hub.add("bob/digits", {"README.md": b"bob's"})
    with pytest.raises(HubError, match="may not write to bob/digits"):
        push(tiny_folder, into(), "bob/digits")
    assert theirs.files["README.md"] == b"bob's" and len(theirs.commits) == 2


def test_whether_one_may_write_is_known_before_anything_is_sent(hub, monkeypatch):
    hub.add("bob/digits", {})
    hub.add("alice/digits", {})
    assert ensure_repo("alice/digits") == hub.model("alice/digits").head
    with pytest.raises(HubError, match="may not write to bob/digits"):
        ensure_repo("bob/digits")
    monkeypatch.setenv("HF_TOKEN", READER)
    with pytest.raises(HubError, match="may not write to alice/digits"):
        ensure_repo("alice/digits")


def test_a_visitors_token_counts_and_not_the_machines(hub, tiny_folder, into):
    push(tiny_folder, into(), "bob/digits", token=BOB)
    assert "models/bob/digits" in hub.repos


def test_a_stale_parent_is_refused_and_nothing_is_overwritten(hub, tiny_folder, into):
    built = into()
    files = build(tiny_folder, built, "alice/digits")
    parent = ensure_repo("alice/digits")
    hub.model("alice/digits").commit({"README.md": b"edited on the site"}, "a note")
    with pytest.raises(HubError, match="has been changed by someone else"):
        send(built, files, "alice/digits", parent)
    assert hub.model("alice/digits").files == {"README.md": b"edited on the site"}


def test_an_interrupted_push_leaves_nothing_and_can_be_repeated(hub, tiny_folder, into):
    hub.fault = lambda request: broken_off(request) if "/commit/" in request.url.path else None
    with pytest.raises(Unreachable, match="cannot be reached .*try again"):
        push(tiny_folder, into(), "alice/digits")
    assert len(hub.model("alice/digits").commits) == 1 and not hub.model("alice/digits").tags
    hub.fault = lambda request: None
    assert push(tiny_folder, into(), "alice/digits").tag == "images-64"


def test_a_push_whose_answer_was_lost_is_found_done(hub, tiny_folder, into):
    built = into()
    files = build(tiny_folder, built, "alice/digits")
    parent = ensure_repo("alice/digits")
    send(built, files, "alice/digits", parent)
    hub.model("alice/digits").tags.clear()
    assert send(built, files, "alice/digits", parent).tag == "images-64"  # as if it had never been lines of
    assert len(hub.model("alice/digits").commits) == 2


@pytest.mark.parametrize(
    ("status", "headers", "message"),
    [
        (429, {"Retry-After": "17"}, "rate limit.*try again in 17 seconds"),
        (429, {"Retry-After": "<b>"}, "rate limit.*in a few minutes"),
        (502, {}, r"a problem of its own \(status 502\)"),
        (503, {"X-Error-Message": "Moving house"}, r"try again later \(the Hub says: Moving house\)$"),
        (401, {"X-Error-Message": "Token expired."}, r"set a new HF_TOKEN \(the Hub says: Token expired\)$"),
        (
            403,
            {"X-Error-Message": "Storage limit reached."},
            "may not write to alice/digits: Storage limit reached. If",
        ),
        (403, {}, "this token may not write to alice/digits: create one with write permission at .*/settings/tokens"),
        (418, {"X-Error-Message": "tea\x01" + "x" * 999}, r"refused this for alice/digits \(status 418\): .{1,200}$"),
    ],
)
def test_refusals_say_what_to_do(hub, tiny_folder, into, status, headers, message):
    hub.fault = lambda request: Response("", status, headers) if "create" in request.url.path else None
    with pytest.raises(HubError, match=message):
        push(tiny_folder, into(), "alice/digits")


def test_no_network(hub, tiny_folder, into, monkeypatch):
    point_client(monkeypatch, "http://127.0.0.1:9")
    with pytest.raises(Unreachable, match="check the network"):
        push(tiny_folder, into(), "alice/digits")


def test_a_hub_that_falls_silent_is_not_waited_for_for_ever(hub, tiny_folder, into, monkeypatch):
    monkeypatch.setattr("gan.hub.client.SILENCE", 0.3)
    # Refused in the end: else it would be taken in the middle of the next test.
    hub.fault = lambda request: time.sleep(1) or Response("", 500) if "/commit/" in request.url.path else None
    start = time.monotonic()
    with pytest.raises(Unreachable, match="ReadTimeout"):
        push(tiny_folder, into(), "alice/digits")
    assert time.monotonic() - start < 5


def test_a_tag_that_is_refused_does_not_undo_the_push(hub, tiny_folder, into):
    hub.fault = lambda request: Response("", 500) if "/tag/" in request.url.path else None
    sent = push(tiny_folder, into(), "alice/digits")
    assert sent.changed and sent.tag == "" and hub.model("alice/digits").head == sent.commit


@pytest.mark.parametrize("damage", ["missing", "weights", "metrics"])
def test_what_would_not_load_is_not_pushed(hub, run, into, damage):
    if damage == "missing":
        (run / "critic.safetensors").unlink()
    elif damage == "weights":
        (run / "model.safetensors").write_bytes(b"x" * 100)
    else:
        (run / "metrics.json").write_text("[]")
    with pytest.raises(FolderError):
        push(run, into(), "alice/digits")
    assert hub.seen == []


SECRET = b"hf_SECRETSECRETSECRETSECRETSECRET"
READ = (
    "config.json", "metrics.json", "model.safetensors", "critic.safetensors", "directions.safetensors", "samples.png",
    "curve.png", "neighbours.png", "log.jsonl", "checkpoint/state.json", "checkpoint/state.safetensors",
)  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_what_a_link_leads_to_is_never_sent(hub, run, into, tmp_path, name):
    (tmp_path / "token").write_bytes(SECRET)
    (run / name).unlink(missing_ok=True)
    (run / name).symlink_to(tmp_path / "token")
    built = into()
    with pytest.raises(FolderError, match=f"{name}: a link, or no plain file, so nothing is sent: put the file itself"):
        push(run, built, "alice/digits", checkpoint=True)
    assert hub.seen == [] and not any(built.iterdir())


def test_a_good_file_behind_a_link_or_a_linked_folder_is_not_sent_either(run, into, tmp_path):
    checkpoint = (run / "checkpoint").rename(tmp_path / "elsewhere")
    (run / "checkpoint").symlink_to(checkpoint)
    assert "checkpoint/state.json" not in build(run, into(), "alice/digits")
    with pytest.raises(FolderError, match=r"checkpoint/state\.json: a link"):
        build(run, into(), "alice/digits", checkpoint=True)


def test_a_model_folder_may_itself_be_reached_by_a_link(run, into, tmp_path):
    (tmp_path / "link").symlink_to(run)
    assert build(tmp_path / "link", into(), "alice/digits").keys() == FILES


def test_a_pipe_is_refused_and_not_waited_for(run, into):
    (run / "samples.png").unlink()
    os.mkfifo(run / "samples.png")
    with pytest.raises(FolderError, match=r"samples\.png: a link, or no plain file"):
        within(10, build, run, into(), "alice/digits")


@pytest.mark.parametrize("name", ["samples.png", "curve.png", "neighbours.png"])
@pytest.mark.parametrize("content", [SECRET, b"", b"\x89PNG\r\n\x1a\n" + SECRET, "cut", "JPEG"])
def test_what_is_sent_as_a_picture_is_one(run, into, name, content):
    if isinstance(content, str):
        out = io.BytesIO()
        Image.effect_noise((64, 64), 80).save(out, "PNG" if content == "cut" else content)
        content = out.getvalue()[:-200] if content == "cut" else out.getvalue()
    (run / name).write_bytes(content)
    with pytest.raises(FolderError, match=f"{name}: not a PNG picture, so nothing is sent"):
        build(run, into(), "alice/digits")


def test_a_picture_too_large_for_a_page_is_not_sent(run, into, monkeypatch):
    monkeypatch.setattr(module, "MAX_PICTURE_BYTES", 100)
    with pytest.raises(FolderError, match=r"samples\.png: [0-9,]+ bytes are too large for a picture"):
        build(run, into(), "alice/digits")


def test_a_log_that_names_files_of_no_encoding_is_sent(run, into):
    log = (run / "log.jsonl").read_text() + '{"event": "alarmed", "message": "\\udc8e.png"}\n'
    (run / "log.jsonl").write_text(log)
    assert "log.jsonl" in build(run, into(), "alice/digits")


def test_shipped_models_can_be_published_too(hub, into):
    """They have no log, but bring the curve that was drawn from it, and their nearest training pictures."""
    root = Path(module.__file__).resolve().parents[2]
    files = build(root / "weights/mnist", into(), "alice/digits")
    assert set(files) == FILES - {"log.jsonl"} | {"neighbours.png", ENCODER, JUDGE}


def test_an_encoder_goes_with_the_weights_that_it_is_for_and_is_pulled_with_them(hub, run, into):
    encoder = Encoder(read_config(run))
    write_head(run, ENCODER, encoder, {"latent": 20.0})
    push(run, into(), "alice/digits")
    assert set(hub.model("alice/digits").files) == FILES | {".gitattributes", ENCODER}
    loaded = gan.load("alice/digits", "cpu")
    assert loaded.encoder.figures == {"latent": 20.0}
    write_tensors(run / "model.safetensors", {k: v + 1 for k, v in loaded.generator.state_dict().items()})
    assert ENCODER not in build(run, into(), "alice/digits")
