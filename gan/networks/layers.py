"""Layers and initialisations that the networks share."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrize

SLOPE = 0.2  # of every leaky ReLU
GAIN = math.sqrt(2 / (1 + SLOPE**2))  # keeps the variance of a leaky ReLU's input through the next layer


Layer = TypeVar("Layer", bound=nn.Linear | nn.Conv2d)


def init_normal_(layer: Layer, gain: float) -> Layer:
    """Initialise a layer in place: weights N(0, gain² / fan_in), biases zero. Returns the layer.

    One on the meta device, which has no values, is left alone: torch would import its compiler for it, for a second.
    """
    if layer.weight.is_meta:
        return layer
    nn.init.normal_(layer.weight, std=gain / math.sqrt(layer.weight[0].numel()))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


class ResidualBlock(nn.Module):
    """Residual block x + conv3x3(lrelu(conv3x3(lrelu(x)))), no normalisation; (N, C, H, W) to the same shape.

    The second convolution starts at zero, so a new block is the identity and depth costs nothing at the start
    (Fixup, arXiv:1901.09321; R3GAN, arXiv:2501.05441).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = init_normal_(nn.Conv2d(channels, channels, 3, padding=1), GAIN)
        self.conv2 = init_normal_(nn.Conv2d(channels, channels, 3, padding=1), 0.0)

    def forward(self, x: Tensor) -> Tensor:
        h = self.conv1(F.leaky_relu(x, SLOPE))
        return x + self.conv2(F.leaky_relu(h, SLOPE))


def full_precision(device: torch.device) -> AbstractContextManager:
    """Return a context inside an autocast in which nothing is rounded to bf16."""
    return nullcontext() if device.type == "meta" else torch.autocast(device.type, enabled=False)


def random_bytes(shape: torch.Size, device: torch.device, source: torch.Generator | None = None) -> Tensor:
    """Draw uniform uint8 values of a shape, from torch's global generator if there is no source."""
    count = shape.numel()
    words = torch.empty(-(-count // 8), dtype=torch.int64, device=device).random_(-(2**63), None, generator=source)
    return words.view(torch.uint8)[:count].view(shape)


class Dropout(nn.Dropout):
    """Dropout with p rounded to a multiple of 1/256; 4 times as fast as torch's on a CPU.

    One random byte per element decides. What is kept is scaled by the rounded p, so that the mean stays. draw: returns
    the random bytes for a shape on a device.
    """

    draw: Callable[[torch.Size, torch.device], Tensor] = staticmethod(random_bytes)

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        threshold = round(256 * self.p)
        mask = self.draw(x.shape, x.device) >= threshold
        return x * mask.to(x.dtype).mul_(256 / (256 - threshold)) if threshold < 256 else torch.zeros_like(x)


def soft_clamp(x: Tensor) -> Tensor:
    """Keep values in [-1, 1] as they are and let those beyond grow at a twentieth of the slope; any shape.

    Real pictures are full of exact black and white. A generator reaches them by overshooting: its noise there is 20
    times smaller to the critic, and gone once values become uint8. Unlike tanh this is linear in between.
    """
    inside = x.clamp(-1, 1)
    return inside + (x - inside) * 0.05


class Upsample(nn.Module):
    """Upsampling of (N, in, H, W) to (N, out, 2H, 2W): a 1x1 convolution if channels change, then bilinear."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        same = channels_in == channels_out
        self.project = nn.Identity() if same else init_normal_(nn.Conv2d(channels_in, channels_out, 1, bias=False), 1.0)

    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(self.project(x), scale_factor=2, mode="bilinear", align_corners=False)


class Downsample(nn.Module):
    """Downsampling of (N, in, H, W) to (N, out, H/2, W/2): 2x2 mean, then a 1x1 convolution if channels change."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        same = channels_in == channels_out
        self.project = nn.Identity() if same else init_normal_(nn.Conv2d(channels_in, channels_out, 1, bias=False), 1.0)

    def forward(self, x: Tensor) -> Tensor:
        return self.project(F.avg_pool2d(x, 2))


def concat_classes(z: Tensor, y: Tensor | None) -> Tensor:
    """Append class weights (N, K), if any, to latents (N, D): (N, D + K).

    Weights are scaled by sqrt(K), which gives the entries of a one-hot row unit mean square, as the latent's have.
    """
    return z if y is None else torch.cat([z, y.to(z.dtype) * math.sqrt(y.shape[1])], dim=1)


def class_projection(embed: nn.Linear, h: Tensor, y: Tensor | None) -> Tensor:
    """Return what class weights y (N, K) add to the logits of a critic (discriminator) with features h (N, F): (N,).

    The inner product of the features with the embedded class, over sqrt(F) (arXiv:1802.05637). What y lacks at its
    beginning, conditions besides the classes, counts as 0; None as nothing but zeros.
    """
    if y is None:
        return torch.zeros_like(h[:, 0])
    assert y.shape[1] <= embed.in_features, "more is said of pictures than the critic was built for"
    y = F.pad(y.to(h.dtype), (embed.in_features - y.shape[1], 0))
    return (embed(y) * h).sum(1) / h.shape[1] ** 0.5


class SpectralNorm(nn.Module):
    """A parametrisation: a weight (N, ...) over its largest singular value, as a power iteration estimates it.

    Not torch's own, which iterates in every forward pass: a step that takes its batch in parts would be another step.
    Random numbers, arithmetic and the names of the buffers are torch's.
    """

    _u: Tensor
    _v: Tensor

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        matrix = weight.detach().flatten(1)
        for name, size in zip(("_u", "_v"), matrix.shape, strict=True):
            start = matrix.new_empty(size)
            self.register_buffer(name, start if start.is_meta else F.normalize(start.normal_(), dim=0, eps=1e-12))
        for _ in range(0 if weight.is_meta else 15):
            self.iterate(weight)

    @torch.no_grad()
    def iterate(self, weight: Tensor) -> None:
        """Improve the estimate by one step of the power iteration."""
        matrix = weight.flatten(1)
        self._u = F.normalize(torch.mv(matrix, self._v), dim=0, eps=1e-12)
        self._v = F.normalize(torch.mv(matrix.T, self._u), dim=0, eps=1e-12)

    def forward(self, weight: Tensor) -> Tensor:
        with full_precision(weight.device):
            return weight / torch.vdot(self._u, torch.mv(weight.flatten(1), self._v))


def spectral_norm_(module: nn.Module) -> nn.Module:
    """Divide the weight of every layer by its largest singular value, as `SpectralNorm` does (arXiv:1802.05957).

    In place; returns the module. The Lipschitz constant of each layer, and so of the whole, is then bounded.
    """
    for layer in list(module.modules()):
        if isinstance(layer, nn.Conv2d | nn.Linear):
            if not layer.weight.is_meta and not layer.weight.any():
                init_normal_(layer, GAIN)  # a layer that starts at zero has no singular value to divide by
            parametrize.register_parametrization(layer, "weight", SpectralNorm(layer.weight))
    return module


def iterate_spectral_norm(module: nn.Module) -> None:
    """Improve the estimates of a module's largest singular values, if it has any; once a step of training."""
    for layer in module.modules():
        if isinstance(layer, parametrize.ParametrizationList) and isinstance(layer[0], SpectralNorm):
            layer[0].iterate(layer.original)
