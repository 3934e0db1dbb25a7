"""One run's networks, optimisers and counters: a step forward, and all of it to disk and back."""

from __future__ import annotations

import copy
import dataclasses
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gan import data, ema, networks
from gan.checkpoint import find_state, read_state, read_tensors, save_state
from gan.config import Config, ConfigError
from gan.draws import order, stream
from gan.files import FolderError
from gan.losses import LOSSES
from gan.model import Model, pick_device
from gan.step import StepResult, train_step

PREVIEW = range(64)  # seeds of every sample grid


class TrainingError(RuntimeError):
    """Training cannot go on; the message says what happened and what to try. The last checkpoint is untouched."""


def prepare(config: Config, progress: Callable[[str], None] = lambda line: None) -> tuple[Config, data.Dataset]:
    """Check names, load the data, and return the config with what the data decides filled in.

    Raises ConfigError or data.DataError with the cure.
    """
    if config.network not in networks.NETWORKS:
        raise ConfigError(f"network must be one of {', '.join(networks.NETWORKS)}, got {config.network!r}")
    if config.loss not in LOSSES:
        raise ConfigError(f"loss must be one of {', '.join(LOSSES)}, got {config.loss!r}")
    dataset = data.load(config.dataset, config.resolution or None, config.data_root, progress=progress)
    classes = dataset.classes if networks.NETWORKS[config.network].conditional else ()
    _, channels, resolution, _ = dataset.images.shape
    return dataclasses.replace(config, resolution=resolution, channels=channels, classes=tuple(classes)), dataset


class Trainer:
    """All that a checkpoint holds. shown: images shown so far; seconds: of training, over all resumed parts."""

    def __init__(self, config: Config, dataset: data.Dataset) -> None:
        torch.manual_seed(config.seed)
        self.config = config
        self.device = pick_device(config.device)
        self.fingerprint = [len(dataset.images), zlib.crc32(dataset.labels.numpy(), zlib.crc32(dataset.images.numpy()))]
        self.pictures = dataset.images.to(self.device)
        k = len(config.classes)
        self.onehot = torch.eye(k, device=self.device)[dataset.labels.to(self.device)] if k else None
        layout = torch.channels_last if networks.NETWORKS[config.network].convolutional else torch.contiguous_format
        generator, critic = networks.build(config)
        self.generator = generator.to(self.device, memory_format=layout)
        self.critic = critic.to(self.device, memory_format=layout)
        self.average = copy.deepcopy(self.generator).eval().requires_grad_(False)
        betas, rate = (config.beta1, config.beta2), config.learning_rate
        self.generator_optimizer = torch.optim.Adam(self.generator.parameters(), rate, betas, fused=True)
        self.critic_optimizer = torch.optim.Adam(
            self.critic.parameters(), rate * config.critic_lr_ratio, betas, fused=True
        )
        self.loss = LOSSES[config.loss]()
        self.autocast = torch.autocast(self.device.type, torch.bfloat16, enabled=config.precision == "bf16")
        self.shown, self.step, self.seconds = 0, 0, 0.0
        self._epoch: tuple[int, Tensor] | None = None

    def advance(self) -> StepResult:
        """Show one batch: a critic step, a generator step, an update of the average."""
        c, count = self.config, self.config.batch_size
        source = stream(c.seed, self.step, 0)
        torch.manual_seed(int(torch.randint(2**31, (), generator=source)))  # for dropout
        index = self._order(count).to(self.device)
        real = self.pictures[index].float().div_(127.5).sub_(1)
        y = None if self.onehot is None else self.onehot[index]
        z = torch.randn(2, count, c.z_dim, generator=source).to(self.device)
        self._schedule()
        result = train_step(
            self.generator, self.critic, self.loss, self.generator_optimizer, self.critic_optimizer,
            real, y, z[0], z[1], c.gamma, self.autocast,
        )  # fmt: skip
        ema.update(self.average, self.generator, ema.decay_for(c.ema_images, self.shown + count, count))
        self.shown += count
        self.step += 1
        return result

    def _order(self, count: int) -> Tensor:
        # `order`, without shuffling the whole set again at every step.
        n = len(self.pictures)
        epoch, offset = divmod(self.shown, n)
        if offset + count > n:
            return order(self.config.seed, n, self.shown, count)
        if self._epoch is None or self._epoch[0] != epoch:
            self._epoch = (epoch, order(self.config.seed, n, epoch * n, n))
        return self._epoch[1][offset : offset + count]

    def _schedule(self) -> None:
        c = self.config
        left = (c.images - self.shown) / c.images
        factor = min(1.0, max(left, 0.0) / c.anneal) if c.anneal else 1.0
        self.generator_optimizer.param_groups[0]["lr"] = c.learning_rate * factor
        self.critic_optimizer.param_groups[0]["lr"] = c.learning_rate * c.critic_lr_ratio * factor

    def sample(self) -> np.ndarray:
        """uint8 (64, H, W, C): the averaged generator at seeds 0 to 63, classes as the seeds have them."""
        none = torch.empty(0, self.config.z_dim)
        return Model("", self.config, self.average, self.critic, none, none).sample(PREVIEW)

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor of the run's state, by name."""
        parts = {}
        for name in ("generator", "critic", "average"):
            parts |= {f"{name}.{k}": v for k, v in getattr(self, name).state_dict().items()}
        for name in ("generator", "critic"):
            parameters = list(getattr(self, name).parameters())
            state = getattr(self, f"{name}_optimizer").state
            for i, p in enumerate(parameters):
                for key, zero in (("exp_avg", p), ("exp_avg_sq", p), ("step", torch.zeros(()))):
                    parts[f"{name}_optimizer.{i}.{key}"] = state[p][key] if p in state else torch.zeros_like(zero)
        return parts

    def save(self, folder: Path) -> None:
        """Write a checkpoint in place of the one before. TrainingError, and no write, if any number is not finite."""
        tensors = self.tensors()
        if not all(bool(v.isfinite().all()) for v in tensors.values()):
            raise diverged(self.shown)
        counters = {"shown": self.shown, "step": self.step, "seconds": self.seconds, "pictures": self.fingerprint}
        save_state(folder, tensors, {**counters, "config": dataclasses.asdict(self.config)})

    def restore(self, folder: Path) -> None:
        """Go back to the newest whole checkpoint of `folder`.

        FolderError when it is damaged or was made from other pictures; ConfigError when this run's config differs from
        its own in anything that a resumed run may not change.
        """
        state = find_state(folder)
        meta = read_state(state)
        for f in dataclasses.fields(Config):
            old, new = getattr(meta.config, f.name), getattr(self.config, f.name)
            if old != new and not f.metadata.get("resumable"):
                raise ConfigError(
                    f"--{f.name.replace('_', '-')} cannot change in a resumed run, from {old!r} to {new!r}: "
                    f"start a new one with --out"
                )
        if meta.pictures != self.fingerprint:
            raise FolderError(
                f"{state}: made from other pictures ({meta.pictures[0]:,}; there are {self.fingerprint[0]:,} now, or "
                f"their contents changed): put them back, or start a new run with --out"
            )
        tensors = read_tensors(state / "state.safetensors", self.tensors())
        for name in ("generator", "critic", "average"):
            held = {k.removeprefix(f"{name}."): v for k, v in tensors.items() if k.startswith(f"{name}.")}
            getattr(self, name).load_state_dict(held)
        for name in ("generator", "critic"):
            optimizer = getattr(self, f"{name}_optimizer")
            for i, p in enumerate(getattr(self, name).parameters()):
                held = {k: tensors[f"{name}_optimizer.{i}.{k}"].to(p.device) for k in ("exp_avg", "exp_avg_sq", "step")}
                for key in ("exp_avg", "exp_avg_sq"):  # in the parameter's own memory layout, as Adam made them
                    held[key] = torch.empty_like(p.detach()).copy_(held[key])
                optimizer.state[p] = held
        self.shown, self.step, self.seconds = meta.shown, meta.step, meta.seconds


def diverged(shown: int) -> TrainingError:
    """The error for losses or weights that are not finite."""
    return TrainingError(
        f"loss or weights are not finite after {shown:,} images: resume from the last checkpoint with a lower "
        "--learning-rate, or start again with a higher --gamma"
    )
