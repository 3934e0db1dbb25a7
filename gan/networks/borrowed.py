"""A U-Net that paints with colours it finds in the picture: for what is to go, or to come, in colours that are there.

What lies behind a beard has the colour of the skin beside it, and a new beard that of the hair. To add that as a
change, a convolution would have to carry a colour across the picture and subtract another from it, place by place. So
the network says where to look for each of a few colours, and how much of each goes where; some others are its own, for
what a picture need not hold.
"""

from __future__ import annotations

from torch import Tensor, nn

from gan.config import Config
from gan.networks import unet
from gan.networks.layers import init_normal_, soft_clamp
from gan.networks.palette import OWN, mixed, own_colours

FOUND = 8  # colours that are found in the picture


class Translator(unet.Translator):
    """One direction, as `unet.Translator`, whose change is towards colours of the picture and a few of its own."""

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        width = self.to_change.in_channels
        del self.to_change
        self.to_places = init_normal_(nn.Conv2d(width, FOUND, 3, padding=1), 1.0)
        self.to_mix = init_normal_(nn.Conv2d(width, FOUND + OWN, 3, padding=1), 0.0)
        self.colours = own_colours(config)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """Translate x (N, C, R, R). y: conditions (N, K) in [0, 1], where the config has names for them."""
        h = self.decode(x, y)
        places = self.to_places(h).float().flatten(2).softmax(2)
        found = x.float().flatten(2) @ places.transpose(1, 2)  # (N, C, FOUND)
        return soft_clamp(mixed(x, found, self.colours, self.to_mix(h)))
