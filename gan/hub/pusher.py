"""Pushes beside training: the loop hands over a finished copy and goes on; a thread sends it, again if need be."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from shutil import copytree, ignore_patterns, rmtree

from gan.evaluation.loss_curve import NAME
from gan.hub.names import MODEL, checked_repo
from gan.hub.push import PushResult, build, file_summary, ready, send

PAUSES = (5, 30, 120, 600)  # seconds before the second, third, ... try; the last for all further ones
IGNORED = ("samples", "*.new", "*.old", "*.part")  # of a run's folder: what is never pushed, or not whole
WRITTEN = (*MODEL.files, "README.md", NAME)  # what a run's model is written to
LAST = 3  # tries of the push after training, which the user waits for


Write = Callable[[Path], None]  # fills a model folder


class Copy:
    """A model folder as it was when it was offered, in folders of its own that go when it goes.

    folder: of a run; with `write` only its log and checkpoint count, and the rest is as `write` will have it.
    checkpoint: whether that goes too; if not, it is not copied, for training waits meanwhile.
    """

    def __init__(self, folder: Path, write: Write | None, checkpoint: bool) -> None:
        self._aside = tempfile.TemporaryDirectory(prefix="latent-lab-", ignore_cleanup_errors=True)
        self._raw, self.built = Path(self._aside.name) / "raw", Path(self._aside.name) / "built"
        self._write, self._checkpoint, self.files = write, checkpoint, {}
        left = (*IGNORED, *(WRITTEN if write else ()), *(() if checkpoint else ("checkpoint",)))
        copytree(folder, self._raw, ignore=ignore_patterns(*left))

    def build(self, repo: str) -> dict[str, int]:
        """Make `built` what is to be sent, at the first call: name -> bytes. It takes seconds."""
        if not self.files:
            if self._write:
                self._write(self._raw)
            rmtree(self.built, ignore_errors=True)
            self.built.mkdir()
            self.files = build(self._raw, self.built, repo, self._checkpoint)
        return self.files


class Pusher:
    """Pushes one run to one repository, newest state first: a copy that was overtaken before it was sent is dropped.

    say: is given a line of text, from any thread. Raises HubError at once where we may not push, so that this is known
    before hours of training and not after.
    """

    def __init__(self, repo: str, private: bool, checkpoint: bool, say: Callable[[str], None]) -> None:
        self.repo, self.checkpoint, self.say = repo, checkpoint, say
        self._head = ready(repo, private)
        self._changed = threading.Condition()
        self._waiting: Copy | None = None
        self._closing = False
        self._failed = ""  # why the newest copy is not on the Hub
        self._lost = ""  # why there is no copy of a newer state
        self._thread = threading.Thread(target=self._run, name="push", daemon=True)
        self._thread.start()

    def offer(self, folder: Path, write: Write | None = None) -> None:
        """Copy a run's model, finished or as `write` has it, to be sent as soon as the push before it is through."""
        try:
            copy = Copy(folder, write, self.checkpoint)
        except OSError as error:  # shutil.Error too
            self.say(f"warning: not pushed: no copy could be made ({error})")
            self._lost = str(error)
            return
        with self._changed:
            self._waiting, self._lost = copy, ""
            self._changed.notify_all()

    def finish(self) -> bool:
        """Wait until the newest copy is sent, or has failed `LAST` more times; whether the newest state is there."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()
        return not (self._failed or self._lost)

    def _run(self) -> None:
        tries, last = 0, 0
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
                last += self._closing
                if last == LAST:
                    return
                pause = PAUSES[0 if last else min(tries, len(PAUSES) - 1)]
                tries += 1
                self._rest(job, pause, not last)

    def _rest(self, job: Copy, seconds: float, wakeful: bool) -> None:
        """Wait, with the lock held, unless a newer copy comes in or, if wakeful, training ends."""
        self._changed.wait_for(lambda: self._waiting is not job or (wakeful and self._closing), seconds)

    def _try(self, job: Copy) -> str:
        """Send one copy; "" or why it was not possible. Whatever that is, training goes on."""
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
    """In place of a `Pusher` it builds what would be sent, says so, and sends nothing: no token, no network."""

    def __init__(self, repo: str, checkpoint: bool, say: Callable[[str], None]) -> None:
        self.repo, self.checkpoint, self.say = checked_repo(repo), checkpoint, say

    def offer(self, folder: Path, write: Write | None = None) -> None:
        """Build the copy that a `Pusher` would, and say what is in it."""
        files = Copy(folder, write, self.checkpoint).build(self.repo)
        self.say(f"dry run: would push {file_summary(files)} to {self.repo}: {', '.join(files)}")

    def finish(self) -> bool:
        """Nothing is under way."""
        return True


def report(sent: PushResult) -> str:
    """A push in one line, for the terminal."""
    if not sent.changed:
        return f"nothing to push: {sent.page} has all of it"
    tag = f"tag {sent.tag}" if sent.tag else "without a tag, which the Hub refused"
    return f"pushed to {sent.page}, commit {sent.commit[:7]}, {tag}"
