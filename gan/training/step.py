"""One training step of each player, the generator and the critic (discriminator).

What is generated from what, and who judges it, is the `Game`: `Generation` here, translations in
`gan.training.objectives`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol, cast

import torch
from torch import Tensor, nn

from gan.networks.layers import iterate_spectral_norm
from gan.training import augment
from gan.training.adaptive import overfitting
from gan.training.augment import Augmentation
from gan.training.losses import Loss
from gan.training.penalties import Penalty, squared_gradient


class Match(NamedTuple):
    """A comparison by a critic (discriminator): N real pictures with as many fake ones.

    critic: pictures (N, ...), and what is known of them or None, to logits. y: that of both (N, K), conditions and then
    classes; None without. besides: returns a scalar that the critic minimises too; None for none.
    """

    critic: Callable[[Tensor, Tensor | None], Tensor]
    real: Tensor
    fake: Tensor
    y: Tensor | None = None
    besides: Callable[[], Tensor] | None = None


class Game(Protocol):
    """The rules: what the generator makes of a batch, and what it is judged by besides its critics."""

    def matches(self, p: Players, batch: Batch) -> Sequence[Match]:
        """Return what each critic (discriminator) compares, for its own step."""
        ...

    def play(self, p: Players, batch: Batch) -> tuple[Sequence[Match], Tensor | None]:
        """Return the same for the generator's step, and a scalar that it minimises besides, or None."""
        ...


CLASS_SCALE = 2.5  # of a class weight that is read: one of some classes then varies about as much as a condition, by 1


class ReadsAttributes(Protocol):
    """A critic (discriminator) built with `Config.attribute_weight`."""

    def read(self, x: Tensor) -> Tensor: ...


class Generation:
    """The game of a GAN: pictures from latents, and one critic (discriminator).

    attribute_weight: of the mean squared error of the conditions and classes that the critic reads from pictures, as
    (N, T): conditions, and class weights times `CLASS_SCALE`. It learns to from real ones, and the generator to have
    them read from its own (AC-GAN, arXiv:1610.09585). 0: neither.
    """

    def __init__(self, attribute_weight: float = 0.0) -> None:
        self.attribute_weight = attribute_weight

    def _misread(self, p: Players, pictures: Tensor, batch: Batch) -> Tensor:
        assert batch.conditions is not None
        wanted = batch.conditions if batch.y is None else torch.cat([batch.conditions, CLASS_SCALE * batch.y], 1)
        read = cast(ReadsAttributes, p.critic).read(pictures).float()
        return self.attribute_weight * (read - wanted).square().mean()

    def matches(self, p: Players, batch: Batch) -> Sequence[Match]:
        """Return one match, of pictures that the generator makes of the batch's latents."""
        known = [one for one in (batch.conditions, batch.y) if one is not None]
        fake = p.generator(batch.z, batch.y).float()

        def besides() -> Tensor:
            with p.autocast:  # which cannot be entered twice
                return self._misread(p, batch.real, batch)

        told = torch.cat(known, 1) if known else None
        return [Match(p.critic, batch.real, fake, told, besides if self.attribute_weight else None)]

    def play(self, p: Players, batch: Batch) -> tuple[Sequence[Match], Tensor | None]:
        """Return the same match, and by how much the attributes of its pictures are misread."""
        matches = self.matches(p, batch)
        return matches, self._misread(p, matches[0].fake, batch) if self.attribute_weight else None


@dataclass
class Players:
    """Networks, optimisers and objectives: what stays the same from step to step.

    game               what is generated from what, and compared with what
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
    game: Game = field(default_factory=Generation)


class Batch(NamedTuple):
    """A batch of N pictures, or one of the parts that a step works through.

    real             (N, ...) in [-1, 1]
    y                class weights (N, K), shared by real and fake; None without classes
    z                what the generator is given: latents (N, z_dim), or pictures (N, C, R, R) to translate
    mix              (N,) in [0, 1]: where between real and fake a "gp" penalty takes the gradient
    augment_numbers  (2, N, A): the random numbers of the augmentations, for real and for fake
    noise            (2, N, C, R, R) ~ N(0, I), of a translation before it goes back, from B and from A; None without
    labelled         as many pictures, and which class each is, int64 (N,), of a run that learns classes; None without
    distorted        the real ones, turned, shifted and zoomed, of such a run; None where the data set has no recipe
    numbers          which pictures the whole batch has, int64 (batch_size,), where there are conditions
    conditions       of the critic besides y, (N, T), shared by real and fake: the attributes of the real pictures,
                     which z stands for too; of a translation, what a reader learns of them; None without
    wished           (N, T), what is to be read of the translations to B, and before, of the pictures of A; None without
    emphasis         (N, 1, R, R), how often each place counts in a distance to the other one of a pair; None for once
    """

    real: Tensor
    y: Tensor | None
    z: Tensor
    mix: Tensor
    augment_numbers: Tensor
    noise: Tensor | None = None
    labelled: tuple[Tensor, Tensor] | None = None
    distorted: Tensor | None = None
    numbers: Tensor | None = None
    conditions: Tensor | None = None
    emphasis: Tensor | None = None
    wished: Tensor | None = None
    before: Tensor | None = None


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
    generator_content: Tensor = torch.zeros(())  # the part of its loss that is not the critic's


def critic_step(p: Players, parts: Sequence[Batch], gamma: float) -> CriticResult:
    """Move the critic (discriminator) once, by the mean gradient over the parts. gamma: weight of the penalty."""
    p.critic.requires_grad_(True)
    for parameter in p.frozen:
        parameter.requires_grad_(False)
    iterate_spectral_norm(p.critic)
    p.critic_optimizer.zero_grad(set_to_none=True)
    results: list[Tensor] = []
    logits: dict[int, list[Tensor]] = defaultdict(list)
    for batch in parts:
        p.before_part()
        with torch.no_grad(), p.autocast:
            matches = p.game.matches(p, batch)
        # Score real above fake, with a small gradient around both.
        for i, match in enumerate(matches):
            real_logits, fake_logits, penalty = _judge(p, batch, match, gamma)
            loss = p.loss.critic(real_logits, fake_logits)
            if match.besides:
                loss = loss + match.besides()
            ((loss + gamma * penalty) / len(parts)).backward()
            accuracy = (real_logits > fake_logits).float().mean()
            values = (loss, penalty, real_logits.mean(), fake_logits.mean(), accuracy)
            results.append(torch.stack([v.detach() for v in values]))
            logits[i].append(torch.stack([real_logits.detach(), fake_logits.detach()]))
    p.average_gradients(list(p.critic.parameters()))
    gradient = _gradient_length(p.critic)
    p.critic_optimizer.step()
    if p.clip:
        with torch.no_grad():
            moved: list[Tensor] = [q for q in p.critic.parameters() if q.requires_grad]
            torch._foreach_clamp_min_(moved, -p.clip)
            torch._foreach_clamp_max_(moved, p.clip)
    loss, penalty, real_logit, fake_logit, accuracy = torch.stack(results).mean(0)
    measured = []
    for both in logits.values():
        real_logits, fake_logits = torch.cat(both, 1)
        measured.append(overfitting(real_logits, fake_logits, p.mean))
    overfits = torch.stack(measured).mean()
    probability = loss.new_tensor(bool(p.augmentations)) if p.augment_probability is None else p.augment_probability
    return CriticResult(loss, penalty, real_logit, fake_logit, accuracy, gradient, overfits, probability)


def generator_step(p: Players, parts: Sequence[Batch]) -> GeneratorResult:
    """Move the generator once, by the mean gradient over the parts, against a critic (discriminator) held fixed."""
    p.critic.requires_grad_(False)
    iterate_spectral_norm(p.critic)
    p.generator_optimizer.zero_grad(set_to_none=True)
    losses, contents = [], []
    for batch in parts:
        p.before_part()
        # Have fake scored above real, by every critic.
        loss = torch.zeros((), device=batch.real.device)
        with p.autocast:
            matches, content = p.game.play(p, batch)
        for match in matches:
            with p.autocast:
                fake_logits = match.critic(_augmented(p, match.fake, batch.augment_numbers[1]), match.y).float()
                real_logits = fake_logits.detach()  # not read
                if p.loss.generator_reads_real:
                    with torch.no_grad():
                        real_logits = match.critic(_augmented(p, match.real, batch.augment_numbers[0]), match.y).float()
            loss = loss + p.loss.generator(real_logits, fake_logits)
        content = torch.zeros_like(loss) if content is None else content
        ((loss + content) / len(parts)).backward()
        losses.append((loss + content).detach())
        contents.append(content.detach())
    p.average_gradients(list(p.generator.parameters()))
    gradient = _gradient_length(p.generator)
    p.generator_optimizer.step()
    return GeneratorResult(torch.stack(losses).mean(), gradient, torch.stack(contents).mean())


def _judge(p: Players, batch: Batch, match: Match, gamma: float) -> tuple[Tensor, Tensor, Tensor]:
    # Logits of real and of fake, and the penalty. Inputs whose gradient is penalised go through the critic in one batch
    # and are differentiated in one pass; the others in another, which costs no second derivative. The gradient is
    # taken at the picture before augmentation, as in StyleGAN2-ADA and R3GAN.
    fake = match.fake
    inputs = {"real": match.real, "fake": fake}
    numbers = {"real": batch.augment_numbers[0], "fake": batch.augment_numbers[1], "mix": batch.augment_numbers[0]}
    penalty = p.penalty if gamma > 0 else None
    penalised = penalty.gradient_at if penalty else ()
    if "mix" in penalised:
        weight = batch.mix.view(-1, *[1] * (fake.ndim - 1))
        inputs["mix"] = match.real + weight * (fake - match.real)
    logits: dict[str, Tensor] = {}

    def score(names: Sequence[str], differentiable: bool = False) -> tuple[Tensor, Tensor]:
        x = torch.cat([inputs[name] for name in names]).requires_grad_(differentiable)
        y = None if match.y is None else torch.cat([match.y] * len(names))
        with p.autocast:
            scores = match.critic(_augmented(p, x, torch.cat([numbers[name] for name in names])), y).float()
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
