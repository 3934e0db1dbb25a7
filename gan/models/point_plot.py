"""Plots of 2-D points as pictures: each point on the cloud of points that its generator makes."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

SIDE, CHANNELS = 64, 3  # of every picture, in pixels
CLOUD_POINTS = 4096  # that show where a generator's points lie
POINT_RADIUS = 2.2  # in pixels
BACKGROUND, CLOUD_COLOUR, POINT_COLOUR = (18, 20, 24), (196, 202, 208), (255, 128, 79)


class PointPlot:
    """Plot of points over a fixed cloud. cloud: float32 (M, 2), finite or not, M >= 1.

    The origin is in the middle. `extent`, half of the picture's width in units of the plane, covers 99 % of the cloud.
    """

    def __init__(self, cloud: Tensor) -> None:
        cloud = cloud.detach().float().cpu().nan_to_num(0.0, 0.0, 0.0)
        self.extent = max(1.2 * float(cloud.abs().amax(1).quantile(0.99)), 1e-6)
        at = self._pixels(cloud)
        inside = ((at >= 0) & (at < SIDE)).all(1)
        x, y = at[inside].long().unbind(1)
        count = torch.zeros(SIDE * SIDE).index_add_(0, y * SIDE + x, torch.ones(len(x))).view(SIDE, SIDE)
        strength = (count / max(float(count.max()), 1.0)).sqrt()[..., None]
        background, colour = torch.tensor(BACKGROUND).float(), torch.tensor(CLOUD_COLOUR).float()
        self._cloud = background + (colour - background) * strength

    def draw(self, points: Tensor) -> np.ndarray:
        """Draw points (N, 2) as uint8 (N, 64, 64, 3), each as a disc on the cloud; a point outside lies on the edge."""
        at = self._pixels(points.float().cpu().nan_to_num(0.0)).clamp(POINT_RADIUS, SIDE - POINT_RADIUS)
        line = torch.arange(SIDE) + 0.5
        squared = ((line - at[:, 0, None]) ** 2)[:, None, :] + ((line - at[:, 1, None]) ** 2)[:, :, None]
        cover = (POINT_RADIUS + 0.5 - squared.sqrt()).clamp(0, 1)[..., None]
        pictures = self._cloud + (torch.tensor(POINT_COLOUR).float() - self._cloud) * cover
        return pictures.round().to(torch.uint8).numpy()

    def _pixels(self, points: Tensor) -> Tensor:
        x, y = points.unbind(1)
        return torch.stack([x, -y], 1) * (SIDE / 2 / self.extent) + SIDE / 2
