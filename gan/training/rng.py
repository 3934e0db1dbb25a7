"""Which random numbers and pictures belong to which step: functions of (seed, position), so no state to save."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode


def order(seed: int, n: int, start: int, count: int) -> Tensor:
    """Indices (count,) int64 of the pictures shown from number `start` on: a fresh shuffle of all n every n images.

    A function of its arguments alone, so that a resumed run sees what it would have seen.
    """
    parts = []
    while count:
        epoch, offset = divmod(start, n)
        shuffle = torch.randperm(n, generator=stream(seed, epoch, 1))
        parts.append(shuffle[offset : offset + count])
        start, count = start + len(parts[-1]), count - len(parts[-1])
    return torch.cat(parts)


def stream(seed: int, index: int, purpose: int) -> torch.Generator:
    """A CPU generator for one step's (0) or one epoch's (1) randomness, a function of its arguments alone."""
    mixed = int(np.random.SeedSequence((seed, index, purpose)).generate_state(1)[0])
    return torch.Generator().manual_seed(mixed)


class UseGenerator(TorchDispatchMode):
    """In `with UseGenerator(source):`, what would draw from torch's own generator draws from `source`, on its device.

    For this thread alone: torch's own is the whole process's, and runs in other threads would draw in between.
    """

    def __init__(self, source: torch.Generator) -> None:
        super().__init__()
        self.source = source

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if any(argument.name == "generator" for argument in func._schema.arguments):
            kwargs["generator"] = kwargs.get("generator") or self.source
        return func(*args, **kwargs)
