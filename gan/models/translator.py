"""Trained translators: load a folder, then translate pictures there and back, and score them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from gan.config import Config
from gan.errors import FolderError
from gan.models.model import BATCH, Model, load, pick_device, to_uint8
from gan.models.pixels import Pictures, to_tensor
from gan.models.weights import build_on_meta, load_into, read_config
from gan.networks.translation import sides

Conditions = np.ndarray | Tensor | Sequence[float] | Sequence[Sequence[float]] | None


class Translator:
    """Translators and critics of one folder. Made by `load_translator`; calls do not change it.

    name    the folder's name
    config  the settings of its training; it translates set A, `source`, to set B, `dataset`
    sides   the sets that it translates to: ("b",) or ("b", "a")
    condition_names  of the numbers in [0, 1] that a translation is told besides; mostly none
    """

    def __init__(self, name: str, config: Config, generator: nn.Module, critic: nn.Module) -> None:
        self.name, self.config = name, config
        self.generator, self.critic = generator, critic
        self.resolution, self.channels = config.resolution, config.channels
        self.sides, self.condition_names = sides(config), config.classes
        self.device = next(generator.parameters()).device

    def translate(self, images: Pictures, to: str = "b", conditions: Conditions = None) -> np.ndarray:
        """Translate pictures to a side; return uint8 (N, R, R, C), R the model's resolution.

        images: uint8 (N, H, W, C), or a sequence of arrays (H, W), (H, W, C) of any sizes, or of files. C = 1, 3 or 4,
        transparency on white. What has another size is cropped to the centred square and resized, with a warning.
        conditions: for a model that is told what pictures do not hold (`condition_names`), numbers in [0, 1], (K,) for
        all pictures or (N, K); 0.5 each for None. ValueError for other arrays, and for a side that the model has not
        learnt.
        """
        self._check_side(to)
        x = self.to_tensor(images)
        return to_uint8(self.render(x, to, self.check_conditions(conditions, len(x)) if to == "b" else None))

    def there_and_back(self, images: Pictures, to: str = "b") -> tuple[np.ndarray, np.ndarray]:
        """Return translations to a side, and what they are translated back to. ValueError as `translate` for either."""
        self._check_side(to)
        self._check_side(other(to))
        there = self.render(self.to_tensor(images), to)
        return to_uint8(there), to_uint8(self.render(there, other(to)))

    @torch.inference_mode()
    def render(self, pictures: Tensor, to: str = "b", conditions: Tensor | None = None) -> Tensor:
        """Translate float pictures (N, C, R, R) in [-1, 1] to as many, on the CPU, rounded to the levels of uint8.

        So a translation that goes back is the one that is seen. conditions: float32 (N, K), None without.
        """
        parts = []
        for i in range(0, len(pictures), BATCH):
            told = None if conditions is None else conditions[i : i + BATCH].to(self.device)
            parts.append(self.generator(pictures[i : i + BATCH].to(self.device), to, told).float().cpu())
        return torch.cat(parts).add(1).mul(127.5).round().clamp(0, 255).div(127.5).sub(1) if parts else pictures

    @torch.inference_mode()
    def critic_score(
        self, images: Pictures, side: str = "b", inputs: Pictures | None = None, conditions: Conditions = None
    ) -> np.ndarray:
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
        told = self.check_conditions(conditions, len(x)) if side == "b" else None
        scores = []
        for i in range(0, len(x), BATCH):
            y = None if told is None else told[i : i + BATCH].to(self.device)
            part = x[i : i + BATCH].to(self.device)
            scores.append(self.critic(part, side, y).view(len(part), -1).mean(1).float().cpu())
        return torch.cat(scores).numpy() if len(x) else np.empty(0, np.float32)

    def check_conditions(self, conditions: Conditions, count: int) -> Tensor | None:
        """Return conditions, as for `translate`, as float32 (count, K); None for a model without. ValueError else."""
        k = len(self.condition_names)
        if not k:
            if conditions is not None:
                raise ValueError(f"{self.name} has no conditions: leave them out")
            return None
        try:
            rows = torch.as_tensor([0.5] * k if conditions is None else conditions, dtype=torch.float32)
            rows = rows.expand(count, k)
        except (RuntimeError, TypeError, ValueError):
            raise ValueError(f"conditions must be {k} numbers, or as many for each picture") from None
        if not ((rows >= 0) & (rows <= 1)).all():
            raise ValueError(f"conditions must be in [0, 1]: {', '.join(self.condition_names)}")
        return rows

    def to_tensor(self, images: Pictures) -> Tensor:
        """Return pictures, as for `translate`, as float32 (N, C, R, R) in [-1, 1] on the CPU."""
        return to_tensor(images, self.resolution, self.channels)

    def _check_side(self, side: object) -> None:
        if side not in self.sides:
            reason = "it translates one way" if side == "a" else "the sides are a and b"
            raise ValueError(f"to must be {' or '.join(self.sides)} for {self.name}, got {side!r}: {reason}")


def other(side: str) -> str:
    """Return the side that a translation comes from."""
    return "a" if side == "b" else "b"


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
