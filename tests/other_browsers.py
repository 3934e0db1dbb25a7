"""Firefox and WebKit as Debian packages them, which open one address without anybody who steers them.

What a page does there it does by its own script, and tells the server that sent it.
"""

from __future__ import annotations

import os
import queue
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

NAMES = ("firefox", "webkit")
PACKAGES = "apt-get install firefox-esr libwebkit2gtk-4.1-0 xvfb"
# Nothing is fetched from elsewhere and no question is asked before the page.
PREFERENCES = """
user_pref("app.normandy.enabled", false);
user_pref("browser.aboutwelcome.enabled", false);
user_pref("browser.safebrowsing.downloads.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("services.settings.server", "data:,");
user_pref("toolkit.telemetry.enabled", false);
"""


def program(name: str) -> str | None:
    """Return the path of a browser's program, or None where it is not installed."""
    if name == "firefox":
        return shutil.which("firefox-esr") or shutil.which("firefox")
    found = sorted(Path("/usr/lib").glob("*/webkit2gtk-4.?/MiniBrowser"))
    return str(found[-1]) if found and shutil.which("Xvfb") else None


@contextmanager
def opened(name: str, url: str, home: Path) -> Iterator[None]:
    """Have a browser show an address within the block. home: an empty folder, in which it keeps its files.

    Skips the test where the browser is not installed, and fails it in CI.
    """
    path = program(name)
    if path is None:
        if os.environ.get("CI"):
            pytest.fail(f"{name} is not installed: CI needs it ({PACKAGES})")
        pytest.skip(f"{name} is not installed ({PACKAGES})")
    environment = {**os.environ, "HOME": str(home), "XDG_RUNTIME_DIR": str(home), "NO_AT_BRIDGE": "1"}
    with ExitStack() as stack:
        if name == "firefox":
            (home / "user.js").write_text(PREFERENCES)
            command = [path, "--headless", "--no-remote", "--profile", str(home), url]
        else:
            environment["DISPLAY"] = stack.enter_context(_screen())
            command = [path, "--private", url]
        stack.enter_context(_running(command, environment))
        yield


@contextmanager
def _screen() -> Iterator[str]:
    """Run a display that nobody sees; yield its name."""
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x900x24", "-nolisten", "tcp"]
    with _running(command, dict(os.environ), pass_fds=(write,)):
        os.close(write)
        with os.fdopen(read) as pipe:
            yield f":{pipe.readline().strip()}"


@contextmanager
def _running(command: list[str], environment: dict[str, str], pass_fds: tuple[int, ...] = ()) -> Iterator[None]:
    """Run a program within the block, and end it with all that it started."""
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(
        command, env=environment, stdout=quiet, stderr=quiet, pass_fds=pass_fds, start_new_session=True
    )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


class Host(ThreadingHTTPServer):
    """A server on loopback for one page, which tells it by POST what it has done.

    files: returns the kind and the bytes of a path without its first slash; None where there is nothing.
    """

    def __init__(self, files: Callable[[str], tuple[str, bytes] | None]) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.files = files
        self.told: queue.Queue[tuple[str, bytes]] = queue.Queue()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.server_port}/"

    def reports(self, seconds: float) -> Iterator[tuple[str, bytes]]:
        """Yield path and body of what the page tells, until it tells `done`; fail at `failed` and after so long."""
        end = time.monotonic() + seconds
        while True:
            try:
                path, body = self.told.get(timeout=max(0, end - time.monotonic()))
            except queue.Empty:
                pytest.fail(f"the page was not done after {seconds:g} s")
            if path == "failed":
                pytest.fail(f"the page says: {body.decode()}")
            if path == "done":
                return
            yield path, body


class _Answers(BaseHTTPRequestHandler):
    server: Host

    def do_GET(self) -> None:
        found = self.server.files(self.path[1:].split("?")[0])
        if found is None:
            return self.send_error(404)
        kind, body = found
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.server.told.put((self.path[1:], self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args) -> None:
        """Write nothing."""


@contextmanager
def hosted(files: Callable[[str], tuple[str, bytes] | None]) -> Iterator[Host]:
    """Run a `Host` within the block."""
    with Host(files) as host:
        thread = threading.Thread(target=host.serve_forever)
        thread.start()
        try:
            yield host
        finally:
            host.shutdown()
            thread.join()
