"""Model folders in, uint8 pictures out: what every tab and endpoint renders through.

Nothing here imports Gradio, and torch only when the first model loads, so that the first screen does not wait for it.
A `Session` holds weights, never a visitor's state: every picture is a function of its arguments, which come straight
from browsers and are believed only after `gan.ui.checks` has seen them.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gan.ui import checks
from gan.ui.folders import Info, read_info
from gan.ui.limits import Limit

if TYPE_CHECKING:
    import numpy as np

    from gan.model import Model

log = logging.getLogger(__name__)
RUNNING, WAITING = 2, 24  # renders at once, and renders that may stand in line before `Busy`


def _load(folder: Path) -> Model:
    import torch

    import gan

    # One picture is too little work to share: on two busy cores, a 64 x 64 one took 7.6 ms with one thread and 28.6 ms
    # with two, which wait for each other. Visitors run beside each other instead.
    torch.set_num_threads(1)
    return gan.load(folder)


class Session:
    """Serves the models in `folders`; each loads once, on first use, and is shared by all visitors.

    folders: model folders, in the order shown; a name is the folder's own, or `parent/name` where two share one.
    load: how a folder becomes a model; raises ValueError with one clear sentence for a damaged one.

    Every method that takes `name` raises ValueError for an unknown name or bad argument, and those that render
    raise `gan.ui.limits.Busy` when too many renders are under way.
    """

    def __init__(self, folders: Sequence[Path | str], load: Callable[[Path], Any] = _load) -> None:
        self.errors: dict[str, str] = {}
        self._folders: dict[str, Path] = {}
        self._infos: dict[str, Info] = {}
        self._models: dict[str, Model] = {}
        self._load = load
        for folder in map(Path, folders):
            name = folder.name if folder.name not in self._folders else f"{folder.parent.name}/{folder.name}"
            self._folders[name] = folder
            try:
                self._infos[name] = read_info(name, folder)
            except ValueError as error:
                self.errors[name] = str(error)
        self._locks = {name: threading.Lock() for name in self._folders}
        self._limit = Limit(RUNNING, WAITING)
        self._warming = threading.Lock()
        self._warmer: threading.Thread | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The models that can be shown; shrinks when loading one finds its folder damaged."""
        return tuple(name for name in self._folders if name not in self.errors)

    def info(self, name: object) -> Info:
        """What the folder's JSON says of a model: cheap, no weights read."""
        return self._infos[self._known(name)]

    def model(self, name: object) -> Model:
        """The loaded model; the first call for a name reads the weights, others wait for it."""
        name = self._known(name)
        with self._locks[name]:
            self._known(name)  # the caller ahead of us may have found it damaged
            if name not in self._models:
                try:
                    self._models[name] = self._load(self._folders[name])
                except (ValueError, OSError) as error:
                    self.errors[name] = str(error)
                    raise ValueError(f"{name} cannot be shown: {error}") from error
            return self._models[name]

    def warm(self) -> None:
        """Begin to load every model in a background thread, once; damaged ones end up in `errors`."""

        def load_all() -> None:
            for name in self.names:
                try:
                    self.picture(name, seed=0)
                except Exception:  # whoever asks for this model next is told why; the others still want loading
                    log.warning("%s did not load", name, exc_info=True)

        with self._warming:
            if self._warmer is None:
                self._warmer = threading.Thread(target=load_all, name="warm", daemon=True)
                self._warmer.start()

    def picture(
        self,
        name: object,
        seed: object,
        label: object = None,
        truncation: object = 1.0,
        sliders: object = (),
        raw: object = (),
    ) -> np.ndarray:
        """One picture, uint8 (H, W, C), of the latent `truncation * z(seed) + sliders @ directions + raw`.

        label: None (drawn from the seed), a class index or a class name.
        sliders: at most K steps along the principal directions, each in [-REACH, REACH]; missing ones are 0.
        raw: at most z_dim offsets on the latent itself, each in [-REACH, REACH]; missing ones are 0.
        """
        model = self.model(name)
        seeds = [checks.seed(seed)]
        label = checks.label(label, model.classes)
        truncation = checks.truncation(truncation)
        steps = checks.steps(sliders, "sliders", len(model.directions))
        offsets = checks.steps(raw, "raw", model.z_dim)

        import torch

        with self._limit(), torch.inference_mode():
            z = model.latents(seeds) * truncation
            if steps:
                z = z + (z.new_tensor(steps) @ model.directions[: len(steps)].to(z))
            if offsets:
                z[:, : len(offsets)] += z.new_tensor(offsets)
            return model.render(z, model.class_weights(seeds, label))[0]

    def grid(self, name: object, seeds: object, label: object = None, truncation: object = 1.0) -> np.ndarray:
        """One picture a seed, uint8 (N, H, W, C); at most `checks.GRID` seeds."""
        model = self.model(name)
        seeds = checks.seeds(seeds, least=1, most=checks.GRID)
        label = checks.label(label, model.classes)
        truncation = checks.truncation(truncation)
        with self._limit():
            return model.sample(seeds, label=label, truncation=truncation)

    def strip(
        self,
        name: object,
        seeds: object,
        frames: object,
        mode: object = "slerp",
        loop: object = False,
        label: object = None,
        truncation: object = 1.0,
    ) -> np.ndarray:
        """The walk from seed to seed, uint8 (frames, H, W, C).

        seeds: 2 to `checks.STOPS` of them. frames: 2 to `checks.FRAMES`, and no fewer than there are seeds.
        mode: "slerp" or "lerp". loop: True ends where it began.
        label: None, an index or a name for the whole walk, or a list with one of those, or None, for each seed.
        """
        model = self.model(name)
        seeds = checks.seeds(seeds, least=2, most=checks.STOPS)
        frames = checks.integer(frames, "frames", len(seeds), checks.FRAMES)
        mode = checks.choice(mode, "mode", ("slerp", "lerp"))
        if not isinstance(loop, bool):
            raise ValueError(f"loop must be true or false, got {checks.shown(loop)}")
        label = checks.labels(label, model.classes, len(seeds))
        if isinstance(label, list):
            drawn = model.class_weights(seeds).argmax(1).tolist()
            label = [one if one is not None else own for one, own in zip(label, drawn, strict=True)]
        truncation = checks.truncation(truncation)
        with self._limit():
            return model.interpolate(seeds, frames, mode=mode, loop=loop, label=label, truncation=truncation)

    def describe(self, name: object) -> Mapping[str, Any]:
        """What the Explore tab must know before its first picture; loads the model.

        Keys: name, size, channels, classes (list of str), z_dim, variance (list of float, one a direction), reach.
        """
        model = self.model(name)
        return {
            "name": name,
            "size": model.resolution,
            "channels": model.channels,
            "classes": list(model.classes),
            "z_dim": model.z_dim,
            "variance": [round(float(v), 6) for v in model.variance],
            "reach": checks.REACH,
        }

    def _known(self, name: object) -> str:
        if not isinstance(name, str) or name not in self._folders:
            have = ", ".join(self.names) or "none"
            raise ValueError(f"model must be one of those served ({have}), got {checks.shown(name)}")
        if name in self.errors:
            raise ValueError(f"{name} cannot be shown: {self.errors[name]}")
        return name
