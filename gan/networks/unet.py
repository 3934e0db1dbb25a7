"""U-Net, the translator: a picture in, the same picture with a change added to it out.

It starts as the identity, so colours cannot come out inverted, the commonest trouble of CycleGAN. It has no
normalisation, so nothing differs between training and use, and a picture does not depend on its batch.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.config import Config
from gan.networks.layers import GAIN, SLOPE, ResidualBlock, Upsample, init_normal_, soft_clamp


def widths_of(config: Config) -> list[int]:
    """Return the channels of the feature maps, from full size down to 7 or 8 pixels, each of half the size before."""
    w = config.width
    return [w // 4, w // 2, w, w] if config.resolution == 64 else [w // 4, w // 2, w]


def with_conditions(x: Tensor, y: Tensor | None) -> Tensor:
    """Return pictures (N, C, R, R) with conditions (N, K) in [0, 1], if any, as planes in [-1, 1] beside."""
    return x if y is None else torch.cat([x, (2 * y.to(x) - 1)[:, :, None, None].expand(-1, -1, *x.shape[2:])], 1)


class Translator(nn.Module):
    """One direction: pictures (N, C, R, R) in [-1, 1] to pictures (N, C, R, R), about [-1, 1]. 210,000 weights at 32.

    4x4 convolutions halve the size, two residual blocks work at the smallest, and on the way up, bilinear, the maps of
    the way down are added. fine: whether there is a block at full size, too, a quarter as much work again.
    """

    def __init__(self, config: Config, fine: bool = False) -> None:
        super().__init__()
        widths = widths_of(config)
        pairs = list(zip(widths, widths[1:], strict=False))
        planes = config.channels + len(config.classes)
        self.from_picture = init_normal_(nn.Conv2d(planes, widths[0], 3, padding=1), 1.0)
        self.down = nn.ModuleList(
            init_normal_(nn.Conv2d(before, after, 4, stride=2, padding=1), GAIN) for before, after in pairs
        )
        self.middle = nn.Sequential(ResidualBlock(widths[-1]), ResidualBlock(widths[-1]))
        self.up = nn.ModuleList(Upsample(after, before) for before, after in reversed(pairs))
        self.blocks = nn.ModuleList(ResidualBlock(before) for before, _ in reversed(pairs[not fine :]))
        self.to_change = init_normal_(nn.Conv2d(widths[0], config.channels, 3, padding=1), 0.0)

    def maps(self, x: Tensor, y: Tensor | None = None) -> list[Tensor]:
        """Return the feature maps of the way down, from (N, W, R, R) to the smallest. y: as in `forward`."""
        maps = [self.from_picture(with_conditions(x, y))]
        for layer in self.down:
            maps.append(layer(F.leaky_relu(maps[-1], SLOPE)))
        return maps

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """Translate x (N, C, R, R). y: conditions (N, K) in [0, 1], where the config has names for them."""
        return soft_clamp(x + self.to_change(self.decode(x, y)).float())

    def decode(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """Return the last feature map, (N, W, R, R), that the change is made of. x, y: as for `forward`."""
        *skips, h = self.maps(x, y)
        h = self.middle(h)
        for i, layer in enumerate(self.up):
            h = layer(h) + skips.pop()
            if i < len(self.blocks):
                h = self.blocks[i](h)
        return F.leaky_relu(h, SLOPE)
