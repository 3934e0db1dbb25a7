"""`TASKS`: what differs between a run that generates and one that translates, besides data and networks."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import torch
from torch import nn

from gan import networks
from gan.config import Config
from gan.models.directions import without_names
from gan.models.image_grid import GRID
from gan.models.latent import latents
from gan.models.model import Model, to_uint8
from gan.models.translator import Translator, other
from gan.training.batches import Batches
from gan.training.objectives import OBJECTIVES, Reading
from gan.training.semi_supervised import SemiSupervised
from gan.training.step import Game, Generation

PREVIEW_SEEDS = range(64)  # of every sample grid
POINT_SEEDS = range(1000)
SHEET = 8  # pictures of each side on a translator's sheet
COMPARED = 64  # translations whose diversity is measured


class Task(Protocol):
    """A kind of run. has_latents: whether the generator has a latent space, with principal directions."""

    has_latents: bool

    def game(self, config: Config) -> Game:
        """Return the rules of its steps."""
        ...

    def model(self, config: Config, generator: nn.Module, critic: nn.Module) -> Any:
        """Return networks as a model that can be used."""
        ...

    def sample(self, model: Any, batches: Batches) -> np.ndarray:
        """Return fixed samples, to be compared with the data set."""
        ...

    def preview(self, model: Any, batches: Batches) -> np.ndarray:
        """Return what a grid of samples shows, uint8 (N, H, W, C), row by row of `GRID`'s columns."""
        ...


class Generate:
    """Pictures or points from latents."""

    has_latents = True

    def game(self, config: Config) -> Game:
        """Return the game of a GAN, or that of one which learns classes from few labels."""
        return SemiSupervised() if config.labels else Generation(config.attribute_weight)

    def model(self, config: Config, generator: nn.Module, critic: nn.Module) -> Model:
        """Return a `Model` without directions."""
        none = without_names(torch.empty(0, config.z_dim), torch.empty(0))
        return Model("", config, generator, critic, none)

    @torch.no_grad()
    def sample(self, model: Model, batches: Batches) -> np.ndarray:
        """Return the pictures of seeds 0 to 63, or the points of seeds 0 to 999."""
        if model.config.network in networks.POINT_NETWORKS:
            return model.generator(latents(POINT_SEEDS, model.z_dim).to(model.device)).float().cpu().numpy()
        return self.preview(model, batches)

    def preview(self, model: Model, batches: Batches) -> np.ndarray:
        """Return the pictures of seeds 0 to 63."""
        return model.sample(PREVIEW_SEEDS)


class Translate:
    """Pictures from pictures."""

    has_latents = False

    def game(self, config: Config) -> Game:
        """Return the config's objective, with what is read of translations if anything is."""
        game = OBJECTIVES[config.objective](config)
        return Reading(game, config.attribute_weight) if config.attribute_weight else game

    def model(self, config: Config, generator: nn.Module, critic: nn.Module) -> Translator:
        """Return a `Translator`."""
        return Translator("", config, generator, critic)

    def sample(self, model: Translator, batches: Batches) -> np.ndarray:
        """Return translations to B of fixed pictures of A, at most `COMPARED`."""
        a, _, told = batches.fixed(COMPARED)
        return to_uint8(model.render(a, "b", told))

    def preview(self, model: Translator, batches: Batches) -> np.ndarray:
        """Return rows of pictures: of A, translated to B, and back; then the same of B. One way: A, B, A, B, ..."""
        wanted = SHEET if "a" in model.sides else SHEET * GRID[0] // 2
        a, b, told = batches.fixed(wanted)
        rows = []
        if "a" in model.sides:
            for pictures, side in ((a, "b"), (b, "a")):
                there = model.render(pictures, side, told if side == "b" else None)
                rows += [pictures, there, model.render(there, other(side), told if side == "a" else None)]
        else:
            for part, made in zip(a.split(SHEET), model.render(a, "b", told).split(SHEET), strict=True):
                rows += [part, made]
        return to_uint8(torch.cat(rows))


TASKS: dict[str, Task] = {"generate": Generate(), "translate": Translate()}
