"""Learn classes from few labels and many pictures without: a critic (discriminator) that tells them (arXiv:1606.03498).

The critic has a logit for each class; how real a picture looks is the log of the sum of their exponentials. Pictures
without a label must look real, generated ones must not, and those with a label must look like their class. The
generator matches the mean of the critic's features, which gives poor pictures near the real ones: those teach the
critic most about where one class ends.

Which pictures are labelled follows from the run's seed alone. No label of another one is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor
from torch.nn import functional as F

from gan.editing.recognise import ReadsClasses, class_logits
from gan.training.step import Batch, Match, Players


class SemiSupervised:
    """The game of a GAN whose critic learns classes."""

    def matches(self, p: Players, batch: Batch) -> Sequence[Match]:
        """Return one match, beside which the critic learns the classes of the labelled pictures."""

        def besides() -> Tensor:
            assert batch.labelled is not None
            pictures, wanted = batch.labelled
            with p.autocast:
                logits = class_logits(p.critic, pictures)
            return F.cross_entropy(logits.float(), wanted)

        return [Match(p.critic, batch.real, p.generator(batch.z).float(), besides=besides)]

    def play(self, p: Players, batch: Batch) -> tuple[Sequence[Match], Tensor | None]:
        """Return no match: all that the generator minimises is the distance of the critic's mean features."""
        critic = cast(ReadsClasses, p.critic)
        made = critic.features(p.generator(batch.z).float()).float().mean(0)
        with torch.no_grad():
            real = critic.features(batch.real).float().mean(0)
        return (), (made - real).square().mean()
