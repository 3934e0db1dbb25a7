"""`gan.hub.names`: what may be asked of the Hub."""

from __future__ import annotations

import pytest

from gan.errors import HubError
from gan.hub.names import CHECKPOINT, MODEL, checked_repo, checked_revision, is_repo, split


@pytest.mark.parametrize("text", ["a/b", "alice/digits", "Alice-1/my_model.v2", "_a/b_", "a" * 47 + "/" + "b" * 48])
def test_names_of_repositories(text):
    assert is_repo(text) and checked_repo(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "", "digits", "a/b/c", "/b", "a/", "../b", "a/..", "a/.b", "-a/b", "a/b-", "a--b/c", "a/b..c", "a b/c", "a/b\n",
        "a/b.git", "hub:a/b", "https://x/y", "a\\b/c", "é/b", "a" * 48 + "/" + "b" * 49, "a/b@main", "~/b", "a/<b>",
    ],
)  # fmt: skip
def test_what_is_no_name_is_refused_with_the_rule(text):
    assert not is_repo(text)
    with pytest.raises(HubError, match="a repository is USER/NAME"):
        checked_repo(text)


@pytest.mark.parametrize("value", [None, 7, ["a/b"]])
def test_what_is_no_text_is_no_name(value):
    with pytest.raises(HubError):
        checked_repo(value)


@pytest.mark.parametrize("text", ["main", "v1.2", "images-200000", "feature/x", "a" * 40])
def test_revisions(text):
    assert checked_revision(text) == text


@pytest.mark.parametrize("text", ["", "../x", "a..b", "/x", "x/", "x//y", "-x", "a b", "x" * 121, "a?b", "a#b", 7])
def test_what_is_no_revision_is_refused(text):
    with pytest.raises(HubError, match="a revision is"):
        checked_revision(text)


def test_a_revision_stands_behind_an_at():
    assert split("alice/digits") == ("alice/digits", None)
    assert split("alice/digits@v1") == ("alice/digits", "v1")
    with pytest.raises(HubError):
        split("alice/digits@")


def test_nothing_but_safetensors_json_and_a_picture_is_ever_asked_for():
    for name in (*MODEL.files, *CHECKPOINT.files):
        assert name.endswith((".safetensors", ".json", ".jsonl", ".png")) and ".." not in name
    assert set(MODEL.needed) < MODEL.files.keys() and set(CHECKPOINT.needed) < CHECKPOINT.files.keys()
