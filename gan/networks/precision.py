"""bf16 or fp32: the faster one depends on the processor, so it is measured on the machine that trains."""

from __future__ import annotations

import functools
import time

import torch
import torch.nn.functional as F

ROUNDS = 4  # measurements of each; the fastest counts
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


@functools.cache
def faster_precision(device: str) -> str:
    """Return "bf16" or "fp32", whichever runs a convolution forward and backward faster on `device`; measured once."""
    seconds = dict.fromkeys(DTYPES, float("inf"))
    for _ in range(ROUNDS):
        for name, dtype in DTYPES.items():
            seconds[name] = min(seconds[name], _measure_seconds(torch.device(device), dtype))
    return min(seconds, key=lambda name: seconds[name])


def _measure_seconds(device: torch.device, dtype: torch.dtype) -> float:
    # The shapes are those of the resnet's largest maps. Constant inputs: no random number of a run is drawn here.
    with torch.enable_grad(), torch.inference_mode(False):
        x, w = torch.ones(16, 64, 14, 14, device=device), torch.ones(64, 64, 3, 3, device=device)
        x, w = (v.to(dtype, memory_format=torch.channels_last).requires_grad_() for v in (x, w))
        start = time.perf_counter()
        F.conv2d(x, w, padding=1).sum().backward()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        return time.perf_counter() - start
