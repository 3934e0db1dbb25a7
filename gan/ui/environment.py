"""Prepare this process's environment for Gradio, which reads it when it is imported and when it starts."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

LOOPBACK = ("localhost", "127.0.0.1", "::1")


def prepare() -> None:
    """Set what Gradio needs to start on any machine and the user has not set. Call before importing Gradio."""
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    if "GRADIO_TEMP_DIR" not in os.environ:
        os.environ["GRADIO_TEMP_DIR"] = str(temporary_folder())
    bypass_proxy()


def temporary_folder() -> Path:
    """Return a folder for Gradio's files that only this user can write.

    Gradio's own choice, `gradio` in the temporary folder, belongs to the user who first started a Gradio app on the
    machine. This folder is the same at every start, unless somebody else has taken its name.
    """
    if not hasattr(os, "getuid"):  # Windows, where each user has a temporary folder
        return Path(tempfile.gettempdir()) / "latent-lab"
    folder = Path(tempfile.gettempdir()) / f"latent-lab-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
    except OSError:
        return Path(tempfile.mkdtemp(prefix="latent-lab-"))
    private = stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o022
    return folder if private else Path(tempfile.mkdtemp(prefix="latent-lab-"))


def bypass_proxy() -> None:
    """Let requests to this machine go past a web proxy, in this process: Gradio asks its own server at start.

    Hosts that no_proxy or NO_PROXY already lists stay.
    """
    listed = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    hosts = [host.strip() for host in listed.split(",") if host.strip()]
    own = [*LOOPBACK, os.environ.get("GRADIO_SERVER_NAME", "")]
    merged = ",".join([*hosts, *(host for host in own if host and host not in hosts)])
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = merged
