"""Train a GAN from the command line: `python train.py` for emoji, `python train.py --help` for the rest."""

from __future__ import annotations

import argparse
import dataclasses
import signal
import sys
import typing
from pathlib import Path

from gan.config import PRESETS, Config, ConfigError


def parser() -> argparse.ArgumentParser:
    """Command-line flags: one for every field of Config that the data does not decide, and three of their own."""
    from gan.data import DATASETS
    from gan.losses import LOSSES
    from gan.networks import NETWORKS

    offered = {"dataset": DATASETS, "network": NETWORKS, "loss": LOSSES}
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
        p.add_argument(flag, type=kinds[f.name], default=None, metavar=kinds[f.name].__name__.upper(), help=help)
    return p


def settings(args: argparse.Namespace) -> tuple[Config, Path, bool]:
    """(config, folder, resume) of parsed flags; ConfigError for a contradiction, FolderError for a bad folder."""
    names = [f.name for f in dataclasses.fields(Config) if not f.metadata.get("derived")]
    given = {n: getattr(args, n) for n in names if getattr(args, n) is not None}
    if args.resume is None:
        config = Config(**{**PRESETS.get(args.preset or "", {}), **given})
        out = Path(args.out or Path("runs") / (args.preset or Path(config.dataset).resolve().name or "model"))
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
    from gan.checkpoint import FolderError
    from gan.data import DataError
    from gan.trainer import TrainingError

    try:
        config, out, resume = settings(args)
        return run(config, out, resume)
    except (ConfigError, FolderError, DataError, TrainingError, OSError) as error:
        print(f"train.py: error: {error}", file=sys.stderr)
        return 1


def run(config: Config, out: Path, resume: bool) -> int:
    """Train, with one progress bar. Ctrl-C stops after the step and saves; a second one quits without saving."""
    from tqdm import tqdm

    from gan.events import Done, Sampled, Started, Stepped
    from gan.loop import train

    stopping = False

    def on_interrupt(*_: object) -> None:
        nonlocal stopping
        if stopping or bar is None:  # asked twice, or before there is anything to save
            raise KeyboardInterrupt
        stopping = True

    bar = None  # made once training starts, so that a download's own bar comes and goes before it
    before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        for event in train(config, out, resume, stop=lambda: stopping, progress=tqdm.write):
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
