"""Round a generator to numbers that half precision holds: browsers, which get these, then draw what a server draws.

python -m gan.models.halve MODEL...

Where a model's pictures are full of contrast, weights that are rounded only on their way to the browser change some
values by two grey levels. Measure the model afterwards (`python -m gan.evaluate`): its pictures change by as little.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

from gan.errors import FolderError
from gan.models.model import load
from gan.models.weights import is_finite, write_tensors


def halve(folder: Path) -> float:
    """Round the weights in folder/model.safetensors, which stay float32; return the largest change of one.

    FolderError for a folder that holds no generator, and for weights beyond what half precision holds.
    """
    weights = load(folder, "cpu").generator.state_dict()
    rounded = {name: tensor.half().to(tensor) for name, tensor in weights.items()}
    if not all(map(is_finite, rounded.values())):
        raise FolderError(f"{folder}: it has weights beyond what half precision holds, 65,504")
    write_tensors(folder / "model.safetensors", rounded)
    return max(float(torch.abs(rounded[name] - tensor).max()) for name, tensor in weights.items())


def main() -> None:
    """Round the models that the command line names."""
    flags = argparse.ArgumentParser(prog="python -m gan.models.halve", description=(__doc__ or "").splitlines()[0])
    flags.add_argument("folders", type=Path, nargs="+", metavar="MODEL", help="a model folder")
    for folder in flags.parse_args().folders:
        try:
            print(f"{folder}: rounded, no weight by more than {halve(folder):.2g}")
        except FolderError as error:
            sys.exit(f"halve: error: {error}")


if __name__ == "__main__":
    main()
