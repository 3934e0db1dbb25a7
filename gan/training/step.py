"""One training step of each player, as a paragraph each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from gan.training import augment
from gan.training.augment import Augmentation
from gan.training.losses import Loss
from gan.training.penalties import Penalty, squared_gradient


@dataclass
class Players:
    """What stays the same from step to step.

    penalty    None for none
    policy     of `gan.training.augment`, applied to whatever the critic sees
    clip       bound on the critic's weights, 0 for none
    apart      real and fake go through the critic in batches of their own: batch normalisation would mix them
    share      makes gradients the mean over all processes, in place
    """

    generator: nn.Module
    critic: nn.Module
    generator_optimizer: torch.optim.Optimizer
    critic_optimizer: torch.optim.Optimizer
    loss: Loss
    penalty: Penalty | None
    autocast: torch.autocast
    policy: tuple[Augmentation, ...] = ()
    clip: float = 0.0
    apart: bool = False
    share: Callable[[Sequence[nn.Parameter]], None] = lambda parameters: None


class Batch(NamedTuple):
    """What one step is made of, N pictures; a step may be given it in several parts.

    real (N, ...) in [-1, 1]; y class weights (N, K), shared by real and fake, or None; z (N, z_dim); mix (N,) in
    [0, 1), where between real and fake a "gp" penalty looks; changes (2, N, A), the augmentations' numbers for real
    and for fake.
    """

    real: Tensor
    y: Tensor | None
    z: Tensor
    mix: Tensor
    changes: Tensor


class CriticResult(NamedTuple):
    """Detached 0-d tensors, still on the device; of the critic before it moved."""

    critic_loss: Tensor
    penalty: Tensor  # before gamma
    real_logit: Tensor
    fake_logit: Tensor
    critic_accuracy: Tensor  # share of pairs in which the real picture scores above the fake one, in [0, 1]
    critic_gradient: Tensor  # length of the gradient of loss and penalty on all weights


class GeneratorResult(NamedTuple):
    """Detached 0-d tensors, still on the device."""

    generator_loss: Tensor
    generator_gradient: Tensor


def critic_step(p: Players, parts: Sequence[Batch], gamma: float) -> CriticResult:
    """Move the critic once, by the mean gradient over the parts."""
    p.critic.requires_grad_(True)
    p.critic_optimizer.zero_grad(set_to_none=True)
    results = []
    for batch in parts:
        # Real above fake, and flat around both.
        with torch.no_grad(), p.autocast:
            fake = p.generator(batch.z, batch.y).float()
        real, fake, penalty = _scores(p, batch, fake, gamma)
        loss = p.loss.critic(real, fake)
        ((loss + gamma * penalty) / len(parts)).backward()
        above = (real > fake).float().mean()
        results.append(torch.stack([v.detach() for v in (loss, penalty, real.mean(), fake.mean(), above)]))
    p.share(list(p.critic.parameters()))
    length = _length(p.critic)
    p.critic_optimizer.step()
    if p.clip:
        with torch.no_grad():
            torch._foreach_clamp_min_(list(p.critic.parameters()), -p.clip)
            torch._foreach_clamp_max_(list(p.critic.parameters()), p.clip)
    return CriticResult(*torch.stack(results).mean(0), length)


def generator_step(p: Players, parts: Sequence[Batch]) -> GeneratorResult:
    """Move the generator once, by the mean gradient over the parts, through a critic that stands still."""
    p.critic.requires_grad_(False)
    p.generator_optimizer.zero_grad(set_to_none=True)
    losses = []
    for batch in parts:
        # Fake above real.
        with p.autocast:
            fake = p.generator(batch.z, batch.y).float()
            fake_logit = p.critic(_changed(p, fake, batch.changes[1]), batch.y).float()
            real_logit = fake_logit.detach()  # not read
            if p.loss.pairs:
                with torch.no_grad():
                    real_logit = p.critic(_changed(p, batch.real, batch.changes[0]), batch.y).float()
        loss = p.loss.generator(real_logit, fake_logit)
        (loss / len(parts)).backward()
        losses.append(loss.detach())
    p.share(list(p.generator.parameters()))
    length = _length(p.generator)
    p.generator_optimizer.step()
    return GeneratorResult(torch.stack(losses).mean(), length)


def _scores(p: Players, batch: Batch, fake: Tensor, gamma: float) -> tuple[Tensor, Tensor, Tensor]:
    # Logits of real and fake, and the penalty. Pictures whose gradient is penalised go through the critic in one batch
    # and are differentiated in one pass; the others in another, which costs no second derivative. The gradient is
    # taken at the picture before augmentation, as in StyleGAN2-ADA and R3GAN.
    pictures = {"real": batch.real, "fake": fake}
    changes = {"real": batch.changes[0], "fake": batch.changes[1], "mix": batch.changes[0]}
    steep = p.penalty.parts if p.penalty is not None and gamma > 0 else ()
    if "mix" in steep:
        at = batch.mix.view(-1, *[1] * (fake.ndim - 1))
        pictures["mix"] = batch.real + at * (fake - batch.real)
    logits, penalty = {}, torch.zeros((), device=fake.device)
    flat = [name for name in pictures if name not in steep]
    for names in (steep, *([(name,) for name in flat] if p.apart else [tuple(flat)])):
        if not names:
            continue
        x = torch.cat([pictures[name] for name in names])
        y = None if batch.y is None else torch.cat([batch.y] * len(names))
        x.requires_grad_(names is steep)
        with p.autocast:
            scored = p.critic(_changed(p, x, torch.cat([changes[name] for name in names])), y).float()
        logits |= dict(zip(names, scored.chunk(len(names)), strict=True))
        if names is steep:
            penalty = p.penalty(squared_gradient(scored, x))
    return logits["real"], logits["fake"], penalty


def _changed(p: Players, pictures: Tensor, numbers: Tensor) -> Tensor:
    return augment.apply(p.policy, pictures, numbers) if p.policy else pictures


def _length(module: nn.Module) -> Tensor:
    return torch.nn.utils.get_total_norm([q.grad for q in module.parameters() if q.grad is not None])
