"""A U-Net that is told colours and paints with them: for outlines, which say where a colour goes and not which.

A convolution would have to multiply, region by region, what it sees by what it is told, which a sum of the two is poor
at. So the network says how much of each colour goes where, and the colours themselves come from the palette.
"""

from __future__ import annotations

from torch import Tensor, nn

from gan.config import Config
from gan.networks import unet
from gan.networks.layers import init_normal_, soft_clamp

CHANNELS = ("red", "green", "blue")


def colours_of(config: Config) -> list[int]:
    """Return where in a config's conditions a colour begins: three in a row, "hair red", "hair green", "hair blue".

    None for grey pictures.
    """
    names = config.classes
    if config.channels != len(CHANNELS):
        return []
    things = [(at, name.removesuffix(" red")) for at, name in enumerate(names) if name.endswith(" red")]
    return [at for at, thing in things if names[at : at + 3] == tuple(f"{thing} {channel}" for channel in CHANNELS)]


class Translator(unet.Translator):
    """One direction, as `unet.Translator`, whose change is towards the colours that it is told, where there are any."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self.colours = colours_of(config)
        width = self.to_change.in_channels
        self.to_mix = init_normal_(nn.Conv2d(width, len(self.colours), 3, padding=1), 0.0) if self.colours else None

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """Translate x (N, C, R, R). y: conditions (N, K) in [0, 1], where the config has names for them."""
        h = self.decode(x, y)
        out = x + self.to_change(h).float()
        if self.to_mix is not None:
            assert y is not None, "a network that is told colours needs them"
            told = 2 * y.float() - 1
            for mix, at in zip(self.to_mix(h).float().split(1, 1), self.colours, strict=True):
                out = out + mix * (told[:, at : at + 3, None, None] - x)
        return soft_clamp(out)
