"""Push while training goes on: the training loop hands over a copy, and a thread sends it, with retries."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from shutil import copytree, ignore_patterns, rmtree

from gan import scratch
from gan.errors import FolderError
from gan.evaluation.loss_curve import NAME
from gan.hub.names import MODEL, checked_repo
from gan.hub.push import PushResult, build, ensure_repo, file_summary, send

PAUSES = (5, 30, 120, 600)  # seconds before the second, third, ... try; the last for all later ones
IGNORED = ("samples", "*.new", "*.old", "*.part")  # in a run's folder: never pushed, or not complete
WRITTEN = (*MODEL.files, "README.md", NAME)  # the files that writing a run's model makes
FINAL_TRIES = 3  # tries after training, while the user waits

Write = Callable[[Path], object]  # fills a model folder


class FolderCopy:
    """A copy of a run's folder at one moment, in temporary folders that are deleted with it.

    write: makes the model's files; None copies those of the folder. checkpoint: whether it is pushed too. What is not
    pushed is not copied, because training waits for the copy.
    """

    def __init__(self, folder: Path, write: Write | None, checkpoint: bool) -> None:
        self._aside = scratch.folder()
        self._raw, self.built = Path(self._aside.name) / "raw", Path(self._aside.name) / "built"
        self._folder, self._write, self._checkpoint = folder, write, checkpoint
        self.files: dict[str, int] = {}
        left = (*IGNORED, *(WRITTEN if write else ()), *(() if checkpoint else ("checkpoint",)))
        copytree(folder, self._raw, symlinks=True, ignore=ignore_patterns(*left))  # a link stays one, and is refused

    def build(self, repo: str) -> dict[str, int]:
        """Fill `built` with what is to be sent and return name -> bytes. The first call takes seconds."""
        if not self.files:
            if self._write:
                self._write(self._raw)
            rmtree(self.built, ignore_errors=True)
            self.built.mkdir()
            try:
                self.files = build(self._raw, self.built, repo, self._checkpoint)
            except FolderError as error:
                raise FolderError(str(error).replace(str(self._raw), str(self._folder))) from None
        return self.files


class Pusher:
    """Pushes one run to one repository. A copy that has not been sent when a newer one arrives is dropped.

    say: is given a line of text, from any thread. HubError, before training begins, if the repository cannot be
    written to.
    """

    def __init__(self, repo: str, private: bool, checkpoint: bool, say: Callable[[str], None]) -> None:
        self.repo, self.checkpoint, self.say = repo, checkpoint, say
        self._head = ensure_repo(repo, private)
        self._changed = threading.Condition()
        self._waiting: FolderCopy | None = None
        self._closing = False
        self._failed = ""  # the reason why the newest copy is not on the Hub
        self._lost = ""  # the reason why a newer state could not be copied
        self._thread = threading.Thread(target=self._run, name="push", daemon=True)
        self._thread.start()

    def offer(self, folder: Path, write: Write | None = None) -> None:
        """Copy a run's model, finished or made by `write`, and queue it behind the push under way."""
        try:
            copy = FolderCopy(folder, write, self.checkpoint)
        except OSError as error:  # shutil.Error too
            self.say(f"warning: not pushed: the folder could not be copied ({error})")
            self._lost = str(error)
            return
        with self._changed:
            self._waiting, self._lost = copy, ""
            self._changed.notify_all()

    def finish(self) -> bool:
        """Wait until the newest copy is sent or has failed `FINAL_TRIES` more times; return whether the Hub has it."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()
        return not (self._failed or self._lost)

    def _run(self) -> None:
        tries, final = 0, 0
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closing)
                job = self._waiting
            if job is None:
                return
            self._failed = self._try(job)
            with self._changed:
                if not self._failed:
                    tries, self._waiting = 0, None if self._waiting is job else self._waiting
                    continue
                final += self._closing
                if final == FINAL_TRIES:
                    return
                pause = PAUSES[0 if final else min(tries, len(PAUSES) - 1)]
                tries += 1
                self._wait_before_retry(job, pause, training=not final)

    def _wait_before_retry(self, job: FolderCopy, seconds: float, training: bool) -> None:
        """Wait, holding the lock, until a newer copy arrives, or training ends if it has not, or time is up."""
        self._changed.wait_for(lambda: self._waiting is not job or (training and self._closing), seconds)

    def _try(self, job: FolderCopy) -> str:
        """Send one copy; return "" or the reason why it failed. Training goes on whatever happens."""
        try:
            files = job.build(self.repo)
            sent = send(job.built, files, self.repo, self._head)
        except Exception as error:
            self.say(f"warning: not pushed to {self.repo}, will be tried again: {error}")
            return str(error)
        self._head = sent.commit
        self.say(report(sent))
        return ""


class DryRunPusher:
    """Stands in for a `Pusher`: builds and lists what would be sent. Uses no token and no network."""

    def __init__(self, repo: str, checkpoint: bool, say: Callable[[str], None]) -> None:
        self.repo, self.checkpoint, self.say = checked_repo(repo), checkpoint, say

    def offer(self, folder: Path, write: Write | None = None) -> None:
        """Build the copy that a `Pusher` would send, and list its files."""
        files = FolderCopy(folder, write, self.checkpoint).build(self.repo)
        self.say(f"dry run: would push {file_summary(files)} to {self.repo}: {', '.join(files)}")

    def finish(self) -> bool:
        """Return True: nothing can fail."""
        return True


def report(sent: PushResult) -> str:
    """Return a line for the terminal on a finished push."""
    if not sent.changed:
        return f"nothing to push: {sent.page} is up to date"
    tag = f"tag {sent.tag}" if sent.tag else "without a tag, which the Hub refused"
    return f"pushed to {sent.page}, commit {sent.commit[:7]}, {tag}"
