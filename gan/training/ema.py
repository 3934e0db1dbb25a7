"""Exponential moving average (EMA) of the generator: the weights that are sampled, saved and shipped."""

from __future__ import annotations

import torch
from torch import nn


@torch.no_grad()
def update(average: nn.Module, live: nn.Module, decay: float) -> None:
    """Set average <- decay · average + (1 - decay) · live, in place, for every parameter and float buffer.

    Integer buffers are copied. decay in [0, 1].
    """
    targets = [*average.parameters(), *(b for b in average.buffers() if b.is_floating_point())]
    sources = [*live.parameters(), *(b for b in live.buffers() if b.is_floating_point())]
    torch._foreach_lerp_(targets, sources, 1 - decay)
    for target, source in zip(average.buffers(), live.buffers(), strict=True):
        if not target.is_floating_point():
            target.copy_(source)


def decay_for(half_life: float, shown: int, batch: int) -> float:
    """Return the decay in [0, 1] for one step of `batch` images after `shown` images; `half_life` in images.

    The half-life is at most a tenth of the images shown, so that the average forgets the random start.
    """
    return 0.5 ** (batch / max(min(half_life, shown * 0.1), 1e-8))
