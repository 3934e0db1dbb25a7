"""Latent space: latents of seeds, paths between them, and the directions in which pictures change most."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from gan.config import ClassGroup

MODES = ("slerp", "lerp")
MAX_SEED = 2**32 - 1
MAX_FRAMES = 100_000  # of one path; more is a typing error, and would fill the memory
MAX_FEATURES = 4096  # used for principal directions: 8,192 samples of so many take 134 MB


def latents(seeds: Sequence[int], z_dim: int) -> Tensor:
    """Draw latents (N, z_dim) float32 on the CPU, z ~ N(0, I); each row depends on its own seed only.

    Seeds are integers in [0, 2**32); ValueError otherwise.
    """
    rows: list[Tensor] = []
    for seed in seeds:
        if isinstance(seed, bool) or not isinstance(seed, numbers.Integral) or not 0 <= seed <= MAX_SEED:
            raise ValueError(f"seed must be a whole number in [0, {MAX_SEED}], got {seed!r}")
        rows.append(torch.randn(z_dim, generator=torch.Generator().manual_seed(int(seed))))
    return torch.stack(rows) if rows else torch.empty(0, z_dim)


def class_of(seed: int, classes: int) -> int:
    """Draw the class, in [0, classes), that belongs to a seed: uniform, and independent of the seed's latent."""
    return int(torch.randint(classes, (), generator=_class_generator(seed)))


def classes_of(seed: int, groups: Sequence[ClassGroup]) -> list[list[int]]:
    """Draw the classes of each group that belong to a seed, ascending; independent of the seed's latent.

    How many of a group, from one to `most`, and then which, are uniform. Classes are numbered through all groups.
    """
    source, start, drawn = _class_generator(seed), 0, []
    for group in groups:
        count = 1 + int(torch.randint(group.most, (), generator=source))
        drawn.append(sorted((torch.randperm(group.size, generator=source)[:count] + start).tolist()))
        start += group.size
    return drawn


def _class_generator(seed: int) -> torch.Generator:
    # torch's CPU generator reads the low 32 bits of a seed: a bijection of them gives another, unrelated stream.
    return torch.Generator().manual_seed((int(seed) * 2654435761 + 2654435769) % 2**32)


def class_rows(seeds: Sequence[int], classes: int, groups: Sequence[ClassGroup] = ()) -> Tensor:
    """Return the class weights float32 (N, classes) that belong to seeds: 1 for each class drawn, 0 for the others."""
    rows = torch.zeros(len(seeds), classes)
    for row, seed in zip(rows, seeds, strict=True):
        row[sum(classes_of(seed, groups), []) if groups else class_of(seed, classes)] = 1
    return rows


def slerp(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """Interpolate from a (N, D) to b (N, D) at t (N,) in [0, 1], on a great circle; lengths change linearly.

    Keeps the length that Gaussian latents have, which a straight line does not (arXiv:1609.04468). Rows that are
    parallel, opposite or zero follow the straight line.
    """
    t = t[:, None]
    length_a, length_b = a.norm(dim=1, keepdim=True), b.norm(dim=1, keepdim=True)
    unit_a, unit_b = a / length_a.clamp_min(1e-12), b / length_b.clamp_min(1e-12)
    cosine = (unit_a * unit_b).sum(1, keepdim=True).clamp(-1, 1)
    angle = cosine.acos()
    along = ((1 - t) * angle).sin() * unit_a + (t * angle).sin() * unit_b
    curved = along / angle.sin().clamp_min(1e-12) * torch.lerp(length_a, length_b, t)
    return torch.where(cosine.abs() > 1 - 1e-6, torch.lerp(a, b, t), curved)


def path(keyframes: Tensor, frames: int, mode: str = "slerp", loop: bool = False) -> Tensor:
    """Return evenly spaced points (frames, D) on the path through keyframes (K, D), K >= 1.

    Without loop the path runs from the first keyframe to the last. With loop it returns to the first and stops one
    frame before it, so that repeated playing does not stutter. ValueError for an unknown mode, or frames outside
    [1, MAX_FRAMES].
    """
    if mode not in MODES:
        raise ValueError(f"mode must be one of {', '.join(MODES)}, got {mode!r}")
    if isinstance(frames, bool) or not isinstance(frames, numbers.Integral) or not 1 <= frames <= MAX_FRAMES:
        raise ValueError(f"frames must be a whole number in [1, {MAX_FRAMES}], got {frames!r}")
    count = len(keyframes)
    if loop:
        position = torch.arange(frames, dtype=torch.float64) * (count / frames)
    else:
        position = torch.linspace(0, count - 1, frames, dtype=torch.float64)
    start = position.floor().long().clamp(max=count - 1)
    end = (start + 1) % count if loop else (start + 1).clamp(max=count - 1)
    t = (position - start).to(keyframes)
    a, b = keyframes[start], keyframes[end]
    return slerp(a, b, t) if mode == "slerp" else torch.lerp(a, b, t[:, None])


@torch.no_grad()
def principal_directions(
    generator: nn.Module,
    z_dim: int,
    classes: int,
    count: int = 16,
    samples: int = 8192,
    batch: int = 1024,
    groups: Sequence[ClassGroup] = (),
) -> tuple[Tensor, Tensor]:
    """Find directions (count, z_dim) in latent space and the share of variance each explains (count,), descending.

    GANSpace (arXiv:2004.02546): principal components of the generator's `features` over random latents, mapped back to
    the latent by least squares. Adding row k moves the features by one standard deviation of component k. Classes are
    drawn at random and their mean is removed (of classes in `groups`: what is linear in them), so that no direction
    merely changes the class. count is reduced to what z_dim and the layer's width allow. The largest entry of each row
    is positive, which fixes the sign. Of more than `MAX_FEATURES` features a random choice is used: neighbours on a
    feature map are nearly equal.
    """
    device = next(generator.parameters()).device
    source = torch.Generator().manual_seed(0)
    z = torch.randn(samples, z_dim, generator=source)
    label = torch.randint(max(classes, 1), (samples,), generator=source)
    y = class_rows(range(samples), classes, groups) if groups else torch.eye(classes)[label] if classes else None
    # mypy takes a module's attributes for tensors or modules.
    features_of = cast(Callable[[Tensor, Tensor | None], Tensor], generator.features)
    parts: list[Tensor] = []
    chosen: Tensor | None = None
    for i in range(0, samples, batch):
        rows = None if y is None else y[i : i + batch].to(device)
        part = features_of(z[i : i + batch].to(device), rows).float().cpu()
        if chosen is None:
            chosen = torch.randperm(part.shape[1], generator=source)[:MAX_FEATURES]
        parts.append(part[:, chosen])
    features = torch.cat(parts)
    if groups and y is not None:
        features -= y @ (torch.linalg.pinv(y) @ features)
    else:
        for k in label.unique():
            features[label == k] -= features[label == k].mean(0)
    # Randomised SVD: there are thousands of features, and only the first few components are needed.
    count = min(count, z_dim, features.shape[1])
    singular, components = _randomized_svd(features, min(count + 16, *features.shape))
    variance = singular.square()[:count] / features.square().sum().clamp_min(1e-12)
    scores = features @ components[:, :count]
    scores = scores / scores.std(0).clamp_min(1e-12)
    # Least squares by the pseudo-inverse: `lstsq` of torch 2.8 to 2.11 differs in the last bits from call to call.
    directions = torch.linalg.pinv(scores) @ z
    sign = directions.gather(1, directions.abs().argmax(1, keepdim=True)).sign()
    return (directions * sign).contiguous(), variance.contiguous()


def _randomized_svd(a: Tensor, rank: int, rounds: int = 4) -> tuple[Tensor, Tensor]:
    """Approximate the largest singular values (rank,) of a (N, D) and their right vectors (D, rank).

    As `torch.svd_lowrank` (arXiv:0909.4061, section 5.1), with a random generator of its own: a run that is training in
    this process depends on the global one.
    """
    tall = a if len(a) >= a.shape[1] else a.T
    start = torch.randn(tall.shape[1], rank, generator=torch.Generator().manual_seed(0), dtype=a.dtype)
    basis = torch.linalg.qr(tall @ start).Q
    for _ in range(rounds):
        basis = torch.linalg.qr(tall @ torch.linalg.qr(tall.T @ basis).Q).Q
    left, singular, right = torch.linalg.svd(basis.T @ tall, full_matrices=False)
    return singular, right.T if tall is a else basis @ left
