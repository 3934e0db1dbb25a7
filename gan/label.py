"""Label a model's pictures by a few painted ones: python -m gan.label MODEL PAINTED --out DIR --count 5000.

MODEL is a model folder or USER/NAME on the Hub. PAINTED is a folder with masks/ and labels.json, as `gan.label` writes
it: the names of the parts, and for each painted picture its mask, its seed and its classes. To begin, --blank 10 writes
such a folder to --out with nothing painted in it, of samples that differ as much as they can: paint its masks, in any
program that keeps a palette, and go on.
What is written is pictures, masks and a labels.json, for anybody's training; with --reader also reader.safetensors, a
small network taught on them that finds the parts in any picture (`gan.editing.reader`).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from gan.command_line import status_of
from gan.editing.diverse import AMONG, MOST, diverse
from gan.editing.labelled_set import read_pictures, read_set, write_blank, write_set
from gan.editing.parts import can_tell_parts, teach_well
from gan.editing.reader import FILE as READER
from gan.editing.reader import teach_reader, write_reader
from gan.errors import ConfigError, FolderError
from gan.hub.load import load
from gan.models.latent import MAX_SEED
from gan.models.model import Model
from gan.text import count, forgive_console, printable


def _parser() -> argparse.ArgumentParser:
    flags = argparse.ArgumentParser(prog="python -m gan.label", description=(__doc__ or "").splitlines()[0])
    flags.add_argument("model", help="a model: its folder, or USER/NAME on the Hub")
    flags.add_argument("painted", nargs="?", type=Path, help="folder of painted pictures")
    flags.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder to write to, new or empty")
    flags.add_argument("--count", type=int, default=1_000, help="pictures to label (default: 1000)")
    flags.add_argument("--first", type=int, default=1_000_000, help="seed of the first of them (default: 1000000)")
    flags.add_argument("--blank", type=int, metavar="N", help="write N pictures to paint instead, unlike each other")
    flags.add_argument("--parts", nargs="+", default=["background", "subject"], help="with --blank: names of the parts")
    flags.add_argument("--reader", action="store_true", help="also teach a network on them that reads any picture")
    flags.add_argument("--device", default="auto", help="auto, cpu or cuda (default: auto)")
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Label and return the exit status: 0, or 1 for an error."""
    forgive_console()
    args = _parser().parse_args(argv)
    return status_of("gan.label", lambda: _run(args))


def _run(args: argparse.Namespace) -> int:
    """Label, or write pictures to paint; return the exit status."""
    model = load(args.model, args.device)
    if not isinstance(model, Model) or not can_tell_parts(model):
        raise FolderError(f"{args.model}: its network has no feature maps from which parts could be told")
    if (args.painted is None) == (args.blank is None):
        raise ConfigError("pass a folder of painted pictures, or --blank N to get one to paint")
    for name, value, most in (("count", args.count, 10**6), ("blank", args.blank or 1, 1_000)):
        if not 1 <= value <= most:
            raise ConfigError(f"{name} must be in [1, {most}], got {value}")
    if not 0 <= args.first <= MAX_SEED - args.count:
        raise ConfigError(f"first must be in [0, {MAX_SEED - args.count}], got {args.first}")
    if args.reader and (args.blank or args.count < 2):
        raise ConfigError(
            "--reader learns from labelled pictures: pass a folder of painted ones, and --count 2 or more"
        )
    if args.blank:
        seeds = diverse(model, range(max(args.blank, min(AMONG * args.blank, MOST))), args.blank)
        write_blank(args.out, model, seeds, tuple(args.parts))
        told = f"{count(args.blank, 'picture')} to paint"
    else:
        parts = teach_well(model, read_set(args.painted, model))
        write_set(args.out, model, parts, range(args.first, args.first + args.count))
        told = f"{count(args.count, 'picture')} labelled"
        if args.reader:
            found = read_pictures(args.out, model.resolution, model.channels)
            write_reader(args.out / READER, teach_reader(*found, progress=lambda line: print(line, file=sys.stderr)))
            told += ", and a reader taught on them"
    print(f"{told}, in {printable(args.out)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
