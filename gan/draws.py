"""Which random numbers and pictures belong to which step: functions of (seed, position), so no state to save."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


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
