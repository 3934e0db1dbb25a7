"""Learn classes from few labels and many pictures without: a critic (discriminator) that tells them (arXiv:1606.03498).

The critic has a logit for each class; how real a picture looks is the log of the sum of their exponentials. Pictures
without a label must look real, generated ones must not, and those with a label must look like their class. The
generator matches the mean of the critic's features, which gives poor pictures near the real ones: those teach the
critic most about where one class ends.

Of pictures without a label the critic teaches itself too: where it is sure of a class, it must see the same one in the
picture turned, shifted and zoomed (FixMatch, arXiv:2001.07685). Without that it learns more from the labels alone.

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

SURE = 0.95  # share of a class from which the critic takes its own word for it


class SemiSupervised:
    """The game of a GAN whose critic learns classes."""

    def matches(self, p: Players, batch: Batch) -> Sequence[Match]:
        """Return one match, beside which the critic learns the classes of labelled pictures, and where it is sure."""

        def besides() -> Tensor:
            assert batch.labelled is not None
            pictures, wanted = batch.labelled
            if batch.distorted is None:
                with p.autocast:
                    logits = class_logits(p.critic, pictures)
                return F.cross_entropy(logits.float(), wanted)
            share, seen = _verdicts(p, batch.real)
            with p.autocast:
                logits = class_logits(p.critic, torch.cat([pictures, batch.distorted])).float()
            told, others = logits.split([len(pictures), len(batch.distorted)])
            own = F.cross_entropy(others, seen, reduction="none")
            return F.cross_entropy(told, wanted) + torch.where(share > SURE, own, 0).mean()

        return [Match(p.critic, batch.real, p.generator(batch.z).float(), besides=besides)]

    def play(self, p: Players, batch: Batch) -> tuple[Sequence[Match], Tensor | None]:
        """Return no match: all that the generator minimises is the distance of the critic's mean features."""
        critic = cast(ReadsClasses, p.critic)
        made = critic.features(p.generator(batch.z).float()).float().mean(0)
        with torch.no_grad():
            real = critic.features(batch.real).float().mean(0)
        return (), (made - real).square().mean()


@torch.no_grad()
def _verdicts(p: Players, pictures: Tensor) -> tuple[Tensor, Tensor]:
    """Return how likely the critic takes its likeliest class, (N,), and that class, without dropout."""
    training = p.critic.training
    p.critic.eval()
    with p.autocast:
        logits = class_logits(p.critic, pictures)
    p.critic.train(training)
    share, seen = logits.float().softmax(1).max(1)
    return share, seen
