"""One run's networks, optimisers and counters: a step forward, and all of it to disk and back."""

from __future__ import annotations

import copy
import dataclasses
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gan import data, networks
from gan.config import Config
from gan.data.points import Points
from gan.errors import Diverged, FolderError
from gan.models.latent import class_of, latents
from gan.models.model import Model, pick_device
from gan.models.weights import read_tensors
from gan.training import augment, ema, schedule
from gan.training.alarms import diversity_ratio
from gan.training.checkpoint import newest_state, read_state, save_state
from gan.training.distributed import ProcessGroup, check_batch
from gan.training.losses import LOSSES
from gan.training.memory import fits_on_device, oom_hint
from gan.training.optimizers import OPTIMIZERS, restore, state_of
from gan.training.optimizers import schedule as set_rates
from gan.training.penalties import PENALTIES
from gan.training.rng import UseGenerator, order, stream
from gan.training.step import Batch, CriticResult, GeneratorResult, Players, critic_step, generator_step
from gan.training.synced_layers import Masks, share_statistics
from gan.training.validation import check_resumed, with_changes

PREVIEW = range(64)  # seeds of every sample grid


class Trainer:
    """All that a checkpoint holds. shown: images shown so far; seconds: of training, over all resumed parts.

    rate_scale: times the learning rate, below 1 after a rollback. rollbacks: rollbacks, counted by
    `gan.training.loop`; last_rollback: the
    image at which the last of them began. processes: the processes that share this run.

    Whatever it does, TrainingError, with the flags that help, when memory runs out.
    """

    def __init__(self, config: Config, dataset: data.Dataset | Points, processes: ProcessGroup | None = None) -> None:
        self.config, self.processes = config, processes or ProcessGroup()
        check_batch(self.processes, config.batch_size, config.accumulate)
        self.device = pick_device(config.device)
        self.fingerprint = [len(dataset.images), zlib.crc32(dataset.labels.numpy(), zlib.crc32(dataset.images.numpy()))]
        self.shown, self.step, self.seconds, self.rate_scale, self.rollbacks, self.last_rollback = 0, 0, 0.0, 1.0, 0, 0
        self._epoch: tuple[int, Tensor] | None = None
        self._penalty = torch.zeros((), device=self.device)  # the last that was taken
        with oom_hint(config):
            self._take(dataset)
            self._build()

    def _take(self, dataset: data.Dataset | Points) -> None:
        # Pictures lie on the device where they fit, or else where they are, and go there batch by batch.
        there = fits_on_device(dataset.images, self.device)
        self.pictures = dataset.images.to(self.device) if there else dataset.images
        k = len(self.config.classes)
        self.onehot = torch.eye(k, device=self.device)[dataset.labels.to(self.device)] if k else None

    def _build(self) -> None:
        config = self.config
        with UseGenerator(torch.Generator().manual_seed(config.seed)):
            generator, critic = networks.build(config)
        layout = torch.channels_last if networks.find_pair(config).convolutional else torch.contiguous_format
        self.generator = generator.to(self.device, memory_format=layout)
        self.critic = critic.to(self.device, memory_format=layout)
        self.average = copy.deepcopy(self.generator).eval().requires_grad_(False)
        self.masks = Masks(self.critic, self.processes, self.device)
        for player in (self.generator, self.critic):
            share_statistics(player, self.processes)
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
            self.processes.average_gradients,
        )

    @property
    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """Of both players, by the player's name."""
        return {"generator": self.players.generator_optimizer, "critic": self.players.critic_optimizer}

    def change(self, **settings: Any) -> None:
        """Go on with other settings; a new optimiser starts without memory. ConfigError as `changed`."""
        old, new = self.config, with_changes(self.config, settings)
        check_batch(self.processes, new.batch_size, new.accumulate)
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
        """The critic's steps, a generator step and an update of the average; or one of the two players alone."""
        with oom_hint(self.config):
            return self._advance(move)

    def _advance(self, move: str) -> tuple[CriticResult | None, GeneratorResult | None]:
        c, critic, generator = self.config, None, None
        source = stream(c.seed, self.step, 0)
        self.masks.source.manual_seed(int(torch.randint(2**31, (), generator=source)))
        self.masks.rows = c.batch_size // (c.accumulate * self.processes.size)
        self._schedule()
        if move != "generator":
            for _ in range(c.critic_steps if move == "both" else 1):
                parts = self._batch(source)
                critic = critic_step(self.players, parts, schedule.penalty_weight(c, self.shown))
                if schedule.penalty_due(c, self.shown):
                    self._penalty = critic.penalty
                critic = critic._replace(penalty=self._penalty)
                self.shown += c.batch_size
        if move != "critic":
            generator = generator_step(self.players, self._batch(source, None if critic is None else parts))
            decay = ema.decay_for(schedule.ema_images(c, self.shown), max(self.shown, 1), c.batch_size * c.critic_steps)
            ema.update(self.average, self.generator, decay)
        self.step += 1
        return critic, generator

    def _batch(self, source: torch.Generator, like: list[Batch] | None = None) -> list[Batch]:
        # The next pictures in order, or those of `like`, with fresh random numbers. All processes draw the whole batch
        # and keep their rows of each part, so that how many they are does not change the run.
        c, count = self.config, self.config.batch_size
        z = torch.randn(count, c.z_dim, generator=source)
        mix = torch.rand(count, generator=source)
        changes = [augment.draw(self.players.policy, count, source) for _ in range(2)]
        own = [[part.to(self.device) for part in self._parts(v)] for v in (z, mix, *changes)]
        if like is not None:
            seen = [(batch.real, batch.y) for batch in like]
        else:
            seen = [
                (self._decode(i), None if self.onehot is None else self.onehot[i.to(self.device)])
                for i in self._parts(self._order(count))
            ]
        return [
            Batch(real, y, z, mix, torch.stack(pair))
            for (real, y), z, mix, *pair in zip(seen, *own, strict=True)
        ]  # fmt: skip

    def _parts(self, whole: Tensor) -> list[Tensor]:
        return [self.processes.own_rows(part) for part in whole.chunk(self.config.accumulate)]

    def _decode(self, index: Tensor) -> Tensor:
        chosen = self.pictures[index.to(self.pictures.device)]
        if chosen.device != self.device:
            chosen = chosen.pin_memory().to(self.device, non_blocking=True)
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
        with oom_hint(self.config):
            return self.model().sample(PREVIEW)

    def model(self, average: bool = True) -> Model:
        """The averaged generator, or the generator itself, and the critic: not copies, and without directions."""
        none = torch.empty(0, self.config.z_dim)
        return Model("", self.config, self.average if average else self.generator, self.critic, none, none)

    @torch.no_grad()
    def points(self, seeds: Sequence[int]) -> Tensor:
        """What the averaged generator of points makes of seeds: float32 (N, 2)."""
        with oom_hint(self.config):
            return self.average(latents(seeds, self.config.z_dim).to(self.device)).float().cpu()

    def diversity(self, pictures: np.ndarray) -> float:
        """`diversity_ratio` of generated pictures, as `sample` gives them; of as many as there are real ones for."""
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
        pictured = self.pictures[real.to(self.pictures.device)].cpu()
        if pictured.ndim > 2:
            pictured = pictured.permute(0, 2, 3, 1)
        return diversity_ratio(made[rows], pictured, groups[rows])

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
        with oom_hint(self.config):
            tensors = {k: v.detach().clone() for k, v in self.tensors().items()}
            bad = {name.partition(".")[0] for name, v in tensors.items() if not bool(v.isfinite().all())}
        if bad:
            raise Diverged(self.shown, f"{listed(bad)} weights")
        return Snapshot(
            tensors, self.shown, self.step, self.seconds, self.rate_scale, self.rollbacks, self.last_rollback
        )

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
        self.rollbacks, self.last_rollback = to.rollbacks, to.last_rollback
        self._penalty = torch.zeros((), device=self.device)

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

        FolderError when it is damaged or was made from other pictures; ConfigError as `check_resumed`.
        """
        state, faults = newest_state(folder)
        meta = read_state(state)
        check_resumed(meta.config, self.config)
        if meta.pictures != self.fingerprint:
            raise FolderError(
                f"{state}: made from other pictures ({meta.pictures[0]:,}; there are {self.fingerprint[0]:,} now, or "
                f"their contents changed): put them back, or start a new run with --out"
            )
        wanted = self.tensors()
        tensors = read_tensors(state / "state.safetensors", wanted, sum(t.numel() for t in wanted.values()))
        self.rewind(
            Snapshot(tensors, meta.shown, meta.step, meta.seconds, meta.rate_scale, meta.rollbacks, meta.last_rollback)
        )
        return faults


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """The state of a run at one moment, as a checkpoint holds it. tensors: copies, named as in `Trainer.tensors`."""

    tensors: dict[str, Tensor]
    shown: int
    step: int
    seconds: float
    rate_scale: float
    rollbacks: int = 0
    last_rollback: int = 0


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def listed(names: Iterable[str]) -> str:
    """Names of settings or numbers as words: "critic loss and penalty"."""
    return " and ".join(sorted(name.replace("_", " ") for name in names))
