"""Teach a model to find pictures: train its encoder, measure it on held-out pictures and add it to the folder.

python -m gan.editing.train_encoder MODEL [--dataset NAME] [--data-root data] [--images 100000] [--seed 0]
    [--init MODEL]

MODEL is a model folder. Writes MODEL/encoder.safetensors, of less than a megabyte, for the weights that are there now.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from gan.command_line import status_of
from gan.editing.encoder import IMAGES, own_pictures, pictures_for, teach
from gan.editing.found import measure
from gan.errors import ConfigError
from gan.models.heads import Head, write_head
from gan.models.model import load
from gan.models.taught_on import ENCODER
from gan.networks import POINT_NETWORKS
from gan.networks.encoder import Encoder
from gan.text import forgive_console


def _report(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Add what was taught to the folder; return the exit status: 0, or 1 for an error."""
    forgive_console()
    flags = argparse.ArgumentParser(
        prog="python -m gan.editing.train_encoder", description=(__doc__ or "").splitlines()[0]
    )
    flags.add_argument("folder", type=Path, metavar="MODEL", help="a model folder")
    flags.add_argument("--dataset", default="", help="data set or folder to learn from (default: the model's own)")
    flags.add_argument("--data-root", default="data", help="folder of downloaded data sets (default: data)")
    flags.add_argument("--images", type=int, default=IMAGES, help=f"pictures shown to it (default: {IMAGES})")
    flags.add_argument("--seed", type=int, default=0, help="of its first weights and of the order (default: 0)")
    flags.add_argument(
        "--init", type=Path, metavar="MODEL", help="begin with the encoder of that model, such as this one's before"
    )
    flags.add_argument("--device", default="auto", help="auto, cpu or cuda (default: auto)")
    arguments = flags.parse_args(argv)
    torch.set_num_threads(1)  # rounding depends on the number of threads
    return status_of("gan.editing.train_encoder", lambda: _run(arguments))


def _run(arguments: argparse.Namespace) -> int:
    """Train an encoder, measure it and write it; print what was measured as JSON."""
    if not 16 <= arguments.images <= 10**9:
        raise ConfigError(f"images must be in [16, 10**9], got {arguments.images}")
    model = load(arguments.folder, arguments.device)
    if model.config.network in POINT_NETWORKS:
        raise ConfigError(f"{model.name} makes points and no pictures, so there is nothing to find")
    dataset = arguments.dataset or model.config.dataset
    pictures = pictures_for(model, dataset, arguments.data_root, "train", _report)
    if pictures is None:
        if arguments.dataset:
            raise ConfigError(f"{dataset} does not fit {model.name}, or is not there")
        _report("note: so the encoder learns from pictures of the model's own")
        pictures = own_pictures(model)
    begin = _encoder_of(arguments.init) if arguments.init else None
    try:
        taught = teach(model, pictures, arguments.images, arguments.seed, _report, begin)
    except ValueError as error:
        raise ConfigError(f"--init {arguments.init}: {error}") from None
    model.encoder = Head(taught, {})
    held_out = None if pictures.own else pictures_for(model, dataset, arguments.data_root, "test", _report)
    figures = measure(model, held_out or pictures) | {"held_out": int(held_out is not None)}
    write_head(arguments.folder, ENCODER, model.encoder.network, figures)
    print(json.dumps({"bytes": (arguments.folder / ENCODER).stat().st_size, **figures}, indent=2))
    return 0


def _encoder_of(folder: Path) -> Encoder:
    found = load(folder, "cpu").encoder
    if found is None:
        raise ConfigError(f"--init {folder}: it has no encoder of its weights; leave --init out, or take another model")
    return found.network


if __name__ == "__main__":
    sys.exit(main())
