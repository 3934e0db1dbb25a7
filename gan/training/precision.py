"""bf16 or fp32: which is quicker depends on the processor, so it is measured where training runs."""

from __future__ import annotations

import functools
import time

import torch
import torch.nn.functional as F

TURNS = 4  # of each; the quickest counts
KINDS = {"fp32": torch.float32, "bf16": torch.bfloat16}


@functools.cache
def quicker(device: str) -> str:
    """Which of "bf16" and "fp32" takes a convolution there and back in less time on `device`; measured once."""
    times = dict.fromkeys(KINDS, float("inf"))
    for _ in range(TURNS):
        for name, kind in KINDS.items():
            times[name] = min(times[name], _seconds(torch.device(device), kind))
    return min(times, key=times.get)


def _seconds(device: torch.device, kind: torch.dtype) -> float:
    # As in the resnet's largest maps. Constants: no random number of a run is drawn here.
    with torch.enable_grad(), torch.inference_mode(False):
        x, w = torch.ones(16, 64, 14, 14, device=device), torch.ones(64, 64, 3, 3, device=device)
        x, w = (v.to(kind, memory_format=torch.channels_last).requires_grad_() for v in (x, w))
        start = time.perf_counter()
        F.conv2d(x, w, padding=1).sum().backward()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        return time.perf_counter() - start
