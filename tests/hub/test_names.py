"""`gan.hub.names`: what may be asked of the Hub."""

from __future__ import annotations

import pytest

from gan.errors import HubError
from gan.hub.names import CHECKPOINT, MODEL, checked_repo, checked_revision, is_repo, split

NAMES = ["a/b", "alice/digits", "Alice-1/my_model.v2", "_a/b_", "a" * 47 + "/" + "b" * 48]
BAD_NAMES = [
    "", "digits", "a/b/c", "/b", "a/", "../b", "a/..", "a/.b", "-a/b", "a/b-", "a--b/c", "a/b..c", "a b/c", "a/b\n",
    "a/b.git", "hub:a/b", "https://x/y", "a\\b/c", "é/b", "a" * 48 + "/" + "b" * 49, "a/b@main", "~/b", "a/<b>",
    None, 7, ["a/b"],
]  # fmt: skip
REVISIONS = ["main", "v1.2", "images-200000", "feature/x", "a" * 40]
BAD_REVISIONS = ["", "../x", "a..b", "/x", "x/", "x//y", "-x", "a b", "x" * 121, "a?b", "a#b", 7]


def refused(check, value) -> str:
    """What the check says against the value; "" if nothing."""
    try:
        check(value)
    except HubError as error:
        return str(error)
    return ""


def test_names_of_repositories():
    for text in NAMES:
        assert is_repo(text) and checked_repo(text) == text, text
    for text in BAD_NAMES:
        assert not isinstance(text, str) or not is_repo(text), text
        assert "a repository is USER/NAME" in refused(checked_repo, text), text


def test_names_of_revisions():
    for text in REVISIONS:
        assert checked_revision(text) == text
    assert checked_revision(None) == "main"
    for text in BAD_REVISIONS:
        assert "a revision is" in refused(checked_revision, text), text


def test_a_revision_stands_behind_an_at():
    assert split("alice/digits") == ("alice/digits", None)
    assert split("alice/digits@v1") == ("alice/digits", "v1")
    with pytest.raises(HubError):
        split("alice/digits@")


def test_nothing_but_safetensors_json_and_a_picture_is_ever_asked_for():
    for name in (*MODEL.files, *CHECKPOINT.files):
        assert name.endswith((".safetensors", ".json", ".jsonl", ".png")) and ".." not in name
    assert set(MODEL.needed) < MODEL.files.keys() and set(CHECKPOINT.needed) < CHECKPOINT.files.keys()
