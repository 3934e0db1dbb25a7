"""The models that the app serves: model folders in, uint8 pictures out, for every tab and endpoint.

Nothing here imports Gradio, and torch is imported only when the first model loads, so the first screen does not wait
for it. A `ModelRegistry` holds weights and no visitor's state: every picture is a function of its arguments, which may
come straight from a browser and are checked by `gan.ui.server.picture_requests` first.
"""

from __future__ import annotations

import logging
import secrets
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gan.errors import FolderError
from gan.hub.names import MODEL
from gan.live.shares import NOBODY, Owner, holding_most
from gan.models.taught_on import ENCODER, is_current
from gan.ui.server import drawing, engine, gpu, picture_requests, translations, visitor
from gan.ui.server.files import Files
from gan.ui.server.limits import Limit
from gan.ui.server.model_info import Info, read_info
from gan.ui.server.packs import Packs
from gan.ui.server.render_queue import Drawn, RenderQueue
from gan.ui.server.request import quoted

if TYPE_CHECKING:
    from gan.models.model import Model
    from gan.models.translator import Translator

log = logging.getLogger(__name__)

# How many jobs run at once, and how many more may wait before `Busy`. Together with the downloads of the Interpolate
# tab they are fewer than the server's 40 threads, so the rest of the page is always answered.
BATCHES = 1, 6  # walks and grids, apart from pictures: a long walk must not delay another visitor's slider
LOADS = 1, 8
MAX_UNLISTED = 16  # models that visitors trained


def _load(folder: Path) -> Model | Translator:
    import torch

    import gan

    # One picture is too little work to share: on two busy cores, a 64 x 64 one took 7.6 ms with one thread and 28.6 ms
    # with two, which wait for each other. Visitors run beside each other instead.
    torch.set_num_threads(1)
    return gan.load(folder, "cpu" if gpu.available() else "auto")


class ModelRegistry:
    """The models in `folders`, of either task; each loads once, on first use, and is shared by all visitors.

    folders: model folders, in the order shown; a name is the folder's own, or `parent/name` where two share one.
    load: makes a model of a folder; raises ValueError with one clear sentence for a damaged one.
    errors: why a model cannot be shown, by name. notices: what visitors should know of a model, by name.

    Every method that takes `name` raises ValueError for an unknown name or a bad argument, and those that render raise
    `gan.ui.server.limits.Busy` when too many renders are under way.
    """

    def __init__(self, folders: Sequence[Path | str], load: Callable[[Path], Any] = _load) -> None:
        self.errors: dict[str, str] = {}
        self.notices: dict[str, str] = {}
        self._folders: dict[str, Path] = {}
        self._infos: dict[str, Info] = {}
        self._models: dict[str, Any] = {}
        self._failed_stamps: dict[str, object] = {}  # state of a damaged folder's files when it failed
        self.packs = Packs()
        self.files = Files()  # of the page: its scripts, styles and pictures
        self._load = load
        self._unlisted: dict[str, Owner] = {}  # who added it, oldest first
        self._unlisted_lock = threading.Lock()
        for folder in (Path(folder).absolute() for folder in folders):
            name = _printable(folder.name)
            if name in self._folders:
                name = _printable(f"{folder.parent.name}/{folder.name}")
            self._folders[name] = folder
            self._read_info(name)
        self._batch_limit, self._load_limit = Limit(*BATCHES), Limit(*LOADS)
        self._pictures: RenderQueue[np.ndarray] = RenderQueue(_render)
        self._warm_lock = threading.Lock()
        self._warm_thread: threading.Thread | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The generators that everyone may see and that can be shown: not a damaged one, until its files change."""
        return self._names("generate")

    @property
    def translators(self) -> tuple[str, ...]:
        """The same of those that translate."""
        return self._names("translate")

    @property
    def with_encoder(self) -> tuple[str, ...]:
        """Those of `names` that can find pictures: their folders have an encoder, taught on the weights there are."""
        return tuple(name for name in self.names if is_current(self._folders[name], ENCODER))

    def _names(self, task: str) -> tuple[str, ...]:
        shown = [name for name in list(self._folders) if name not in self.errors and name not in self._unlisted]
        return tuple(name for name in shown if (info := self._infos.get(name)) and info.task == task)

    def add(self, name: str, folder: Path) -> None:
        """Serve one more model, under a name of its own."""
        self._folders = {**self._folders, name: folder}  # a new dict: other threads may be iterating over the old one
        self._read_info(name)

    def add_unlisted(self, name: str, folder: Path, owner: Owner = NOBODY) -> str:
        """Serve one more folder under a name that cannot be guessed, and return that name. It is not in `names`.

        At most `MAX_UNLISTED` are kept: of whoever has most of them the oldest goes, and its folder is deleted.
        """
        name = f"{_printable(name)}-{secrets.token_urlsafe(9)}"
        with self._unlisted_lock:
            self._unlisted = {**self._unlisted, name: owner}  # new dicts, as in `add`
            self._folders = {**self._folders, name: folder}
            while len(self._unlisted) > MAX_UNLISTED:
                most = holding_most((other, 1) for other in self._unlisted.values())
                self._drop_unlisted(next(other for other, of in self._unlisted.items() if of == most))
        self._read_info(name)
        return name

    def drop_unlisted(self, name: str) -> None:
        """Forget a folder that `add_unlisted` took, and delete it."""
        with self._unlisted_lock:
            if name in self._unlisted:
                self._drop_unlisted(name)

    def _drop_unlisted(self, name: str) -> None:
        folder = self._folders[name]
        self._unlisted = {other: owner for other, owner in self._unlisted.items() if other != name}
        self._folders = {other: path for other, path in self._folders.items() if other != name}
        for kept in (self._models, self._infos, self.errors, self._failed_stamps):
            kept.pop(name, None)
        shutil.rmtree(folder, ignore_errors=True)

    def is_unlisted(self, name: object) -> bool:
        """Return True for a name that `add_unlisted` gave and whose model can still be shown."""
        return isinstance(name, str) and name in self._unlisted and name not in self.errors

    def folder(self, name: object) -> Path:
        """Return the folder of a model."""
        return self._folders[self._checked_name(name)]

    def info(self, name: object, task: str = "generate") -> Info:
        """Return what the folder's JSON says of a model of that task, "" for either: cheap, no weights read."""
        return self._infos[self._checked_name(name, task)]

    def model(self, name: object) -> Model:
        """Return the loaded generator; the first call for a name reads the weights, others wait for it."""
        return self._loaded(name, "generate")

    def translator(self, name: object) -> Translator:
        """Return a loaded translator, as `model` does a generator."""
        return self._loaded(name, "translate")

    def loaded(self, name: object) -> Model | Translator:
        """Return a loaded model of either task, as `model` does a generator."""
        return self._loaded(name, "")

    def _loaded(self, name: object, task: str) -> Any:
        name = self._checked_name(name, task)
        if name in self._models:
            return self._models[name]
        with self._load_limit():
            self._checked_name(name, task)  # the caller before this one may have found it damaged
            if name not in self._models:
                stamp = self._stamp(name)
                try:
                    self._models[name] = self._load(self._folders[name])
                except (ValueError, OSError) as error:
                    raise ValueError(f"{name} cannot be shown: {self._record_error(name, stamp, error)}") from error
            return self._models[name]

    def is_loaded(self, name: object) -> bool:
        """Return True if `model(name)` has nothing to wait for."""
        return isinstance(name, str) and name in self._models

    def warm(self) -> None:
        """Begin to load every model in a background thread, once; damaged ones end up in `errors`."""

        def load_all() -> None:
            for name in self.names:
                try:
                    self.model(name)
                    self.picture(name, seed=0)  # the first one takes longer
                except Exception:  # the next request for this model reports it; the others are still loaded
                    log.warning("%s did not load", name, exc_info=True)

        with self._warm_lock:
            if self._warm_thread is None:
                self._warm_thread = threading.Thread(target=load_all, name="warm", daemon=True)
                self._warm_thread.start()

    def picture(self, name: object, seed: object, **values: object) -> np.ndarray:
        """Return one picture, uint8 (H, W, C), of a latent.

        It is `model.named.moved(truncation * z(seed) + sliders @ model.directions + raw, named, y)`.

        values: of the controls in `gan.ui.server.controls`, by name, in the ranges declared there; all but the seed may
        be missing. label: None (drawn from the seed), a class index or a class name, or a list of those where classes
        are in groups. named: at most M steps along the named directions, sliders: at most K along the principal ones,
        and raw: at most z_dim offsets on the latent itself; missing ones are 0.
        """
        return self.ask_picture(name, {"seed": seed, **values}).result().picture

    def ask_picture(
        self, name: object, values: Mapping[str, object], follows: bool = False
    ) -> Future[Drawn[np.ndarray]]:
        """Ask for what `picture` returns without waiting for it; the values' errors are raised here.

        Only the first call for a name waits, for its weights: see `is_loaded`. follows: as for `RenderQueue.ask`.
        """
        model = self.model(name)
        return self._pictures.ask(visitor.asking(), model, picture_requests.picture(values, model), follows)

    def ask_translation(
        self, name: object, values: Mapping[str, object], follows: bool = False
    ) -> Future[Drawn[np.ndarray]]:
        """Ask for a translation, as `ask_picture` for a picture; values: as in `translations.TranslationRequest`."""
        model = self.translator(name)
        request = translations.TranslationRequest.parse(values, model)
        return self._pictures.ask(visitor.asking(), model, request, follows)

    def translate(self, name: object, pictures: np.ndarray, to: str = "b", conditions: object = None) -> np.ndarray:
        """Translate many pictures, uint8 (N, H, W, C), at once; as `Translator.translate`."""
        model = self.translator(name)
        with self._batch_limit():
            return model.translate(pictures, to, conditions)  # type: ignore[arg-type]

    def acting(self, name: object, values: Mapping[str, object]) -> list[bool] | None:
        """Return for each named slider whether it does anything in a picture; None where all do, in every class.

        values: as for `ask_picture`.
        """
        model = self.model(name)
        if not any(map(model.named.depends, model.named.names)):
            return None
        at = picture_requests.picture(values, model)
        rows = model.class_weights([at["seed"]], at["label"])
        return None if rows is None else model.named.acting(rows[0])

    def grid(self, name: object, seeds: object, label: object = None, truncation: object = 1.0) -> np.ndarray:
        """Return one picture for each seed, uint8 (N, H, W, C); at most `picture_requests.MAX_GRID` seeds."""
        model = self.model(name)
        request = picture_requests.GridRequest.parse({"seeds": seeds, "label": label, "truncation": truncation}, model)
        with self._batch_limit():
            return model.sample(request.seeds, label=request.label, truncation=request.truncation)

    def interpolate(
        self,
        name: object,
        seeds: object,
        frames: object,
        mode: object = "slerp",
        loop: object = False,
        label: object = None,
        truncation: object = 1.0,
        edits: object = None,
    ) -> np.ndarray:
        """Return the walk from seed to seed, uint8 (frames, H, W, C).

        seeds: 2 to `picture_requests.MAX_KEYFRAMES`. frames: at most `picture_requests.MAX_FRAMES`, and no fewer than
        there are seeds. mode: "slerp" or "lerp". loop: True ends where it began.
        label: None, an index or a name for the whole walk, or a list with one of those, or None, for each seed. Where
        classes are in groups, a list of some is one label too, and the list for the seeds holds such lists, or None.
        edits: for each seed a mapping with values of other controls, as for `picture`, or None where label and
        truncation say all.
        """
        model = self.model(name)
        asked = {"seeds": seeds, "frames": frames, "mode": mode, "loop": loop, "label": label, "truncation": truncation}
        request = picture_requests.WalkRequest.parse({**asked, "edits": edits}, model)
        values = dict(request)
        with self._batch_limit():
            if values.pop("edits") is not None:
                return drawing.walk(model, request)
            pictures = gpu.interpolate(self.folder(name), values) if gpu.available() else None
            return model.interpolate(**values) if pictures is None else pictures

    def keyframes(self, name: object, values: Mapping[str, object]) -> np.ndarray:
        """Return the pictures at the keyframes of a walk, uint8 (K, H, W, C). values: as for `interpolate`."""
        model = self.model(name)
        request = picture_requests.WalkRequest.parse(values, model)
        with self._batch_limit():
            return drawing.draw(model, drawing.keyframes(request))

    def describe(self, name: object) -> Mapping[str, Any]:
        """Return what the Explore tab must know before its first picture; loads the model.

        Keys: name, size, channels, classes (list of str), groups (of them, as `Info.for_browser` has them), z_dim,
        named (list of str, the names of named directions), kinds (list of str, as long: the attribute of which each is
        one of several kinds, or ""), variance (list of float, one a principal direction), beside (list of str, as
        long or empty: what each mostly changes), crosses (whether two pictures can be crossed).
        """
        model = self.model(name)
        return {
            "name": name,
            "size": model.resolution,
            "channels": model.channels,
            "classes": list(model.classes),
            "groups": [group._asdict() for group in model.groups],
            "z_dim": model.z_dim,
            "named": list(model.named.names),
            "kinds": list(model.named.kinds),
            "beside": list(model.beside),
            "crosses": model.crosses,
            "variance": [round(float(v), 6) for v in model.variance],
        }

    def pack(self, name: object) -> Mapping[str, Any]:
        """Return where a browser finds a model to draw its pictures itself: {address, bytes}; loads the model.

        The address is None for a model that browsers cannot draw, and for one that is not in `names`: its weights stay
        where they are.
        """
        model = self.loaded(name)
        found = None if self.is_unlisted(name) else self.packs.of(str(name), model)
        return {"address": engine.pack_address(found) if found else None, "bytes": len(found.data) if found else 0}

    def _checked_name(self, name: object, task: str = "") -> str:
        """Return the name of a model that can be shown; task: which it must have, "" for either."""
        if isinstance(name, str) and name in self._folders:
            if name in self.errors and self._stamp(name) != self._failed_stamps[name]:
                self._read_info(name)  # its files have changed: they may have been half written
            if error := self.errors.get(name):
                raise ValueError(f"{name} cannot be shown: {error}")
            if task in ("", self._infos[name].task):
                return name
        have = ", ".join(self._names(task or "generate")) or "none"
        raise ValueError(f"model must be one of those served ({have}), got {quoted(name)}")

    def _read_info(self, name: str) -> None:
        """Fill `_infos[name]`, or `errors[name]`. Never raises: one folder must not stop the others."""
        stamp = self._stamp(name)
        try:
            if _printable(self._folders[name].name) != self._folders[name].name:
                raise FolderError("the folder's name is not UTF-8")
            self._infos[name] = read_info(name, self._folders[name])
            self.errors.pop(name, None)
        except ValueError as error:
            self._record_error(name, stamp, error)
        except Exception:
            log.exception("%s could not be read", name)
            self._record_error(name, stamp, ValueError("the folder cannot be read; the server's log says why"))

    def _record_error(self, name: str, stamp: object, error: Exception) -> str:
        """Store and return why a folder cannot be shown, for a visitor: short, without the server's paths."""
        text, folder = str(error), self._folders[name]
        for path in {str(folder), str(folder.resolve())}:
            text = text.replace(path, name)
        self._failed_stamps[name] = stamp
        self.errors[name] = text = _printable(text)[:300]
        return text

    def _stamp(self, name: str) -> object:
        """Return a value that changes when one of the folder's files does."""
        return [_modified(self._folders[name] / file) for file in (*MODEL.needed, *MODEL.optional, "metrics.json")]


def _render(model: Any, requests: Sequence[Any]) -> Sequence[np.ndarray] | np.ndarray:
    """Draw what one model was asked for, of either task."""
    if isinstance(requests[0], translations.TranslationRequest):
        return translations.draw(model, requests)
    return drawing.draw(model, requests)


def _modified(path: Path) -> int | None:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None


def _printable(name: str) -> str:
    """Return text that can be sent: file names may hold bytes that are not UTF-8."""
    return name.encode("utf-8", "replace").decode()
