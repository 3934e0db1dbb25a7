"""One training step, as a paragraph."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from gan.losses import Loss, gradient_penalty


class StepResult(NamedTuple):
    """Detached 0-d tensors of one step, still on the device."""

    critic_loss: Tensor
    generator_loss: Tensor
    penalty: Tensor  # mean squared gradient length, R1 + R2, before gamma
    real_logit: Tensor
    fake_logit: Tensor


def train_step(
    generator: nn.Module,
    critic: nn.Module,
    loss: Loss,
    generator_optimizer: torch.optim.Optimizer,
    critic_optimizer: torch.optim.Optimizer,
    real: Tensor,
    y: Tensor | None,
    z_critic: Tensor,
    z_generator: Tensor,
    gamma: float,
    autocast: torch.autocast,
) -> StepResult:
    """One critic step, then one generator step.

    real (N, C, H, W) in [-1, 1]; y class weights (N, K), shared by real and fake, or None; z_* (N, z_dim).
    """
    # Critic: real above fake, and flat around both.
    critic.requires_grad_(True)
    with torch.no_grad(), autocast:
        fake = generator(z_critic, y).float()
    both = torch.cat([real, fake]).requires_grad_(gamma > 0)
    y_both = None if y is None else torch.cat([y, y])
    with autocast:
        logits = critic(both, y_both).float()
    real_logit, fake_logit = logits.chunk(2)
    critic_loss = loss.critic(real_logit, fake_logit)
    penalty = gradient_penalty(logits, both) if gamma > 0 else torch.zeros_like(logits)
    penalty = 2 * penalty.mean()  # mean over 2N of what is summed over real and fake
    critic_optimizer.zero_grad(set_to_none=True)
    (critic_loss + gamma / 2 * penalty).backward()
    critic_optimizer.step()

    # Generator: fake above real, through a critic that stands still.
    critic.requires_grad_(False)
    with autocast:
        real_score = critic(real, y).float()
        fake_score = critic(generator(z_generator, y).float(), y).float()
    generator_loss = loss.generator(real_score, fake_score)
    generator_optimizer.zero_grad(set_to_none=True)
    generator_loss.backward()
    generator_optimizer.step()

    return StepResult(
        critic_loss.detach(),
        generator_loss.detach(),
        penalty.detach(),
        real_logit.detach().mean(),
        fake_logit.detach().mean(),
    )
