"""A U-Net that is told colours and paints with them: for outlines, which say where a colour goes and not which.

A convolution would have to multiply, region by region, what it sees by what it is told, which a sum of the two is poor
at. So the network says how much of each colour goes where, and the colours themselves come from the palette. A few more
are its own, for what has the same colour in all pictures, such as lips and teeth.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gan.config import Config
from gan.networks import unet
from gan.networks.layers import init_normal_, soft_clamp

CHANNELS = ("red", "green", "blue")
OWN = 4  # colours that are learnt


def colours_of(config: Config) -> list[int]:
    """Return where in a config's conditions a colour begins: three in a row, "hair red", "hair green", "hair blue".

    None for grey pictures.
    """
    names = config.classes
    if config.channels != len(CHANNELS):
        return []
    things = [(at, name.removesuffix(" red")) for at, name in enumerate(names) if name.endswith(" red")]
    return [at for at, thing in things if names[at : at + 3] == tuple(f"{thing} {channel}" for channel in CHANNELS)]


def own_colours(config: Config) -> nn.Parameter:
    """Return colours to learn, (OWN, C), anywhere among those there are."""
    return nn.Parameter(torch.randn(OWN, config.channels) / 2)


def mixed(x: Tensor, colours: Tensor, own: Tensor, mix: Tensor) -> Tensor:
    """Return pictures x (N, C, R, R) as far towards each colour as mix (N, K, R, R) says, place by place, in float32.

    The K colours are (N, C, K - OWN) of the pictures, then own, (OWN, C). None of a colour leaves a place as it is.
    """
    pixels, mix = x.float().flatten(2), mix.float().flatten(2)
    every = torch.cat([colours.float(), own.float().t().expand(len(x), -1, -1)], 2)
    return (pixels * (1 - mix.sum(1, keepdim=True)) + every @ mix).view_as(x)


class Translator(unet.Translator):
    """One direction, as `unet.Translator`, whose change is also towards colours that it is told, and a few of its own.

    Without colours among the conditions it is `unet.Translator`.
    """

    def __init__(self, config: Config) -> None:
        told = colours_of(config)
        super().__init__(config, fine=bool(told))
        self.told = told
        if self.told:
            width = self.to_change.in_channels
            self.to_mix = init_normal_(nn.Conv2d(width, len(self.told) + OWN, 3, padding=1), 0.0)
            self.colours = own_colours(config)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """Translate x (N, C, R, R). y: conditions (N, K) in [0, 1], where the config has names for them."""
        h = self.decode(x, y)
        change = self.to_change(h).float()
        if not self.told:
            return soft_clamp(x + change)
        assert y is not None, "a network that is told colours needs them"
        told = torch.stack([2 * y.float()[:, at : at + len(CHANNELS)] - 1 for at in self.told], 2)
        return soft_clamp(mixed(x, told, self.colours, self.to_mix(h)) + change)
