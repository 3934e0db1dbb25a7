"""A GPU for walks and training, where a Space lends one for seconds at a time (ZeroGPU); elsewhere this does nothing.

Such a Space forks a worker for each call, gives it the GPU, and forgets what it did but for what it returns. So the
call gets all that it needs and gives all of it back: a folder and numbers become pictures, the state of a run becomes
a later one. Sliders never wait for it: they move the registry's own copy, which stays on the CPU.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

try:
    import spaces  # only there on a Space
except ImportError:
    spaces = None

if TYPE_CHECKING:
    import numpy as np

    from gan.config import Config
    from gan.live.burst import BurstUpdate

SECONDS = 20  # for one walk, loading included: 240 frames take one or two
TRAINING, STARTING = 60, 15  # seconds of one stretch of training, those included in which the worker gets ready
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
    from gan.models.model import load

    return load(Path(folder)).interpolate(seeds, frames, **options)


def burst(configs: Sequence[Config], data: Any, states: Sequence[Any]) -> Iterator[BurstUpdate | None]:
    """`burst` on a lent GPU; `BurstError`, with the reason if it is one for visitors, if none is to be had."""
    import gradio as gr

    from gan.live.burst import BurstError

    try:
        yield from _burst(configs, data, states)
    except Exception as error:
        log.warning("a burst of training ended: %s", error)
        why = re.sub(r"<[^>]*>", "", str(error.message))[:200].rstrip(". ") if isinstance(error, gr.Error) else ""
        raise BurstError(
            f"the GPU is not to be had{why and f' ({why})'}: the run waits, press play to try again"
        ) from error


def _burst(configs: Sequence[Config], data: Any, states: Sequence[Any]) -> Iterator[BurstUpdate | None]:
    from gan.live.burst import burst

    yield from burst(configs, data, states, TRAINING - STARTING)


if spaces is not None:
    _strip = spaces.GPU(duration=SECONDS)(_strip)
    _burst = spaces.GPU(duration=TRAINING)(_burst)
