"""Teach a model to find pictures: train its encoder, measure it on held-out pictures and add it to the folder.

python -m gan.editing.train_encoder MODEL [--dataset NAME] [--data-root data] [--images 100000] [--seed 0]

MODEL is a model folder. Writes MODEL/encoder.safetensors, of less than a megabyte, for the weights that are there now.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import torch

from gan.editing.encoder import IMAGES, own_pictures, pictures_for, teach
from gan.editing.found import measure
from gan.errors import ConfigError, DataError, FolderError
from gan.io import explained
from gan.models.heads import ENCODER, Head, write_head
from gan.models.model import load
from gan.networks import POINT_NETWORKS


def _report(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    """Train, measure, write; prints what was measured as JSON."""
    flags = argparse.ArgumentParser(
        prog="python -m gan.editing.train_encoder", description=(__doc__ or "").splitlines()[0]
    )
    flags.add_argument("folder", type=Path, metavar="MODEL", help="a model folder")
    flags.add_argument("--dataset", default="", help="data set or folder to learn from (default: the model's own)")
    flags.add_argument("--data-root", default="data", help="folder of downloaded data sets (default: data)")
    flags.add_argument("--images", type=int, default=IMAGES, help=f"pictures shown to it (default: {IMAGES})")
    flags.add_argument("--seed", type=int, default=0, help="of its first weights and of the order (default: 0)")
    flags.add_argument("--device", default="auto", help="auto, cpu or cuda (default: auto)")
    arguments = flags.parse_args()
    torch.set_num_threads(1)  # rounding depends on the number of threads
    try:
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
        model.encoder = Head(teach(model, pictures, arguments.images, arguments.seed, _report), {})
        held_out = None if pictures.own else pictures_for(model, dataset, arguments.data_root, "test", _report)
        figures = measure(model, held_out or pictures) | {"held_out": int(held_out is not None)}
        write_head(arguments.folder, ENCODER, model.encoder.network, figures)
    except OSError as error:
        sys.exit(f"error: {explained(error)}")
    except (ConfigError, DataError, FolderError) as error:
        sys.exit(f"error: {error}")
    print(json.dumps({"bytes": (arguments.folder / ENCODER).stat().st_size, **figures}, indent=2))


if __name__ == "__main__":
    main()
