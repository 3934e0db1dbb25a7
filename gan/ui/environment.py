"""Prepare this process's environment for Gradio, which reads it when it is imported and when it starts."""

from __future__ import annotations

import os
import sys

from gan import scratch

LOOPBACK = ("localhost", "127.0.0.1", "::1")
_gradio: list[scratch.Scratch] = []  # Gradio's folder, which lasts as long as this process


def prepare() -> None:
    """Set what Gradio needs to start on any machine and the user has not set. Call before importing Gradio."""
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    if (port := os.environ.get("GRADIO_SERVER_PORT")) is not None and not is_port(port):
        sys.exit(f"app.py: error: GRADIO_SERVER_PORT must be a whole number from 1 to 65535, got {port!r}: unset it")
    if "GRADIO_TEMP_DIR" not in os.environ:
        # Gradio's own choice, `gradio` in the temporary folder, belongs to the user who first started a Gradio app on
        # the machine, and what is in it stays when an app is killed.
        _gradio.append(scratch.folder())
        os.environ["GRADIO_TEMP_DIR"] = _gradio[-1].name
    bypass_proxy()


def is_port(text: str) -> bool:
    """Return whether a text is the number of a port that can be listened on."""
    return text.isascii() and text.isdigit() and 0 < int(text[:9]) < 2**16


def bypass_proxy() -> None:
    """Let requests to this machine go past a web proxy, in this process: Gradio asks its own server at start.

    Hosts that no_proxy or NO_PROXY already lists stay.
    """
    listed = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    hosts = [host.strip() for host in listed.split(",") if host.strip()]
    own = [*LOOPBACK, os.environ.get("GRADIO_SERVER_NAME", "")]
    merged = ",".join([*hosts, *(host for host in own if host and host not in hosts)])
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = merged
