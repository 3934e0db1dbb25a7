"""Server side of Train: menus, runs to begin and steer, their news, and the films and models made of them.

The browser asks for what is newer than what it has, so a visitor who reloads finds the run by its name in the address,
and a tab that is closed stops asking. The first screen does without torch: nothing here imports it before the tab is
opened.
"""

from __future__ import annotations

import atexit
import itertools
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gan import scratch
from gan.ui.server import gpu, rpc, serialize, train_form, visitor
from gan.ui.server.limits import Busy, Limit
from gan.ui.server.request import choice
from gan.ui.server.sent_model import sent_name, write_sent_model
from gan.ui.server.train_requests import (
    BeginRequest,
    ChangeRequest,
    FilmRequest,
    FolderRequest,
    ForkRequest,
    MomentRequest,
    NewsRequest,
    PresetRequest,
    ReopenRequest,
    SlowRequest,
    StepRequest,
    decoded,
    read_files,
)
from gan.ui.server.video import EXPORTS

if TYPE_CHECKING:
    from gan.config import Config
    from gan.live.history import Moment
    from gan.live.run import Run
    from gan.live.runs import Runs, TrackedRun
    from gan.ui.server.model_registry import ModelRegistry

NEWS = 12, 0  # calls that may wait for news at once; others are answered at once
NEWS_SECONDS = 0.25  # that one call waits for news
UPLOADS = 2, 4  # uploads that are being read, and that wait to be
STARTS = 2, 6  # runs that are being set up, and that wait to be
DOWNLOADS = 1, 4  # films and folders that are being made, and that wait to be
FILM_FPS = 12


class TrainApi:
    """The functions that the page calls, one method each; see `gan.ui.server.rpc` for their replies to bad requests.

    runs: returns this machine's runs; None to make them on first use.
    """

    def __init__(self, registry: ModelRegistry, runs: Callable[[], Runs] | None = None) -> None:
        self.registry, self.runs = registry, runs or _runs_on_first_use()
        self._news, self._starts, self._downloads = Limit(*NEWS), Limit(*STARTS), Limit(*DOWNLOADS)
        self._uploads = Limit(*UPLOADS)
        self._models = scratch.folder()  # of the models that visitors train, a folder each
        self._numbers = itertools.count()
        self._opened: dict[tuple[str, int, int], str] = {}  # by name of the run, number of the moment and side

    def functions(self) -> list[rpc.Endpoint]:
        """Return the methods for `gr.HTML(server_functions=...)`."""
        return rpc.endpoints(
            self.about, self.preset, self.begin, self.fork, self.news, self.moment, self.ask, self.film, self.take,
            self.open, self.reopen,
        )  # fmt: skip

    def about(self, payload: rpc.Payload) -> rpc.Payload:
        """Describe the menus. {} -> as `train_form.menus` returns them."""
        return train_form.menus()

    def preset(self, payload: rpc.Payload) -> rpc.Payload:
        """Look up a preset. {preset, dataset} -> {settings}: those that the tab offers, by name."""
        request = PresetRequest.parse(payload)
        return {"settings": serialize.settings_json(train_form.config(request.preset, request.dataset, {}, 0))}

    def begin(self, payload: rpc.Payload) -> rpc.Payload:
        """Begin a run. {sides: [{preset, changes}, ...], dataset, seed, files?, source_files?} -> {run, notes}.

        run: its name. files, source_files: as `BeginRequest` has them.
        """
        from gan.live.run import Run

        request = BeginRequest.parse(payload)
        sent = None
        if request.files is not None or request.source_files is not None:
            with self._uploads():  # outside of `_starts`: others need not wait until it is read
                sent = read_files(request)
        with self._starts():
            dataset, data = sent or (train_form.dataset(request.dataset), None)
            configs = [train_form.config(side.preset, dataset, side.changes, request.seed) for side in request.sides]
            name = self._start(Run(configs, data, burst=_lent_burst()))
            return {"run": name, "notes": [] if data is None else list(data.notes)}

    def fork(self, payload: rpc.Payload) -> rpc.Payload:
        """Begin another run at a moment of one, which stays as it is. {run, number, changes?} -> {run, shown}.

        Where there is no other place for the new run, and nobody waits, the first one ends; it can still be viewed.
        """
        from gan.live.run import Run
        from gan.training.validation import with_changes

        with self._starts():
            source = self._tracked(payload).run
            request = ForkRequest.parse(payload)
            configs, states, shown = source.fork(request.number)
            if request.changes:
                configs = tuple(train_form.bounded(with_changes(config, request.changes)) for config in configs)
            run = Run(configs, source.data, states, _lent_burst())
            return {"run": self._start(run, fork_of=payload["run"]), "shown": shown}

    def news(self, payload: rpc.Payload) -> rpc.Payload:
        """Tell what is newer than moment `after`. {run, after} -> as `serialize.update_json` returns it."""
        tracked, after = self._tracked(payload), NewsRequest.parse(payload).after
        try:
            with self._news():
                moment = tracked.run.latest(after, NEWS_SECONDS)
        except Busy:
            moment = tracked.run.latest(after)
        runs, name = self.runs(), payload["run"]
        place, wait = runs.queue_position(name), runs.longest_wait(name)
        return serialize.update_json(tracked, place, wait, moment, first=after < 0)

    def moment(self, payload: rpc.Payload) -> rpc.Payload:
        """Look up the last stored moment up to `number`. {run, number} -> as `serialize.moment_json` returns it."""
        run, number = self._tracked(payload).run, MomentRequest.parse(payload).number
        moments: list[Moment] = [moment for moment in run.moments() if moment.number <= number]
        if not moments:
            raise ValueError("this run has not shown anything yet: wait for its first picture")
        return serialize.moment_json(moments[-1])

    def ask(self, payload: rpc.Payload) -> rpc.Payload:
        """Steer a run. {run, what, ...} -> {}.

        what: play, pause, step {move}, slow {seconds}, change {side, settings}, stop, forget.
        """
        run, name = self._tracked(payload).run, payload["run"]
        commands: dict[str, Callable[[], None]] = {
            "play": run.play,
            "pause": run.pause,
            "step": lambda: run.step(StepRequest.parse(payload).move),
            "slow": lambda: run.slow(SlowRequest.parse(payload).seconds),
            "change": lambda: _change(run, ChangeRequest.parse(payload, len(run.configs))),
            "stop": lambda: self.runs().end(name),
            "forget": lambda: self.runs().forget(name),
        }
        commands[choice(payload.get("what"), "what", commands)]()
        return {}

    def film(self, payload: rpc.Payload) -> rpc.Payload:
        """Make a film of a run. {run, kind} -> {name, mime, data}."""
        from gan.live import export as run_export

        run = self._tracked(payload).run
        export = EXPORTS[FilmRequest.parse(payload).kind]
        if run.backdrop is None:
            raise ValueError("this run has not shown anything yet: wait for its first picture")
        with self._downloads():
            data = export.encode(run_export.film(run.moments(), run.backdrop), FILM_FPS, None, False)
        return rpc.download(f"{_plain_name(run)}-training{export.suffix}", export.mime, data)

    def take(self, payload: rpc.Payload) -> rpc.Payload:
        """Make a zip of the model folder at a moment. {run, number, side} -> {name, mime, data}."""
        from gan.live import export as run_export

        with self._downloads(), scratch.folder() as folder:
            run, side, moment = self._asked_for(payload)
            _write_folder(run, side, moment, Path(folder), checkpoint=True)
            data = run_export.zip_folder(Path(folder), name := _plain_name(run))
            return rpc.download(f"{name}-{moment.shown}.zip", "application/zip", data)

    def open(self, payload: rpc.Payload) -> rpc.Payload:
        """Serve the model at a moment. {run, number, side} -> what the other tabs must know of it, as `_told`."""
        with self._downloads():
            run, side, moment = self._asked_for(payload)
            key = payload["run"], moment.number, side
            model = self._opened.get(key)  # asked for again, it is the same model
            if model is None or not self.registry.is_unlisted(model):
                folder = Path(self._models.name) / str(next(self._numbers))
                _write_folder(run, side, moment, folder, checkpoint=False)
                model = self.registry.add_unlisted(f"{_plain_name(run)}-{moment.shown}", folder, visitor.asking())
                still = {key: other for key, other in self._opened.items() if self.registry.is_unlisted(other)}
                self._opened = {**still, key: model}
            return self._told(model)

    def reopen(self, payload: rpc.Payload) -> rpc.Payload:
        """Serve a model that was downloaded. {files: [{name, data}, ...]} -> as `open`.

        files: a zip, or those of a model folder; data in base64.
        """
        request = ReopenRequest.parse(payload)
        with self._uploads():
            folder = Path(self._models.name) / str(next(self._numbers))
            try:
                write_sent_model(decoded(request.files), folder)
                model = self.registry.add_unlisted(sent_name(folder), folder, visitor.asking())
            except ValueError:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            try:
                self.registry.loaded(model)  # reads all of it: a bad one is told of now
                return self._told(model)
            except ValueError as error:
                self.registry.drop_unlisted(model)
                raise ValueError(str(error).replace(f"{model}/", "").replace(model, "the model")) from None

    def _told(self, model: str) -> rpc.Payload:
        """Return what the page must know of a served model: `Info.for_browser`, or `Info.of_translator`."""
        info = self.registry.info(model, "")
        return info.of_translator() if info.task == "translate" else info.for_browser()

    def _tracked(self, payload: rpc.Payload) -> TrackedRun:
        try:
            return self.runs().find(payload.get("run"))
        except KeyError as error:
            raise ValueError(error.args[0]) from None

    def _start(self, run: Run, fork_of: str | None = None) -> str:
        from gan.live.runs import QueueFull

        try:
            return self.runs().begin(run, visitor.asking(), fork_of)
        except QueueFull as error:
            raise ValueError(str(error)) from None

    def _asked_for(self, payload: rpc.Payload) -> tuple[Run, int, Moment]:
        run = self._tracked(payload).run
        request = FolderRequest.parse(payload, len(run.configs))
        return run, request.side, run.with_state(request.number)


def _write_folder(run: Run, side: int, moment: Moment, folder: Path, checkpoint: bool) -> None:
    """Write the model folder of one side of a run's moment."""
    import torch

    from gan.live import export as run_export
    from gan.training.memory import release_memory

    assert run.data is not None and moment.states  # a run that has a state has loaded its data
    torch.set_num_threads(1)  # counts for this thread: sliders and runs keep the other cores
    run_export.write_folder(*moment.states[side], run.data, folder, checkpoint)
    release_memory()


def _change(run: Run, request: ChangeRequest) -> None:
    from gan.training.validation import with_changes

    changed: Config = with_changes(run.configs[request.side], request.settings)
    train_form.bounded(changed)
    run.change(request.side, request.settings)


def _runs_on_first_use() -> Callable[[], Runs]:
    lock, made = threading.Lock(), []  # type: threading.Lock, list[Runs]

    def runs() -> Runs:
        from gan.live.runs import Runs

        with lock:
            if not made:
                made.append(Runs())
                atexit.register(made[0].close)  # a thread inside torch would abort the whole process
            return made[0]

    return runs


def _lent_burst() -> Callable[..., Any] | None:
    return gpu.burst if gpu.available() else None


def _plain_name(run: Run) -> str:
    """Return a name for files: the data set's, or "drawing"."""
    from gan.data.points import is_drawing

    return "drawing" if is_drawing(run.configs[0].dataset) else run.configs[0].dataset
