"""Random numbers of a run: functions of the seed and a position in the run, so there is no random state to save."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

STEP, EPOCH = 0, 1  # keep the streams of step 3 and of epoch 3 apart


def shuffled_indices(seed: int, n: int, start: int, count: int) -> Tensor:
    """Return the indices (count,) int64 of the pictures shown from number `start` on.

    All n pictures are shuffled anew every n images. A function of its arguments alone, so a resumed run sees what an
    uninterrupted run would have seen.
    """
    parts = []
    while count:
        epoch, offset = divmod(start, n)
        permutation = torch.randperm(n, generator=epoch_generator(seed, epoch))
        parts.append(permutation[offset : offset + count])
        start, count = start + len(parts[-1]), count - len(parts[-1])
    return torch.cat(parts)


def step_generator(seed: int, step: int) -> torch.Generator:
    """Return a CPU generator for the random numbers of one step, a function of its arguments alone."""
    return _generator(seed, step, STEP)


def epoch_generator(seed: int, epoch: int) -> torch.Generator:
    """Return a CPU generator for the shuffle of one epoch, a function of its arguments alone."""
    return _generator(seed, epoch, EPOCH)


def _generator(seed: int, index: int, purpose: int) -> torch.Generator:
    mixed = int(np.random.SeedSequence((seed, index, purpose)).generate_state(1)[0])
    return torch.Generator().manual_seed(mixed)


class UseGenerator(TorchDispatchMode):
    """Context in which operations that would draw from torch's global generator draw from `source`, on its device.

    It acts on this thread only. The global generator belongs to the whole process, where runs in other threads would
    draw from it too.
    """

    def __init__(self, source: torch.Generator) -> None:
        super().__init__()
        self.source = source

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if any(argument.name == "generator" for argument in func._schema.arguments):
            kwargs["generator"] = kwargs.get("generator") or self.source
        return func(*args, **kwargs)
