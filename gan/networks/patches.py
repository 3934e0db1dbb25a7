"""A critic (discriminator) of patches, for translators: it judges the parts of a picture, each by itself.

What it cannot see as a whole it cannot learn by heart, so it stays a fair judge of a few hundred pictures. After the
PatchGAN of arXiv:1611.07004, section 3.2.2, with residual blocks and without normalisation; like there, a picture's
logit is the mean of its patches'.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from gan.config import Config
from gan.networks.layers import (
    SLOPE,
    Downsample,
    ResidualBlock,
    class_projection,
    full_precision,
    init_normal_,
)

SIDE = 8  # patches are on a map of at most so many places a side


class Critic(nn.Module):
    """Critic (discriminator): pictures (N, C, R, R) in [-1, 1], y (N, K) or None -> logits (N,); higher is more real.

    Classes enter as a projection (arXiv:1802.05637). channels: C, where it is not the config's.
    """

    def __init__(self, config: Config, channels: int | None = None) -> None:
        super().__init__()
        side, most = config.resolution // 2, 2 * config.width
        width = config.width // (4 if config.resolution == 64 else 2)
        self.from_picture = init_normal_(nn.Conv2d(channels or config.channels, width, 3, padding=1), 1.0)
        self.reduce = Downsample(width, width)
        stages: list[nn.Module] = []
        while side > SIDE:
            wider = min(2 * width, most)
            stages.append(nn.Sequential(ResidualBlock(width), Downsample(width, wider)))
            side, width = side // 2, wider
        self.stages = nn.Sequential(*stages, ResidualBlock(width))
        self.logit = init_normal_(nn.Conv2d(width, 1, 1), 1.0)
        self.embed = init_normal_(nn.Linear(len(config.classes), width, bias=False), 1.0) if config.classes else None

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        with full_precision(x.device):  # as in `gan.networks.resnet.Critic`
            h = self.reduce(F.leaky_relu(self.from_picture(x.float()), SLOPE))
        h = F.leaky_relu(self.stages(h), SLOPE)
        out = self.logit(h).mean((1, 2, 3))
        return out if self.embed is None else out + class_projection(self.embed, h.mean((2, 3)), y)
