"""A GPU for walks, where a Space lends one for seconds at a time (ZeroGPU); everywhere else this does nothing.

Such a Space forks a worker for each call, gives it the GPU, and forgets what it did but for what it returns. So the
call gets a folder and numbers, loads the model itself, and gives pictures back. Sliders never wait for it: they move
the session's own copy, which stays on the CPU.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

try:
    import spaces  # only there on a Space
except ImportError:
    spaces = None

if TYPE_CHECKING:
    import numpy as np

SECONDS = 20  # for one walk, loading included: 240 frames take one or two
log = logging.getLogger(__name__)


def lent() -> bool:
    """Whether a GPU can be asked for, call by call."""
    return spaces is not None and bool(os.environ.get("SPACES_ZERO_GPU"))


def strip(folder: Path, seeds: list[int], frames: int, options: dict[str, Any]) -> np.ndarray | None:
    """`Model.interpolate` of the folder's model on a lent GPU, uint8 (frames, H, W, C); None if none was to be had."""
    try:
        return _strip(str(folder), seeds, frames, options)
    except Exception as error:  # a spent quota, a busy cluster: the CPU can do it too
        log.warning("no GPU for this walk (%s): using the CPU", type(error).__name__)
        return None


def _strip(folder: str, seeds: list[int], frames: int, options: dict[str, Any]) -> np.ndarray:
    from gan.model import load

    return load(Path(folder)).interpolate(seeds, frames, **options)


if spaces is not None:
    _strip = spaces.GPU(duration=SECONDS)(_strip)
