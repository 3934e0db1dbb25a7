"""Small models with random weights, whose pictures depend on the latent, for tests that need no trained ones."""

from __future__ import annotations

import torch
from torch import nn

from gan.config import Config
from gan.models.directions import without_names
from gan.models.heads import Head
from gan.models.model import Model
from gan.networks import build
from gan.networks.encoder import Encoder


def untrained(classes: tuple[str, ...] = ("a", "b", "c"), encoder: bool = True, **changes) -> Model:
    """Return a small model with random weights whose pictures depend on the latent, and an encoder as ignorant."""
    torch.manual_seed(0)
    config = Config(**{"resolution": 28, "channels": 1, "width": 16, "z_dim": 6, "classes": classes} | changes)
    nets = build(config)
    for net in nets:
        net.eval().requires_grad_(False)
        for p in net.parameters():
            if not p.any():
                nn.init.normal_(p, std=0.05)
    if config.network == "resnet":
        nets[0].dense.weight.mul_(0.5)
    head = Head(Encoder(config).eval().requires_grad_(False), {}) if encoder else None
    directions = without_names(torch.zeros(6, config.z_dim), torch.zeros(6))
    return Model("untrained", config, *nets, directions, head)
