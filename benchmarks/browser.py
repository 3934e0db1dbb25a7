"""Headless Chromium and local servers, for the benchmarks that drive a browser."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parent.parent
ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
# The last is Chromium without its windows: a page takes two thirds of the processor's time.
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chromium-headless-shell")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start headless Chromium: the first of `BROWSERS` that is installed, or else Playwright's own."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = next(filter(None, map(shutil.which, BROWSERS)), None)
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@contextmanager
def running_app(log: IO[str] | None = None, pause: float = 0.2, **environment: str) -> Iterator[tuple[str, int]]:
    """Run `python app.py` within the block, from when it answers; yield its address and its process's number.

    log: a file for all it prints; without one, its errors are seen. pause: seconds between two attempts.
    """
    url = f"http://127.0.0.1:{(port := free_port())}/"
    server = subprocess.Popen(
        [sys.executable, "app.py", "--port", str(port)], cwd=ROOT, stdout=log or subprocess.DEVNULL, stderr=log,
        env={**os.environ, **environment},
    )  # fmt: skip
    try:
        wait_for(url, pause=pause)
        yield url, server.pid
    finally:
        server.terminate()
        server.wait()


def free_port() -> int:
    """Return a port of the loopback interface that is free at the moment."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(url: str, seconds: float = 90, pause: float = 0.2) -> None:
    """Wait until the address answers. Raises OSError if it does not within so many seconds."""
    end = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).read()
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(pause)
