"""Trained models: load a folder, then sample, interpolate and score pictures."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Iterator, Sequence, Set
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from gan import networks
from gan.config import ClassGroup, Config, check_wish
from gan.errors import ConfigError, FolderError
from gan.models import point_plot
from gan.models.directions import Directions, read_directions
from gan.models.heads import Head, read_head
from gan.models.inversion import MAP_STEPS, MOST_CLASSES, STEPS, Found, finding
from gan.models.latent import class_rows, latents, path
from gan.models.named import REACH, Named
from gan.models.pixels import Pictures, to_tensor, to_uint8
from gan.models.taught_on import ENCODER
from gan.models.weights import build_on_meta, load_into, read_config
from gan.networks.encoder import Encoder

OneLabel = int | str | Set[int | str] | None
Label = OneLabel | Sequence[OneLabel]
MAX_TRUNCATION = 2.0
BATCH = 64  # pictures rendered at once, which bounds the memory
TOGETHER = 16  # pictures looked for at once


def pick_device(name: str = "auto") -> torch.device:
    """Return the device; `auto` is CUDA if there is one, else the CPU. ConfigError if this machine does not have it."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name not in ("cpu", "cuda"):
        raise ConfigError(f"device must be auto, cpu or cuda, got {name!r}")
    if name == "cuda" and not torch.cuda.is_available():
        raise ConfigError("device is cuda, but torch sees no CUDA device: pass cpu or auto")
    return torch.device(name)


class Model:
    """Generator and critic (discriminator) of one folder, ready to sample. Made by `load`; calls do not change it.

    name         the folder's name
    config       the settings of its training; `classes` is empty for an unconditional model
    directions   float32 (K, z_dim): adding row k to a latent is one standard deviation along principal component k
    variance     float32 (K,): the share of variance that each direction explains, descending
    beside       the attribute that each principal direction mostly changes, "" for none; empty where none is known
    named        the directions that have a name, ready for use; `named.names` lists them
    sliders      what is known of each of them, of each class where they differ
    named_rows   float32 (M, z_dim): the direction of each of `sliders`
    encoder      where `invert` begins; None for a folder without one
    """

    def __init__(
        self,
        name: str,
        config: Config,
        generator: nn.Module,
        critic: nn.Module,
        directions: Directions,
        encoder: Head[Encoder] | None = None,
    ) -> None:
        self.name, self.config, self.encoder = name, config, encoder
        self.generator, self.critic = generator, critic
        self.directions, self.variance = directions.principal, directions.variance
        self.sliders, self.beside = directions.sliders, directions.beside
        self.named_rows = directions.named
        self.named = Named(
            directions.sliders, directions.named, config.classes, REACH if config.attributes else math.inf
        )
        self.classes, self.groups, self.z_dim = config.classes, config.class_groups, config.z_dim
        self.resolution, self.channels = config.resolution, config.channels
        self.device = next(generator.parameters()).device
        self._point_plot = self._plot_cloud() if config.network in networks.POINT_NETWORKS else None

    @torch.inference_mode()
    def _plot_cloud(self) -> point_plot.PointPlot:
        z = torch.randn(point_plot.CLOUD_POINTS, self.z_dim, generator=torch.Generator().manual_seed(0))
        return point_plot.PointPlot(self.generator(z.to(self.device)))

    def latents(self, seeds: Sequence[int]) -> Tensor:
        """Return latents float32 (N, z_dim) of seeds, whole numbers in [0, 2**32); ValueError otherwise."""
        return latents(seeds, self.z_dim)

    def class_weights(self, seeds: Sequence[int], label: Label = None) -> Tensor | None:
        """Return rows float32 (N, K), 1 for each class of a picture, or None for an unconditional model.

        label: None for each seed's own classes; an index or a name for all seeds; a set of them, where pictures have
        several classes (`Config.class_groups`); or a sequence with one of those per seed. A group of which no class
        is named keeps the seed's own. ValueError for an unknown class, for more classes of a group than a picture can
        have, or for any label on an unconditional model.
        """
        if not self.classes:
            if label is not None:
                raise ValueError(f"label must be None: {self.name} has no classes, got {label!r}")
            return None
        rows = class_rows(seeds, len(self.classes), self.groups)
        labels = label if isinstance(label, Sequence) and not isinstance(label, str) else [label] * len(seeds)
        if len(labels) != len(seeds):
            raise ValueError(f"label must have one entry per seed, got {len(labels)} for {len(seeds)} seeds")
        for row, one in zip(rows, labels, strict=True):
            named = () if one is None else one if isinstance(one, Set) else (one,)
            self._set_classes(row, {self._class_index(name) for name in named})
        return rows

    def _set_classes(self, row: Tensor, chosen: set[int]) -> None:
        """Replace the classes of `row` (K,) by the chosen ones, in the groups of which any is chosen."""
        check_wish(chosen, self.classes, self.groups)
        start = 0
        for group in self.groups or (ClassGroup("class", len(self.classes)),):
            own = [index for index in chosen if start <= index < start + group.size]
            if own:
                row[start : start + group.size] = 0
                row[own] = 1
            start += group.size

    def _class_index(self, label: int | str) -> int:
        if isinstance(label, str) and label in self.classes:
            return self.classes.index(label)
        if isinstance(label, int) and not isinstance(label, bool) and 0 <= label < len(self.classes):
            return label
        known = f"None, an index in [0, {len(self.classes) - 1}] or one of {', '.join(self.classes)}"
        raise ValueError(f"label must be {known}; got {label!r}")

    def edit(self, z: Tensor, y: Tensor | None = None, /, **amounts: float) -> Tensor:
        """Return latents (N, z_dim) moved along named directions: `edit(z, slant=1)` leans every picture to the right.

        Steps of each name are alike in what they change of a picture; -3 to 3 is what Explore offers. Of a model whose
        coordinates stand for attributes a move ends at `gan.models.named.REACH` deviations. y: class weights
        (N, K), where a direction depends on the class; pictures of a class that has none of that name stay as they are.
        ValueError, with the names that there are, for an unknown one; for an amount that is no finite number; where
        class weights are needed and missing, or do not fit.
        """
        steps = self.named.amounts(amounts)
        by_class = [name for name in amounts if self.named.depends(name)]
        if y is None and by_class:
            raise ValueError(f"the direction of {by_class[0]} depends on the class: pass class weights after z")
        if y is not None and y.shape != (len(z), len(self.classes)):
            raise ValueError(f"class weights must be ({len(z)}, {len(self.classes)}), got {tuple(y.shape)}")
        return self.named.moved(z, steps, y)

    @torch.inference_mode()
    def render(self, z: Tensor, y: Tensor | None, offsets: Tensor | None = None) -> np.ndarray:
        """Render latents (N, z_dim) with class weights (N, K), or None, as uint8 (N, H, W, C).

        offsets (N, F, S, S): what is added to the first feature map, as `invert` finds it. A model of 2-D points plots
        each point over the cloud of points that it makes (`gan.models.point_plot`).
        """
        parts = [np.empty((0, self.resolution, self.resolution, self.channels), np.uint8)]
        for i in range(0, len(z), BATCH):
            rows = None if y is None else y[i : i + BATCH].to(self.device)
            if offsets is None:
                made = self.generator(z[i : i + BATCH].to(self.device), rows)
            else:
                own = z[i : i + BATCH].to(self.device)
                first = cast(Callable[..., Tensor], self.generator.unfold)(own, rows)
                moved = first + offsets[i : i + BATCH].to(self.device)
                made = cast(Callable[..., Tensor], self.generator.draw)(moved, own, rows)
            parts.append(self._point_plot.draw(made) if self._point_plot else to_uint8(made))
        return np.concatenate(parts)

    def invert(
        self, images: Pictures, label: Label = None, steps: int = STEPS, starts: int = 1, map_steps: int = MAP_STEPS
    ) -> Found:
        """Find pictures in the latent space: `z, made, errors, y, offsets, *_ = model.invert(images)`.

        images: as `gan.models.pixels.to_tensor` takes them, of any size. label: as in `class_weights`, one for all or
        one a picture; None tries all classes. steps: of the search, in [0, MAX_STEPS]; 0 is what the encoder sees.
        starts: of a picture whose class is known. map_steps: on the first feature map, for what no latent says; 0 for
        none, and there are none where the network has no such map. `render(model.edit(z, y, ...), y, offsets)` then
        moves what was found. `finding` shows the way. ValueError for a value out of its range, for an unknown class,
        for what is no picture, and on a model of 2-D points.
        """
        found = [Found.none(self)]
        x, y = self._targets(images, label)
        for i in range(0, len(x), TOGETHER):
            rows = None if y is None else y[i : i + TOGETHER]
            *_, last = finding(self, x[i : i + TOGETHER], rows, steps, starts, map_steps)
            found.append(last)
        return Found.joined(found)

    def finding(
        self,
        images: Pictures,
        label: Label = None,
        steps: int = STEPS,
        starts: int = 1,
        map_steps: int = MAP_STEPS,
        classes: int = MOST_CLASSES,
        together: bool = False,
    ) -> Iterator[Found]:
        """Yield what `invert` has found so far: at once what the encoder sees, then after every few steps.

        All images are in one batch, so they should be few. Whoever has seen enough stops asking. classes, together: as
        in `gan.models.inversion.finding`, for many pictures at once.
        """
        return finding(self, *self._targets(images, label), steps, starts, map_steps, classes, together)

    def _targets(self, images: Pictures, label: Label) -> tuple[Tensor, Tensor | None]:
        """Return pictures (N, C, R, R) in [-1, 1] and their class weights (N, K), None where they are not known."""
        if self._point_plot:
            raise ValueError(f"{self.name} makes points and no pictures, so none can be found in it")
        x = to_tensor(images, self.resolution, self.channels)
        y = None if label is None else self.class_weights([0] * len(x), label)
        return x.to(self.device), None if y is None else y.to(self.device)

    @property
    def crosses(self) -> bool:
        """Say whether two pictures of the model can be crossed."""
        return hasattr(self.generator, "cross")

    @torch.inference_mode()
    def cross(
        self, z: Tensor, y: Tensor | None, other_z: Tensor, other_y: Tensor | None, border: Sequence[float]
    ) -> np.ndarray:
        """Render pictures, uint8 (N, H, W, C), with the upper part of one latent and the lower part of another.

        z, other_z (N, z_dim), y, other_y (N, K) or None. border: N numbers in [0, 1], how far down the upper part goes.
        ValueError for a model whose network cannot do that.
        """
        if not self.crosses:
            raise ValueError(f"pictures of {self.name} cannot be crossed: its network is {self.config.network}")
        cross = cast(Callable[..., Tensor], self.generator.cross)
        inputs = (None if rows is None else rows.to(self.device) for rows in (z, y, other_z, other_y))
        return to_uint8(cross(*inputs, torch.tensor(list(border))))

    def sample(self, seeds: Sequence[int], label: Label = None, truncation: float = 1.0) -> np.ndarray:
        """Draw pictures uint8 (N, H, W, C) of seeds. A seed's picture depends on the batch by one grey level at most.

        truncation in [0, 2] scales the latent: below 1 pictures are safer and more alike, above 1 stranger. ValueError
        otherwise.
        """
        return self.render(self.latents(seeds) * _checked_truncation(truncation), self.class_weights(seeds, label))

    def interpolate(
        self,
        seeds: Sequence[int],
        frames: int,
        mode: str = "slerp",
        loop: bool = False,
        label: Label = None,
        truncation: float = 1.0,
    ) -> np.ndarray:
        """Draw pictures uint8 (frames, H, W, C), evenly spaced on the path through the seeds' latents.

        mode: slerp or lerp; class weights are always interpolated linearly. loop: return to the first seed, stopping
        one frame before it.
        """
        if not seeds:
            raise ValueError("seeds must hold at least one seed, got none")
        z = path(self.latents(seeds), frames, mode, loop) * _checked_truncation(truncation)
        y = self.class_weights(seeds, label)
        return self.render(z, None if y is None else path(y, frames, "lerp", loop))

    @torch.inference_mode()
    def critic_score(self, images: np.ndarray, label: Label = None) -> np.ndarray:
        """Return the critic's logits float32 (N,) for images uint8 (N, H, W, C); higher is more real.

        Only differences have a meaning. label as in `class_weights`; None on a conditional model averages over classes.
        ValueError for a wrong dtype or shape, and on a model of 2-D points.
        """
        if self._point_plot:
            raise ValueError(f"the critic of {self.name} scores 2-D points, not pictures")
        shape = (self.resolution, self.resolution, self.channels)
        if not (isinstance(images, np.ndarray) and images.dtype == np.uint8 and images.shape[1:] == shape):
            got = f"{images.dtype} {images.shape}" if isinstance(images, np.ndarray) else type(images).__name__
            raise ValueError(f"images must be uint8 of shape (N, {', '.join(map(str, shape))}), got {got}")
        n, k = len(images), len(self.classes)
        y = torch.full((n, k), 1 / k) if k and label is None else self.class_weights([0] * n, label)
        # A copy: torch rejects negative strides and warns about read-only arrays.
        x = torch.from_numpy(np.array(images, order="C")).permute(0, 3, 1, 2).float().div(127.5).sub(1)
        parts = [
            self.critic(x[i : i + BATCH].to(self.device), None if y is None else y[i : i + BATCH].to(self.device)).cpu()
            for i in range(0, n, BATCH)
        ]
        return torch.cat(parts).float().numpy() if parts else np.empty(0, np.float32)


def _checked_truncation(value: float) -> float:
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not 0 <= value <= MAX_TRUNCATION:
        raise ValueError(f"truncation must be in [0, {MAX_TRUNCATION:g}], got {value!r}")
    return float(value)


def load(folder: str | Path, device: str = "auto") -> Model:
    """Load a model folder, as `train.py` writes it. Raises FolderError with the file and the fault.

    Nothing in the folder is trusted: the config's ranges and each tensor's name, dtype and shape are checked before
    memory is allocated. device: auto, cpu or cuda.
    """
    folder, where = Path(folder), pick_device(device)
    if where.type == "cuda":
        # TF32 would make a picture depend on its batch. Set once, not around each render: the switch is global, and
        # renders run in parallel.
        torch.backends.cudnn.allow_tf32 = False
    if not folder.is_dir():
        raise FolderError(f"{folder}: no such folder")
    config = read_config(folder)
    if config.task != "generate":
        raise FolderError(f"{folder}: translates pictures and generates none: gan.load and gan.translate take it")
    generator, critic = build_on_meta(config, folder)
    directions = read_directions(folder / "directions.safetensors", config.z_dim, config.classes)
    generator = load_into(generator, folder / "model.safetensors", where)
    if networks.find_pair(config).convolutional:  # a single picture takes 1.8 ms instead of 2.3 on one CPU core
        generator = generator.to(memory_format=torch.channels_last)
    critic = load_into(critic, folder / "critic.safetensors", where)
    return Model(folder.resolve().name, config, generator, critic, directions, _read_encoder(folder, config, where))


def _read_encoder(folder: Path, config: Config, device: torch.device) -> Head[Encoder] | None:
    if config.network in networks.POINT_NETWORKS:
        return None
    with torch.device("meta"):
        encoder = Encoder(config)
    return read_head(folder, ENCODER, encoder, device)
