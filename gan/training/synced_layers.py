"""Dropout and batch normalisation over a whole batch, of which each process has its rows."""

from __future__ import annotations

import functools

import torch
from torch import Tensor, nn

from gan.networks.layers import Dropout, random_bytes
from gan.training.distributed import ProcessGroup


class Masks:
    """Where the dropout of one module takes its random bytes: those that one process would draw, of them its own rows.

    source: seeded for every step; no other run draws from it. rows: pictures of one kind that the module is given; it
    may be given several kinds at once, as real and then fake ones.
    """

    def __init__(self, module: nn.Module, processes: ProcessGroup, device: torch.device) -> None:
        self.processes, self.source, self.rows = processes, torch.Generator(device), 1
        for layer in module.modules():
            if isinstance(layer, Dropout):
                layer.draw = self

    def __call__(self, shape: torch.Size, device: torch.device) -> Tensor:
        """uint8 of a shape (kinds · rows, ...)."""
        if self.processes.size == 1:
            return random_bytes(shape, device, self.source)
        whole = torch.Size((shape[0] // self.rows, self.processes.size, self.rows, *shape[1:]))
        return random_bytes(whole, device, self.source)[:, self.processes.rank].reshape(shape)


def share_statistics(module: nn.Module, processes: ProcessGroup) -> None:
    """Let the module's batch normalisation take mean and variance of the rows of all processes, while it is trained."""
    if processes.size > 1:
        for layer in module.modules():
            if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
                layer.forward = functools.partial(_normalised, layer, processes)


def _normalised(layer: nn.BatchNorm1d | nn.BatchNorm2d, processes: ProcessGroup, x: Tensor) -> Tensor:
    # As torch's: the biased variance here, the unbiased one for later.
    if not layer.training:
        return type(layer).forward(layer, x)
    h, others = x.float(), [d for d in range(x.ndim) if d != 1]
    mean = processes.mean(h.mean(others, keepdim=True))
    variance = processes.mean((h - mean).square().mean(others, keepdim=True))
    count = processes.size * h.numel() // h.shape[1]
    with torch.no_grad():
        layer.num_batches_tracked += 1
        layer.running_mean.lerp_(mean.flatten(), layer.momentum)
        layer.running_var.lerp_(variance.flatten() * (count / (count - 1)), layer.momentum)
    scale, shift = (p.view(mean.shape) for p in (layer.weight, layer.bias))
    return ((h - mean) * (variance + layer.eps).rsqrt() * scale + shift).to(x.dtype)
