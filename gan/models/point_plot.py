"""A point of the plane as a picture: where it lies in the cloud of all that its generator makes."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

SIDE, CHANNELS = 64, 3  # of every picture
CLOUD = 4096  # points that show where a generator's points lie
DOT = 2.2  # radius in pixels
NIGHT, MIST, LIGHT = (18, 20, 24), (196, 202, 208), (255, 128, 79)  # background, where points lie, the point itself


class PointPlot:
    """Draws points over a fixed cloud. cloud: float32 (M, 2), finite or not, M >= 1.

    The picture's middle is the plane's origin; it reaches as far as all but a hundredth of the cloud.
    """

    def __init__(self, cloud: Tensor) -> None:
        cloud = cloud.detach().float().cpu().nan_to_num(0.0, 0.0, 0.0)
        self.extent = max(1.2 * float(cloud.abs().amax(1).quantile(0.99)), 1e-6)
        at = self._pixels(cloud)
        inside = ((at >= 0) & (at < SIDE)).all(1)
        x, y = at[inside].long().unbind(1)
        count = torch.zeros(SIDE * SIDE).index_add_(0, y * SIDE + x, torch.ones(len(x))).view(SIDE, SIDE)
        strength = (count / max(float(count.max()), 1.0)).sqrt()[..., None]
        night, mist = torch.tensor(NIGHT).float(), torch.tensor(MIST).float()
        self._ground = night + (mist - night) * strength

    def draw(self, points: Tensor) -> np.ndarray:
        """Points (N, 2) to uint8 (N, 64, 64, 3), each as a disc on the cloud; one outside lies on the edge."""
        at = self._pixels(points.float().cpu().nan_to_num(0.0)).clamp(DOT, SIDE - DOT)
        line = torch.arange(SIDE) + 0.5
        far = ((line - at[:, 0, None]) ** 2)[:, None, :] + ((line - at[:, 1, None]) ** 2)[:, :, None]
        cover = (DOT + 0.5 - far.sqrt()).clamp(0, 1)[..., None]
        pictures = self._ground + (torch.tensor(LIGHT).float() - self._ground) * cover
        return pictures.round().to(torch.uint8).numpy()

    def _pixels(self, points: Tensor) -> Tensor:
        x, y = points.unbind(1)
        return torch.stack([x, -y], 1) * (SIDE / 2 / self.extent) + SIDE / 2
