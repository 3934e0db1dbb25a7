"""The pair of CycleGAN's own code, made small: a ResNet with instance normalisation, and a critic of patches.

After arXiv:1703.10593, section 4 and appendix 7.2; here to be compared with. At width 64 it has as many weights as
`unet` and its critic (discriminator).
"""

from __future__ import annotations

from torch import Tensor, nn

from gan.config import Config
from gan.networks.layers import SLOPE

BLOCKS = 3  # the paper has six at 128 pixels


class Translator(nn.Module):
    """One direction: pictures (N, C, R, R) in [-1, 1] to pictures (N, C, R, R) in [-1, 1]."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        w = max(config.width * 14 // 64, 2)
        layers: list[nn.Module] = [nn.ReflectionPad2d(3), nn.Conv2d(config.channels, w, 7), *_norm(w)]
        for before, after in ((w, 2 * w), (2 * w, 4 * w)):
            layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), *_norm(after)]
        layers += [_Block(4 * w) for _ in range(BLOCKS)]
        for before, after in ((4 * w, 2 * w), (2 * w, w)):
            layers += [nn.ConvTranspose2d(before, after, 3, stride=2, padding=1, output_padding=1), *_norm(after)]
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(w, config.channels, 7), nn.Tanh()]
        self.layers = nn.Sequential(*layers)
        _init(self)

    def maps(self, x: Tensor) -> list[Tensor]:
        """Return the feature maps of the way down, at full size, a half and a quarter."""
        found = []
        for layer in self.layers:
            x = layer(x)
            if isinstance(layer, nn.ReLU):
                found.append(x)
            if len(found) == 3:
                break
        return found

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return self.layers(x).float()


class Critic(nn.Module):
    """Critic (discriminator): pictures (N, C, R, R) in [-1, 1] -> logits (N · P,), P of each; y is not used."""

    def __init__(self, config: Config, channels: int | None = None) -> None:
        super().__init__()
        w = max(config.width * 80 // 64, 8)  # the width of a critic is half of its translator's
        self.layers = nn.Sequential(
            nn.Conv2d(channels or config.channels, w, 4, stride=2, padding=1),
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(w, 2 * w, 4, stride=2, padding=1),
            nn.InstanceNorm2d(2 * w),
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(2 * w, 4 * w, 4, padding=1),
            nn.InstanceNorm2d(4 * w),
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(4 * w, 1, 4, padding=1),
        )
        _init(self)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return self.layers(x).flatten()


class _Block(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3), *_norm(channels),
            nn.ReflectionPad2d(1), nn.Conv2d(channels, channels, 3), nn.InstanceNorm2d(channels),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


def _norm(channels: int) -> list[nn.Module]:
    return [nn.InstanceNorm2d(channels), nn.ReLU()]


def _init(module: nn.Module) -> None:
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d) and not layer.weight.is_meta:  # see `init_normal_`
            nn.init.normal_(layer.weight, std=0.02)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
