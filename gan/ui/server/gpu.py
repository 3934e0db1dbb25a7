"""A GPU for walks and training, where a Space lends one for seconds at a time (ZeroGPU); elsewhere this does nothing.

Such a Space forks a worker for each call, gives it the GPU, and keeps nothing of the call but its return value. So a
call gets all that it needs and returns all of its result: a folder and numbers become pictures, the state of a run
becomes a later one. Sliders never wait for it: they use the registry's own copy, which stays on the CPU.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

try:
    import spaces  # installed on a Space only
except ImportError:
    spaces = None

if TYPE_CHECKING:
    import numpy as np

    from gan.config import Config
    from gan.live.burst import BurstUpdate

SECONDS = 20  # for one walk, loading included: 240 frames take one or two
TRAINING, STARTING = 60, 15  # seconds of one stretch of training, those included in which the worker gets ready
log = logging.getLogger(__name__)


def available() -> bool:
    """Return True where a GPU can be asked for, call by call."""
    return spaces is not None and bool(os.environ.get("SPACES_ZERO_GPU"))


def interpolate(folder: Path, arguments: Mapping[str, Any]) -> np.ndarray | None:
    """Call `Model.interpolate` of the folder's model on a lent GPU; None if there is no GPU for it now.

    arguments: its keywords. Returns uint8 (frames, H, W, C).
    """
    try:
        return _interpolate(str(folder), dict(arguments))
    except Exception as error:  # a spent quota, a busy cluster: the CPU can do it too
        log.warning("no GPU for this walk (%s): using the CPU", type(error).__name__)
        return None


def _interpolate(folder: str, arguments: dict[str, Any]) -> np.ndarray:
    from gan.models.model import load

    return load(Path(folder)).interpolate(**arguments)


def burst(configs: Sequence[Config], data: Any, states: Sequence[Any]) -> Iterator[BurstUpdate | None]:
    """Run `gan.live.burst.burst` on a lent GPU; `BurstError`, with the Space's reason, when none is available."""
    import gradio as gr

    from gan.live.burst import BurstError

    try:
        yield from _burst(configs, data, states)
    except Exception as error:
        log.warning("a burst of training ended: %s", error)
        reason = re.sub(r"<[^>]*>", "", str(error.message))[:200].rstrip(". ") if isinstance(error, gr.Error) else ""
        raise BurstError(
            f"no GPU is available now{reason and f' ({reason})'}: training is paused, press play to try again"
        ) from error


def _burst(configs: Sequence[Config], data: Any, states: Sequence[Any]) -> Iterator[BurstUpdate | None]:
    from gan.live.burst import burst

    yield from burst(configs, data, states, TRAINING - STARTING)


if spaces is not None:
    _interpolate = spaces.GPU(duration=SECONDS)(_interpolate)
    _burst = spaces.GPU(duration=TRAINING)(_burst)
