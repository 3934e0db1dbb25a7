"""One training step of each player, the generator and the critic (discriminator)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from gan.networks.layers import iterate_spectral_norm
from gan.training import augment
from gan.training.adaptive import overfitting
from gan.training.augment import Augmentation
from gan.training.losses import Loss
from gan.training.penalties import Penalty, squared_gradient


@dataclass
class Players:
    """Networks, optimisers and objectives: what stays the same from step to step.

    penalty            None for none
    augmentations      applied to everything that the critic (discriminator) is given
    clip               bound on the critic's weights, 0 for none
    augment_probability  of each augmentation for each picture, a number; None for always
    frozen             parameters of the critic that stay as they are
    split_real_fake    real and fake go through the critic in separate batches: batch normalisation would mix them
    mean               returns the mean of a number over all processes
    average_gradients  makes gradients the mean over all processes, in place
    before_part        called before each part of each step; whatever it raises ends the step there
    """

    generator: nn.Module
    critic: nn.Module
    generator_optimizer: torch.optim.Optimizer
    critic_optimizer: torch.optim.Optimizer
    loss: Loss
    penalty: Penalty | None
    autocast: torch.autocast
    augmentations: tuple[Augmentation, ...] = ()
    clip: float = 0.0
    augment_probability: Tensor | None = None
    frozen: Sequence[nn.Parameter] = ()
    split_real_fake: bool = False
    mean: Callable[[Tensor], Tensor] = lambda value: value
    average_gradients: Callable[[Sequence[nn.Parameter]], None] = lambda parameters: None
    before_part: Callable[[], None] = lambda: None


class Batch(NamedTuple):
    """A batch of N pictures, or one of the parts that a step works through.

    real             (N, ...) in [-1, 1]
    y                class weights (N, K), shared by real and fake; None without classes
    z                latents (N, z_dim)
    mix              (N,) in [0, 1]: where between real and fake a "gp" penalty takes the gradient
    augment_numbers  (2, N, A): the random numbers of the augmentations, for real and for fake
    """

    real: Tensor
    y: Tensor | None
    z: Tensor
    mix: Tensor
    augment_numbers: Tensor


class CriticResult(NamedTuple):
    """Detached 0-d tensors, still on the device, of the critic (discriminator) before it moved."""

    critic_loss: Tensor
    penalty: Tensor  # before gamma
    real_logit: Tensor
    fake_logit: Tensor
    critic_accuracy: Tensor  # share of pairs in which the real picture scores above the fake one, in [0, 1]
    critic_gradient: Tensor  # length of the gradient of loss and penalty on all weights
    overfitting: Tensor  # see `gan.training.adaptive`
    augment_probability: Tensor


class GeneratorResult(NamedTuple):
    """Detached 0-d tensors, still on the device."""

    generator_loss: Tensor
    generator_gradient: Tensor


def critic_step(p: Players, parts: Sequence[Batch], gamma: float) -> CriticResult:
    """Move the critic (discriminator) once, by the mean gradient over the parts. gamma: weight of the penalty."""
    p.critic.requires_grad_(True)
    for parameter in p.frozen:
        parameter.requires_grad_(False)
    iterate_spectral_norm(p.critic)
    p.critic_optimizer.zero_grad(set_to_none=True)
    results, logits = [], []
    for batch in parts:
        p.before_part()
        # Score real above fake, with a small gradient around both.
        with torch.no_grad(), p.autocast:
            fake = p.generator(batch.z, batch.y).float()
        real_logits, fake_logits, penalty = _judge(p, batch, fake, gamma)
        loss = p.loss.critic(real_logits, fake_logits)
        ((loss + gamma * penalty) / len(parts)).backward()
        accuracy = (real_logits > fake_logits).float().mean()
        values = (loss, penalty, real_logits.mean(), fake_logits.mean(), accuracy)
        results.append(torch.stack([v.detach() for v in values]))
        logits.append(torch.stack([real_logits.detach(), fake_logits.detach()]))
    p.average_gradients(list(p.critic.parameters()))
    gradient = _gradient_length(p.critic)
    p.critic_optimizer.step()
    if p.clip:
        with torch.no_grad():
            moved: list[Tensor] = [q for q in p.critic.parameters() if q.requires_grad]
            torch._foreach_clamp_min_(moved, -p.clip)
            torch._foreach_clamp_max_(moved, p.clip)
    loss, penalty, real_logit, fake_logit, accuracy = torch.stack(results).mean(0)
    real_logits, fake_logits = torch.cat(logits, 1)
    overfits = overfitting(real_logits, fake_logits, p.mean)
    probability = loss.new_tensor(bool(p.augmentations)) if p.augment_probability is None else p.augment_probability
    return CriticResult(loss, penalty, real_logit, fake_logit, accuracy, gradient, overfits, probability)


def generator_step(p: Players, parts: Sequence[Batch]) -> GeneratorResult:
    """Move the generator once, by the mean gradient over the parts, against a critic (discriminator) held fixed."""
    p.critic.requires_grad_(False)
    iterate_spectral_norm(p.critic)
    p.generator_optimizer.zero_grad(set_to_none=True)
    losses = []
    for batch in parts:
        p.before_part()
        # Have fake scored above real.
        with p.autocast:
            fake = p.generator(batch.z, batch.y).float()
            fake_logits = p.critic(_augmented(p, fake, batch.augment_numbers[1]), batch.y).float()
            real_logits = fake_logits.detach()  # not read
            if p.loss.generator_reads_real:
                with torch.no_grad():
                    real_logits = p.critic(_augmented(p, batch.real, batch.augment_numbers[0]), batch.y).float()
        loss = p.loss.generator(real_logits, fake_logits)
        (loss / len(parts)).backward()
        losses.append(loss.detach())
    p.average_gradients(list(p.generator.parameters()))
    gradient = _gradient_length(p.generator)
    p.generator_optimizer.step()
    return GeneratorResult(torch.stack(losses).mean(), gradient)


def _judge(p: Players, batch: Batch, fake: Tensor, gamma: float) -> tuple[Tensor, Tensor, Tensor]:
    # Logits of real and of fake, and the penalty. Inputs whose gradient is penalised go through the critic in one batch
    # and are differentiated in one pass; the others in another, which costs no second derivative. The gradient is
    # taken at the picture before augmentation, as in StyleGAN2-ADA and R3GAN.
    inputs = {"real": batch.real, "fake": fake}
    numbers = {"real": batch.augment_numbers[0], "fake": batch.augment_numbers[1], "mix": batch.augment_numbers[0]}
    penalty = p.penalty if gamma > 0 else None
    penalised = penalty.gradient_at if penalty else ()
    if "mix" in penalised:
        weight = batch.mix.view(-1, *[1] * (fake.ndim - 1))
        inputs["mix"] = batch.real + weight * (fake - batch.real)
    logits: dict[str, Tensor] = {}

    def score(names: Sequence[str], differentiable: bool = False) -> tuple[Tensor, Tensor]:
        x = torch.cat([inputs[name] for name in names]).requires_grad_(differentiable)
        y = None if batch.y is None else torch.cat([batch.y] * len(names))
        with p.autocast:
            scores = p.critic(_augmented(p, x, torch.cat([numbers[name] for name in names])), y).float()
        logits.update(zip(names, scores.chunk(len(names)), strict=True))
        return x, scores

    value = torch.zeros((), device=fake.device)
    if penalty:
        x, scores = score(penalised, differentiable=True)
        value = penalty(squared_gradient(scores, x))
    others = [name for name in inputs if name not in penalised]
    for names in filter(None, [[name] for name in others] if p.split_real_fake else [others]):
        score(names)
    return logits["real"], logits["fake"], value


def _augmented(p: Players, pictures: Tensor, numbers: Tensor) -> Tensor:
    if not p.augmentations:
        return pictures
    return augment.apply(p.augmentations, pictures, numbers, p.augment_probability)


def _gradient_length(module: nn.Module) -> Tensor:
    return torch.nn.utils.get_total_norm([q.grad for q in module.parameters() if q.grad is not None])
