"""The training loop: a generator of typed events. It knows nothing of who listens."""

from __future__ import annotations

import copy
import dataclasses
import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gan import data, ema, networks
from gan.card import GRID, card, write_grid
from gan.checkpoint import FolderError, find_state, read_json, read_tensors, save_state, write_bytes
from gan.checkpoint import write_tensors as write
from gan.config import Config, ConfigError
from gan.latent import class_of, latents, principal_directions
from gan.losses import LOSSES
from gan.model import pick_device, to_uint8
from gan.step import StepResult, train_step

REPORT_SECONDS = 0.5


class TrainingError(RuntimeError):
    """Training cannot go on; the message says what happened and what to try. The last checkpoint is untouched."""


@dataclass(frozen=True)
class Started:
    """Data and networks are ready. shown: above 0 when resumed. notes: what the user should read."""

    config: Config
    shown: int
    pictures: int
    notes: tuple[str, ...]
    generator_parameters: int
    critic_parameters: int
    device: str


@dataclass(frozen=True)
class Stepped:
    """Now and then, the state of training. seconds: of training, over all resumed parts. Losses are of one step."""

    shown: int
    seconds: float
    images_per_second: float
    critic_loss: float
    generator_loss: float
    penalty: float
    real_logit: float
    fake_logit: float


@dataclass(frozen=True)
class Sampled:
    """A grid of fixed seeds was written to `path`; pictures uint8 (64, H, W, C), seeds 0 to 63."""

    shown: int
    path: Path
    pictures: np.ndarray


@dataclass(frozen=True)
class Checkpointed:
    """All that is needed to go on lies in `path`."""

    shown: int
    path: Path


@dataclass(frozen=True)
class Done:
    """The model folder is complete. stopped: before all images were shown, because `stop` said so."""

    shown: int
    seconds: float
    folder: Path
    stopped: bool


Event = Started | Stepped | Sampled | Checkpointed | Done


def prepare(config: Config) -> tuple[Config, data.Dataset]:
    """Check names, load the data, and return the config with what the data decides filled in.

    Raises ConfigError or data.DataError with the cure.
    """
    if config.network not in networks.NETWORKS:
        raise ConfigError(f"network must be one of {', '.join(networks.NETWORKS)}, got {config.network!r}")
    if config.loss not in LOSSES:
        raise ConfigError(f"loss must be one of {', '.join(LOSSES)}, got {config.loss!r}")
    dataset = data.load(config.dataset, config.resolution or None, config.data_root)
    classes = dataset.classes if networks.NETWORKS[config.network].conditional else ()
    _, channels, resolution, _ = dataset.images.shape
    return dataclasses.replace(config, resolution=resolution, channels=channels, classes=tuple(classes)), dataset


def order(seed: int, n: int, start: int, count: int) -> Tensor:
    """Indices (count,) int64 of the pictures shown from number `start` on: a fresh shuffle of all n every n images.

    A function of its arguments alone, so that a resumed run sees what it would have seen.
    """
    parts = []
    while count:
        epoch, offset = divmod(start, n)
        shuffle = torch.randperm(n, generator=stream(seed, epoch, 1))
        parts.append(shuffle[offset : offset + count])
        start, count = start + len(parts[-1]), count - len(parts[-1])
    return torch.cat(parts)


def stream(seed: int, index: int, purpose: int) -> torch.Generator:
    """A CPU generator for one step's (0) or one epoch's (1) randomness, a function of its arguments alone."""
    mixed = int(np.random.SeedSequence((seed, index, purpose)).generate_state(1)[0])
    return torch.Generator().manual_seed(mixed)


class Trainer:
    """Networks, optimisers and counters of one run; all that a checkpoint holds."""

    def __init__(self, config: Config, dataset: data.Dataset) -> None:
        torch.manual_seed(config.seed)
        self.config = config
        self.device = pick_device(config.device)
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

    def restore(self, folder: Path) -> None:
        """Go back to the newest whole checkpoint of `folder`. FolderError when it is damaged or of another config."""
        state = find_state(folder)
        meta = read_json(state / "state.json")
        if not (isinstance(meta, dict) and isinstance(meta.get("shown"), int) and isinstance(meta.get("step"), int)):
            raise FolderError(f"{state / 'state.json'}: shown and step must be whole numbers")
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
        self.shown, self.step, self.seconds = meta["shown"], meta["step"], float(meta.get("seconds", 0.0))

    def save(self, folder: Path) -> None:
        """Write a checkpoint in place of the one before. TrainingError, and no write, if any number is not finite."""
        if not all(bool(v.isfinite().all()) for v in self.tensors().values()):
            raise _diverged(self.shown)
        save_state(folder, self.tensors(), {"shown": self.shown, "step": self.step, "seconds": self.seconds})

    @torch.inference_mode()
    def sample(self) -> np.ndarray:
        """uint8 (64, H, W, C): the averaged generator at seeds 0 to 63, as `Model.sample` draws them."""
        seeds, k = range(GRID[0] * GRID[1]), len(self.config.classes)
        y = torch.eye(k)[[class_of(s, k) for s in seeds]].to(self.device) if k else None
        return to_uint8(self.average(latents(seeds, self.config.z_dim).to(self.device), y))


def train(config: Config, out: Path, resume: bool = False, stop: Callable[[], bool] = lambda: False) -> Iterator[Event]:
    """Train `config` into the model folder `out`, yielding what happens.

    resume   go on from `out/checkpoint`; `config` must describe the same networks
    stop     asked between steps; once true the run saves all it has, writes a complete folder and ends

    Raises ConfigError, DataError, FolderError or TrainingError, each with the cure.
    """
    config, dataset = prepare(config)
    trainer = Trainer(config, dataset)
    if resume:
        trainer.restore(out / "checkpoint")
    out.mkdir(parents=True, exist_ok=True)
    write_bytes(out / "config.json", config.to_json().encode())
    counts = [sum(p.numel() for p in net.parameters()) for net in (trainer.generator, trainer.critic)]
    started = Started(config, trainer.shown, len(dataset.images), dataset.notes, *counts, str(trainer.device))
    with (out / "log.jsonl").open("a", encoding="utf-8") as log:
        for event in _events(started, trainer, dataset, out, stop):
            log.write(json.dumps(_record(event), ensure_ascii=False) + "\n")
            log.flush()
            yield event


def _events(
    started: Started, trainer: Trainer, dataset: data.Dataset, out: Path, stop: Callable[[], bool]
) -> Iterator[Event]:
    yield started
    config, last, stopped = trainer.config, None, False
    clock, clock_shown, reported = time.perf_counter(), trainer.shown, 0.0
    while trainer.shown < config.images and not (stopped := stop()):
        before, tick = trainer.shown, time.perf_counter()
        result = trainer.advance()
        trainer.seconds += time.perf_counter() - tick
        now = time.perf_counter()
        if now - reported >= REPORT_SECONDS or trainer.shown >= config.images:
            rate = (trainer.shown - clock_shown) / (now - clock)
            last = Stepped(trainer.shown, trainer.seconds, rate, *(float(v) for v in result))
            _require_finite(last)
            reported = now
            yield last
        if _crossed(before, trainer.shown, config.sample_images):
            pictures, path = trainer.sample(), out / "samples" / f"{trainer.shown:010d}.png"
            path.parent.mkdir(exist_ok=True)
            write_grid(path, pictures)
            yield Sampled(trainer.shown, path, pictures)
        if _crossed(before, trainer.shown, config.checkpoint_images):
            trainer.save(out / "checkpoint")
            yield Checkpointed(trainer.shown, out / "checkpoint")
    trainer.save(out / "checkpoint")
    yield Checkpointed(trainer.shown, out / "checkpoint")
    finish(trainer, out, started, last)
    yield Done(trainer.shown, trainer.seconds, out, stopped)


def finish(trainer: Trainer, out: Path, started: Started, last: Stepped | None) -> None:
    """Write the model folder: weights, directions, metrics, samples, card."""
    config = trainer.config
    write(out / "model.safetensors", trainer.average.state_dict())
    write(out / "critic.safetensors", trainer.critic.state_dict())
    directions, variance = principal_directions(trainer.average, config.z_dim, len(config.classes))
    write(out / "directions.safetensors", {"directions": directions, "variance": variance})
    write_grid(out / "samples.png", trainer.sample())
    metrics = {
        "images": trainer.shown,
        "seconds": round(trainer.seconds, 1),
        "generator_parameters": started.generator_parameters,
        "critic_parameters": started.critic_parameters,
        "device": started.device,
        "torch": torch.__version__,
        "grid": list(GRID),
    }
    if last is not None:
        metrics |= {"critic_loss": last.critic_loss, "generator_loss": last.generator_loss, "penalty": last.penalty}
    write_bytes(out / "metrics.json", (json.dumps(metrics, indent=2) + "\n").encode())
    source = data.DATASETS.get(config.dataset)
    licence = source.licence if source else "the licence of the folder's owner"
    write_bytes(out / "README.md", card(config, metrics, licence).encode())


def _crossed(before: int, after: int, every: int) -> bool:
    return before // every != after // every


def _require_finite(event: Stepped) -> None:
    if not all(map(math.isfinite, (event.critic_loss, event.generator_loss, event.penalty))):
        raise _diverged(event.shown)


def _diverged(shown: int) -> TrainingError:
    return TrainingError(
        f"loss or weights are not finite after {shown:,} images: resume from the last checkpoint with a lower "
        "--learning-rate, or start again with a higher --gamma"
    )


def _record(event: Event) -> dict:
    """An event as JSON values; arrays are left out."""
    record: dict = {"event": type(event).__name__.lower()}
    for f in dataclasses.fields(event):
        value = getattr(event, f.name)
        if isinstance(value, Config):
            record[f.name] = dataclasses.asdict(value)
        elif not isinstance(value, np.ndarray):
            record[f.name] = str(value) if isinstance(value, Path) else value
    return record
