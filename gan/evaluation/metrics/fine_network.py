"""A network that reads small things: its first maps are as large as the picture, where a mouth is twenty pixels."""

from __future__ import annotations

from torch import Tensor, nn

from gan.evaluation.metrics.classifier import block

WIDTHS = (16, 32, 48, 64, 64, 96, 96)  # channels of the convolutions
STRIDES = (1, 2, 1, 2, 1, 2, 2)


class FineNetwork(nn.Module):
    """Pictures (N, 3, 64, 64) in [-1, 1] to outputs (N, K): seven convolutions, then two linear layers.

    body: what leads to the features (N, `features`), >= 0, from which the head reads.
    """

    def __init__(self, outputs: int, features: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = 3
        for width, stride in zip(WIDTHS, STRIDES, strict=True):
            layers += block(before, width, 3, stride)
            before = width
        self.body = nn.Sequential(
            *layers,
            nn.Flatten(),  # 4 x 4 positions
            nn.Linear(before * 16, features, bias=False),
            nn.BatchNorm1d(features),
            nn.ReLU(),
        )
        self.head = nn.Linear(features, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Return outputs (N, K)."""
        return self.head(self.body(x))
