"""Server side of Train: menus, runs to begin and steer, their news, and the films and models made of them.

The browser asks for what is newer than what it has, so a visitor who reloads finds the run by its name in the address,
and a tab that is closed stops asking. The first screen does without torch: nothing here imports it before the tab is
opened.
"""

from __future__ import annotations

import atexit
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gan.ui.server import gpu, rpc, serialize, train_form
from gan.ui.server.limits import Busy, Limit
from gan.ui.server.request import choice
from gan.ui.server.train_requests import (
    BeginRequest,
    ChangeRequest,
    FilmRequest,
    FolderRequest,
    ForkRequest,
    MomentRequest,
    NewsRequest,
    PresetRequest,
    SlowRequest,
    StepRequest,
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
        self._models = tempfile.TemporaryDirectory(prefix="latent-lab-")  # folders of the models that visitors train
        atexit.register(self._models.cleanup)

    def functions(self) -> list[Callable[[Any], rpc.Payload]]:
        """Return the methods for `gr.HTML(server_functions=...)`."""
        return rpc.endpoints(
            self.about, self.preset, self.begin, self.fork, self.news, self.moment, self.ask, self.film, self.take,
            self.open,
        )  # fmt: skip

    def about(self, payload: rpc.Payload) -> rpc.Payload:
        """Describe the menus. {} -> as `train_form.menus` returns them."""
        return train_form.menus()

    def preset(self, payload: rpc.Payload) -> rpc.Payload:
        """Look up a preset. {preset, dataset} -> {settings}: those that the tab offers, by name."""
        request = PresetRequest.parse(payload)
        return {"settings": serialize.settings_json(train_form.config(request.preset, request.dataset, {}, 0))}

    def begin(self, payload: rpc.Payload) -> rpc.Payload:
        """Begin a run. {sides: [{preset, changes}, ...], dataset, seed, files?} -> {run, notes}: its name."""
        from gan.live.run import Run

        with self._starts():
            request = BeginRequest.parse(payload)
            data = None if request.files is None else read_files(request.files)
            dataset = "uploaded" if data is not None else train_form.dataset(request.dataset)
            configs = [train_form.config(side.preset, dataset, side.changes, request.seed) for side in request.sides]
            name = self._start(Run(configs, data, burst=_lent_burst()))
            return {"run": name, "notes": [] if data is None else list(data.notes)}

    def fork(self, payload: rpc.Payload) -> rpc.Payload:
        """Begin another run at a moment of one. {run, number, changes?} -> {run, shown}."""
        from gan.live.run import Run
        from gan.training.validation import with_changes

        with self._starts():
            source = self._tracked(payload).run
            request = ForkRequest.parse(payload)
            configs, states, shown = source.fork(request.number)
            if request.changes:
                configs = tuple(train_form.bounded(with_changes(config, request.changes)) for config in configs)
            return {"run": self._start(Run(configs, source.data, states, _lent_burst())), "shown": shown}

    def news(self, payload: rpc.Payload) -> rpc.Payload:
        """Tell what is newer than moment `after`. {run, after} -> as `serialize.update_json` returns it."""
        tracked, after = self._tracked(payload), NewsRequest.parse(payload).after
        try:
            with self._news():
                moment = tracked.run.latest(after, NEWS_SECONDS)
        except Busy:
            moment = tracked.run.latest(after)
        return serialize.update_json(tracked, self.runs().queue_position(payload["run"]), moment, first=after < 0)

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
            data = export.encode(run_export.film(run.moments(), run.backdrop), FILM_FPS, None)
        return rpc.download(f"{_plain_name(run)}-training{export.suffix}", export.mime, data)

    def take(self, payload: rpc.Payload) -> rpc.Payload:
        """Make a zip of the model folder at a moment. {run, number, side} -> {name, mime, data}."""
        from gan.live import export as run_export

        with self._downloads(), tempfile.TemporaryDirectory(prefix="latent-lab-") as folder:
            name, shown = self._write_folder(payload, Path(folder), checkpoint=True)
            return rpc.download(f"{name}-{shown}.zip", "application/zip", run_export.zip_folder(Path(folder), name))

    def open(self, payload: rpc.Payload) -> rpc.Payload:
        """Serve the model at a moment. {run, number, side} -> {model, size, classes}: a name for the other tabs."""
        with self._downloads():
            folder = Path(tempfile.mkdtemp(dir=self._models.name))
            name, shown = self._write_folder(payload, folder, checkpoint=False)
            model = self.registry.add_unlisted(f"{name}-{shown}", folder)
            info = self.registry.info(model)
            return {"model": model, "size": info.resolution, "classes": list(info.classes)}

    def _tracked(self, payload: rpc.Payload) -> TrackedRun:
        try:
            return self.runs().find(payload.get("run"))
        except KeyError as error:
            raise ValueError(error.args[0]) from None

    def _start(self, run: Run) -> str:
        from gan.live.runs import QueueFull

        try:
            return self.runs().begin(run)
        except QueueFull as error:
            raise ValueError(str(error)) from None

    def _write_folder(self, payload: rpc.Payload, folder: Path, checkpoint: bool) -> tuple[str, int]:
        """Write the model folder of a run's moment; return a plain name for it, and the images it was shown."""
        from gan.live import export as run_export

        run = self._tracked(payload).run
        request = FolderRequest.parse(payload, len(run.configs))
        configs, states, shown = run.fork(request.number)
        assert run.data is not None  # a run that has a state has loaded its data
        run_export.write_folder(configs[request.side], states[request.side], run.data, folder, checkpoint)
        return _plain_name(run), shown


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
