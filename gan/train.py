"""Train a GAN from the command line: `python train.py` for emoji, `python train.py --help` for all flags."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import typing
from collections.abc import Callable
from pathlib import Path

from tqdm import tqdm

from gan.config import Config
from gan.errors import ConfigError, DataError, FolderError, HubError, TrainingError
from gan.io import explained
from gan.text import count, forgive_console, printable, shell
from gan.train_flags import PushSettings, device_of, find_model, parser, pins, push_settings, run_settings
from gan.training import distributed
from gan.training.checkpoint import holds_run
from gan.training.control import Control
from gan.training.events import Alarmed, Done, Evaluated, Event, Published, Sampled, Started, Stepped

if typing.TYPE_CHECKING:
    from gan.hub.pusher import DryRunPusher, Pusher


def main(argv: list[str] | None = None) -> int:
    """Run the command; return the exit status.

    0: done. 1: a clear error. 128 and a signal's number, 130 for Ctrl-C: stopped by it, with everything saved.
    """
    forgive_console()
    args = parser(__doc__).parse_args(argv)
    try:
        push = push_settings(args)
        processes = distributed.join(device_of(args))
        vars(args).update(processes.from_rank_zero(lambda: pins(args)))
        config, out, resume = processes.rank_zero_first(lambda: run_settings(args, processes.rank == 0))
        return run(config, out, resume, processes, push)
    except OSError as error:
        return _fail(explained(error))
    except (ConfigError, FolderError, DataError, HubError, TrainingError) as error:
        return _fail(printable(error))
    finally:
        distributed.leave()


def _fail(message: str) -> int:
    print(f"train.py: error: {message}", file=sys.stderr)
    return 1


def run(
    config: Config,
    out: Path,
    resume: bool,
    processes: distributed.ProcessGroup | None = None,
    push: PushSettings | None = None,
) -> int:
    """Train with a progress bar and return the exit status, as `main` does.

    Ctrl-C, SIGTERM and a closed terminal stop after the current step and save; a second Ctrl-C quits without saving. A
    push that fails changes only the exit status.
    """
    from gan.training.loop import train  # imported here, so that --help is quicker

    control, silent = Control(), bool(processes and processes.rank)
    interrupts, progress = Interrupts(control), Progress(out, control)
    pushes, status = Pushes(push, out, progress.say), 0
    every = push.every if push else 0
    events = train(config, out, resume, control, progress.say, processes, every, pushes.connect, find_model)
    try:
        with interrupts, progress:
            for event in events:
                if isinstance(event, Started):
                    interrupts.graceful = True
                if silent:  # rank 0 prints and pushes
                    continue
                progress.show(event)
                if isinstance(event, Published):
                    pushes.offer(event.write)
                elif isinstance(event, Done):
                    interrupts.everything_is_saved()  # a signal now ends the wait for the push
                    pushed = not event.shown or pushes.finish()
                    status = interrupts.status if event.stopped else int(not pushed)
    except KeyboardInterrupt:
        where = printable(out / "checkpoint")
        print(f"quit without saving; the last checkpoint, if any, is in {where}", file=sys.stderr)
        return interrupts.status
    except OSError as error:
        if not holds_run(out):
            raise
        return _fail(f"{explained(error)}; then continue with: {resume_command(out)}")
    return status


def resume_command(out: Path) -> str:
    """Return the command that goes on with the run in `out`."""
    return shell("python", "train.py", "--resume", out)


class Interrupts:
    """Handler of Ctrl-C (SIGINT), SIGTERM and SIGHUP while a run is going on; those before are restored on exit.

    Signals that this process was started to ignore, as nohup does, stay ignored. graceful: the next of them stops the
    run after its step. Otherwise Ctrl-C raises KeyboardInterrupt, and so do the others before there is anything to
    save; a run that is stopping they only remind. status: the exit status that tells of the first one.
    """

    NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")  # sent by Ctrl-C, a scheduler, a closed terminal, Ctrl-Break

    def __init__(self, control: Control) -> None:
        self.control, self.graceful, self.stopping = control, False, False
        self.status = 128 + signal.SIGINT

    def __enter__(self) -> Interrupts:
        numbers = [getattr(signal, name) for name in self.NAMES if hasattr(signal, name)]
        before = {number: signal.getsignal(number) for number in numbers}
        self._previous = {n: handler for n, handler in before.items() if handler not in (signal.SIG_IGN, None)}
        for number in self._previous:
            signal.signal(number, self._handle)
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def everything_is_saved(self) -> None:
        """Let the next signal, whichever it is, raise KeyboardInterrupt."""
        self.graceful = self.stopping = False

    def _handle(self, number: int, _: object) -> None:
        if self.graceful:
            self.graceful, self.stopping = False, True
            self.status = 128 + number
            self.control.stop()
        elif number == signal.SIGINT or not self.stopping:
            self.status = 128 + number
            raise KeyboardInterrupt


class Progress:
    """A progress bar on the terminal, and a line for each event that is worth reading.

    When nobody can read it any more, as after `| head` or when the terminal is closed, the run is stopped, and saved.
    """

    def __init__(self, out: Path, control: Control) -> None:
        self.out, self.control = out, control
        self._bar: typing.Any = None  # created when training starts: a download before it has a bar of its own

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._print(self._bar.close)

    def say(self, line: str) -> None:
        """Print a line above the bar, from any thread."""
        self._print(lambda: tqdm.write(printable(line)))

    def show(self, event: Event) -> None:
        """Print an event, or move the bar."""
        match event:
            case Started():
                self.say(self._describe(event))
                for note in event.notes:
                    self.say(f"note: {note}")
                total = event.config.images
                self._bar = tqdm(total=total, initial=event.shown, unit="img", unit_scale=True, disable=None)
            case Stepped():
                self._bar.set_postfix_str(f"D {event.critic_loss:.3f} G {event.generator_loss:.3f}", refresh=False)
                self._print(lambda: self._bar.update(event.shown - self._bar.n))
            case Alarmed():
                advice = f": {event.advice}" if event.advice else ""
                self.say(f"{event.shown:,} images: ALARM {event.kind}: {event.message}{advice}")
            case Sampled():
                self.say(f"{event.shown:,} images: {event.path}")
            case Evaluated():
                best = ", the best so far" if event.best else ""
                floor = f"real pictures {event.frechet_floor:.3g}"
                self.say(f"{event.shown:,} images: Frechet distance {event.frechet_distance:.3g} ({floor}){best}")
            case Done():
                self._print(self._bar.close)
                for line in self._summary(event):
                    self.say(line)

    def _print(self, work: Callable[[], object]) -> None:
        try:
            work()
        except OSError:
            self.control.stop()
            lose_output()

    def _describe(self, event: Started) -> str:
        noun, plural = ("condition", "conditions") if event.config.task == "translate" else ("class", "classes")
        classes = count(len(event.config.classes), noun) if event.config.classes else f"no {plural}"
        return (
            f"{event.config.dataset}: {count(event.pictures, 'picture')} at {event.config.resolution} px, {classes}; "
            f"{event.config.network}, generator {event.generator_parameters / 1e6:.2f} M, "
            f"critic {event.critic_parameters / 1e6:.2f} M, on {event.device}; writing to {self.out}"
        )

    def _summary(self, event: Done) -> list[str]:
        if not event.shown:
            start = shell("--out", self.out)
            return [f"stopped before the first step: nothing was saved; start again with {start}"]
        word = "stopped" if event.stopped else "done"
        lines = [f"{word}: {event.shown:,} images in {event.seconds:.0f} s; model in {event.folder}"]
        lines += [f"note: {note}" for note in event.notes]
        return [*lines, f"continue with: {resume_command(self.out)}"] if event.stopped else lines


def lose_output() -> None:
    """Send output that nobody takes any more nowhere, so that the program does not end in an error over it."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            with contextlib.suppress(OSError, ValueError):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, stream.fileno())
                os.close(nowhere)


class Pushes:
    """Pushes of a run to the Hub, if there are settings for them. say: is given a line of text, from any thread."""

    def __init__(self, settings: PushSettings | None, out: Path, say: Callable[[str], None]) -> None:
        self.settings, self.out, self.say = settings, out, say
        self._pusher: Pusher | DryRunPusher | None = None

    def connect(self) -> None:
        """Get ready, and create the repository if it does not exist. Raises HubError if we may not push to it."""
        if self.settings is None:
            return
        from gan.hub.pusher import DryRunPusher, Pusher

        repo, checkpoint = self.settings.repo, self.settings.checkpoint
        if self.settings.dry_run:
            self._pusher = DryRunPusher(repo, checkpoint, self.say)
        else:
            self._pusher = Pusher(repo, self.settings.private, checkpoint, self.say)

    def offer(self, write: Callable[[Path], object]) -> None:
        """Push a model beside training; write: fills a folder with it."""
        if self._pusher:
            self._pusher.offer(self.out, write)

    def finish(self) -> bool:
        """Push the finished folder and wait for it; return whether nothing is left to push."""
        if self._pusher is None:
            return True
        try:
            self._pusher.offer(self.out)
            if self._pusher.finish():
                return True
        except KeyboardInterrupt:
            pass
        command = shell("python", "-m", "gan.hub", "push", self.out, self._pusher.repo)
        print(f"the run is saved in {printable(self.out)}; push it with: {command}", file=sys.stderr)
        return False


if __name__ == "__main__":
    sys.exit(main())
