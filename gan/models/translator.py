"""Trained translators: load a folder, then translate pictures there and back, and score them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from gan.config import Config
from gan.errors import FolderError
from gan.models.model import BATCH, Model, load, pick_device, to_uint8
from gan.models.weights import build_on_meta, load_into, read_config
from gan.networks.translation import sides
from gan.pictures.picture_file import fit_array, read_picture, stack

Pictures = np.ndarray | Sequence[np.ndarray | str | Path]


class Translator:
    """Translators and critics of one folder. Made by `load_translator`; calls do not change it.

    name    the folder's name
    config  the settings of its training; it translates set A, `source`, to set B, `dataset`
    sides   the sets that it translates to: ("b",) or ("b", "a")
    """

    def __init__(self, name: str, config: Config, generator: nn.Module, critic: nn.Module) -> None:
        self.name, self.config = name, config
        self.generator, self.critic = generator, critic
        self.resolution, self.channels = config.resolution, config.channels
        self.sides = sides(config)
        self.device = next(generator.parameters()).device

    def translate(self, images: Pictures, to: str = "b") -> np.ndarray:
        """Translate pictures to a side; return uint8 (N, R, R, C), R the model's resolution.

        images: uint8 (N, H, W, C), or a sequence of arrays (H, W), (H, W, C) of any sizes, or of files. C = 1, 3 or 4,
        transparency on white. What has another size is cropped to the centred square and resized, with a warning.
        ValueError for other arrays, and for a side that the model has not learnt.
        """
        self._check_side(to)
        return to_uint8(self.render(self.to_tensor(images), to))

    def there_and_back(self, images: Pictures, to: str = "b") -> tuple[np.ndarray, np.ndarray]:
        """Return translations to a side, and what they are translated back to. ValueError as `translate` for either."""
        self._check_side(to)
        self._check_side(other(to))
        there = self.render(self.to_tensor(images), to)
        return to_uint8(there), to_uint8(self.render(there, other(to)))

    @torch.inference_mode()
    def render(self, pictures: Tensor, to: str = "b") -> Tensor:
        """Translate float pictures (N, C, R, R) in [-1, 1] to as many, on the CPU, rounded to the levels of uint8.

        So a translation that goes back is the one that is seen.
        """
        parts = [self.generator(part.to(self.device), to).float().cpu() for part in pictures.split(BATCH)]
        return torch.cat(parts).add(1).mul(127.5).round().clamp(0, 255).div(127.5).sub(1) if parts else pictures

    @torch.inference_mode()
    def critic_score(self, images: Pictures, side: str = "b", inputs: Pictures | None = None) -> np.ndarray:
        """Return the logits float32 (N,) of pictures of a side; higher is more real, and only differences count.

        inputs: what they are translations of, which the critic (discriminator) of a model of pairs looks at too.
        ValueError where it is missing, and as `translate`.
        """
        self._check_side(side)
        x = self.to_tensor(images)
        if "pairs" in self.config.network_parts:
            if inputs is None:
                raise ValueError(f"the critic of {self.name} looks at pairs: pass inputs too")
            x = torch.cat([self.to_tensor(inputs), x], 1)
        scores = [self.critic(part.to(self.device), side).view(len(part), -1).mean(1) for part in x.split(BATCH)]
        return torch.cat(scores).float().cpu().numpy() if len(x) else np.empty(0, np.float32)

    def to_tensor(self, images: Pictures) -> Tensor:
        """Return pictures, as for `translate`, as float32 (N, C, R, R) in [-1, 1] on the CPU."""
        rows, sizes = [], set()
        for image in images:
            if isinstance(image, str | Path):
                pixels = stack([read_picture(Path(image), self.resolution)])[0]
            else:
                _check(image)
                if image.shape[:2] != (self.resolution, self.resolution):
                    sizes.add(f"{image.shape[1]}x{image.shape[0]}")
                pixels = fit_array(image, self.resolution)
            rows.append(pixels)
        if sizes:
            told = ", ".join(sorted(sizes)[:3]) + (", ..." if len(sizes) > 3 else "")
            size = f"{self.resolution}x{self.resolution}"
            warnings.warn(f"pictures of {told} were cropped to a square and resized to {size}", stacklevel=3)
        if not rows:
            return torch.empty(0, self.channels, self.resolution, self.resolution)
        x = torch.from_numpy(np.stack(rows)).permute(0, 3, 1, 2).float()
        if self.channels == 1:
            x = (x * torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1, keepdim=True).round()
        return x.div(127.5).sub(1)

    def _check_side(self, side: object) -> None:
        if side not in self.sides:
            reason = "it translates one way" if side == "a" else "the sides are a and b"
            raise ValueError(f"to must be {' or '.join(self.sides)} for {self.name}, got {side!r}: {reason}")


def other(side: str) -> str:
    """Return the side that a translation comes from."""
    return "a" if side == "b" else "b"


def _check(image: object) -> None:
    if isinstance(image, np.ndarray):
        fits = image.ndim == 2 or (image.ndim == 3 and image.shape[2] in (1, 3, 4))
        if fits and image.dtype == np.uint8 and image.size:
            return
    got = f"{image.dtype} {image.shape}" if isinstance(image, np.ndarray) else type(image).__name__
    raise ValueError(f"each picture must be uint8 (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), or a file; got {got}")


def load_translator(folder: str | Path, device: str = "auto") -> Translator:
    """Load a translator's folder, as `train.py --task translate` writes it; as `gan.models.model.load`.

    FolderError also for the folder of a generator. directions.safetensors is there and empty: there is no latent space.
    """
    folder, where = Path(folder), pick_device(device)
    if not folder.is_dir():
        raise FolderError(f"{folder}: no such folder")
    config = read_config(folder)
    if config.task != "translate":
        raise FolderError(f"{folder}: generates pictures and translates none: choose a translator")
    generator, critic = build_on_meta(config, folder)
    generator = load_into(generator, folder / "model.safetensors", where).to(memory_format=torch.channels_last)
    critic = load_into(critic, folder / "critic.safetensors", where)
    return Translator(folder.resolve().name, config, generator, critic)


def load_folder(folder: str | Path, device: str = "auto") -> Model | Translator:
    """Load a model folder of either task: a `Model`, or a `Translator`. FolderError as they raise it."""
    if Path(folder).is_dir() and read_config(Path(folder)).task == "translate":
        return load_translator(folder, device)
    return load(folder, device)
