"""ResNet, the modern pair: residual blocks, no normalisation, class-conditional when the data has labels.

After R3GAN (arXiv:2501.05441), reduced to what a CPU computes quickly: plain 3x3 convolutions instead of grouped ones,
and at full resolution one thin convolution instead of residual blocks. In a step with R1 and R2 the critic runs several
times as often as the generator, so it is the narrower of the two.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.config import Config
from gan.networks.layers import (
    GAIN,
    SLOPE,
    Downsample,
    ResidualBlock,
    Upsample,
    class_projection,
    concat_classes,
    full_precision,
    init_normal_,
    soft_clamp,
)

# By picture size: sizes of the feature maps that have residual blocks, coarse to fine; the last is half the picture.
MAPS = {
    28: (7, 14),
    32: (4, 8, 16),
    64: (4, 8, 16, 32),
    128: (4, 8, 16, 32, 64),
    256: (4, 8, 16, 32, 64, 128),
}
# Channels by the size of the feature map, as multiples of the config's width.
GENERATOR_CHANNELS = {4: 2.0, 7: 2.0, 8: 2.0, 14: 1.0, 16: 1.0, 32: 0.5, 64: 0.25, 128: 0.25}
CRITIC_CHANNELS = {4: 2.0, 7: 1.0, 8: 1.0, 14: 0.5, 16: 0.5, 32: 0.25, 64: 0.25, 128: 0.125}

EDITED_SIDE = 7  # pixels a side, at least, of the map on which offsets say what a latent cannot
# Where two pictures are crossed: on the last feature maps of at most so many pixels a side. On coarser ones each part
# follows the other's colours, on finer ones the seam shows.
CROSSED_SIDE = 8
CROSSED_SHARPNESS = 2.0  # of the seam, per pixel of the map
CROSSED_MARGIN = 2.0  # pixels of the map by which the border goes beyond either edge


class Generator(nn.Module):
    """Generator: z (N, z_dim), y (N, K) or None -> pictures (N, C, R, R), about [-1, 1]."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        maps = MAPS[config.resolution]
        widths = [int(config.width * GENERATOR_CHANNELS[side]) for side in maps]
        self.maps = list(zip(maps, widths, strict=True))  # side and channels of each, coarse to fine
        self.coarse = (widths[0], maps[0], maps[0])
        reached = next(i for i, side in enumerate(maps) if side >= EDITED_SIDE)
        self.early = reached + 1 if reached else 0  # stages before the map that `unfold` returns
        self.dense = init_normal_(nn.Linear(config.z_dim + len(config.classes), widths[0] * maps[0] ** 2), 1.0)
        stages = [nn.Sequential(ResidualBlock(widths[0]), ResidualBlock(widths[0]))]
        for before, after in zip(widths, widths[1:], strict=False):
            stages.append(nn.Sequential(Upsample(before, after), ResidualBlock(after)))
        self.stages = nn.Sequential(*stages)
        self.enlarge = Upsample(widths[-1], widths[-1] // 2)
        self.to_picture = init_normal_(nn.Conv2d(widths[-1] // 2, config.channels, 3, padding=1), 0.5)

    def features(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """Return the coarsest stage's output, flattened to (N, F).

        Not the dense layer before it, which is linear in z and nearly isotropic: its first principal component explains
        1.2 % of the variance on digits, that of this map 5.6 %.
        """
        return self.stages[0](self._first(z, y)).flatten(1)

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        return soft_clamp(self.to_picture(F.leaky_relu(self.enlarge(self.stages(self._first(z, y))), SLOPE)))

    def unfold(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """Return the first feature map (N, F, S, S) of at least `EDITED_SIDE` pixels a side; `draw` goes on with it."""
        return self.stages[: self.early](self._first(z, y))

    def draw(self, maps: Tensor) -> Tensor:
        """Return the pictures (N, C, R, R) of feature maps that `unfold` returns."""
        return soft_clamp(self.to_picture(F.leaky_relu(self.enlarge(self.stages[self.early :](maps)), SLOPE)))

    def pyramid(self, maps: Tensor) -> list[Tensor]:
        """Return feature maps that `unfold` returns and all that follow, coarse to fine, up to the picture's size."""
        found = [maps]
        for stage in self.stages[self.early :]:
            maps = stage(maps)
            found.append(maps)
        return [*found, F.leaky_relu(self.enlarge(maps), SLOPE)]

    def cross(self, z: Tensor, y: Tensor | None, other_z: Tensor, other_y: Tensor | None, border: Tensor) -> Tensor:
        """Return pictures whose upper part is made of (z, y) and whose lower part of the others.

        border (N,) in [0, 1]: how far down the upper part goes; 1 is nearly all of the picture.
        """
        crossed = sum(side <= CROSSED_SIDE for side, _ in self.maps)
        upper, lower = (self.stages[:crossed](self._first(*one)) for one in ((z, y), (other_z, other_y)))
        side = upper.shape[2]
        row = torch.arange(side, device=z.device) + 0.5
        reached = border.to(z)[:, None] * (side + 2 * CROSSED_MARGIN) - CROSSED_MARGIN
        share = torch.sigmoid(CROSSED_SHARPNESS * (reached - row))[:, None, :, None]
        maps = self.stages[crossed:](lower + share * (upper - lower))
        return soft_clamp(self.to_picture(F.leaky_relu(self.enlarge(maps), SLOPE)))

    def _first(self, z: Tensor, y: Tensor | None) -> Tensor:
        """Return the dense layer's output as a feature map."""
        # The convolutions' memory layout: adding tensors of two layouts is slow.
        maps = self.dense(concat_classes(z, y)).unflatten(1, self.coarse)
        return maps.contiguous(memory_format=torch.channels_last)


class Critic(nn.Module):
    """Critic (discriminator): pictures (N, C, R, R) in [-1, 1], y (N, K) or None -> logits (N,); higher is more real.

    Classes enter as a projection (arXiv:1802.05637). channels: C, where it is not the config's.
    """

    def __init__(self, config: Config, channels: int | None = None) -> None:
        super().__init__()
        maps = MAPS[config.resolution][::-1]
        widths = [int(config.width * CRITIC_CHANNELS[side]) for side in maps]
        hidden = 2 * config.width
        self.from_picture = init_normal_(nn.Conv2d(channels or config.channels, widths[0] // 2, 3, padding=1), 1.0)
        self.reduce = Downsample(widths[0] // 2, widths[0])
        stages = []
        for before, after in zip(widths, widths[1:], strict=False):
            stages.append(nn.Sequential(ResidualBlock(before), Downsample(before, after)))
        stages.append(nn.Sequential(ResidualBlock(widths[-1]), ResidualBlock(widths[-1])))
        self.stages = nn.Sequential(*stages)
        self.dense = init_normal_(nn.Linear(widths[-1] * maps[-1] ** 2, hidden), GAIN)
        self.logit = init_normal_(nn.Linear(hidden, 1), 1.0)
        self.embed = init_normal_(nn.Linear(len(config.classes), hidden, bias=False), 1.0) if config.classes else None

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        h = F.leaky_relu(self.dense(F.leaky_relu(self.maps(x), SLOPE).flatten(1)), SLOPE)
        out = self.logit(h).squeeze(1)
        return out if self.embed is None else out + class_projection(self.embed, h, y)

    def maps(self, x: Tensor) -> Tensor:
        """Return the last feature maps (N, F, S, S) of pictures, which no class has entered yet."""
        return self.stages(self._first(x))

    def pyramid(self, x: Tensor) -> list[Tensor]:
        """Return all feature maps of pictures, from half their size down to those that `maps` returns."""
        found = [self._first(x)]
        for stage in self.stages:
            found.append(stage(found[-1]))
        return found

    def _first(self, x: Tensor) -> Tensor:
        # A gradient penalty differentiates the gradient on the picture: in bf16, its gradient on the weights nearest to
        # the picture is mostly rounding.
        with full_precision(x.device):
            return self.reduce(F.leaky_relu(self.from_picture(x.float()), SLOPE))
