"""A U-Net that borrows colours and is told what was seen by who learnt to look: for what a picture all but hides.

A mouth under a beard is a few pixels. What learns from translations alone learns too little of it in a translator's
time, while a network that is asked for nothing else is taught hundreds of pictures a second (`gan.training.insight`).
So a second way down looks at the picture and answers one question, and the answer is added to the smallest map.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.config import Config
from gan.networks import borrowed, unet
from gan.networks.layers import GAIN, SLOPE, ResidualBlock, init_normal_

ANSWERS = 8  # to the question, at most
HIDDEN = 64  # features that they are told by
LOUD = 16  # times as much as a weight an answer adds, so that few who were wrong soon teach what it means


class Insight(nn.Module):
    """A way down with a residual block at each size, and which of some answers it is led to."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        widths = unet.widths_of(config)
        smallest = config.resolution >> len(widths) - 1  # pixels a side
        planes = config.channels + len(config.classes)
        self.from_picture = init_normal_(nn.Conv2d(planes, widths[0], 3, padding=1), 1.0)
        self.down = nn.ModuleList(
            init_normal_(nn.Conv2d(before, after, 4, stride=2, padding=1), GAIN)
            for before, after in zip(widths, widths[1:], strict=False)
        )
        self.blocks = nn.ModuleList(ResidualBlock(after) for after in widths[1:])
        self.dense = init_normal_(nn.Linear(widths[-1] * smallest**2, HIDDEN), GAIN)
        self.answer = init_normal_(nn.Linear(HIDDEN, ANSWERS), 1.0)

    def forward(self, told: Tensor) -> Tensor:
        """Return logits of the answers, float32 (N, ANSWERS), for pictures (N, C, R, R) with conditions as planes."""
        h = self.from_picture(told)
        for layer, block in zip(self.down, self.blocks, strict=True):
            h = block(layer(F.leaky_relu(h, SLOPE)))
        h = self.dense(F.leaky_relu(h, SLOPE).flatten(1))
        return self.answer(F.leaky_relu(h, SLOPE)).float()


class Translator(borrowed.Translator):
    """One direction, as `borrowed.Translator`, with an `Insight`, whose answer begins by adding nothing.

    A translation moves all weights but those of the insight: while its answer counts for little, Adam would make full
    steps of the noise in its gradient, and what was taught would be gone after some hundred of them.
    """

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.insight = Insight(config)
        self.from_insight = init_normal_(nn.Linear(ANSWERS, unet.widths_of(config)[-1], bias=False), 0.0)

    def maps(self, x: Tensor, y: Tensor | None = None) -> list[Tensor]:
        """Return the feature maps as `unet.Translator.maps`, the smallest with the answer added, likely ones more."""
        *others, smallest = super().maps(x, y)
        with torch.no_grad():
            answer = self.insight(unet.with_conditions(x, y)).softmax(1)
        return [*others, smallest + self.from_insight(LOUD * answer)[:, :, None, None]]
