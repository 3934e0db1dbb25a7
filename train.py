"""Train a GAN from the command line: `python train.py` for emoji, `python train.py --help` for the rest."""

from __future__ import annotations

import argparse
import dataclasses
import signal
import sys
import typing
from pathlib import Path

from gan.config import PRESETS, Config, ConfigError

if typing.TYPE_CHECKING:
    from gan.distributed import World


def parser() -> argparse.ArgumentParser:
    """Command-line flags: one for every field of Config that the data does not decide, and three of their own."""
    from gan.data import DATASETS
    from gan.data.worlds import WORLDS
    from gan.losses import LOSSES
    from gan.networks import NETWORKS, POINT_NETWORKS
    from gan.optimizers import OPTIMIZERS
    from gan.penalties import PENALTIES

    offered = {
        "dataset": [*DATASETS, *WORLDS], "network": [*NETWORKS, *POINT_NETWORKS], "loss": LOSSES,
        "penalty": PENALTIES, "optimizer": OPTIMIZERS,
    }  # fmt: skip
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--preset", choices=PRESETS, help="a recipe; other flags change it")
    p.add_argument("--out", metavar="DIR", help="model folder to write (default: runs/NAME of preset or data set)")
    p.add_argument("--resume", metavar="DIR", help="go on with the run in DIR, from DIR/checkpoint")
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


def settings(args: argparse.Namespace, first: bool = True) -> tuple[Config, Path, bool]:
    """(config, folder, resume) of parsed flags; ConfigError for a contradiction, FolderError for a bad folder.

    first: of the processes that share the run; the others do not mind what it has already written.
    """
    names = [f.name for f in dataclasses.fields(Config) if not f.metadata.get("derived")]
    given = {n: getattr(args, n) for n in names if getattr(args, n) is not None}
    if args.resume is None:
        from gan.losses import LOSSES

        # A loss named on the command line brings what its paper uses with it; one of the preset has it in the preset.
        customary = LOSSES[args.loss].customary if args.loss in LOSSES else {}
        config = Config(**{**PRESETS.get(args.preset or "", {}), **customary, **given})
        out = Path(args.out or Path("runs") / (args.preset or Path(config.dataset).resolve().name or "model"))
        if not first:
            return config, out, False
        if any((out / name).exists() for name in ("checkpoint", "checkpoint.new", "checkpoint.old")):
            raise ConfigError(f"{out} already holds a run: go on with --resume {out}, or choose another --out")
        if out.is_dir() and any(out.iterdir()):
            raise ConfigError(f"{out} already holds files: choose another --out")
        return config, out, False
    if args.out or args.preset:
        raise ConfigError("--resume DIR goes on in DIR with DIR's own settings: leave --out and --preset away")
    from gan.checkpoint import find_state, read_state

    out = Path(args.resume)
    return dataclasses.replace(read_state(find_state(out / "checkpoint")).config, **given), out, True


def main(argv: list[str] | None = None) -> int:
    """Run the command line; the exit status: 0 done, 1 a clear error, 130 stopped by Ctrl-C with everything saved."""
    p = parser()
    args = p.parse_args(argv)
    from gan import distributed
    from gan.checkpoint import FolderError
    from gan.data import DataError
    from gan.trainer import TrainingError

    try:
        world = distributed.join()
        return run(*settings(args, world.rank == 0), world)
    except (ConfigError, FolderError, DataError, TrainingError, OSError) as error:
        print(f"train.py: error: {error}", file=sys.stderr)
        return 1
    finally:
        distributed.leave()


def run(config: Config, out: Path, resume: bool, world: World | None = None) -> int:
    """Train, with one progress bar. Ctrl-C stops after the step and saves; a second one quits without saving."""
    from tqdm import tqdm

    from gan.control import Control
    from gan.events import Alarmed, Done, Sampled, Started, Stepped
    from gan.loop import train

    control, stopping = Control(), False

    def on_interrupt(*_: object) -> None:
        nonlocal stopping
        if stopping or bar is None:  # asked twice, or before there is anything to save
            raise KeyboardInterrupt
        stopping = True
        control.stop()

    bar = None  # made once training starts, so that a download's own bar comes and goes before it
    before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        for event in train(config, out, resume, control, progress=tqdm.write, world=world):
            if world and world.rank:
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
                case Done():
                    bar.close()
                    word = "stopped" if event.stopped else "done"
                    print(f"{word}: {event.shown:,} images in {event.seconds:.0f} s; model in {event.folder}")
                    if event.stopped:
                        print(f"go on with: python train.py --resume {event.folder}")
                        return 130
    except KeyboardInterrupt:
        print(f"quit without saving; the last checkpoint, if any, is in {out / 'checkpoint'}", file=sys.stderr)
        return 130
    finally:
        if bar is not None:
            bar.close()
        signal.signal(signal.SIGINT, before)
    return 0


if __name__ == "__main__":
    sys.exit(main())
