"""Restore pictures with a model: python -m gan.restore MODEL PICTURES... --task hole --mask MASK.png --out DIR.

MODEL is a model folder or USER/NAME on the Hub; PICTURES are files, or folders whose pictures are all restored. What is
given has lost something already: of a hole the mask says where (white), of shrink pictures are small, of blur, noise
and grey they are as they look. With --try they are whole, lose it first, and it is told how near the answers come.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from gan.command_line import status_of
from gan.data.picture_folder import find_all
from gan.editing.operators import OPERATORS, Operator, operator
from gan.editing.restore import STARTS, STEPS, Restored, restore
from gan.errors import ConfigError, DataError, FolderError
from gan.hub.load import load
from gan.models.model import Model
from gan.models.pixels import to_tensor, to_uint8
from gan.networks import POINT_NETWORKS
from gan.pictures.picture_file import read_picture, stack
from gan.text import count, forgive_console, printable

BATCH = 8  # pictures restored at once


def _parser() -> argparse.ArgumentParser:
    flags = argparse.ArgumentParser(prog="python -m gan.restore", description=(__doc__ or "").splitlines()[0])
    flags.add_argument("model", help="a model: its folder, or USER/NAME on the Hub")
    flags.add_argument("pictures", nargs="+", type=Path, metavar="PICTURES", help="files, or folders of pictures")
    flags.add_argument("--task", required=True, choices=tuple(OPERATORS), help="what is lost")
    flags.add_argument("--out", required=True, type=Path, metavar="DIR", help="folder to write to; it is created")
    flags.add_argument("--mask", type=Path, metavar="FILE", help="of a hole: white where nothing is seen")
    strengths = "; ".join(f"{name}: {kind.strength} ({kind.default:g})" for name, kind in OPERATORS.items())
    flags.add_argument("--strength", type=float, metavar="N", help=f"how much is lost. {strengths}")
    flags.add_argument("--label", help="class of all the pictures (default: every class is tried)")
    flags.add_argument(
        "--answers", type=int, metavar="N", help="pictures for each (default: 8 for hole and grey, else 1)"
    )
    flags.add_argument("--starts", type=int, default=STARTS, help=f"places to search from (default: {STARTS})")
    flags.add_argument("--steps", type=int, default=STEPS, help=f"steps of the search (default: {STEPS})")
    flags.add_argument("--try", dest="tried", action="store_true", help="the pictures are whole: spoil them first")
    flags.add_argument("--seed", type=int, default=0, help="of the starts, and of --try's noise (default: 0)")
    flags.add_argument("--device", default="auto", help="auto, cpu or cuda (default: auto)")
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Restore and return the exit status: 0 for all done, 1 for an error or where pictures were left out."""
    forgive_console()
    args = _parser().parse_args(argv)
    return status_of("gan.restore", lambda: _run(args))


def _run(args: argparse.Namespace) -> int:
    """Restore what the command line names; return the exit status."""
    model = load(args.model, args.device)
    if not isinstance(model, Model) or model.config.network in POINT_NETWORKS:
        raise FolderError(f"{args.model}: generates no pictures, so it knows nothing of them: choose another model")
    return _restore_all(model, args)


def _restore_all(model: Model, args: argparse.Namespace) -> int:
    """Restore what a command line names, into the folder that it names."""
    mask = None if args.mask is None else _read_mask(args.mask, model.resolution)
    try:
        lost = operator(args.task, model.resolution, model.channels, args.strength, mask)
        rows = None if args.label is None else model.class_weights([0], args.label)
    except ValueError as error:
        raise ConfigError(str(error)) from None
    files, notes = find_all(args.pictures)
    unreadable: list[str] = []
    nearness: list[float] = []
    names = list(files)
    with tqdm(total=len(names), unit="picture", disable=None) as bar:
        for start in range(0, len(names), BATCH):
            read, pixels = _read(names[start : start + BATCH], model, lost, args, unreadable)
            if read:
                seen = lost.spoil(pixels, args.seed) if args.tried else pixels
                if args.task == "hole":
                    seen = lost.apply(pixels)  # whatever is painted where the hole is
                y = None if rows is None else rows.repeat(len(read), 1)
                try:
                    found = restore(model, seen, lost, args.starts, args.steps, y, args.answers, args.seed)
                except ValueError as error:
                    raise ConfigError(str(error)) from None
                if args.tried:
                    nearness += _nearness(found, pixels)
                for path, answers in zip(read, found.pictures, strict=True):
                    _write(args.out / files[path], answers)
            bar.update(len(names[start : start + BATCH]))
    for line in [*(f"note: {note}" for note in notes), *(f"left out: {line}" for line in unreadable)]:
        print(line, file=sys.stderr)
    told = f", {np.mean(nearness):.1f} dB from the truth, of several answers the nearest" if nearness else ""
    print(f"{count(len(names) - len(unreadable), 'picture')} restored, in {printable(args.out)}{told}")
    return int(bool(unreadable))


def _read_mask(path: Path, resolution: int) -> np.ndarray:
    """Return a mask (R, R), 1 where its picture is nearer to white than to black."""
    try:
        picture = read_picture(path, resolution)
    except MemoryError:
        raise
    except Exception as error:  # decoders raise almost anything on damaged bytes
        raise DataError(f"{path}: not a mask that can be read ({type(error).__name__})") from None
    return (stack([picture])[0].mean(2) > 127).astype(np.uint8)


def _read(
    paths: Sequence[Path], model: Model, lost: Operator, args: argparse.Namespace, unreadable: list[str]
) -> tuple[list[Path], Tensor]:
    """Return those of the files that can be read, and what is left in them, or, with --try, the whole pictures."""
    side, channels = model.resolution, model.channels
    if not args.tried:
        channels, side = lost.apply(torch.zeros(1, channels, side, side)).shape[1:3]
    read, rows = [], []
    for path in paths:
        try:
            rows.append(stack([read_picture(path, side)])[0])
            read.append(path)
        except MemoryError:
            raise
        except Exception as error:  # as above
            unreadable.append(f"{printable(path)}: not a picture that can be read ({type(error).__name__})")
    return read, to_tensor(rows, side, channels)


def _nearness(found: Restored, truth: Tensor) -> list[float]:
    """Return, of each picture, the decibels of the answer that is nearest to the truth."""
    wanted = to_uint8(truth)[:, None].astype(np.float32)
    error = np.square((found.pictures - wanted) / 255).mean((2, 3, 4)).min(1)
    return (-10 * np.log10(np.maximum(error, 1e-10))).tolist()


def _write(path: Path, answers: np.ndarray) -> None:
    """Write one answer as `path`, or several as NAME-1.png and so on, the likeliest first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for k, pixels in enumerate(answers, 1):
        name = path if len(answers) == 1 else path.with_name(f"{path.stem}-{k}.png")
        Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).save(name, "PNG")


if __name__ == "__main__":
    sys.exit(main())
