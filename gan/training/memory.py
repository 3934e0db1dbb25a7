"""Memory: what fits on a device beside a run, and one clear sentence when there is no more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from gan import networks
from gan.config import MIN_WIDTH, RESOLUTIONS, Config
from gan.errors import TrainingError

SHARE = 0.5  # of a GPU's free memory that pictures may take
SIGNS = ("out of memory", "can't allocate memory", "CUBLAS_STATUS_ALLOC_FAILED")  # in a RuntimeError of torch's


def fits_on_device(pictures: Tensor, device: torch.device) -> bool:
    """Whether all pictures may lie on the device; on a CPU, where they are already, they may."""
    if device.type != "cuda":
        return True
    free, _ = torch.cuda.mem_get_info(device)
    return pictures.numel() * pictures.element_size() <= SHARE * free


@contextmanager
def oom_hint(config: Config, loading: bool = False) -> Iterator[None]:
    """TrainingError, with the flags that help, for whatever is raised inside because memory ran out.

    loading: whether that was room for the data set, not for a step.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not isinstance(error, MemoryError | torch.OutOfMemoryError) and (
            isinstance(error, TrainingError) or not any(sign in str(error) for sign in SIGNS)
        ):
            raise
        raise TrainingError(f"out of memory: {_fewer(config) if loading else _cure(config)}") from error


def _fewer(config: Config) -> str:
    at = f"at {config.resolution} pixels a side" if config.resolution else "at their size"
    return f"the pictures do not fit {at}: lower --resolution, or take a data set of fewer pictures"


def _cure(config: Config) -> str:
    lower = [f"--batch-size (now {config.batch_size})"]
    if networks.find_pair(config).uses_width and config.width > MIN_WIDTH:
        lower.append(f"--width (now {config.width})")
    if config.network not in networks.POINT_NETWORKS and config.resolution not in (0, RESOLUTIONS[0]):
        lower.append(f"--resolution (now {config.resolution})")
    return (
        f"raise --accumulate (now {config.accumulate}), which also --resume takes, or start again with a lower "
        f"{' or '.join(lower)}"
    )
