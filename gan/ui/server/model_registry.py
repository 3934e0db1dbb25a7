"""Model folders in, uint8 pictures out: what every tab and endpoint renders through.

Nothing here imports Gradio, and torch only when the first model loads, so that the first screen does not wait for it.
A `ModelRegistry` holds weights, never a visitor's state: every picture is a function of its arguments, which come
straight
from browsers and are believed only after `gan.ui.server.checks` has seen them.
"""

from __future__ import annotations

import logging
import secrets
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gan.errors import FolderError
from gan.hub.names import MODEL
from gan.ui.server import checks, gpu
from gan.ui.server.limits import Limit
from gan.ui.server.model_info import Info, read_info

if TYPE_CHECKING:
    import numpy as np

    from gan.models.model import Model

log = logging.getLogger(__name__)

# How many run at once, and how many more may stand in line before `Busy`. Together with the downloads of
# `gan.ui.tabs.interpolate` they are fewer than the server's 40 threads: the rest of the page is answered whatever is
# asked.
PICTURES = 2, 16
STRIPS = 1, 6  # walks and grids, apart from pictures: a long walk must not make another visitor's drag wait
LOADS = 1, 8
ADOPTED = 16  # folders that visitors have made


def _load(folder: Path) -> Model:
    import torch

    import gan

    # One picture is too little work to share: on two busy cores, a 64 x 64 one took 7.6 ms with one thread and 28.6 ms
    # with two, which wait for each other. Visitors run beside each other instead.
    torch.set_num_threads(1)
    return gan.load(folder, "cpu" if gpu.lent() else "auto")


class ModelRegistry:
    """Serves the models in `folders`; each loads once, on first use, and is shared by all visitors.

    folders: model folders, in the order shown; a name is the folder's own, or `parent/name` where two share one.
    load: how a folder becomes a model; raises ValueError with one clear sentence for a damaged one.

    Every method that takes `name` raises ValueError for an unknown name or bad argument, and those that render
    raise `gan.ui.server.limits.Busy` when too many renders are under way.
    """

    def __init__(self, folders: Sequence[Path | str], load: Callable[[Path], Any] = _load) -> None:
        self.errors: dict[str, str] = {}
        self.notices: dict[str, str] = {}  # what visitors should know of models that are asked for by name
        self._folders: dict[str, Path] = {}
        self._infos: dict[str, Info] = {}
        self._models: dict[str, Model] = {}
        self._failed: dict[str, object] = {}  # how the files of a damaged folder looked when it failed
        self._load = load
        self._adopted: list[str] = []
        self._adopting = threading.Lock()
        for folder in (Path(folder).absolute() for folder in folders):
            name = _text(folder.name)
            if name in self._folders:
                name = _text(f"{folder.parent.name}/{folder.name}")
            self._folders[name] = folder
            self._read(name)
        self._pictures, self._strips, self._loads = Limit(*PICTURES), Limit(*STRIPS), Limit(*LOADS)
        self._warming = threading.Lock()
        self._warmer: threading.Thread | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The models that can be shown; shrinks when loading one finds its folder damaged, until its files change."""
        return tuple(name for name in list(self._folders) if name not in self.errors and name not in self._adopted)

    def adopt(self, name: str, folder: Path) -> str:
        """Serve one more folder, for those who know the name returned, which cannot be guessed; not in `names`.

        Of adopted folders the last `ADOPTED` are kept; the registry deletes the others.
        """
        name = f"{_text(name)}-{secrets.token_urlsafe(9)}"
        with self._adopting:
            self._adopted.append(name)
            gone = [self._adopted.pop(0) for _ in range(len(self._adopted) - ADOPTED)]
            kept = {other: path for other, path in self._folders.items() if other not in gone}
            left = [self._folders[other] for other in gone]
            self._folders = {**kept, name: folder}  # others may be looking through the old ones
            for path in left:
                shutil.rmtree(path, ignore_errors=True)
            for other in gone:
                self._models.pop(other, None)
                self._infos.pop(other, None)
                self.errors.pop(other, None)
        self._read(name)
        return name

    def adopted(self, name: object) -> bool:
        """Whether a visitor made a model of that name, and it can still be shown."""
        return isinstance(name, str) and name in self._adopted and name not in self.errors

    def add(self, name: str, folder: Path) -> None:
        """Serve one more model, under a name of its own."""
        self._folders = {**self._folders, name: folder}  # others may be looking through the old ones
        self._read(name)

    def folder(self, name: object) -> Path:
        """Where a model lies."""
        return self._folders[self._known(name)]

    def info(self, name: object) -> Info:
        """What the folder's JSON says of a model: cheap, no weights read."""
        return self._infos[self._known(name)]

    def model(self, name: object) -> Model:
        """The loaded model; the first call for a name reads the weights, others wait for it."""
        name = self._known(name)
        if name in self._models:
            return self._models[name]
        with self._loads():
            self._known(name)  # the caller ahead of us may have found it damaged
            if name not in self._models:
                stamp = self._stamp(name)
                try:
                    self._models[name] = self._load(self._folders[name])
                except (ValueError, OSError) as error:
                    raise ValueError(f"{name} cannot be shown: {self._fail(name, stamp, error)}") from error
            return self._models[name]

    def warm(self) -> None:
        """Begin to load every model in a background thread, once; damaged ones end up in `errors`."""

        def load_all() -> None:
            for name in self.names:
                try:
                    self.model(name)
                    self.picture(name, seed=0)  # the first one takes longer
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

        with self._pictures(), torch.inference_mode():
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
        with self._strips():
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
        mode = checks.choice(mode, "mode", checks.MODES)
        if not isinstance(loop, bool):
            raise ValueError(f"loop must be true or false, got {checks.quoted(loop)}")
        label = checks.labels(label, model.classes, len(seeds))
        if isinstance(label, list):
            drawn = model.class_weights(seeds).argmax(1).tolist()
            label = [one if one is not None else own for one, own in zip(label, drawn, strict=True)]
        truncation = checks.truncation(truncation)
        options = {"mode": mode, "loop": loop, "label": label, "truncation": truncation}
        with self._strips():
            burst = gpu.strip(self._folders[name], seeds, frames, options) if gpu.lent() else None
            return model.interpolate(seeds, frames, **options) if burst is None else burst

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
            raise ValueError(f"model must be one of those served ({have}), got {checks.quoted(name)}")
        if name in self.errors and self._stamp(name) != self._failed[name]:
            self._read(name)  # its files have changed: it may have been half written
        if why := self.errors.get(name):
            raise ValueError(f"{name} cannot be shown: {why}")
        return name

    def _read(self, name: str) -> None:
        """Fill `_infos[name]`, or `errors[name]`. Never raises: one folder must not stop the others."""
        stamp = self._stamp(name)
        try:
            if _text(self._folders[name].name) != self._folders[name].name:
                raise FolderError("the folder's name is not UTF-8")
            self._infos[name] = read_info(name, self._folders[name])
            self.errors.pop(name, None)
        except ValueError as error:
            self._fail(name, stamp, error)
        except Exception:
            log.exception("%s could not be read", name)
            self._fail(name, stamp, ValueError("the folder cannot be read; the server's log says why"))

    def _fail(self, name: str, stamp: object, error: Exception) -> str:
        """Remember and return why a folder cannot be shown, for a visitor: short, without the server's paths."""
        text, folder = str(error), self._folders[name]
        for path in {str(folder), str(folder.resolve())}:
            text = text.replace(path, name)
        self._failed[name] = stamp
        self.errors[name] = why = _text(text)[:300]
        return why

    def _stamp(self, name: str) -> object:
        """Changes when one of the folder's files does."""
        return [_changed(self._folders[name] / file) for file in (*MODEL.needed, "metrics.json")]


def _changed(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None


def _text(name: str) -> str:
    """Text that can be sent: file names may hold bytes that are no UTF-8."""
    return name.encode("utf-8", "replace").decode()
