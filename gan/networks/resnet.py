"""ResNet, the modern pair: residual blocks, no normalisation, class-conditional when the data has labels.

After R3GAN (arXiv:2501.05441), reduced to what a CPU computes quickly: plain 3x3 convolutions instead of grouped ones,
and at full resolution one thin convolution instead of residual blocks. In a step with R1 and R2 the critic runs several
times as often as the generator, so it is the narrower of the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

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


class Modulation(NamedTuple):
    """Scale and shift feature maps (N, F, S, S): maps * (1 + scale) + shift, each (N, F, 1 or S, 1)."""

    scale: Tensor
    shift: Tensor

    def apply(self, maps: Tensor) -> Tensor:
        """Return the maps, scaled and shifted."""
        return maps * (1 + self.scale) + self.shift


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
        return self.draw(self.unfold(z, y), z, y)

    def unfold(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """Return the first feature map (N, F, S, S) of at least `EDITED_SIDE` pixels a side; `draw` goes on with it."""
        return self._run(self._first(z, y), range(self.early), self.modulations(z, y))

    def draw(self, maps: Tensor, z: Tensor, y: Tensor | None = None) -> Tensor:
        """Return the pictures (N, C, R, R) of feature maps that `unfold` returns for z and y."""
        return self._picture(self.pyramid(maps, z, y)[-1])

    def pyramid(self, maps: Tensor, z: Tensor, y: Tensor | None = None) -> list[Tensor]:
        """Return feature maps that `unfold` returns and all that follow, coarse to fine, up to the picture's size."""
        return self._pyramid(maps, self.early, self.modulations(z, y))

    def modulations(self, z: Tensor, y: Tensor | None = None) -> Sequence[Modulation | None]:
        """Return what the latent does to the maps of each stage, and to that of full size, besides being the first."""
        return [None] * (len(self.stages) + 1)

    def cross(self, z: Tensor, y: Tensor | None, other_z: Tensor, other_y: Tensor | None, border: Tensor) -> Tensor:
        """Return pictures whose upper part is made of (z, y) and whose lower part of the others.

        border (N,) in [0, 1]: how far down the upper part goes; 1 is nearly all of the picture.
        """
        crossed = sum(side <= CROSSED_SIDE for side, _ in self.maps)
        both = [self.modulations(*one) for one in ((z, y), (other_z, other_y))]
        upper, lower = (
            self._run(self._first(*one), range(crossed), own)
            for one, own in zip(((z, y), (other_z, other_y)), both, strict=True)
        )
        side = upper.shape[2]
        reached = border.to(z)[:, None] * (side + 2 * CROSSED_MARGIN) - CROSSED_MARGIN

        def join(above: Tensor, below: Tensor, rows: int) -> Tensor:
            row = (torch.arange(rows, device=z.device) + 0.5) * side / rows
            share = torch.sigmoid(CROSSED_SHARPNESS * (reached - row))[:, None, :, None]
            return below + share * (above - below)

        sides = [own for own, _ in self.maps] + [2 * self.maps[-1][0]]
        joined = [
            above and below and Modulation(*(join(*one, rows) for one in zip(above, below, strict=True)))
            for above, below, rows in zip(*both, sides, strict=True)
        ]
        return self._picture(self._pyramid(join(upper, lower, side), crossed, joined)[-1])

    def _run(self, maps: Tensor, stages: range, modulations: Sequence[Modulation | None]) -> Tensor:
        """Return what some stages make of maps."""
        for i in stages:
            maps = self._stage(self.stages[i], maps, modulations[i])
        return maps

    def _stage(self, stage: nn.Module, maps: Tensor, modulation: Modulation | None) -> Tensor:
        """Return the maps that one stage makes of those before."""
        assert isinstance(stage, nn.Sequential)
        return stage(maps) if modulation is None else stage[1:](modulation.apply(stage[0](maps)))

    def _pyramid(self, maps: Tensor, done: int, modulations: Sequence[Modulation | None]) -> list[Tensor]:
        """Return maps that `done` stages have made, and all that follow."""
        found = [maps]
        for stage, modulation in zip(self.stages[done:], modulations[done:], strict=False):
            found.append(self._stage(stage, found[-1], modulation))
        return [*found, F.leaky_relu(self._full_size(found[-1], modulations[-1]), SLOPE)]

    def _full_size(self, maps: Tensor, modulation: Modulation | None) -> Tensor:
        """Return the map of the picture's size."""
        return self.enlarge(maps)

    def _picture(self, maps: Tensor) -> Tensor:
        return soft_clamp(self.to_picture(maps))

    def _first(self, z: Tensor, y: Tensor | None) -> Tensor:
        """Return the dense layer's output as a feature map."""
        # The convolutions' memory layout: adding tensors of two layouts is slow.
        maps = self.dense(concat_classes(z, y)).unflatten(1, self.coarse)
        return maps.contiguous(memory_format=torch.channels_last)


class Critic(nn.Module):
    """Critic (discriminator): pictures (N, C, R, R) in [-1, 1], y (N, K) or None -> logits (N,); higher is more real.

    Classes enter as a projection (arXiv:1802.05637), and so do `Config.conditions`, which may stand before them in y.
    channels: C, where it is not the config's.
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
        known = config.conditions + len(config.classes)
        self.embed = init_normal_(nn.Linear(known, hidden, bias=False), 1.0) if known else None
        self.reading = init_normal_(nn.Linear(hidden, known), 0.0) if config.attribute_weight else None

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        h = self._features(x)
        out = self.logit(h).squeeze(1)
        return out if self.embed is None else out + class_projection(self.embed, h, y)

    def read(self, x: Tensor) -> Tensor:
        """Return what it reads of pictures (N, C, R, R), (N, T); with `Config.attribute_weight`."""
        assert self.reading is not None
        return self.reading(self._features(x))

    def _features(self, x: Tensor) -> Tensor:
        return F.leaky_relu(self.dense(F.leaky_relu(self.maps(x), SLOPE).flatten(1)), SLOPE)

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
            full = self.from_picture(x.float())
        full = self._full_size(full)
        with full_precision(x.device):
            return self.reduce(F.leaky_relu(full.float(), SLOPE))

    def _full_size(self, maps: Tensor) -> Tensor:
        """Return what is made of the first maps while they have the picture's size."""
        return maps
