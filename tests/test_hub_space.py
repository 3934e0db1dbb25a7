"""`gan.hub.space`: what goes to a Space and what does not, and a Space brought up to date."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hub_server import ALICE

from gan.hub import space as module
from gan.hub.names import HubError
from gan.hub.space import FILES, deploy, files

ROOT = module.ROOT


@pytest.fixture
def checkout(tmp_path) -> Path:
    """A small repository with everything that must not go."""
    root = tmp_path / "checkout"
    for name in (
        *FILES, "gan/a.py", "gan/ui/static/b.css", "weights/m/config.json", "docs/c.png", "tests/t.py", "runs/r/x",
        "data/d", "benchmarks/b.py", ".env", ".git/config", "gan/.secret", "gan/__pycache__/a.pyc", "notes.txt",
        "weights/m/checkpoint/state.safetensors", ".ci/run", "pyproject.toml", "docs/deep/er.md",
    ):  # fmt: skip
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"{name}\n")
    (root / "README.md").write_text("---\nlicense: mit\n---\n")
    (root / "gan/link.py").symlink_to("/etc/passwd")
    return root


SENT = [*FILES, "docs/c.png", "gan/a.py", "gan/ui/static/b.css", "weights/m/config.json"]


def test_only_what_a_space_needs_is_listed(checkout):
    assert files(checkout) == sorted(SENT)


def test_everything_that_the_app_imports_and_shows_goes():
    run = subprocess.run(["git", "ls-files", "gan", "weights"], cwd=ROOT, capture_output=True, text=True)
    tracked = [name for name in run.stdout.split() if (ROOT / name).exists()]
    if not tracked:
        pytest.skip("not a git checkout")
    assert set(tracked) <= set(files()) and {"app.py", "requirements.txt", "README.md"} <= set(files())
    assert not any(name.startswith(("tests/", "runs/", "data/", "benchmarks/", ".")) for name in files())


def test_a_space_is_created_and_then_brought_up_to_date(hub, checkout):
    first = deploy("alice/lab", root=checkout)
    repo = hub.repos["spaces/alice/lab"]
    assert set(repo.files) == {*SENT, ".gitattributes"} and first.changed
    assert first.page == f"{hub.url}/spaces/alice/lab" and not repo.private
    again = deploy("alice/lab", root=checkout)
    assert not again.changed and again.commit == first.commit
    repo.commit(repo.files | {"packages.txt": b"its own"}, "by hand")
    (checkout / "gan/a.py").unlink()
    (checkout / "app.py").write_text("new\n")
    assert deploy("alice/lab", root=checkout).changed
    assert (
        "gan/a.py" not in repo.files and repo.files["app.py"] == b"new\n" and repo.files["packages.txt"] == b"its own"
    )


def test_private(hub, checkout):
    deploy("alice/lab", private=True, root=checkout)
    assert hub.repos["spaces/alice/lab"].private


@pytest.mark.parametrize(
    ("token", "space", "message"),
    [
        ("", "alice/lab", "there is no token"),
        (ALICE, "bob/lab", "may not write to spaces/bob/lab"),
        (ALICE, "lab", "a repository is USER/NAME"),
    ],
)
def test_refusals(hub, checkout, monkeypatch, token, space, message):
    monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(HubError, match=message):
        deploy(space, root=checkout)
    assert not hub.repos


def test_half_a_checkout_is_not_deployed(hub, checkout):
    shutil.rmtree(checkout / "gan")
    (checkout / "app.py").unlink()
    with pytest.raises(HubError, match="app.py is missing"):
        deploy("alice/lab", root=checkout)
    assert hub.seen == []
