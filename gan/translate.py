"""Translate pictures with a trained translator: python -m gan.translate MODEL PICTURES... --out DIR.

MODEL is a model folder or USER/NAME on the Hub; PICTURES are files, or folders whose pictures are all translated.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from gan.command_line import status_of
from gan.data.picture_folder import find_all
from gan.errors import ConfigError, FolderError
from gan.hub.load import load
from gan.models.translator import Conditions, Translator
from gan.pictures.picture_file import read_picture, stack
from gan.text import count, forgive_console, printable

BATCH = 32  # pictures read and translated at once


def _parser() -> argparse.ArgumentParser:
    flags = argparse.ArgumentParser(prog="python -m gan.translate", description=(__doc__ or "").splitlines()[0])
    flags.add_argument("model", help="a translator: its folder, or USER/NAME on the Hub")
    flags.add_argument("pictures", nargs="+", type=Path, metavar="PICTURES", help="files, or folders of pictures")
    flags.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder to write to; it is created")
    flags.add_argument("--to", default="b", choices=("a", "b"), help="the side to translate to (default: b)")
    flags.add_argument(
        "--conditions",
        type=float,
        nargs="+",
        metavar="N",
        help="numbers in [0, 1] that the model is told (default: 0.5)",
    )
    flags.add_argument("--scale", type=int, default=1, help="size of a pixel in what is written (default: 1)")
    flags.add_argument("--device", default="auto", help="auto, cpu or cuda (default: auto)")
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Translate and return the exit status: 0 for all done, 1 for an error or where pictures were left out."""
    forgive_console()
    args = _parser().parse_args(argv)
    return status_of("gan.translate", lambda: _run(args))


def _run(args: argparse.Namespace) -> int:
    """Translate what the command line names; return the exit status."""
    model = load(args.model, args.device)
    if not isinstance(model, Translator):
        raise FolderError(f"{args.model}: generates pictures and translates none: choose a translator")
    if args.to not in model.sides:
        raise ConfigError(f"{model.name} translates to {' and '.join(model.sides)} only: leave out --to {args.to}")
    if not 1 <= args.scale <= 32:
        raise ConfigError(f"scale must be in [1, 32], got {args.scale}")
    try:
        model.check_conditions(args.conditions, 1)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    files, notes = find_all(args.pictures)
    return translate(model, files, notes, args.out, args.to, args.scale, args.conditions)


def translate(
    model: Translator,
    files: dict[Path, Path],
    notes: Sequence[str],
    out: Path,
    to: str = "b",
    scale: int = 1,
    conditions: Conditions = None,
) -> int:
    """Translate files into `out`, with a progress bar; return 0, or 1 where some could not be read, which it names."""
    unreadable: list[str] = []
    resized = 0
    with tqdm(total=len(files), unit="picture", disable=None) as bar:
        for batch in _batches(list(files)):
            read = []
            for path in batch:
                try:
                    picture = read_picture(path, model.resolution)
                    resized += picture.side != model.resolution
                    read.append((path, stack([picture])[0]))
                except MemoryError:
                    raise
                except Exception as error:  # decoders raise almost anything on damaged bytes
                    unreadable.append(f"{printable(path)}: not a picture that can be read ({type(error).__name__})")
            made = model.translate([pixels for _, pixels in read], to, conditions)
            for (path, _), pixels in zip(read, made, strict=True):
                _write(out / files[path], pixels, scale)
            bar.update(len(batch))
    side = f"{model.resolution} x {model.resolution}"
    for note in notes:
        print(f"note: {note}", file=sys.stderr)
    if resized:
        print(f"note: {count(resized, 'picture')} cropped to a square and resized to {side}", file=sys.stderr)
    for line in unreadable:
        print(f"left out: {line}", file=sys.stderr)
    print(f"{count(len(files) - len(unreadable), 'picture')} translated to {to}, {side}, in {printable(out)}")
    return int(bool(unreadable))


def _batches(files: Sequence[Path]) -> Iterator[Sequence[Path]]:
    for start in range(0, len(files), BATCH):
        yield files[start : start + BATCH]


def _write(path: Path, pixels: np.ndarray, scale: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = pixels.repeat(scale, 0).repeat(scale, 1)
    Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).save(path, "PNG")


if __name__ == "__main__":
    sys.exit(main())
