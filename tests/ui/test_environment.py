"""`gan.ui.environment`, and the real app in a process of its own: it starts behind a proxy, and beside another user."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gan.ui import environment

APP = Path(__file__).parents[2] / "app.py"
NOWHERE = "http://127.0.0.1:9"  # a proxy that answers nobody
PROXIES = ("http_proxy", "https_proxy", "all_proxy")
READY = "To create a public link"  # Gradio's last line once it has reached its own server


@contextmanager
def app(folder: Path, **variables: str) -> Iterator[str]:
    """Run `python app.py` in an empty folder, with these environment variables; yield its URL once it is ready."""
    plain = {
        name: value
        for name, value in os.environ.items()
        if name.lower() not in (*PROXIES, "no_proxy", "gradio_temp_dir", "gradio_server_name", "latent_lab_models")
    }
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-u", APP, "--port", str(port)],
        cwd=folder,
        env=plain | {"OMP_NUM_THREADS": "1"} | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    late = threading.Timer(45, process.kill)
    late.start()
    try:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if READY in line:
                break
        assert lines and READY in lines[-1], "".join(lines)[-2000:]
        yield f"http://127.0.0.1:{port}/"
    finally:
        late.cancel()
        process.kill()
        process.communicate()


def page(url: str) -> str:
    """Fetch the page without a proxy."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=20) as reply:
        return reply.read().decode()


@pytest.mark.slow
def test_the_app_starts_behind_a_web_proxy(tmp_path: Path) -> None:
    with app(tmp_path, **{name.upper(): NOWHERE for name in PROXIES}) as url:
        assert "Latent Lab" in page(url)


@pytest.mark.slow
def test_the_app_starts_where_the_temporary_folder_gradio_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "gradio").touch()  # as unusable as another user's folder, even for root
    with app(tmp_path, TMPDIR=str(tmp_path)) as url:
        assert "Latent Lab" in page(url)


@pytest.fixture
def variables(monkeypatch, tmp_path: Path) -> Path:
    """Provide an environment without the variables that `prepare` sets, and an empty temporary folder."""
    for name in ("no_proxy", "NO_PROXY", "GRADIO_TEMP_DIR", "GRADIO_SERVER_NAME"):
        monkeypatch.setenv(name, "x")  # so that it is restored after the test
        monkeypatch.delenv(name)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("given", "hosts"),
    [
        ({}, "localhost,127.0.0.1,::1"),
        ({"NO_PROXY": "corp.example"}, "corp.example,localhost,127.0.0.1,::1"),
        ({"no_proxy": "a.example, localhost", "NO_PROXY": "b.example"}, "a.example,localhost,127.0.0.1,::1"),
        ({"no_proxy": "*"}, "*,localhost,127.0.0.1,::1"),
        ({"GRADIO_SERVER_NAME": "10.0.0.7"}, "localhost,127.0.0.1,::1,10.0.0.7"),
    ],
)
def test_hosts_that_need_no_proxy_are_kept(variables, monkeypatch, given: dict[str, str], hosts: str) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    environment.prepare()
    environment.prepare()
    assert os.environ["no_proxy"] == os.environ["NO_PROXY"] == hosts


def test_gradios_folder_is_a_temporary_one_of_this_process(variables: Path) -> None:
    environment.prepare()
    folder = Path(os.environ["GRADIO_TEMP_DIR"])
    assert folder.is_dir() and folder.parent == variables and stat.S_IMODE(folder.stat().st_mode) == 0o700
    environment.prepare()
    assert os.environ["GRADIO_TEMP_DIR"] == str(folder)


def test_a_folder_that_was_chosen_is_kept(variables: Path, monkeypatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", "/somewhere")
    environment.prepare()
    assert os.environ["GRADIO_TEMP_DIR"] == "/somewhere" and not list(variables.iterdir())


@pytest.mark.parametrize("port", ["0", "65536", "-3", "99999999999999999999"])
def test_an_impossible_port_is_refused_with_the_range(port, capsys):
    from gan.ui import app as module

    with pytest.raises(SystemExit) as ended:
        module.main(["--port", port])
    assert ended.value.code == 2
    assert f"--port must be a whole number from 1 to 65535, got {port}" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["", "abc", "0", "70000"])
def test_an_impossible_port_in_the_environment_is_refused_too(port, monkeypatch):
    monkeypatch.setenv("GRADIO_SERVER_PORT", port)
    with pytest.raises(SystemExit, match=f"GRADIO_SERVER_PORT must be a whole number from 1 to 65535, got '{port}'"):
        environment.prepare()


def test_a_taken_port_is_told_in_one_line(monkeypatch):
    import gradio as gr

    from gan.ui import app as module

    with gr.Blocks() as page, socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        monkeypatch.setattr(module, "build", lambda registry: page)
        with pytest.raises(SystemExit, match=f"cannot listen on port {port} of 127.0.0.1, which another") as ended:
            module.main(["--port", port])
    assert str(ended.value).startswith("app.py: error: ") and "pass another --port" in str(ended.value)
