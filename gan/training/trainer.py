"""One run's networks, optimisers and counters: training steps, and its state to disk and back."""

from __future__ import annotations

import copy
import dataclasses
import math
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gan import networks
from gan.config import Config
from gan.data.domains import Domains, TrainingSet
from gan.errors import ConfigError, Diverged, FolderError
from gan.models.latent import latents
from gan.models.model import Model, pick_device
from gan.models.translator import Translator
from gan.models.weights import read_tensors
from gan.training import augment, ema, schedule
from gan.training.adaptive import AdaptiveProbability
from gan.training.batches import Batches
from gan.training.best import Best
from gan.training.checkpoint import newest_state, read_state, save_state
from gan.training.distributed import ProcessGroup, check_batch
from gan.training.diversity import diversity_of_samples
from gan.training.losses import LOSSES
from gan.training.memory import oom_hint
from gan.training.optimizers import OPTIMIZERS, load_state_tensors, set_rates, state_tensors
from gan.training.penalties import PENALTIES
from gan.training.rng import UseGenerator, step_generator
from gan.training.snapshot import Snapshot, in_words
from gan.training.start import begin_with, first_layers
from gan.training.start_translator import begin_with_translator
from gan.training.step import Batch, CriticResult, GeneratorResult, Players, critic_step, generator_step
from gan.training.synced_layers import SyncedDropoutMasks, sync_batch_norm
from gan.training.tasks import TASKS
from gan.training.validation import check_resumed, with_changes


class Trainer:
    """A run: its networks, optimisers, data set and counters, all that a checkpoint holds.

    shown          real images shown so far
    step           steps made
    seconds        of training, over all resumed parts
    rate_scale     factor of the learning rate, below 1 after a rollback
    rollbacks      rollbacks that still count, see `gan.training.rollback`
    last_rollback  images shown when the last of them began
    best           the best model so far, None if none was measured
    processes      the processes that share this run

    Every method raises TrainingError, with the flags that help, when memory runs out.
    """

    def __init__(self, config: Config, dataset: TrainingSet, processes: ProcessGroup | None = None) -> None:
        self.config, self.processes = config, processes or ProcessGroup()
        check_batch(self.processes, config.batch_size, config.accumulate)
        self.device = pick_device(config.device)
        self.task = TASKS[config.task]
        self.fingerprint = _fingerprint(dataset)
        self.shown, self.step, self.seconds = 0, 0, 0.0
        self.rate_scale, self.rollbacks, self.last_rollback = 1.0, 0, 0
        self.best: Best | None = None
        self._last_penalty = torch.zeros((), device=self.device)
        self.adaptive = AdaptiveProbability(self.device)
        with oom_hint(config):
            self.batches = Batches(config, dataset, self.device, self.processes)
            self._build()

    def _build(self) -> None:
        config = self.config
        with UseGenerator(torch.Generator().manual_seed(config.seed)):
            generator, critic = networks.build(config)
        layout = torch.channels_last if networks.find_pair(config).convolutional else torch.contiguous_format
        self.generator = generator.to(self.device).to(memory_format=layout)
        self.critic = critic.to(self.device).to(memory_format=layout)
        self.average = copy.deepcopy(self.generator).eval().requires_grad_(False)
        self.dropout_masks = SyncedDropoutMasks(self.critic, self.processes, self.device)
        for player in (self.generator, self.critic):
            sync_batch_norm(player, self.processes)
        self.optimizer_spec = OPTIMIZERS[config.optimizer]
        self.players = Players(
            self.generator,
            self.critic,
            self._optimizer(self.generator),
            self._optimizer(self.critic),
            LOSSES[config.loss](),
            PENALTIES[config.penalty],
            torch.autocast(self.device.type, torch.bfloat16, enabled=config.precision == "bf16"),
            augment.parse(config.augment),
            config.clip,
            self.adaptive.probability if config.augment_target else None,
            first_layers(self.critic, config.freeze_critic),
            split_real_fake=config.critic_norm == "batch",
            mean=self.processes.mean,
            average_gradients=self.processes.average_gradients,
            game=self.task.game(config),
        )

    def begin_with(self, model: Model | Translator) -> None:
        """Take the weights of a model, before the first step.

        ConfigError as `gan.training.start.begin_with`, and for a model that generates where this run translates, or the
        other way about.
        """
        if model.config.task != self.config.task:
            wanted = "translator" if self.config.task == "translate" else "generator"
            raise ConfigError(
                f"init: {model.name} is no {wanted}, and the run's task is {self.config.task}: choose one"
            )
        if isinstance(model, Translator):
            begin_with_translator(model, self.config, self.generator, self.critic)
        else:
            begin_with(model, self.config, self.generator, self.critic)
        self.average.load_state_dict(self.generator.state_dict())

    def _optimizer(self, network: nn.Module) -> torch.optim.Optimizer:
        c = self.config
        return self.optimizer_spec.build(network.parameters(), c.learning_rate, c.beta1, c.beta2)

    @property
    def pictures(self) -> Tensor:
        """Return the pictures (n, C, H, W) or points (n, 2) of the data set, wherever they lie."""
        return self.batches.pictures

    @property
    def class_weights(self) -> Tensor | None:
        """Return the class weights (n, K) of the pictures, on the device; None without classes."""
        return self.batches.class_weights

    @property
    def named_networks(self) -> dict[str, nn.Module]:
        """Return the generator, the critic (discriminator) and the averaged generator by name."""
        return {"generator": self.generator, "critic": self.critic, "average": self.average}

    @property
    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        """Return the optimisers by their player's name."""
        return {"generator": self.players.generator_optimizer, "critic": self.players.critic_optimizer}

    def change(self, **settings: Any) -> None:
        """Go on with other settings; a new optimiser starts with an empty state. ConfigError as `with_changes`."""
        old, new = self.config, with_changes(self.config, settings)
        check_batch(self.processes, new.batch_size, new.accumulate)
        self.config = new
        p = self.players
        p.game, p.loss, p.penalty = self.task.game(new), LOSSES[new.loss](), PENALTIES[new.penalty]
        p.augmentations, p.clip = augment.parse(new.augment), new.clip
        p.augment_probability = self.adaptive.probability if new.augment_target else None
        if (new.optimizer, new.beta1) != (old.optimizer, old.beta1):
            self.optimizer_spec = OPTIMIZERS[new.optimizer]
            p.generator_optimizer, p.critic_optimizer = self._optimizer(self.generator), self._optimizer(self.critic)

    def advance(self, move: str = "both") -> tuple[CriticResult | None, GeneratorResult | None]:
        """Make the critic's steps, a generator step and an update of the average; or move one player alone.

        move: "both", "critic" for one critic step, or "generator". The result of a player that did not move is None.
        """
        with oom_hint(self.config):
            source = step_generator(self.config.seed, self.step)
            self.dropout_masks.source.manual_seed(int(torch.randint(2**31, (), generator=source)))
            self.dropout_masks.rows = self.config.batch_size // (self.config.accumulate * self.processes.size)
            self._set_rates()
            critic = generator = parts = None
            if move != "generator":
                for _ in range(self.config.critic_steps if move == "both" else 1):
                    parts = self._draw(source)
                    critic = self._critic_step(parts)
            if move != "critic":
                generator = self._generator_step(self._draw(source, pictures_of=parts))
            self.step += 1
            return critic, generator

    def _critic_step(self, parts: list[Batch]) -> CriticResult:
        result = critic_step(self.players, parts, schedule.penalty_weight(self.config, self.shown))
        if schedule.penalty_due(self.config, self.shown):
            self._last_penalty = result.penalty
        c, state = self.config, self.adaptive
        self.shown += c.batch_size
        result = result._replace(augment_probability=result.augment_probability.clone())  # the one of this step
        state.update(result.overfitting, c.batch_size, c.augment_target, c.augment_images)
        return result._replace(penalty=self._last_penalty, overfitting=state.measure.clone())

    def _generator_step(self, parts: list[Batch]) -> GeneratorResult:
        c, result = self.config, generator_step(self.players, parts)
        decay = ema.decay_for(schedule.ema_images(c, self.shown), max(self.shown, 1), c.batch_size * c.critic_steps)
        ema.update(self.average, self.generator, decay)
        return result

    def _draw(self, source: torch.Generator, pictures_of: list[Batch] | None = None) -> list[Batch]:
        return self.batches.draw(self.config, self.players.augmentations, source, self.shown, pictures_of)

    def _set_rates(self) -> None:
        c = self.config
        rate, beta2 = schedule.learning_rate(c, self.shown) * self.rate_scale, schedule.beta2(c, self.shown)
        set_rates(self.players.generator_optimizer, self.optimizer_spec, rate, beta2)
        set_rates(self.players.critic_optimizer, self.optimizer_spec, rate * c.critic_lr_ratio, beta2)

    def sample(self) -> np.ndarray:
        """Sample the averaged generator, to be compared with the data set: uint8 (N, H, W, C), or float32 (N, 2).

        Seeds 0 to 63, each with the class of its seed; of points 0 to 999; of a translator what it makes of pictures.
        """
        with oom_hint(self.config):
            return self.task.sample(self.model(), self.batches)

    def preview(self) -> np.ndarray:
        """Return what a grid of samples shows, uint8 (N, H, W, C); points are drawn as pictures."""
        with oom_hint(self.config):
            return self.task.preview(self.model(), self.batches)

    def model(self, average: bool = True) -> Any:
        """Return the averaged generator, or the generator itself, and the critic: not copies, without directions.

        A `Model`, or a `Translator`.
        """
        return self.task.model(self.config, self.average if average else self.generator, self.critic)

    @torch.no_grad()
    def points(self, seeds: Sequence[int]) -> Tensor:
        """Return the points that the averaged generator makes of seeds: float32 (N, 2)."""
        with oom_hint(self.config):
            return self.average(latents(seeds, self.config.z_dim).to(self.device)).float().cpu()

    def diversity(self, samples: np.ndarray) -> float:
        """Return `diversity_ratio` of what `sample` returned; of as many as there are real pictures to compare with."""
        weights, config = self.class_weights, self.config
        classes = 0 if config.class_groups or weights is None else len(config.classes)
        labels = torch.empty(0) if weights is None else weights.argmax(1).cpu()
        return diversity_of_samples(samples, self.pictures, labels, classes, seed=self.config.seed + 1)

    def keep_best(self, distance: float) -> bool:
        """Keep the averaged generator and the critic of now as the best, unless one was nearer; return whether."""
        if not distance < (self.best.distance if self.best else math.inf):
            return False
        self.best = self.candidate(distance)
        return True

    def candidate(self, distance: float = math.inf) -> Best:
        """Return copies of the averaged generator and the critic of now, with a Frechet distance."""
        with oom_hint(self.config):
            generator, critic = (
                {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}
                for network in (self.average, self.critic)
            )
        return Best(self.shown, distance, generator, critic)

    def tensors(self) -> dict[str, Tensor]:
        """Return every tensor of the run's state by name."""
        tensors: dict[str, Tensor] = self.best.tensors() if self.best else {}
        for name, network in self.named_networks.items():
            tensors |= {f"{name}.{k}": v for k, v in network.state_dict().items()}
        for name, optimizer in self.optimizers.items():
            state = state_tensors(optimizer, self.optimizer_spec)
            tensors |= {f"{name}_optimizer.{k}": v for k, v in state.items()}
        return tensors

    def snapshot(self) -> Snapshot:
        """Copy the run's state, on its device. Diverged if any number is not finite."""
        with oom_hint(self.config):
            tensors = {k: v.detach().clone() for k, v in self.tensors().items()}
            state = Snapshot(
                tensors=tensors,
                shown=self.shown,
                step=self.step,
                seconds=self.seconds,
                rate_scale=self.rate_scale,
                rollbacks=self.rollbacks,
                last_rollback=self.last_rollback,
                augment_probability=float(self.adaptive.probability),
                overfitting=float(self.adaptive.measure),
                best_images=self.best.images if self.best else 0,
                best_distance=self.best.distance if self.best else 0.0,
            )
            not_finite = state.not_finite()
        if not_finite:
            raise Diverged(self.shown, f"{in_words(not_finite)} weights")
        return state

    def rewind(self, to: Snapshot) -> None:
        """Go to the state of a snapshot of this run, or of one with the same networks.

        An optimiser of another kind than the snapshot's starts with an empty state.
        """
        for name, network in self.named_networks.items():
            network.load_state_dict(to.part(name))
        for name, optimizer in self.optimizers.items():
            state = to.part(f"{name}_optimizer")
            if state.keys() == state_tensors(optimizer, self.optimizer_spec).keys():
                load_state_tensors(optimizer, self.optimizer_spec, state)
            else:
                optimizer.state.clear()
        self.shown, self.step, self.seconds, self.rate_scale = to.shown, to.step, to.seconds, to.rate_scale
        self.rollbacks, self.last_rollback = to.rollbacks, to.last_rollback
        self.adaptive.probability.fill_(to.augment_probability)
        self.adaptive.measure.fill_(to.overfitting)
        self.best = Best.of(to)
        self._last_penalty = torch.zeros((), device=self.device)

    def save(self, folder: Path, state: Snapshot | None = None) -> None:
        """Write a checkpoint of now, or of a snapshot; the one before stays beside it.

        Diverged, and no write, if any number is not finite.
        """
        state = state or self.snapshot()
        config = dataclasses.asdict(self.config)
        save_state(folder, state.tensors, {**state.counters(), "pictures": self.fingerprint, "config": config})

    def restore(self, folder: Path) -> str:
        """Go to the newest undamaged checkpoint of `folder`; return what is wrong with newer ones, or "".

        FolderError if there is none or it was made from other pictures; ConfigError as `check_resumed`.
        """
        path, faults = newest_state(folder)
        saved = read_state(path)
        check_resumed(saved.config, self.config)
        if saved.pictures != self.fingerprint:
            raise FolderError(
                f"{path}: made from other pictures ({saved.pictures[0]:,}; there are {self.fingerprint[0]:,} now, or "
                f"their contents changed): put them back, or start a new run with --out"
            )
        self.best = self.candidate() if saved.best_images else None  # its tensors are then expected
        wanted = self.tensors()
        tensors = read_tensors(path / "state.safetensors", wanted, sum(t.numel() for t in wanted.values()))
        self.rewind(Snapshot(tensors=tensors, **saved.counters()))
        if not self.config.measure_images:
            self.best = None  # whoever ends the measuring wants the last model
        return faults


def _fingerprint(dataset: TrainingSet) -> list[int]:
    """Return how many pictures there are, and a checksum of all of them."""
    tensors = [dataset.images, dataset.labels, *([dataset.inputs] if isinstance(dataset, Domains) else [])]
    checksum = 0
    for tensor in tensors:
        checksum = zlib.crc32(tensor.numpy().data, checksum)
    return [len(dataset.images), checksum]
