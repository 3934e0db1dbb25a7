"""The pair of `resnet` for pictures whose details are small: a face of 64 pixels has eyes of four.

The latent enters every stage of the generator, as a scale and a shift of the channels of its maps, and not the first
one alone, so that what it says of an eye need not pass through a map of four pixels (self-modulation, arXiv:1810.01365;
FiLM, arXiv:1709.07871). Both networks have a residual block at the picture's full size.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from gan.config import Config
from gan.networks import resnet
from gan.networks.layers import ResidualBlock, concat_classes, init_normal_
from gan.networks.resnet import Modulation


class Generator(resnet.Generator):
    """Generator: z (N, z_dim), y (N, K) or None -> pictures (N, C, R, R), about [-1, 1].

    A new one is what `resnet`'s generator of the same weights is: scales, shifts and the new block begin at nothing.
    """

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        full = self.maps[-1][1] // 2
        widths = [width for _, width in self.maps[1:]] + [full]
        known = config.z_dim + len(config.classes)
        self.modulate = nn.ModuleList(init_normal_(nn.Linear(known, 2 * width), 0.0) for width in widths)
        self.full_size = ResidualBlock(full)

    def modulations(self, z: Tensor, y: Tensor | None = None) -> Sequence[Modulation | None]:
        """Return the scale and shift, (N, F, 1, 1) each, of every stage but the first, and of the map of full size."""
        known = concat_classes(z, y)
        pairs = (layer(known)[:, :, None, None].chunk(2, 1) for layer in self.modulate)
        return [None, *(Modulation(scale, shift) for scale, shift in pairs)]

    def _full_size(self, maps: Tensor, modulation: Modulation | None) -> Tensor:
        larger = self.enlarge(maps)
        return self.full_size(larger if modulation is None else modulation.apply(larger))


class Critic(resnet.Critic):
    """Critic (discriminator): as `resnet`'s, with a residual block at the picture's full size."""

    def __init__(self, config: Config, channels: int | None = None) -> None:
        super().__init__(config, channels)
        self.full_size = ResidualBlock(self.from_picture.out_channels)

    def _full_size(self, maps: Tensor) -> Tensor:
        return self.full_size(maps)
