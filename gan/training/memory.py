"""Memory: what fits on a device, and one clear error message when memory runs out."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import torch
from torch import Tensor

from gan import networks
from gan.config import MIN_WIDTH, RESOLUTIONS, Config
from gan.errors import TrainingError

MAX_GPU_SHARE = 0.5  # of a GPU's free memory that the data set may take
# Parts of the message of a RuntimeError that torch raises when memory runs out.
OOM_SIGNS = ("out of memory", "can't allocate memory", "CUBLAS_STATUS_ALLOC_FAILED")


def fits_on_device(pictures: Tensor, device: torch.device) -> bool:
    """Return whether the whole data set may be put on the device. On a CPU it is there already."""
    if device.type != "cuda":
        return True
    free, _ = torch.cuda.mem_get_info(device)
    return pictures.numel() * pictures.element_size() <= MAX_GPU_SHARE * free


def release_memory() -> None:
    """Return freed memory to the system. glibc keeps what a thread has freed: gigabytes, after a few large runs."""
    with suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)


@contextmanager
def oom_hint(config: Config, loading: bool = False) -> Iterator[None]:
    """Raise TrainingError, with the flags that help, for any error inside that means that memory ran out.

    loading: whether the memory was for the data set rather than for a step.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not _is_out_of_memory(error):
            raise
        raise TrainingError(f"out of memory: {_data_hint(config) if loading else _step_hint(config)}") from error


def _is_out_of_memory(error: MemoryError | RuntimeError) -> bool:
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return not isinstance(error, TrainingError) and any(sign in str(error) for sign in OOM_SIGNS)


def _data_hint(config: Config) -> str:
    size = f"at {config.resolution} pixels a side" if config.resolution else "at their size"
    return f"the pictures do not fit {size}: lower --resolution, or use a data set with fewer pictures"


def _step_hint(config: Config) -> str:
    lower = [f"--batch-size (now {config.batch_size})"]
    if networks.find_pair(config).uses_width and config.width > MIN_WIDTH:
        lower.append(f"--width (now {config.width})")
    if config.network not in networks.POINT_NETWORKS and config.resolution not in (0, RESOLUTIONS[0]):
        lower.append(f"--resolution (now {config.resolution})")
    return (
        f"raise --accumulate (now {config.accumulate}), which can be done with --resume too, or start again with a "
        f"lower {' or '.join(lower)}"
    )
