"""Adaptive augmentation: how far the critic (discriminator) overfits, and how often pictures are augmented for it.

After StyleGAN2-ADA (arXiv:2006.06676, section 3): the probability rises while the measure is above its target and falls
while it is below. The paper's measure is the mean sign of the critic's output for training pictures. That takes zero
for the border between real and generated, which a relativistic or a Wasserstein critic does not have: a constant added
to all of its outputs changes no loss. So the border here is midway between the mean outputs for real and for generated
pictures, which is zero where the loss centres them.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

WINDOW = 256  # images over which the measure is smoothed: the paper reads it off four batches of 64


def overfitting(real: Tensor, fake: Tensor, mean: Callable[[Tensor], Tensor] = lambda value: value) -> Tensor:
    """Return the mean sign, in [-1, 1], of real logits (N,) around the border between real and fake ones (N,).

    mean: of a number over all processes that share the batch.
    """
    border = mean((real.mean() + fake.mean()) / 2)
    return mean((real - border).sign().mean())


class AdaptiveProbability:
    """The state of the adaptation, 0-d tensors that are changed in place, so that no step waits for the device.

    probability  of each augmentation for each picture
    measure      `overfitting`, smoothed
    """

    def __init__(self, device: torch.device) -> None:
        self.probability, self.measure = (torch.zeros((), device=device) for _ in range(2))

    def update(self, measured: Tensor, images: int, target: float, images_to_one: int) -> None:
        """Take in a batch of `images`. target: 0 leaves the probability. images_to_one: for it to go from 0 to 1."""
        self.measure.lerp_(measured.nan_to_num(), min(images / WINDOW, 1.0))
        if target:
            self.probability.add_((self.measure - target).sign() * (images / images_to_one)).clamp_(0, 1)
