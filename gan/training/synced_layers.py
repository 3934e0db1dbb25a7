"""Dropout and batch normalisation over a whole batch when each process works on some of its rows."""

from __future__ import annotations

import functools

import torch
from torch import Tensor, nn

from gan.networks.layers import Dropout, random_bytes
from gan.training.distributed import ProcessGroup

BatchNorm = nn.BatchNorm1d | nn.BatchNorm2d


class SyncedDropoutMasks:
    """Source of the random bytes of a module's dropout: those that a single process would draw, this process's rows.

    source: a generator of this run only, to be seeded in every step. rows: pictures of one kind in a batch of this
    process; the module may be given several kinds in one call, as real and then fake ones.
    """

    def __init__(self, module: nn.Module, processes: ProcessGroup, device: torch.device) -> None:
        self.processes, self.source, self.rows = processes, torch.Generator(device), 1
        for layer in module.modules():
            if isinstance(layer, Dropout):
                layer.draw = self

    def __call__(self, shape: torch.Size, device: torch.device) -> Tensor:
        """Draw uint8 values of a shape (kinds · rows, ...)."""
        if self.processes.size == 1:
            return random_bytes(shape, device, self.source)
        whole = torch.Size((shape[0] // self.rows, self.processes.size, self.rows, *shape[1:]))
        return random_bytes(whole, device, self.source)[:, self.processes.rank].reshape(shape)


def sync_batch_norm(module: nn.Module, processes: ProcessGroup) -> None:
    """Make the module's batch normalisation use mean and variance over the rows of all processes in training mode."""
    if processes.size > 1:
        for layer in module.modules():
            if isinstance(layer, BatchNorm):
                # An instance attribute hides the class's method, and no name in the state dict changes.
                vars(layer)["forward"] = functools.partial(_synced_forward, layer, processes)


def _synced_forward(layer: BatchNorm, processes: ProcessGroup, x: Tensor) -> Tensor:
    # As torch's: the biased variance normalises, the unbiased one goes into the running variance.
    if not layer.training:
        return type(layer).forward(layer, x)
    assert layer.running_mean is not None and layer.running_var is not None, "our layers track statistics"
    assert layer.num_batches_tracked is not None and layer.momentum is not None
    h, other_dims = x.float(), [d for d in range(x.ndim) if d != 1]
    mean = processes.mean(h.mean(other_dims, keepdim=True))
    variance = processes.mean((h - mean).square().mean(other_dims, keepdim=True))
    count = processes.size * h.numel() // h.shape[1]
    with torch.no_grad():
        layer.num_batches_tracked.add_(1)
        layer.running_mean.lerp_(mean.flatten(), layer.momentum)
        layer.running_var.lerp_(variance.flatten() * (count / (count - 1)), layer.momentum)
    scale, shift = (p.view(mean.shape) for p in (layer.weight, layer.bias))
    return ((h - mean) * (variance + layer.eps).rsqrt() * scale + shift).to(x.dtype)
