"""Pushes beside training: the loop hands over a finished copy and goes on; a thread sends it, again if need be."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from gan.files import FolderError
from gan.hub.names import checked_repo
from gan.hub.push import Sent, build, ready, send, told

PAUSES = (5, 30, 120, 600)  # seconds before the second, third, ... try; the last for all further ones
LAST = 3  # tries of the push after training, which the user waits for

Job = tuple[tempfile.TemporaryDirectory, dict[str, int]]  # a copy, and what is in it: name -> bytes


class Pusher:
    """Pushes one run to one repository, newest state first: a copy that was overtaken before it was sent is dropped.

    say: is given a line of text, from any thread. Raises HubError at once where we may not push, so that this is known
    before hours of training and not after.
    """

    def __init__(self, repo: str, private: bool, checkpoint: bool, say: Callable[[str], None]) -> None:
        self.repo, self.checkpoint, self.say = repo, checkpoint, say
        self._head = ready(repo, private)
        self._changed = threading.Condition()
        self._waiting: Job | None = None
        self._closing = False
        self._failed = ""  # why the newest state is not on the Hub
        self._thread = threading.Thread(target=self._run, name="push", daemon=True)
        self._thread.start()

    def offer(self, folder: Path) -> bool:
        """Copy the finished model folder, to be sent as soon as the push before it is through; whether it could be."""
        aside = tempfile.TemporaryDirectory(prefix="latent-lab-", ignore_cleanup_errors=True)
        try:
            files = build(folder, Path(aside.name), self.repo, self.checkpoint)
        except (FolderError, OSError) as error:
            self.say(f"warning: not pushed: {error}")
            return False
        with self._changed:
            self._waiting = aside, files
            self._changed.notify_all()
        return True

    def finish(self) -> bool:
        """Wait until the newest copy is sent, or has failed `LAST` more times; whether it is sent."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()
        return not self._failed

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

    def _rest(self, job: Job, seconds: float, wakeful: bool) -> None:
        """Wait, with the lock held, unless a newer copy comes in or, if wakeful, training ends."""
        self._changed.wait_for(lambda: self._waiting is not job or (wakeful and self._closing), seconds)

    def _try(self, job: Job) -> str:
        """Send one copy; "" or why it was not possible. Whatever that is, training goes on."""
        aside, files = job
        try:
            sent = send(Path(aside.name), files, self.repo, self._head)
        except Exception as error:
            self.say(f"warning: not pushed to {self.repo}, will be tried again: {error}")
            return str(error)
        self._head = sent.commit
        self.say(report(sent))
        return ""


class Rehearsal:
    """In place of a `Pusher` it builds what would be sent, says so, and sends nothing: no token, no network."""

    def __init__(self, repo: str, checkpoint: bool, say: Callable[[str], None]) -> None:
        self.repo, self.checkpoint, self.say = checked_repo(repo), checkpoint, say

    def offer(self, folder: Path) -> bool:
        """Build the finished model folder's copy, and say what is in it."""
        with tempfile.TemporaryDirectory(prefix="latent-lab-") as into:
            files = build(folder, Path(into), self.repo, self.checkpoint)
        self.say(f"dry run: would push {told(files)} to {self.repo}: {', '.join(files)}")
        return True

    def finish(self) -> bool:
        """Nothing is under way."""
        return True


def report(sent: Sent) -> str:
    """A push in one line, for the terminal."""
    if not sent.changed:
        return f"nothing to push: {sent.page} has all of it"
    tag = f"tag {sent.tag}" if sent.tag else "without a tag, which the Hub refused"
    return f"pushed to {sent.page}, commit {sent.commit[:7]}, {tag}"
