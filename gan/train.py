"""Train a GAN from the command line: `python train.py` for emoji, `python train.py --help` for all flags."""

from __future__ import annotations

import signal
import sys
import typing
from collections.abc import Callable
from pathlib import Path

from tqdm import tqdm

from gan.config import Config
from gan.errors import ConfigError, DataError, FolderError, HubError, TrainingError
from gan.train_flags import PushSettings, device_of, parser, push_settings, run_settings
from gan.training import distributed
from gan.training.control import Control
from gan.training.events import Alarmed, Done, Event, Published, Sampled, Started, Stepped

if typing.TYPE_CHECKING:
    from gan.hub.pusher import DryRunPusher, Pusher


def main(argv: list[str] | None = None) -> int:
    """Run the command; return the exit status: 0 done, 1 a clear error, 130 stopped by Ctrl-C with everything saved."""
    args = parser(__doc__).parse_args(argv)
    try:
        push = push_settings(args)
        processes = distributed.join(device_of(args))
        config, out, resume = processes.rank_zero_first(lambda: run_settings(args, processes.rank == 0))
        return run(config, out, resume, processes, push)
    except (ConfigError, FolderError, DataError, HubError, TrainingError, OSError) as error:
        print(f"train.py: error: {error}", file=sys.stderr)
        return 1
    finally:
        distributed.leave()


def run(
    config: Config,
    out: Path,
    resume: bool,
    processes: distributed.ProcessGroup | None = None,
    push: PushSettings | None = None,
) -> int:
    """Train with a progress bar and return the exit status, as `main` does.

    Ctrl-C stops after the current step and saves; a second one quits without saving. A push that fails changes only the
    exit status.
    """
    from gan.training.loop import train  # imported here, so that --help is quicker

    control, silent = Control(), bool(processes and processes.rank)
    pushes, status = Pushes(push, out, tqdm.write), 0
    every = push.every if push else 0
    try:
        with Interrupts(control) as interrupts, Progress(out) as progress:
            for event in train(config, out, resume, control, tqdm.write, processes, every, pushes.connect):
                if isinstance(event, Started):
                    interrupts.graceful = True
                if silent:  # rank 0 prints and pushes
                    continue
                progress.show(event)
                if isinstance(event, Published):
                    pushes.offer(event.write)
                elif isinstance(event, Done):
                    interrupts.graceful = False  # everything is saved: Ctrl-C now ends the wait for the push
                    pushed = not event.shown or pushes.finish()
                    status = 130 if event.stopped else int(not pushed)
    except KeyboardInterrupt:
        print(f"quit without saving; the last checkpoint, if any, is in {out / 'checkpoint'}", file=sys.stderr)
        return 130
    return status


class Interrupts:
    """Handler of Ctrl-C (SIGINT) while a run is going on; the previous handler is restored on exit.

    graceful: the next Ctrl-C stops the run after its step. Otherwise it raises KeyboardInterrupt.
    """

    def __init__(self, control: Control) -> None:
        self.control, self.graceful = control, False

    def __enter__(self) -> Interrupts:
        self._previous = signal.signal(signal.SIGINT, self._handle)
        return self

    def __exit__(self, *error: object) -> None:
        signal.signal(signal.SIGINT, self._previous)

    def _handle(self, *_: object) -> None:
        if not self.graceful:
            raise KeyboardInterrupt
        self.graceful = False
        self.control.stop()


class Progress:
    """A progress bar on the terminal, and a line for each event that is worth reading."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self._bar: typing.Any = None  # created when training starts: a download before it has a bar of its own

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *error: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def show(self, event: Event) -> None:
        """Print an event, or move the bar."""
        match event:
            case Started():
                tqdm.write(self._describe(event))
                for note in event.notes:
                    tqdm.write(f"note: {note}")
                total = event.config.images
                self._bar = tqdm(total=total, initial=event.shown, unit="img", unit_scale=True, disable=None)
            case Stepped():
                self._bar.set_postfix_str(f"D {event.critic_loss:.3f} G {event.generator_loss:.3f}", refresh=False)
                self._bar.update(event.shown - self._bar.n)
            case Alarmed():
                advice = f": {event.advice}" if event.advice else ""
                tqdm.write(f"{event.shown:,} images: ALARM {event.kind}: {event.message}{advice}")
            case Sampled():
                tqdm.write(f"{event.shown:,} images: {event.path}")
            case Done():
                self._bar.close()
                print(self._summary(event))

    def _describe(self, event: Started) -> str:
        return (
            f"{event.config.dataset}: {event.pictures:,} pictures at {event.config.resolution} px; "
            f"{event.config.network}, generator {event.generator_parameters / 1e6:.2f} M, "
            f"critic {event.critic_parameters / 1e6:.2f} M, on {event.device}; writing to {self.out}"
        )

    def _summary(self, event: Done) -> str:
        if not event.shown:
            return f"stopped before the first step: nothing was saved; start again with --out {self.out}"
        word = "stopped" if event.stopped else "done"
        line = f"{word}: {event.shown:,} images in {event.seconds:.0f} s; model in {event.folder}"
        return f"{line}\ncontinue with: python train.py --resume {event.folder}" if event.stopped else line


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

    def offer(self, write: Callable[[Path], None]) -> None:
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
        command = f"python -m gan.hub push {self.out} {self._pusher.repo}"
        print(f"the run is saved in {self.out}; push it with: {command}", file=sys.stderr)
        return False


if __name__ == "__main__":
    sys.exit(main())
