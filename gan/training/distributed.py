"""Several processes that share one run: `torchrun` starts them, and each works on its share of every batch.

They stay equal because each starts from the same weights, averages its gradients with the others', and takes every
decision (a stop, a rollback, a report) together with them. Together they make the run that a single process would make:
every process draws the random numbers of the whole batch and keeps its own rows (`gan.training.batches`), and dropout
and batch normalisation work over the whole batch (`gan.training.synced_layers`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn

from gan.errors import ConfigError, TrainingError

T = TypeVar("T")


@dataclass(frozen=True)
class ProcessGroup:
    """This process's rank among `size` processes. Only rank 0 writes files and prints."""

    rank: int = 0
    size: int = 1

    def average_gradients(self, parameters: Sequence[nn.Parameter]) -> None:
        """Replace every gradient by its mean over all processes, in place, in one message."""
        gradients = [p.grad for p in parameters if p.grad is not None]
        if self.size == 1 or not gradients:
            return
        flat = torch.cat([g.reshape(-1) for g in gradients])
        dist.all_reduce(flat)
        flat /= self.size
        for gradient, mean in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(mean.view_as(gradient))

    def mean(self, value: Tensor) -> Tensor:
        """Return the mean of all processes' tensors, differentiable once: the gradient is that of all their losses."""
        return value if self.size == 1 else _Mean.apply(value, self.size)

    def own_rows(self, batch: Tensor) -> Tensor:
        """Return this process's rows of a whole batch (N, ...); N is a multiple of `size`."""
        rows = len(batch) // self.size
        return batch[self.rank * rows : (self.rank + 1) * rows]

    def rank_zero_first(self, work: Callable[[], T]) -> T:
        """Do the same work in every process, in rank 0 before the others, which then find its downloads.

        If it fails in one process it fails in all: there with the error itself, in the others with TrainingError.
        """
        results: list[T] = []
        error: Exception | None = None
        for my_turn in (self.rank == 0, self.rank != 0):
            if my_turn:
                try:
                    results.append(work())
                except Exception as raised:
                    error = raised
            if self.any(error is not None):
                raise error or TrainingError("another process of this run failed to start; see its own error message")
        return results[0]

    def from_rank_zero(self, work: Callable[[], T]) -> T:
        """Do work in rank 0 alone and return its result, which JSON can hold, in every process.

        If it fails there it fails in all: there with the error itself, in the others with TrainingError.
        """
        results: list[T] = []
        error: Exception | None = None
        if self.rank == 0:
            try:
                results.append(work())
            except Exception as raised:
                error = raised
        if self.any(error is not None):
            raise error or TrainingError("the first process of this run failed to start; see its own error message")
        return results[0] if self.size == 1 else _broadcast(results)

    def any(self, flag: bool) -> bool:
        """Return whether the flag is true in any process, so that all of them decide alike after the same step."""
        if self.size == 1:
            return flag
        vote = torch.tensor(float(flag), device="cuda" if dist.get_backend() == "nccl" else "cpu")
        dist.all_reduce(vote, dist.ReduceOp.MAX)
        return bool(vote)


def _broadcast(results: list[T]) -> T:
    """Return rank 0's result, which it has in a list, in every process. As JSON: nothing is unpickled."""
    device = "cuda" if dist.get_backend() == "nccl" else "cpu"
    content = bytearray(json.dumps(results[0] if results else None).encode())
    length = torch.tensor(len(content), device=device)
    dist.broadcast(length, 0)
    text = torch.frombuffer(content, dtype=torch.uint8) if results else torch.empty(int(length), dtype=torch.uint8)
    text = text.to(device)
    dist.broadcast(text, 0)
    return json.loads(text.cpu().numpy().tobytes())


class _Mean(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, value: Tensor, size: int) -> Tensor:
        ctx.size = size
        return _mean(value, size)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return _mean(gradient, ctx.size), None


def _mean(value: Tensor, size: int) -> Tensor:
    value = value.clone(memory_format=torch.contiguous_format)
    dist.all_reduce(value)
    return value / size


def join(device: str = "auto") -> ProcessGroup:
    """Join the process group that torchrun's environment describes; without one, return a group of one process.

    device: as in `Config`. Processes on CPUs are joined by gloo, those on GPUs, with one GPU each, by nccl.
    ConfigError for more processes on this machine than it has GPUs. On several machines the run's folder must lie on a
    disk that all of them see, because every process reads the checkpoint that rank 0 has written.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        return ProcessGroup()
    if not dist.is_initialized():
        on_gpus = device != "cpu" and torch.cuda.is_available()
        if on_gpus:
            here, gpus = int(os.environ.get("LOCAL_WORLD_SIZE", "1")), torch.cuda.device_count()
            if here > gpus:
                raise ConfigError(
                    f"{here} processes on a machine with {gpus} GPUs: --nproc-per-node must be at most {gpus}, or pass "
                    "--device cpu"
                )
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
        # Imported before there is a group, because its functions keep the group of that moment as a default argument.
        # The threads of a group that is kept outlive `leave`, and can abort the process while Python shuts down.
        from torch.distributed.nn import functional  # noqa: F401

        dist.init_process_group("nccl" if on_gpus else "gloo")
    return ProcessGroup(dist.get_rank(), dist.get_world_size())


def leave() -> None:
    """Leave the process group at the end of the program, and end its threads."""
    if dist.is_initialized():
        dist.destroy_process_group()


def check_batch(processes: ProcessGroup, batch_size: int, accumulate: int) -> None:
    """Raise ConfigError unless every process gets the same number of pictures in every part of a batch."""
    if batch_size % (processes.size * accumulate):
        raise ConfigError(
            f"batch_size must be a multiple of {processes.size * accumulate} for {processes.size} processes and "
            f"accumulate {accumulate}, got {batch_size}"
        )
