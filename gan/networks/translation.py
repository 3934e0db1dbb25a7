"""The two networks of a translator: all that translates is one module, and all that judges another.

So optimisers, averages, checkpoints and model folders need not know that there are several of each. Set A is translated
to B; `Config.network_parts` says what there is besides:

    back    a translator from B to A, and a critic (discriminator) of A
    pairs   the critic of B sees the picture of A beside its translation, as channels
    heads   projections of feature maps, which contrast of places is taken between

With `Config.attribute_weight` there is a reader beside the critics (discriminators), see `gan.networks.reader`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.config import MIN_WIDTH, Config
from gan.networks.layers import SLOPE
from gan.networks.reader import Reader

PARTS = ("back", "pairs", "heads")
EMBEDDING = 64  # dimensions of a place's projection
PLACES = 256  # of a map that places are contrasted on, at most


def sides(config: Config) -> tuple[str, ...]:
    """Return the sets that a model translates to: b, or b and a."""
    return ("b", "a") if "back" in config.network_parts else ("b",)


class Translators(nn.Module):
    """A translator towards each side. build: makes one, with `maps` and `forward`, of a config; back: one towards a.

    back is build where it is None.
    """

    def __init__(
        self, config: Config, build: Callable[[Config], nn.Module], back: Callable[[Config], nn.Module] | None = None
    ) -> None:
        super().__init__()
        towards = {"b": build, "a": back or build}
        self.towards = nn.ModuleDict({side: towards[side](_of_side(config, side)) for side in sides(config)})
        self.heads = self._build_heads(config) if "heads" in config.network_parts else None

    def forward(self, x: Tensor, to: str = "b", y: Tensor | None = None) -> Tensor:
        """Translate pictures (N, C, R, R) to the side `to`. y: conditions (N, K) of a translation to b, if any."""
        return self.towards[to](x, y)

    def embed(self, x: Tensor, y: Tensor | None = None) -> list[Tensor]:
        """Return, for each small map of pictures x (N, C, R, R), unit vectors (N, places, D), one a place.

        y: as for `forward`.
        """
        assert self.heads is not None, "this objective needs heads"
        out = []
        for maps, head in zip(_small(_maps(self.towards["b"], x, y)), self.heads, strict=True):
            places = head(maps.flatten(2).transpose(1, 2)).float()
            out.append(F.normalize(places, dim=2))
        return out

    def _build_heads(self, config: Config) -> nn.ModuleList:
        probe = self.towards["b"]
        weight = next(probe.parameters())
        sample = weight.new_zeros(1, config.channels, config.resolution, config.resolution)
        told = weight.new_zeros(1, len(config.classes)) if config.classes else None
        with torch.no_grad():
            channels = [maps.shape[1] for maps in _small(_maps(probe, sample, told))]
        return nn.ModuleList(
            nn.Sequential(nn.Linear(c, EMBEDDING), nn.LeakyReLU(SLOPE), nn.Linear(EMBEDDING, EMBEDDING))
            for c in channels
        )


class Critics(nn.Module):
    """A critic (discriminator) of each side. build: makes one of a config and a number of channels."""

    def __init__(self, config: Config, build: Callable[[Config, int], nn.Module]) -> None:
        super().__init__()
        width = max(config.width // 2 // 16 * 16, MIN_WIDTH)
        narrow = dataclasses.replace(config, width=width, conditions=0, attribute_weight=0.0)  # which the reader has
        channels = config.channels * (2 if "pairs" in config.network_parts else 1)
        self.of = nn.ModuleDict({side: build(_of_side(narrow, side), channels) for side in sides(config)})
        self.reader = Reader(config) if config.attribute_weight else None

    def read(self, x: Tensor) -> Tensor:
        """Return what is read of pictures (N, C, R, R) of any side, (N, T); with `Config.attribute_weight`."""
        assert self.reader is not None, "without a weight nothing is read"
        return self.reader(x)

    def forward(self, x: Tensor, side: str = "b", y: Tensor | None = None) -> Tensor:
        """Return logits (N,) of pictures (N, C, R, R) of a side. y: as for `Translators`."""
        return self.of[side](x, y)


def _of_side(config: Config, side: str) -> Config:
    """Return the config of a network of one side: only b has conditions."""
    return config if side == "b" else dataclasses.replace(config, classes=())


def _maps(translator: nn.Module, x: Tensor, y: Tensor | None) -> list[Tensor]:
    # mypy takes a module's attributes for tensors or modules.
    maps = cast(Callable[..., list[Tensor]], translator.maps)
    return maps(x) if y is None else maps(x, y)


def _small(maps: list[Tensor]) -> list[Tensor]:
    return [m for m in maps if m.shape[2] * m.shape[3] <= PLACES]
