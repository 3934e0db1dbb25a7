"""Train a small classifier on labelled pictures: the shipped ones, and those of the classifier accuracy score."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from gan.config import ClassGroup
from gan.evaluation.metrics import verdict
from gan.evaluation.metrics.classifier import BATCH, FEATURES, Network, to_float

Trained = TypeVar("Trained", bound=nn.Module)
BATCH_SIZE = 128
LEARNING_RATE = 0.1
WEIGHT_DECAY = 5e-4


@dataclass(frozen=True)
class Recipe:
    """Length and distortions of a training, the latter drawn anew each time that a picture is shown, and its batch."""

    epochs: int
    shift: float = 2.0  # pixels, at most, in either direction
    turn: float = 0.0  # degrees, at most, in either direction
    zoom: float = 0.0  # share, at most, in either direction
    flip: bool = False  # mirrored left to right, half of the time
    erase: int = 0  # pixels a side of a square set to mid-grey; 0: none
    slant: float = 0.0  # pixels to the side for each pixel down, at most, in either direction
    bend: float = 0.0  # pixels, at most, by which each of 5 x 5 places moves; those between follow
    stroke: float = 0.0  # share, at most, of the way to the brightest or the darkest of a pixel and its neighbours
    batch_size: int = BATCH_SIZE


# A flipped 2 is not a digit, a flipped shirt is a shirt. Few emoji need every distortion.
RECIPES = {
    "mnist": Recipe(epochs=12, turn=8, zoom=0.08),
    "fashion-mnist": Recipe(epochs=24, flip=True),
    "emoji": Recipe(epochs=200, shift=3, turn=15, zoom=0.15, flip=True, erase=10),
    "emoji-styles": Recipe(epochs=30, shift=4, turn=10, zoom=0.15, flip=True, erase=16),
    "faces": Recipe(epochs=4, shift=3, zoom=0.05, flip=True),
    "scenes": Recipe(epochs=5, shift=3, zoom=0.1, flip=True),
}
BENT = 5  # places a side of a picture that is bent


def distort(x: Tensor, recipe: Recipe, rng: torch.Generator) -> Tensor:
    """Shift, turn, slant, bend, zoom, flip and erase pictures float (N, C, H, H), and thicken or thin what they show.

    Each at random; the border repeats. What a recipe leaves out draws no random numbers.
    """
    n, _, size, _ = x.shape

    def draw(most: float) -> Tensor:
        return (torch.rand(n, generator=rng) * 2 - 1) * most

    angle, scale = draw(math.radians(recipe.turn)), draw(recipe.zoom).exp()
    mirror = torch.where(torch.rand(n, generator=rng) < 0.5, -1.0, 1.0) if recipe.flip else torch.ones(n)
    # Whole pixels: a shift alone does not blur.
    along, down = (draw(recipe.shift).round() * 2 / size for _ in range(2))
    cos, sin = angle.cos() * scale, angle.sin() * scale
    slant = draw(recipe.slant) if recipe.slant else torch.zeros(n)
    columns = (cos * mirror, cos * mirror * slant - sin, along, sin * mirror, sin * mirror * slant + cos, down)
    rows = torch.stack(columns, 1).reshape(n, 2, 3).to(x.device)
    grid = functional.affine_grid(rows, list(x.shape), align_corners=False)
    if recipe.bend:
        moved = (torch.rand(n, 2, BENT, BENT, generator=rng) * 2 - 1) * recipe.bend * 2 / size
        smooth = functional.interpolate(moved.to(x.device), size, mode="bicubic", align_corners=True)
        grid = grid + smooth.permute(0, 2, 3, 1)
    x = functional.grid_sample(x, grid, "bilinear", "border", align_corners=False)
    if recipe.stroke:
        share = draw(recipe.stroke).to(x)[:, None, None, None]
        brightest, darkest = functional.max_pool2d(x, 3, 1, 1), -functional.max_pool2d(-x, 3, 1, 1)
        x = torch.lerp(x, torch.where(share > 0, brightest, darkest), share.abs())
    if recipe.erase:
        corner = torch.randint(0, size, (2, n, 1), generator=rng) - recipe.erase // 2
        inside = (torch.arange(size) >= corner) & (torch.arange(size) < corner + recipe.erase)  # (2, N, H)
        x = x.masked_fill((inside[0, :, :, None] & inside[1, :, None, :])[:, None].to(x.device), 0.0)
    return x.contiguous(memory_format=torch.channels_last)


def fit(
    images: Tensor,
    labels: Tensor,
    classes: int,
    recipe: Recipe,
    seed: int = 0,
    device: str | torch.device = "cpu",
    progress: Callable[[str], None] = lambda line: None,
    groups: Sequence[ClassGroup] = (),
) -> Network:
    """Train a network from scratch on images uint8 (N, C, H, H), H one of `RESOLUTIONS`, and labels int64 (N,).

    groups: of the classes, where a picture has several; labels are then rows uint8 (N, classes). SGD with Nesterov
    momentum; the rate rises over a tenth of the run and falls as a cosine. The result depends only on the arguments and
    the number of threads. ValueError for fewer than two pictures, or labels that do not fit.
    """
    if len(images) < 2:
        raise ValueError(f"needs two pictures or more, got {len(images)}")
    verdict.check_labels(labels, len(images), classes, groups)
    rng = torch.Generator().manual_seed(seed)
    network = new_network(images.shape[1], classes, images.shape[-1], seed=seed).to(device)

    def loss(logits: Tensor, chosen: Tensor) -> Tensor:
        return verdict.loss(logits, labels[chosen].to(device), groups)

    optimiser = torch.optim.SGD(
        network.parameters(), LEARNING_RATE, momentum=0.9, weight_decay=WEIGHT_DECAY, nesterov=True
    )
    return train(network, images, loss, recipe, rng, optimiser, progress)


def new_network(channels: int, outputs: int, resolution: int, features: int = FEATURES, seed: int = 0) -> Network:
    """Return a network with the weights of a seed; the caller's random numbers stay as they were."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Network(channels, outputs, resolution, features).to(memory_format=torch.channels_last)


def train(
    network: Trained,
    images: Tensor,
    loss: Callable[[Tensor, Tensor], Tensor],
    recipe: Recipe,
    rng: torch.Generator,
    optimiser: torch.optim.Optimizer,
    progress: Callable[[str], None] = lambda line: None,
) -> Trained:
    """Train a network on images uint8 (N, C, H, H), N >= 2; return it, in eval mode and without gradients.

    loss: (outputs float32 of some pictures, their indices int64) -> scalar. The optimiser's rate rises over a tenth of
    the run and falls as a cosine.
    """
    device, highest = next(network.parameters()).device, optimiser.defaults["lr"]
    network.train()
    size = min(recipe.batch_size, len(images))
    steps = len(images) // size  # of an epoch; the rest is shown in another one: batch statistics need whole batches
    total, step = recipe.epochs * steps, 0
    for epoch in range(recipe.epochs):
        order = torch.randperm(len(images), generator=rng)
        summed = 0.0
        for chosen in order[: steps * size].split(size):
            rate = min((step + 1) / (0.1 * total), 1.0) * 0.5 * (1 + math.cos(math.pi * step / total))
            optimiser.param_groups[0]["lr"] = highest * rate
            x = distort(to_float(images[chosen].to(device)), recipe, rng)
            with torch.autocast(x.device.type, torch.bfloat16):
                outputs = network(x)
            error = loss(outputs.float(), chosen)
            optimiser.zero_grad()
            error.backward()
            optimiser.step()
            step, summed = step + 1, summed + float(error.detach())
        progress(f"epoch {epoch + 1} of {recipe.epochs}: loss {summed / steps:.4f}")
    return network.eval().requires_grad_(False)


@torch.inference_mode()
def accuracy(network: Network, images: Tensor, labels: Tensor, groups: Sequence[ClassGroup] = ()) -> float:
    """Return the share, in [0, 1], of images uint8 (N, C, H, H), N >= 1, whose label the network ranks first.

    Of classes in `groups`: the share of images whose row it finds whole.
    """
    device = next(network.parameters()).device
    parts = [verdict.seen(network(to_float(batch.to(device))), groups).cpu() for batch in images.split(BATCH)]
    return float(verdict.right(torch.cat(parts), labels).double().mean())
