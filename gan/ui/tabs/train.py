"""The Train tab: real runs of `gan.live` in front of the visitor.

The tab is static HTML that `static/train*.js` brings to life. The browser asks for what is newer than what it has, so
a visitor who reloads finds the run by its name in the address, and a tab that is closed stops asking.
"""

from __future__ import annotations

import atexit
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from gan.training.control import MOVES
from gan.ui import assets
from gan.ui.server import checks, gpu, rpc, serialize, train_form
from gan.ui.server.limits import Limit
from gan.ui.server.video import EXPORTS

if TYPE_CHECKING:
    from gan.live.history import Moment
    from gan.live.run import Run
    from gan.live.runs import Runs
    from gan.ui.server.model_registry import ModelRegistry

LOOKERS = 12, 0  # calls that may wait for news at once; the others are answered at once
NEWS = 0.25  # seconds that one call waits for news
BEGINNERS = 2, 6  # runs that are being set up, and that wait to be
TAKERS = 1, 4  # films and folders being made
FILM_FPS = 12


def build(registry: ModelRegistry, runs: Callable[[], Runs] | None = None) -> gr.HTML:
    """Add the tab's contents to the tab under construction. runs: gives the machine's; made on first use if None.

    The first screen does not need torch, so nothing here imports it before the tab is opened.
    """
    return gr.HTML(
        page(),
        js_on_load="latentLab.train(element, server)",
        server_functions=functions(registry, runs or _runs()),
        elem_id="ll-train",
        apply_default_css=False,
        padding=False,
    )


def _runs() -> Callable[[], Runs]:
    lock, made = threading.Lock(), []

    def runs() -> Runs:
        from gan.live.runs import Runs

        with lock:
            if not made:
                made.append(Runs())
                atexit.register(made[0].close)  # a thread inside torch would abort the whole process
            return made[0]

    return runs


def page() -> str:
    """The tab's HTML."""
    return assets.render("train/train.html", exports=EXPORTS)


def functions(registry: ModelRegistry, runs: Callable[[], Runs]) -> list[Callable[[Any], rpc.Payload]]:
    """What the tab calls, for `gr.HTML(server_functions=...)`; see `gan.ui.server.rpc` for what they answer to
    nonsense.

    about    -> what the menus hold; see `gan.ui.server.train_form.offers`
    preset   {preset, dataset} -> {settings}: those that the tab offers, by name
    begin    {sides: [{preset, changes}, ...], dataset, seed, files?} -> {run}
    fork     {run, number, changes?} -> {run}
    news     {run, after} -> what is newer than moment `after`; see `gan.ui.server.serialize.news`
    moment   {run, number} -> a moment that was kept
    ask      {run, what, ...}: play, pause, step {move}, slow {seconds}, change {side, settings}, stop, forget
    film     {run, kind} -> {name, mime, data}
    take     {run, number} -> {name, mime, data}, a zip of the model folder
    open     {run, number, side} -> {model, size, classes}, a name that Explore, Interpolate and Publish know
    """
    looking, beginning, taking = Limit(*LOOKERS), Limit(*BEGINNERS), Limit(*TAKERS)
    home = tempfile.TemporaryDirectory(prefix="latent-lab-")  # of the models that visitors make here
    atexit.register(home.cleanup)

    def found(payload: rpc.Payload) -> Any:
        try:
            return runs().find(payload.get("run"))
        except KeyError as error:
            raise ValueError(error.args[0]) from None

    @rpc.answer
    def about(payload: rpc.Payload) -> rpc.Payload:
        return train_form.offers()

    @rpc.answer
    def preset(payload: rpc.Payload) -> rpc.Payload:
        config = train_form.config(payload.get("preset"), train_form.dataset(payload.get("dataset")), {}, 0)
        return {"settings": serialize.settings(config)}

    @rpc.answer
    def begin(payload: rpc.Payload) -> rpc.Payload:
        from gan.live.run import Run

        with beginning():
            data, dataset = None, payload.get("dataset")
            if payload.get("files") is not None:
                data, dataset = train_form.uploaded(payload["files"]), "uploaded"
            sides = payload.get("sides")
            if not isinstance(sides, list) or not 1 <= len(sides) <= 2 or not all(isinstance(s, dict) for s in sides):
                raise ValueError(f"sides must be a list of one or two, got {checks.quoted(sides)}")
            seed = checks.seed(payload.get("seed", 0))
            name = dataset if data is not None else train_form.dataset(dataset)
            configs = [train_form.config(side.get("preset"), name, side.get("changes", {}), seed) for side in sides]
            run = Run(configs, data, burst=_lent())
            return {"run": _begun(runs(), run), "notes": [] if data is None else list(data.notes)}

    @rpc.answer
    def fork(payload: rpc.Payload) -> rpc.Payload:
        from gan.live.run import Run
        from gan.training.validation import with_changes

        with beginning():
            old = found(payload).run
            configs, states, shown = old.fork(checks.integer(payload.get("number"), "number", 0, 2**31))
            settings = train_form.settings(payload.get("changes", {}))
            configs = [train_form.bounded(with_changes(config, settings)) if settings else config for config in configs]
            return {"run": _begun(runs(), Run(configs, old.data, states, _lent())), "shown": shown}

    @rpc.answer
    def news(payload: rpc.Payload) -> rpc.Payload:
        entry, name = found(payload), payload["run"]
        after = checks.integer(payload.get("after", -1), "after", -1, 2**31)
        try:
            with looking():
                moment = entry.run.latest(after, NEWS)
        except rpc.Busy:
            moment = entry.run.latest(after)
        return serialize.news(entry, runs().queue_position(name), moment, fresh=after < 0)

    @rpc.answer
    def moment(payload: rpc.Payload) -> rpc.Payload:
        run, number = found(payload).run, checks.integer(payload.get("number"), "number", 0, 2**31)
        return serialize.look(_moment(run, number))

    @rpc.answer
    def ask(payload: rpc.Payload) -> rpc.Payload:
        from gan.live.run import SLOWEST
        from gan.training.validation import with_changes

        run: Run = found(payload).run

        def change() -> None:
            side = checks.integer(payload.get("side", 0), "side", 0, len(run.configs) - 1)
            settings = train_form.settings(payload.get("settings"))
            train_form.bounded(with_changes(run.configs[side], settings))
            run.change(side, settings)

        can = {
            "play": run.play,
            "pause": run.pause,
            "step": lambda: run.step(checks.choice(payload.get("move"), "move", MOVES)),
            "slow": lambda: run.slow(checks.number(payload.get("seconds"), "seconds", 0.0, SLOWEST)),
            "change": change,
            "stop": lambda: runs().end(payload["run"]),
            "forget": lambda: runs().forget(payload["run"]),
        }
        can[checks.choice(payload.get("what"), "what", tuple(can))]()
        return {}

    @rpc.answer
    def film(payload: rpc.Payload) -> rpc.Payload:
        from gan.live import export as run_export

        run = found(payload).run
        export = EXPORTS[checks.choice(payload.get("kind"), "kind", tuple(EXPORTS))]
        with taking():
            data = export.encode(run_export.film(run.moments(), run.backdrop), FILM_FPS, None)
        return rpc.download(f"{_plain(run)}-training{export.suffix}", export.mime, data)

    @rpc.answer
    def take(payload: rpc.Payload) -> rpc.Payload:
        from gan.live import export as run_export

        with taking(), tempfile.TemporaryDirectory(prefix="latent-lab-") as folder:
            name, shown = _folder(found(payload).run, payload, Path(folder))
            return rpc.download(f"{name}-{shown}.zip", "application/zip", run_export.zip_folder(Path(folder), name))

    @rpc.answer
    def open(payload: rpc.Payload) -> rpc.Payload:
        with taking():
            run = found(payload).run
            folder = Path(tempfile.mkdtemp(dir=home.name))
            name, shown = _folder(run, payload, folder, checkpoint=False)
            model = registry.adopt(f"{name}-{shown}", folder)
            info = registry.info(model)
            return {"model": model, "size": info.resolution, "classes": list(info.classes)}

    return [about, preset, begin, fork, news, moment, ask, film, take, open]


def _lent() -> Callable[..., Any] | None:
    return gpu.burst if gpu.lent() else None


def _begun(runs: Runs, run: Run) -> str:
    from gan.live.runs import QueueFull

    try:
        return runs.begin(run)
    except QueueFull as error:
        raise ValueError(str(error)) from None


def _moment(run: Run, number: int) -> Moment:
    kept = [m for m in run.moments() if m.number <= number]
    if not kept:
        raise ValueError("nothing has been seen of this run yet: wait for its first picture")
    return kept[-1]


def _folder(run: Run, payload: rpc.Payload, folder: Path, checkpoint: bool = True) -> tuple[str, int]:
    """Write the model folder of a run's moment; a plain name for it, and the images it was shown."""
    from gan.live import export as run_export

    configs, states, shown = run.fork(checks.integer(payload.get("number"), "number", 0, 2**31))
    side = checks.integer(payload.get("side", 0), "side", 0, len(configs) - 1)
    run_export.write_folder(configs[side], states[side], run.data, folder, checkpoint)
    return _plain(run), shown


def _plain(run: Run) -> str:
    from gan.data.points import is_drawing

    return "drawing" if is_drawing(run.configs[0].dataset) else run.configs[0].dataset
