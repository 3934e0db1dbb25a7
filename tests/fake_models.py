"""Models that cost nothing, for what the browser does with them, and folders that hold them."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from PIL import Image

from gan.config import Config
from gan.models.directions import Slider
from gan.models.named import Named


class FakeModel:
    """The shape of `Model` over a sum of waves: every latent coordinate and class changes the picture."""

    def __init__(self, name: str, resolution: int, channels: int, classes: tuple[str, ...], z_dim: int = 16) -> None:
        self.name, self.resolution, self.channels, self.classes, self.z_dim = name, resolution, channels, classes, z_dim
        self.groups = ()
        self.directions = torch.eye(z_dim)[:12].flip(1)
        self.variance = torch.softmax(-0.4 * torch.arange(12.0), 0)
        self.beside = ("", "slant", *[""] * 10)
        only = classes[1] if classes else ""  # the class that has the second slider
        self.sliders = (Slider("slant", 0.9, 2.5), Slider("hair_length", 0.5, 2.0, 0.1, "slant", label=only))
        self.named_rows = torch.eye(z_dim)[3:5]
        if only:
            self.sliders += (Slider("slant", 0.9, 2.5, label=only),)
            self.named_rows = torch.cat([self.named_rows, self.named_rows[:1]])
        self.named = Named(self.sliders, self.named_rows, classes)
        random = np.random.default_rng(5)
        x = np.linspace(0, 1, resolution, dtype=np.float32)
        waves = []
        for _ in range(z_dim + len(classes)):
            fx, fy = random.uniform(0.5, 2.5, 2)
            shift = random.uniform(0, 2 * np.pi, (channels, 1, 1))
            waves.append(np.sin(2 * np.pi * (fx * x[None, :, None] + fy * x[None, None, :]) + shift))
        self.generator, self.config = None, SimpleNamespace(network="waves")  # nothing that a browser could draw with
        self.waves = torch.tensor(np.stack(waves), dtype=torch.float64).flatten(1)

    def latents(self, seeds):
        return torch.stack([torch.randn(self.z_dim, generator=torch.Generator().manual_seed(s)) for s in seeds])

    def class_weights(self, seeds, label=None):
        if not self.classes:
            return None
        labels = label if isinstance(label, list) else [label] * len(seeds)
        picked = [s % len(self.classes) if one is None else one for s, one in zip(seeds, labels, strict=True)]
        return torch.eye(len(self.classes))[picked]

    def render(self, z, y):
        code = z if y is None else torch.cat([z, 3 * y], 1)
        # Tests compare a picture alone with the same one of a batch: in float64 they do not round to different levels.
        x = torch.tanh(code.double() @ self.waves / 2).reshape(-1, self.channels, self.resolution, self.resolution)
        return ((x + 1) * 127.5).to(torch.uint8).permute(0, 2, 3, 1).numpy()

    crosses = True

    def cross(self, z, y, other_z, other_y, border):
        rows = torch.linspace(0, 1, self.resolution)[None, :, None, None]
        upper, lower = torch.tensor(self.render(z, y)), torch.tensor(self.render(other_z, other_y))
        return torch.where(rows < torch.tensor(border)[:, None, None, None], upper, lower).numpy()

    def sample(self, seeds, label=None, truncation=1.0):
        return self.render(self.latents(seeds) * truncation, self.class_weights(seeds, label))

    def interpolate(self, seeds, frames, mode="slerp", loop=False, label=None, truncation=1.0):
        return self.sample([seeds[0]] * frames, truncation=truncation)


KINDS = {
    "grey": FakeModel("grey", 28, 1, tuple("0123456789")),
    "colour": FakeModel("colour", 32, 3, ("face", "animal", "food")),
    "plain": FakeModel("plain", 28, 1, ()),
}


def fake_load(folder: Path) -> FakeModel:
    if not (folder / "critic.safetensors").exists():
        raise ValueError("critic.safetensors is missing")
    return KINDS[folder.name]


def write_folder(root: Path, name: str) -> Path:
    """Write a folder as the gallery reads it: JSON, a safetensors header of 2 x 3 numbers, an 8 x 8 grid of samples."""
    model, folder = KINDS[name], root / name
    folder.mkdir(parents=True)
    config = Config(
        dataset=name, images=1000, resolution=model.resolution, channels=model.channels, classes=model.classes
    )
    (folder / "config.json").write_text(config.to_json())
    (folder / "metrics.json").write_text(
        json.dumps({"images": 800_000, "grid": [8, 8], "sliders": [{"name": "slant"}, {"name": "hair_length"}]})
    )
    header = json.dumps({"w": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(24))
    (folder / "critic.safetensors").touch()
    (folder / "directions.safetensors").touch()
    side = model.resolution
    tiles = model.sample(list(range(64))).reshape(8, 8, side, side, model.channels)
    sheet = tiles.swapaxes(1, 2).reshape(8 * side, 8 * side, model.channels)
    Image.fromarray(sheet.squeeze()).save(folder / "samples.png")
    return folder
