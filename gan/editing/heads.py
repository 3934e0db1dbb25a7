"""Heads on the feature maps of a network: what each pixel shows, by a few pictures in which it is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gan.networks.layers import SLOPE

HIDDEN, WIDE = 32, 64  # channels of a head that is not linear, and of one that has time
DROPPED = 0.2  # of the channels of a deep head, while it learns
REACHES = (1, 2)  # pixels from one to the next of what its convolutions look at


class LinearHead(nn.Module):
    """Feature maps (N, F, S, S) of several sizes -> logits (N, parts, R, R), linear in them.

    Each map is reduced at its own size and then enlarged, which is the same in the other order, and a tenth of the
    work. Channels are centred and scaled as in `features`, so that each, however loud, has the same say at first.
    """

    rate = 0.04  # of Adam

    def __init__(self, features: list[Tensor], parts: int) -> None:
        super().__init__()
        self.parts = parts
        self._means = [m.mean((0, 2, 3)) for m in features]
        self._scales = [1 / m.std((0, 2, 3)).clamp_min(1e-3) for m in features]
        self.weights = nn.ParameterList(m.new_zeros(parts, m.shape[1]) for m in features)
        self.bias = nn.Parameter(features[0].new_zeros(parts))

    def forward(self, maps: list[Tensor]) -> Tensor:
        size, total = maps[-1].shape[2:], self.bias[:, None, None]
        for m, weight, mean, scale in zip(maps, self.weights, self._means, self._scales, strict=True):
            scaled = weight * scale
            reduced = F.conv2d(m, scaled[..., None, None], -(scaled @ mean))
            total = total + F.interpolate(reduced, size, mode="bilinear", align_corners=False)
        return total


class _Reducing(nn.Module):
    """Reduces each map at its own size and then enlarges it."""

    rate = 0.005  # of Adam

    def __init__(self, channels: list[int], parts: int, hidden: int = HIDDEN) -> None:
        super().__init__()
        self.parts, self.hidden = parts, hidden
        self.reduce = nn.ModuleList(nn.Conv2d(c, hidden, 1, bias=i == 0) for i, c in enumerate(channels))
        self.out = nn.Conv2d(hidden, parts, 1)

    @classmethod
    def of(cls, features: list[Tensor], parts: int, hidden: int = HIDDEN) -> Self:
        """Return one for such feature maps, whose first weights give every channel, however loud, the same say."""
        head = cls([m.shape[1] for m in features], parts, hidden).to(features[0].device)
        with torch.no_grad():
            for reduce, maps in zip(head.reduce, features, strict=True):
                deviation = maps.std((0, 2, 3)).clamp_min(1e-3)
                weight = cast(nn.Conv2d, reduce).weight
                weight.normal_(0, 1 / sum(m.shape[1] for m in features) ** 0.5).div_(deviation[None, :, None, None])
        return head

    def joined(self, maps: list[Tensor]) -> Tensor:
        """Return the maps, reduced and enlarged, as one (N, hidden, R, R)."""
        size = maps[-1].shape[2:]
        total = sum(
            F.interpolate(reduce(m), size, mode="bilinear", align_corners=False)
            for reduce, m in zip(self.reduce, maps, strict=True)
        )
        return F.leaky_relu(cast(Tensor, total), SLOPE)


class Head(_Reducing):
    """Feature maps (N, F, S, S) of several sizes -> logits (N, parts, R, R), for hundreds of pictures, or for pixels.

    A convolution looks at what is around a pixel.
    """

    def __init__(self, channels: list[int], parts: int, hidden: int = HIDDEN) -> None:
        super().__init__(channels, parts, hidden)
        self.around = nn.Conv2d(hidden, hidden, 3, padding=1)

    def forward(self, maps: list[Tensor]) -> Tensor:
        return self.out(F.leaky_relu(self.around(self.joined(maps)), SLOPE))


class DeepHead(_Reducing):
    """As `Head`, for parts of a pixel or two: it looks farther, and leaves channels out so as not to rely on any."""

    rate = 0.002  # of Adam: shown one picture at a time, it takes no larger steps

    def __init__(self, channels: list[int], parts: int, hidden: int = HIDDEN) -> None:
        super().__init__(channels, parts, hidden)
        self.around = nn.ModuleList(nn.Conv2d(hidden, hidden, 3, padding=reach, dilation=reach) for reach in REACHES)
        self.dropout = nn.Dropout2d(DROPPED)

    def forward(self, maps: list[Tensor]) -> Tensor:
        x = self.joined([self.dropout(m) for m in maps])
        for convolution in self.around:
            x = x + F.leaky_relu(convolution(self.dropout(x)), SLOPE)
        return self.out(x)


class Average(nn.Module):
    """Feature maps -> how likely each pixel shows each part (N, parts, R, R): the mean of what several heads say."""

    def __init__(self, heads: Sequence[nn.Module]) -> None:
        super().__init__()
        self.heads = nn.ModuleList(heads)

    def forward(self, maps: list[Tensor]) -> Tensor:
        return torch.stack([head(maps).softmax(1) for head in self.heads]).mean(0)
