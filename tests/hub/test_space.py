"""`gan.hub.space`: what goes to a Space and what does not, and a Space brought up to date."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import hub_environment
from hub_server import ALICE

from gan.errors import HubError
from gan.hub import space as module
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
    for folder in ("gan/data/bundled", "gan/ui/static", "gan/evaluation/metrics/weights", "weights"):
        here = {p.relative_to(ROOT).as_posix() for p in (ROOT / folder).rglob("*") if p.is_file()}
        assert here and here <= set(files()), folder
    assert not any(name.startswith(("tests/", "runs/", "data/", ".")) for name in files())
    assert [name for name in files() if name.startswith("benchmarks/")] == ["benchmarks/RESULTS.md"]


def test_whatever_the_readme_points_to_goes_with_it():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = set(re.findall(r"\]\(([^)#:]+)\)", text))
    sent = files()
    assert len(targets) > 5
    assert not [t for t in targets if t not in sent and not any(name.startswith(f"{t}/") for name in sent)]


@pytest.mark.slow
@pytest.mark.browser
def test_what_is_sent_starts_by_itself_and_shows_its_first_page_offline(browser, tmp_path):
    """Only these files, no network: a file that is missing from the list would be missed here."""
    for name in files():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / name)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "LATENT_LAB_MODELS")}
    environment = kept | {"GRADIO_SERVER_NAME": "127.0.0.1", "HF_ENDPOINT": "http://127.0.0.1:9"}
    command = [sys.executable, "app.py", "--port", str(port)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, text=True, **pipes) as server:
        try:
            site, deadline = f"http://127.0.0.1:{port}", time.monotonic() + 60
            while socket.socket().connect_ex(("127.0.0.1", port)):
                assert server.poll() is None and time.monotonic() < deadline, server.communicate()[0]
                time.sleep(0.1)
            page, away = browser.new_page(), []
            page.on("request", lambda r: None if r.url.startswith((site, "data:", "blob:")) else away.append(r.url))
            page.goto(site)
            for name in ("mnist", "fashion-mnist", "emoji"):
                page.get_by_label(f"Explore {name}", exact=True).wait_for(timeout=60_000)
            page.close()
            assert away == []
        finally:
            server.terminate()
            said = server.communicate(timeout=30)[0]
    assert "Traceback" not in said, said


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


def test_the_readmes_own_commands_do_the_same(hub, checkout, tmp_path):
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = [shlex.split(line) for line in re.findall(r"^hf .*$", readme, re.MULTILINE)]
    assert [c[1] for c in commands] == ["repos", "upload"]
    for words in commands:
        words = [str(Path(sys.executable).with_name("hf")), *(w.replace("USER/SPACE", "alice/lab") for w in words[1:])]
        environment = hub_environment(hub, tmp_path, ALICE) | {"HF_HUB_DISABLE_UPDATE_CHECK": "1"}
        run = subprocess.run(words, cwd=checkout, env=environment, capture_output=True, text=True, timeout=60)
        assert run.returncode == 0, run.stderr
    sent = set(hub.repos["spaces/alice/lab"].files)
    besides = {".gitattributes", "pyproject.toml", "notes.txt", "docs/deep/er.md", "gan/link.py"}
    assert set(SENT) <= sent <= {*SENT, *besides}


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
