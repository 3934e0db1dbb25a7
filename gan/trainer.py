"""One run's networks, optimisers and counters: a step forward, and all of it to disk and back."""

from __future__ import annotations

import copy
import dataclasses
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gan import augment, data, ema, networks, plane, schedule
from gan.alarms import variety
from gan.checkpoint import newest_state, read_state, read_tensors, save_state
from gan.config import Config, ConfigError
from gan.data.worlds import WORLDS, Points, is_world, load_world
from gan.distributed import World, check
from gan.draws import order, stream
from gan.files import FolderError
from gan.latent import class_of, latents
from gan.losses import LOSSES
from gan.model import Model, pick_device
from gan.optimizers import OPTIMIZERS, restore, state_of
from gan.optimizers import schedule as set_rates
from gan.penalties import PENALTIES
from gan.step import Batch, CriticResult, GeneratorResult, Players, critic_step, generator_step

PREVIEW = range(64)  # seeds of every sample grid


class TrainingError(RuntimeError):
    """Training cannot go on; the message says what happened and what to try. The last checkpoint is untouched."""


class Diverged(TrainingError):
    """Raised for losses or weights that are not finite. where: which, as in "critic loss"."""

    def __init__(self, shown: int, where: str) -> None:
        self.where = where
        super().__init__(
            f"{where} not finite after {shown:,} images: resume from the last checkpoint with a lower "
            "--learning-rate, or start again with a higher --gamma"
        )


def prepare(
    config: Config, progress: Callable[[str], None] = lambda line: None
) -> tuple[Config, data.Dataset | Points]:
    """Check names and options, load the data, and return the config with what the data decides filled in.

    Raises ConfigError or data.DataError with the cure.
    """
    check_options(config)
    if config.network in networks.POINT_NETWORKS:
        if not is_world(config.dataset):
            raise ConfigError(
                f"network {config.network} is for points, and {config.dataset[:40]} is not made of them: dataset must "
                f"be one of {', '.join(WORLDS)}"
            )
        drawn = {"resolution": plane.SIDE, "channels": plane.CHANNELS, "classes": ()}
        return dataclasses.replace(config, **drawn), load_world(config.dataset)
    if is_world(config.dataset):
        have = " or ".join(networks.POINT_NETWORKS)
        raise ConfigError(f"{config.dataset[:40]} is made of points, not pictures: network must be {have}")
    dataset = data.load(config.dataset, config.resolution or None, config.data_root, progress=progress)
    classes = dataset.classes if networks.pair_of(config).conditional and config.conditional else ()
    _, channels, resolution, _ = dataset.images.shape
    return dataclasses.replace(config, resolution=resolution, channels=channels, classes=tuple(classes)), dataset


def check_options(config: Config) -> None:
    """ConfigError for an unknown name, listing the choices, and for options that contradict each other, saying why."""
    pair = networks.pair_of(config)
    for field, known in (
        ("loss", LOSSES),
        ("penalty", PENALTIES),
        ("optimizer", OPTIMIZERS),
    ):
        if getattr(config, field) not in known:
            raise ConfigError(f"{field} must be one of {', '.join(known)}, got {getattr(config, field)!r}")
    policy = augment.parse(config.augment)
    penalised = config.penalty != "none" and config.gamma > 0
    if config.critic_norm == "batch" and pair.batch_norm and penalised:
        raise ConfigError(
            f"penalty {config.penalty} needs each logit to depend on its own picture alone, and batch normalisation in "
            "the critic mixes them: set critic_norm to none or spectral, or penalty to none"
        )
    if config.clip and config.critic_norm == "spectral":
        raise ConfigError(
            "clip bounds weights that spectral normalisation rescales anyway: set clip to 0, or critic_norm to none"
        )
    if config.clip and config.penalty == "gp" and penalised:
        raise ConfigError("clip and penalty gp both bound the critic's slope, at different values: choose one of them")
    if policy and config.network in networks.POINT_NETWORKS:
        raise ConfigError("augment changes pictures, and there are none among points: set augment to none")


def changed(config: Config, settings: Mapping[str, Any]) -> Config:
    """The config with other settings, of those that may change while a run goes on (marked `live` in `Config`).

    ConfigError for a setting that may not, a bad value or a contradiction.
    """
    fields = {f.name: f for f in dataclasses.fields(Config)}
    for name in settings:
        if name not in fields:
            raise ConfigError(f"unknown field {name!r}")
        if not fields[name].metadata.get("live"):
            raise ConfigError(f"{name} cannot change while a run goes on: start a new one")
    config = dataclasses.replace(config, **settings)
    check_options(config)
    return config


class Trainer:
    """All that a checkpoint holds. shown: images shown so far; seconds: of training, over all resumed parts.

    rate_scale: times the learning rate, below 1 after a rollback. falls: rollbacks, counted by `gan.loop`; fell: the
    image at which the last of them began. world: the processes that share this run.
    """

    def __init__(self, config: Config, dataset: data.Dataset | Points, world: World | None = None) -> None:
        self.config, self.world = config, world or World()
        check(self.world, config.batch_size, config.accumulate)
        torch.manual_seed(config.seed)
        pair = networks.pair_of(config)
        self.device = pick_device(config.device)
        self.fingerprint = [len(dataset.images), zlib.crc32(dataset.labels.numpy(), zlib.crc32(dataset.images.numpy()))]
        self.pictures = dataset.images.to(self.device)
        k = len(config.classes)
        self.onehot = torch.eye(k, device=self.device)[dataset.labels.to(self.device)] if k else None
        layout = torch.channels_last if pair.convolutional else torch.contiguous_format
        generator, critic = networks.build(config)
        self.generator = generator.to(self.device, memory_format=layout)
        self.critic = critic.to(self.device, memory_format=layout)
        self.average = copy.deepcopy(self.generator).eval().requires_grad_(False)
        self.kind = OPTIMIZERS[config.optimizer]
        self.players = Players(
            self.generator,
            self.critic,
            *self._optimizers(),
            LOSSES[config.loss](),
            PENALTIES[config.penalty],
            torch.autocast(self.device.type, torch.bfloat16, enabled=config.precision == "bf16"),
            augment.parse(config.augment),
            config.clip,
            config.critic_norm == "batch",
            self.world.share,
        )
        self.shown, self.step, self.seconds, self.rate_scale, self.falls, self.fell = 0, 0, 0.0, 1.0, 0, 0
        self._epoch: tuple[int, Tensor] | None = None

    @property
    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """Of both players, by the player's name."""
        return {"generator": self.players.generator_optimizer, "critic": self.players.critic_optimizer}

    def change(self, **settings: Any) -> None:
        """Go on with other settings; a new optimiser starts without memory. ConfigError as `changed`."""
        old, new = self.config, changed(self.config, settings)
        check(self.world, new.batch_size, new.accumulate)
        self.config = new
        p = self.players
        p.loss, p.penalty = LOSSES[new.loss](), PENALTIES[new.penalty]
        p.policy, p.clip = augment.parse(new.augment), new.clip
        if (new.optimizer, new.beta1) != (old.optimizer, old.beta1):
            self.kind = OPTIMIZERS[new.optimizer]
            p.generator_optimizer, p.critic_optimizer = self._optimizers()

    def _optimizers(self) -> list[torch.optim.Optimizer]:
        c = self.config
        return [
            self.kind.build(net.parameters(), c.learning_rate, c.beta1, c.beta2)
            for net in (self.generator, self.critic)
        ]

    def advance(self, move: str = "both") -> tuple[CriticResult | None, GeneratorResult | None]:
        """The critic's steps, a generator step and an update of the average; or one of the two players alone.

        TrainingError, with the flag to lower, when memory runs out.
        """
        try:
            return self._advance(move)
        except (MemoryError, torch.OutOfMemoryError) as error:
            raise _out_of_memory(self.config) from error
        except RuntimeError as error:
            if "memory" not in str(error):
                raise
            raise _out_of_memory(self.config) from error

    def _advance(self, move: str) -> tuple[CriticResult | None, GeneratorResult | None]:
        c, critic, generator = self.config, None, None
        source = stream(c.seed, self.step, 0)
        self._seed(int(torch.randint(2**31, (), generator=source)))
        self._schedule()
        if move != "generator":
            for _ in range(c.critic_steps if move == "both" else 1):
                parts = self._batch(source)
                critic = critic_step(self.players, parts, schedule.gamma(c, self.shown))
                self.shown += c.batch_size
        if move != "critic":
            generator = generator_step(self.players, self._batch(source, None if critic is None else parts))
            decay = ema.decay_for(schedule.ema_images(c, self.shown), max(self.shown, 1), c.batch_size * c.critic_steps)
            ema.update(self.average, self.generator, decay)
        self.step += 1
        return critic, generator

    def _seed(self, seed: int) -> None:
        # For dropout. torch.manual_seed would also format a stack trace for each kind of device that is not there.
        torch.default_generator.manual_seed(seed)
        if self.device.type == "cuda":
            torch.cuda.manual_seed(seed)

    def _batch(self, source: torch.Generator, like: list[Batch] | None = None) -> list[Batch]:
        # The next pictures in order, or those of `like`, with fresh random numbers. All processes draw the whole batch
        # and keep their rows, so that how many they are does not change the run.
        c, count, device = self.config, self.config.batch_size, self.device
        z = torch.randn(count, c.z_dim, generator=source)
        mix = torch.rand(count, generator=source)
        changes = [augment.draw(self.players.policy, count, source) for _ in range(2)]
        drawn = (z, mix, *changes)
        own = [self.world.part(v).to(device).chunk(c.accumulate) for v in drawn]
        if like is not None:
            seen = [(batch.real, batch.y) for batch in like]
        else:
            index = self.world.part(self._order(count)).to(device)
            seen = [
                (self._decode(i), None if self.onehot is None else self.onehot[i]) for i in index.chunk(c.accumulate)
            ]
        return [
            Batch(real, y, z, mix, torch.stack(pair))
            for (real, y), z, mix, *pair in zip(seen, *own, strict=True)
        ]  # fmt: skip

    def _decode(self, index: Tensor) -> Tensor:
        chosen = self.pictures[index]
        return chosen.float().div_(127.5).sub_(1) if chosen.dtype == torch.uint8 else chosen

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
        rate, beta2 = schedule.learning_rate(c, self.shown) * self.rate_scale, schedule.beta2(c, self.shown)
        set_rates(self.players.generator_optimizer, self.kind, rate, beta2)
        set_rates(self.players.critic_optimizer, self.kind, rate * c.critic_lr_ratio, beta2)

    def sample(self) -> np.ndarray:
        """The averaged generator at seeds 0 to 63, classes as the seeds have them: uint8 (64, H, W, C).

        For points float32 (1000, 2), seeds 0 to 999.
        """
        if self.config.network in networks.POINT_NETWORKS:
            return self.points(range(1000)).numpy()
        return self.preview()

    def preview(self) -> np.ndarray:
        """As `sample`, but of points too the pictures that stand for them."""
        none = torch.empty(0, self.config.z_dim)
        return Model("", self.config, self.average, self.critic, none, none).sample(PREVIEW)

    @torch.no_grad()
    def points(self, seeds: Sequence[int]) -> Tensor:
        """What the averaged generator of a 2-D world makes of seeds: float32 (N, 2)."""
        return self.average(latents(seeds, self.config.z_dim).to(self.device)).float().cpu()

    def diversity(self, pictures: np.ndarray) -> float:
        """`gan.alarms.variety` of generated pictures, as `sample` gives them; of as many as there are real ones for."""
        made, k = torch.from_numpy(pictures), len(self.config.classes)
        groups = torch.tensor([class_of(seed, k) if k else 0 for seed in range(len(made))])
        if 2 * len(groups.unique()) > len(made):  # hardly two of a class: to be compared with any other
            groups, k = torch.zeros_like(groups), 0
        shuffled = order(self.config.seed + 1, len(self.pictures), 0, len(self.pictures))
        classes = self.onehot.argmax(1).cpu()[shuffled] if k else torch.zeros_like(shuffled)
        rows, real = [], []
        for group in groups.unique():
            own, theirs = (groups == group).nonzero()[:, 0], shuffled[classes == group]
            some = min(len(own), len(theirs))
            rows.append(own[:some])
            real.append(theirs[:some])
        rows, real = torch.cat(rows), torch.cat(real)
        pictured = self.pictures[real.to(self.device)].cpu()
        if pictured.ndim > 2:
            pictured = pictured.permute(0, 2, 3, 1)
        return variety(made[rows], pictured, groups[rows])

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor of the run's state, by name."""
        parts = {}
        for name in ("generator", "critic", "average"):
            parts |= {f"{name}.{k}": v for k, v in getattr(self, name).state_dict().items()}
        for name, optimizer in self.optimizers.items():
            parts |= {f"{name}_optimizer.{k}": v for k, v in state_of(optimizer, self.kind).items()}
        return parts

    def snapshot(self) -> Snapshot:
        """A copy of the run's state, on its device. TrainingError if any number is not finite."""
        tensors = {k: v.detach().clone() for k, v in self.tensors().items()}
        if bad := {name.partition(".")[0] for name, v in tensors.items() if not bool(v.isfinite().all())}:
            raise Diverged(self.shown, f"{listed(bad)} weights")
        return Snapshot(tensors, self.shown, self.step, self.seconds, self.rate_scale, self.falls, self.fell)

    def rewind(self, to: Snapshot) -> None:
        """Make a snapshot of this run, or of one with the same networks, the present.

        An optimiser of another kind than the snapshot's starts without memory.
        """
        for name in ("generator", "critic", "average"):
            getattr(self, name).load_state_dict(_under(f"{name}.", to.tensors))
        for name, optimizer in self.optimizers.items():
            held = _under(f"{name}_optimizer.", to.tensors)
            if held.keys() == state_of(optimizer, self.kind).keys():
                restore(optimizer, self.kind, held)
            else:
                optimizer.state.clear()
        self.shown, self.step, self.seconds, self.rate_scale = to.shown, to.step, to.seconds, to.rate_scale
        self.falls, self.fell = to.falls, to.fell

    def save(self, folder: Path, state: Snapshot | None = None) -> None:
        """Write a checkpoint, of now or of a snapshot; the one before stays beside it.

        TrainingError, and no write, if any number is not finite.
        """
        state = state or self.snapshot()
        counters = {
            k: v for k, v in dataclasses.asdict(dataclasses.replace(state, tensors={})).items() if k != "tensors"
        }
        meta = {**counters, "pictures": self.fingerprint, "config": dataclasses.asdict(self.config)}
        save_state(folder, state.tensors, meta)

    def restore(self, folder: Path) -> str:
        """Go back to the newest whole checkpoint of `folder`; what was wrong with newer ones, or "".

        FolderError when it is damaged or was made from other pictures; ConfigError when this run's config differs from
        its own in anything that a resumed run may not change.
        """
        state, faults = newest_state(folder)
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
        wanted = self.tensors()
        tensors = read_tensors(state / "state.safetensors", wanted, sum(t.numel() for t in wanted.values()))
        self.rewind(Snapshot(tensors, meta.shown, meta.step, meta.seconds, meta.rate_scale, meta.falls, meta.fell))
        return faults


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """The state of a run at one moment, as a checkpoint holds it. tensors: copies, named as in `Trainer.tensors`."""

    tensors: dict[str, Tensor]
    shown: int
    step: int
    seconds: float
    rate_scale: float
    falls: int = 0
    fell: int = 0


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def _out_of_memory(config: Config) -> TrainingError:
    return TrainingError(
        f"out of memory: lower --batch-size (now {config.batch_size}), --width (now {config.width}) or --resolution, "
        f"or work through the batch in parts with --accumulate (now {config.accumulate})"
    )


def listed(names: Iterable[str]) -> str:
    """Names of settings or numbers as words: "critic loss and penalty"."""
    return " and ".join(sorted(name.replace("_", " ") for name in names))
