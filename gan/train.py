"""Train a GAN from the command line: `python train.py` for emoji, `python train.py --help` for the rest."""

from __future__ import annotations

import argparse
import dataclasses
import os
import signal
import sys
import typing
from collections.abc import Callable
from pathlib import Path

from gan.config import PRESETS, Config
from gan.errors import ConfigError

if typing.TYPE_CHECKING:
    from gan.hub.pusher import DryRunPusher, Pusher
    from gan.training.distributed import ProcessGroup


def parser() -> argparse.ArgumentParser:
    """Command-line flags: one for every field of Config that the data does not decide, and some of their own."""
    from gan.data import DATASETS
    from gan.data.points import DISTRIBUTIONS
    from gan.networks import NETWORKS, POINT_NETWORKS
    from gan.training.losses import LOSSES
    from gan.training.optimizers import OPTIMIZERS
    from gan.training.penalties import PENALTIES

    offered = {
        "dataset": [*DATASETS, *DISTRIBUTIONS], "network": [*NETWORKS, *POINT_NETWORKS], "loss": LOSSES,
        "penalty": PENALTIES, "optimizer": OPTIMIZERS,
    }  # fmt: skip
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--preset", choices=PRESETS, help="a recipe; other flags change it")
    p.add_argument("--out", metavar="DIR", help="model folder to write (default: runs/NAME of preset or data set)")
    p.add_argument(
        "--resume",
        metavar="DIR",
        help="go on with the run in DIR, from DIR/checkpoint, on a disk that all machines of the run see; or with one "
        "that was pushed, hub:USER/NAME[@REVISION]",
    )
    hub = p.add_argument_group("the Hugging Face Hub", "needs HF_TOKEN, or `hf auth login`, with write permission")
    hub.add_argument("--push-to-hub", metavar="USER/NAME", help="push the model there when the run ends")
    hub.add_argument("--private", action="store_true", help="if it has to be created, for your eyes only")
    hub.add_argument("--push-every", metavar="N", type=int, default=0, help="push also every N images, beside training")
    hub.add_argument("--push-checkpoint", action="store_true", help="push also what --resume hub:USER/NAME needs")
    hub.add_argument("--dry-run", action="store_true", help="train, but only say what would be pushed")
    kinds = typing.get_type_hints(Config)
    for f in dataclasses.fields(Config):
        if f.metadata.get("derived"):
            continue
        names = f.metadata.get("choices") or offered.get(f.name, ())
        choices = f": {', '.join(names)}" if names else ""
        flag = "--" + f.name.replace("_", "-")
        help = f"{f.metadata['help']}{choices} (default: {f.default})".replace("%", "%%")
        if kinds[f.name] is bool:
            p.add_argument(flag, action=argparse.BooleanOptionalAction, default=None, help=help)
            continue
        p.add_argument(flag, type=kinds[f.name], default=None, metavar=kinds[f.name].__name__.upper(), help=help)
    return p


def check_push(args: argparse.Namespace) -> None:
    """ConfigError or HubError for what is wrong with the flags of a push, as far as that is known without the Hub."""
    if not args.push_to_hub:
        flags = {"--private": args.private, "--push-every": args.push_every, "--push-checkpoint": args.push_checkpoint}
        if alone := [flag for flag, given in {**flags, "--dry-run": args.dry_run}.items() if given]:
            raise ConfigError(f"{alone[0]} goes with --push-to-hub USER/NAME")
        return
    if args.push_every < 0:
        raise ConfigError(f"push-every must be a number of images, 0 for none, got {args.push_every}")
    from gan.hub.client import check_token
    from gan.hub.names import checked_repo

    checked_repo(args.push_to_hub)
    if not args.dry_run:
        check_token()


def pusher(args: argparse.Namespace, say: Callable[[str], None]) -> Pusher | DryRunPusher | None:
    """What pushes the run, if it is to be pushed; creates the repository if need be. HubError if it may not."""
    if not args.push_to_hub:
        return None
    from gan.hub.pusher import DryRunPusher, Pusher

    if args.dry_run:
        return DryRunPusher(args.push_to_hub, args.push_checkpoint, say)
    return Pusher(args.push_to_hub, args.private, args.push_checkpoint, say)


def device_of(args: argparse.Namespace) -> str:
    """The device that the flags ask for, or the run that they go on with; FolderError if there is none."""
    if args.device or args.resume is None or args.resume.startswith("hub:"):
        return args.device or Config.device
    from gan.training.checkpoint import find_state, read_state

    return read_state(find_state(Path(args.resume) / "checkpoint")).config.device


def settings(args: argparse.Namespace, first: bool = True) -> tuple[Config, Path, bool]:
    """(config, folder, resume) of parsed flags; ConfigError for a contradiction, FolderError for a bad folder.

    first: of the processes that share the run; the others do not mind what it has already written.
    """
    names = [f.name for f in dataclasses.fields(Config) if not f.metadata.get("derived")]
    given = {n: getattr(args, n) for n in names if getattr(args, n) is not None}
    if args.resume is None:
        from gan.training.losses import LOSSES

        # A loss named on the command line brings what its paper uses with it; one of the preset has it in the preset.
        customary = LOSSES[args.loss].customary if args.loss in LOSSES else {}
        config = Config(**{**PRESETS.get(args.preset or "", {}), **customary, **given})
        out = Path(args.out or Path("runs") / (args.preset or Path(config.dataset).resolve().name or "model"))
        if first:
            check_free(out)
        return config, out, False
    if args.resume.startswith("hub:"):
        return from_hub(args, given, first)
    if args.out or args.preset:
        raise ConfigError("--resume DIR goes on in DIR with DIR's own settings: leave --out and --preset away")
    from gan.training.checkpoint import find_state, read_state

    out = Path(args.resume)
    return dataclasses.replace(read_state(find_state(out / "checkpoint")).config, **given), out, True


def check_free(out: Path) -> None:
    """ConfigError unless `out` is a folder that can be made, an empty one, or one in which nothing would be lost."""
    from gan.training.checkpoint import holds_run, is_unborn

    if holds_run(out):
        raise ConfigError(f"{out} already holds a run: go on with --resume {out}, or choose another --out")
    place = next(path for path in (out, *out.absolute().parents) if path.exists())
    if not place.is_dir() or not os.access(place, os.W_OK):
        raise ConfigError(f"{place} is no folder that can be written to: choose another --out")
    if place == out and any(out.iterdir()) and not is_unborn(out):
        raise ConfigError(f"{out} already holds files: choose another --out")


def from_hub(args: argparse.Namespace, given: dict[str, typing.Any], first: bool) -> tuple[Config, Path, bool]:
    """The same for a run that is fetched from the Hub into a folder of its own."""
    from gan.hub.names import split
    from gan.hub.resume import fetch_run
    from gan.training.checkpoint import find_state, read_state

    repo, revision = split(args.resume.removeprefix("hub:"))
    out = Path(args.out or Path("runs") / repo.split("/")[1])
    if args.preset:
        raise ConfigError("--resume hub:USER/NAME goes on with that run's own settings: leave --preset away")
    if first:
        check_free(out)
        if notice := fetch_run(repo, revision, out, given.get("dataset")):
            print(f"note: {notice}", file=sys.stderr)
    return dataclasses.replace(read_state(find_state(out / "checkpoint")).config, **given), out, True


def main(argv: list[str] | None = None) -> int:
    """Run the command line; the exit status: 0 done, 1 a clear error, 130 stopped by Ctrl-C with everything saved."""
    p = parser()
    args = p.parse_args(argv)
    from gan.errors import DataError, FolderError, HubError, TrainingError
    from gan.training import distributed

    try:
        check_push(args)
        processes = distributed.join(device_of(args))
        config, out, resume = processes.rank_zero_first(lambda: settings(args, processes.rank == 0))
        return run(config, out, resume, processes, args)
    except (ConfigError, FolderError, DataError, HubError, TrainingError, OSError) as error:
        print(f"train.py: error: {error}", file=sys.stderr)
        return 1
    finally:
        distributed.leave()


def run(
    config: Config,
    out: Path,
    resume: bool,
    processes: ProcessGroup | None = None,
    args: argparse.Namespace | None = None,
) -> int:
    """Train, with one progress bar. Ctrl-C stops after the step and saves; a second one quits without saving.

    args: flags that say whether and how to push; a push that fails changes the exit status and nothing else.
    """
    from tqdm import tqdm

    from gan.training.control import Control
    from gan.training.events import Alarmed, Done, Published, Sampled, Started, Stepped
    from gan.training.loop import train

    control, stopping = Control(), False

    def on_interrupt(*_: object) -> None:
        nonlocal stopping
        if stopping or bar is None:  # asked twice, or before there is anything to save
            raise KeyboardInterrupt
        stopping = True
        control.stop()

    def on_ready() -> None:
        nonlocal pushing
        pushing = pusher(args, tqdm.write) if args else None

    bar = None  # made once training starts, so that a download's own bar comes and goes before it
    pushing = None
    every = args.push_every if args else 0
    before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        for event in train(config, out, resume, control, tqdm.write, processes, every, on_ready):
            if processes and processes.rank:
                bar = tqdm(disable=True) if bar is None else bar
                continue
            match event:
                case Started():
                    tqdm.write(
                        f"{event.config.dataset}: {event.pictures:,} pictures at {event.config.resolution} px; "
                        f"{event.config.network}, generator {event.generator_parameters / 1e6:.2f} M, "
                        f"critic {event.critic_parameters / 1e6:.2f} M, on {event.device}; writing to {out}"
                    )
                    for note in event.notes:
                        tqdm.write(f"note: {note}")
                    bar = tqdm(total=config.images, initial=event.shown, unit="img", unit_scale=True, disable=None)
                case Stepped():
                    bar.set_postfix_str(f"D {event.critic_loss:.3f} G {event.generator_loss:.3f}", refresh=False)
                    bar.update(event.shown - bar.n)
                case Alarmed():
                    tqdm.write(f"{event.shown:,} images: ALARM {event.kind}: {event.message}")
                case Sampled():
                    tqdm.write(f"{event.shown:,} images: {event.path}")
                case Published() if pushing:
                    pushing.offer(out, event.write)
                case Done():
                    bar.close()
                    if not event.shown:
                        print(f"stopped before the first step: nothing was kept; start again with --out {out}")
                        return 130
                    word = "stopped" if event.stopped else "done"
                    print(f"{word}: {event.shown:,} images in {event.seconds:.0f} s; model in {event.folder}")
                    if event.stopped:
                        print(f"go on with: python train.py --resume {event.folder}")
                    stopping = True  # all is saved: from here on Ctrl-C ends the waiting
                    pushed = pushing is None or push_last(pushing, out)
                    return 130 if event.stopped else int(not pushed)
    except KeyboardInterrupt:
        print(f"quit without saving; the last checkpoint, if any, is in {out / 'checkpoint'}", file=sys.stderr)
        return 130
    finally:
        if bar is not None:
            bar.close()
        signal.signal(signal.SIGINT, before)
    return 0


def push_last(pushing: Pusher | DryRunPusher, out: Path) -> bool:
    """Push the finished folder and wait for it; whether it is on the Hub now."""
    try:
        pushing.offer(out)
        if pushing.finish():
            return True
    except KeyboardInterrupt:
        pass
    print(f"the run is safe in {out}; push it with: python -m gan.hub push {out} {pushing.repo}", file=sys.stderr)
    return False


if __name__ == "__main__":
    sys.exit(main())
