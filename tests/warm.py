"""Python programs as processes of their own that begin at once: forked from one that has imported torch.

A program that trains spends three seconds of the processor's time on importing torch and its compiler. Here it is a
process like any other, with its own folder, environment, output, signals and end, and torch's import lies behind it.
What torch or Python decide as they start needs `subprocess`.
"""

from __future__ import annotations

import atexit
import multiprocessing
import os
import runpy
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).resolve().parents[1]
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["torch", "torch._dynamo", "PIL.Image", "safetensors.torch"])


class Program:
    """A running `python WORDS...`: a script, -m MODULE or -c CODE. It is killed at the end of a `with`.

    stdout, stderr: its output, as text to be read.
    """

    def __init__(self, words: Sequence[str], folder: Path = ROOT, environment: Mapping[str, str] = os.environ) -> None:
        pipes = [multiprocessing.Pipe(duplex=False) for _ in range(2)]
        ends = [pipe[1] for pipe in pipes]
        self._process = CONTEXT.Process(target=_main, args=(list(words), str(folder), dict(environment), *ends))
        self._process.start()
        for end in ends:
            end.close()
        self.stdout, self.stderr = (os.fdopen(os.dup(pipe[0].fileno())) for pipe in pipes)
        for pipe in pipes:
            pipe[0].close()

    def __enter__(self) -> Program:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._process.kill()
        self._process.join()
        self._process.close()
        self.stdout.close()
        self.stderr.close()

    def send_signal(self, number: int) -> None:
        """Send it a signal; a ProcessLookupError if it has ended."""
        os.kill(self._process.pid or 0, number)

    def poll(self) -> int | None:
        """Return its exit status, below 0 where a signal ended it; None while it runs."""
        return self._process.exitcode

    def wait(self) -> int | None:
        """Wait until it has ended; return its exit status."""
        self._process.join()
        return self.poll()

    def communicate(self) -> tuple[str, str]:
        """Wait until it has ended; return its output."""
        with ThreadPoolExecutor(2) as pool:
            out, err = pool.map(lambda stream: stream.read(), (self.stdout, self.stderr))
        self.wait()
        return out, err


def run(words: Sequence[str], folder: Path = ROOT, environment: Mapping[str, str] = os.environ) -> tuple[int, str, str]:
    """Run a `Program` to its end; return its exit status and output."""
    with Program(words, folder, environment) as program:
        out, err = program.communicate()
        return program.poll() or 0, out, err


def _main(words: list[str], folder: str, environment: dict[str, str], *ends: Connection) -> None:
    """Become the program, in the new process."""
    for number, end in enumerate(ends, 1):
        os.dup2(end.fileno(), number)
        end.close()
    sys.stdout, sys.stderr = (os.fdopen(os.dup(number), "w") for number in (1, 2))
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    of_tests = {str(ROOT), str(ROOT / "tests"), ""}
    more = environment.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:] = [folder, *filter(None, more), *(path for path in sys.path if path not in of_tests)]
    try:
        if words[0] == "-c":
            sys.argv = ["-c", *words[2:]]
            exec(compile(words[1], "<string>", "exec"), {"__name__": "__main__"})
        elif words[0] == "-m":
            sys.argv = words[1:]
            runpy.run_module(words[1], run_name="__main__", alter_sys=True)
        else:
            sys.argv = words
            runpy.run_path(words[0], run_name="__main__")
    finally:
        atexit._run_exitfuncs()
