"""The Train tab: real runs of `gan.live` in front of the visitor.

The tab is static HTML that `static/train*.js` brings to life. The browser asks for what is newer than what it has, so
a visitor who reloads finds the run by its name in the address, and a tab that is closed stops asking.
"""

from __future__ import annotations

import atexit
import base64
import dataclasses
import re
import tempfile
import threading
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from gan.config import Config
from gan.ui import checks, gpu, live
from gan.ui.export import EXPORTS
from gan.ui.limits import Limit

if TYPE_CHECKING:
    from gan.live.run import Moment, Run
    from gan.live.runs import Runs
    from gan.live.views import View
    from gan.ui.session import Session

HTML = (Path(__file__).with_name("static") / "train.html").read_text(encoding="utf-8")
PICTURES = ("emoji", "mnist-10k", "fashion-mnist-10k")  # bundled, so that they need no network
PLANES = ("ring", "grid", "swiss-roll", "two-moons")
LOOKERS = 12, 0  # calls that may wait for news at once; the others are answered at once
NEWS = 0.25  # seconds that one call waits for news
BEGINNERS = 2, 6  # runs that are being set up, and that wait to be
TAKERS = 1, 4  # films and folders being made
UPLOAD = 48 * 2**20  # bytes of one upload, in base64
FILM_FPS = 12
LARGEST = {  # a step of which takes 200 MB and three seconds at most, on one core
    "points": {"batch_size": 1024, "width": 128, "critic_steps": 20},
    "pictures": {"batch_size": 128, "width": 64, "critic_steps": 20},
}

# Settings that the tab offers besides what `Config` marks as `live`, for a new run only.
FRESH = ("network", "seed", "conditional", "critic_norm", "width")


def build(session: Session, hall: Callable[[], Runs] | None = None) -> gr.HTML:
    """Add the tab's contents to the tab under construction. hall: gives the machine's runs; made on first use if None.

    The first screen does not need torch, so nothing here imports it before the tab is opened.
    """
    return gr.HTML(
        page(),
        js_on_load="latentLab.train(element, server)",
        server_functions=functions(session, hall or _hall()),
        elem_id="ll-train",
        apply_default_css=False,
        padding=False,
    )


def _hall() -> Callable[[], Runs]:
    lock, made = threading.Lock(), []

    def hall() -> Runs:
        from gan.live.runs import Runs

        with lock:
            if not made:
                made.append(Runs())
                atexit.register(made[0].close)  # a thread inside torch would abort the whole process
            return made[0]

    return hall


def page() -> str:
    """The tab's HTML."""
    return HTML.replace("{exports}", "".join(_button(kind) for kind in EXPORTS))


def _button(kind: str) -> str:
    export = EXPORTS[kind]
    reason = export.unavailable()
    state = f'title="{escape(reason, quote=True)}"' if reason else "data-home"
    return f'<button type="button" class="ll-button" data-film="{kind}" {state} disabled>{export.label}</button>'


def functions(session: Session, hall: Callable[[], Runs]) -> list[Callable[[Any], live.Payload]]:
    """What the tab calls, for `gr.HTML(server_functions=...)`; see `gan.ui.live` for what they answer to nonsense.

    about    -> {presets, planes, pictures, choices, live, fresh}
    preset   {preset, dataset} -> {settings}: every setting that the tab offers, by name
    begin    {sides: [{preset, changes}, ...], dataset, seed, files?} -> {run}
    fork     {run, number, changes?} -> {run}
    news     {run, after} -> what is newer than moment `after`; see `_news`
    moment   {run, number} -> a moment that was kept
    ask      {run, what, ...}: play, pause, step {move}, slow {seconds}, change {side, settings}, stop, forget
    film     {run, kind} -> {name, mime, data}
    take     {run, number} -> {name, mime, data}, a zip of the model folder
    open     {run, number, side} -> {model, size, classes}, a name that Explore, Interpolate and Publish know
    """
    looking, beginning, taking = Limit(*LOOKERS), Limit(*BEGINNERS), Limit(*TAKERS)
    home = tempfile.TemporaryDirectory(prefix="latent-lab-")  # of the models that visitors make here
    atexit.register(home.cleanup)

    def found(payload: live.Payload) -> Any:
        try:
            return hall().find(payload.get("run"))
        except KeyError as error:
            raise ValueError(error.args[0]) from None

    @live.answer
    def about(payload: live.Payload) -> live.Payload:
        return _about()

    @live.answer
    def preset(payload: live.Payload) -> live.Payload:
        config = _config(payload.get("preset"), _dataset(payload.get("dataset")), {}, 0)
        names = [f.name for f in dataclasses.fields(Config) if f.metadata.get("live") or f.name in FRESH]
        return {"settings": {name: getattr(config, name) for name in names}}

    @live.answer
    def begin(payload: live.Payload) -> live.Payload:
        from gan.live.run import Run

        with beginning():
            data, dataset = None, payload.get("dataset")
            if payload.get("files") is not None:
                data, dataset = _uploaded(payload["files"]), "uploaded"
            sides = payload.get("sides")
            if not isinstance(sides, list) or not 1 <= len(sides) <= 2 or not all(isinstance(s, dict) for s in sides):
                raise ValueError(f"sides must be a list of one or two, got {checks.shown(sides)}")
            seed = checks.seed(payload.get("seed", 0))
            name = dataset if data is not None else _dataset(dataset)
            configs = [_config(side.get("preset"), name, side.get("changes", {}), seed) for side in sides]
            run = Run(configs, data, burst=_lent())
            return {"run": _begun(hall(), run), "notes": [] if data is None else list(data.notes)}

    @live.answer
    def fork(payload: live.Payload) -> live.Payload:
        from gan.live.run import Run
        from gan.options import changed

        with beginning():
            old = found(payload).run
            configs, states, shown = old.fork(checks.integer(payload.get("number"), "number", 0, 2**31))
            settings = _settings(payload.get("changes", {}))
            configs = [_bounded(changed(config, settings)) if settings else config for config in configs]
            return {"run": _begun(hall(), Run(configs, old.data, states, _lent())), "shown": shown}

    @live.answer
    def news(payload: live.Payload) -> live.Payload:
        entry, name = found(payload), payload["run"]
        after = checks.integer(payload.get("after", -1), "after", -1, 2**31)
        try:
            with looking():
                moment = entry.run.latest(after, NEWS)
        except live.Busy:
            moment = entry.run.latest(after)
        return _news(hall(), name, entry, moment, fresh=after < 0)

    @live.answer
    def moment(payload: live.Payload) -> live.Payload:
        run, number = found(payload).run, checks.integer(payload.get("number"), "number", 0, 2**31)
        return _seen(_moment(run, number))

    @live.answer
    def ask(payload: live.Payload) -> live.Payload:
        from gan.options import changed

        run: Run = found(payload).run
        what = checks.choice(payload.get("what"), "what", ("play", "pause", "step", "slow", "change", "stop", "forget"))
        if what == "step":
            run.step(checks.choice(payload.get("move"), "move", ("both", "critic", "generator")))
        elif what == "slow":
            run.slow(checks.number(payload.get("seconds"), "seconds", 0.0, 2.0))
        elif what == "change":
            side = checks.integer(payload.get("side", 0), "side", 0, len(run.configs) - 1)
            settings = _settings(payload.get("settings"))
            _bounded(changed(run.configs[side], settings))
            run.change(side, settings)
        elif what == "stop":
            hall().end(payload["run"])
        elif what == "forget":
            hall().forget(payload["run"])
        else:
            getattr(run, what)()
        return {}

    @live.answer
    def film(payload: live.Payload) -> live.Payload:
        from gan.live import keep

        run = found(payload).run
        export = EXPORTS[checks.choice(payload.get("kind"), "kind", tuple(EXPORTS))]
        with taking():
            data = export.encode(keep.film(run.moments(), run.backdrop), FILM_FPS, None)
        return _file(f"{_plain(run)}-training{export.suffix}", export.mime, data)

    @live.answer
    def take(payload: live.Payload) -> live.Payload:
        from gan.live import keep

        with taking(), tempfile.TemporaryDirectory(prefix="latent-lab-") as folder:
            name, shown = _folder(found(payload).run, payload, Path(folder))
            return _file(f"{name}-{shown}.zip", "application/zip", keep.zipped(Path(folder), name))

    @live.answer
    def open(payload: live.Payload) -> live.Payload:
        with taking():
            run = found(payload).run
            folder = Path(tempfile.mkdtemp(dir=home.name))
            name, shown = _folder(run, payload, folder, checkpoint=False)
            model = session.adopt(f"{name}-{shown}", folder)
            info = session.info(model)
            return {"model": model, "size": info.resolution, "classes": list(info.classes)}

    return [about, preset, begin, fork, news, moment, ask, film, take, open]


def _about() -> dict[str, Any]:
    from gan.augment import AUGMENTATIONS
    from gan.live.presets import PRESETS
    from gan.losses import LOSSES
    from gan.networks import NETWORKS
    from gan.optimizers import OPTIMIZERS
    from gan.penalties import PENALTIES

    return {
        "presets": {name: {"title": p.title, "lookAt": p.look_at} for name, p in PRESETS.items()},
        "planes": PLANES,
        "pictures": PICTURES,
        "choices": {
            "loss": list(LOSSES), "penalty": list(PENALTIES), "optimizer": list(OPTIMIZERS), "network": list(NETWORKS),
            "augment": ["none", *AUGMENTATIONS, ",".join(AUGMENTATIONS)],
        },
        "live": [f.name for f in dataclasses.fields(Config) if f.metadata.get("live")],
        "fresh": FRESH,
    }  # fmt: skip


def _lent() -> Callable[..., Any] | None:
    return gpu.burst if gpu.lent() else None


def _begun(runs: Runs, run: Run) -> str:
    from gan.live.runs import Full

    try:
        return runs.begin(run)
    except Full as error:
        raise ValueError(str(error)) from None


def _dataset(name: object) -> str:
    if isinstance(name, str) and name.startswith("ink:"):
        from gan.data.worlds import world_of

        world_of(name)  # raises what is wrong with it
        return name
    return checks.choice(name, "dataset", (*PLANES, *PICTURES))


def _settings(values: object) -> dict[str, Any]:
    """Settings from a browser: known names, numbers in the type that `Config` wants. Ranges are `Config`'s to check."""
    if not isinstance(values, dict):
        raise ValueError(f"settings must be an object, got {checks.shown(values)}")
    offered = {f.name: f for f in dataclasses.fields(Config) if f.metadata.get("live") or f.name in FRESH}
    out = {}
    for name, value in values.items():
        if name not in offered:
            raise ValueError(f"{checks.shown(name)} is no setting of a run here")
        if isinstance(value, float) and value.is_integer() and isinstance(offered[name].default, int):
            value = int(value)  # JavaScript knows one kind of number
        out[name] = value
    return out


def _config(preset: object, dataset: str, changes: object, seed: int) -> Config:
    from gan.live.presets import PRESETS, config_of

    preset = checks.choice(preset, "preset", tuple(PRESETS))
    return _bounded(config_of(preset, dataset, {"seed": seed, **_settings(changes)}))


def _bounded(config: Config) -> Config:
    """The config, if it takes no more memory and time than one visitor may; ValueError otherwise."""
    from gan.data.worlds import is_world

    for name, most in LARGEST["points" if is_world(config.dataset) else "pictures"].items():
        if getattr(config, name) > most:
            raise ValueError(f"{name} may be {most} at most here, got {getattr(config, name)}: train it at home")
    return config


def _uploaded(files: object) -> Any:
    """Files [{name, data}, ...] with base64 contents to a data set."""
    from gan.live.uploads import read_uploads

    good = isinstance(files, list) and all(
        isinstance(f, dict) and isinstance(f.get("name"), str) and isinstance(f.get("data"), str) for f in files
    )
    if not good:
        raise ValueError("files must be a list of names and contents")
    if sum(len(f["data"]) for f in files) > UPLOAD:
        raise ValueError(f"that is more than {UPLOAD // 2**20} MB: upload fewer pictures, or smaller ones")
    with tempfile.TemporaryDirectory(prefix="latent-lab-") as folder:
        paths = []
        for i, file in enumerate(files):
            ending = re.sub(r"[^A-Za-z0-9._-]", "_", file["name"])[-60:]
            paths.append(Path(folder) / f"{i}" / (ending.lstrip(".") or "file"))
            paths[-1].parent.mkdir()
            try:
                paths[-1].write_bytes(base64.b64decode(file["data"], validate=True))
            except ValueError:
                raise ValueError(f"{checks.shown(file['name'])} arrived damaged: please try again") from None
        return read_uploads(paths)


def _moment(run: Run, number: int) -> Moment:
    kept = [m for m in run.moments() if m.number <= number]
    if not kept:
        raise ValueError("nothing has been seen of this run yet: wait for its first picture")
    return kept[-1]


def _folder(run: Run, payload: live.Payload, folder: Path, checkpoint: bool = True) -> tuple[str, int]:
    """Write the model folder of a run's moment; a plain name for it, and the images it was shown."""
    from gan.live import keep

    configs, states, shown = run.fork(checks.integer(payload.get("number"), "number", 0, 2**31))
    side = checks.integer(payload.get("side", 0), "side", 0, len(configs) - 1)
    keep.write_folder(configs[side], states[side], run.data, folder, checkpoint)
    return _plain(run), shown


def _plain(run: Run) -> str:
    return "drawing" if run.configs[0].dataset.startswith("ink:") else run.configs[0].dataset


def _news(runs: Runs, name: str, entry: Any, moment: Moment | None, fresh: bool) -> live.Payload:
    """place: how many are before it in line; paused, notice, done, error, why; the newest moment, if it is newer.

    fresh: also all that was before: configs, backdrop, the curve, alarms, and which moments are kept.
    """
    run = entry.run
    out: live.Payload = {
        "place": runs.place(name), "paused": run.paused, "notice": run.notice, "done": run.done, "error": run.error,
        "why": entry.why,
        "alarms": [dataclasses.asdict(alarm) for alarm in run.alarms[-20:]],
        "sides": [_told(config) for config in run.configs],
    }  # fmt: skip
    if run.backdrop is not None:
        out["kept"] = [[m.number, m.shown] for m in run.moments()]
    if moment is not None:
        out["moment"] = _seen(moment)
    if fresh and run.backdrop is not None:
        out |= {"backdrop": _view(run.backdrop), "curve": run.curve()}
    return out


def _told(config: Config) -> dict[str, Any]:
    names = [f.name for f in dataclasses.fields(Config) if f.metadata.get("live") or f.name in (*FRESH, "dataset")]
    return {name: getattr(config, name) for name in names}


def _seen(moment: Moment) -> live.Payload:
    return {
        "number": moment.number, "shown": moment.shown, "steps": moment.steps, "seconds": round(moment.seconds, 2),
        "sides": [_view(view) for view in moment.sides],
    }  # fmt: skip


def _view(view: View) -> live.Payload:
    arrays = {
        name: {
            "shape": array.shape,
            "type": array.dtype.name,
            "data": base64.b64encode(array.tobytes()).decode("ascii"),
        }
        for name, array in view.arrays.items()
    }
    return {"arrays": arrays, "numbers": view.numbers}


def _file(name: str, mime: str, data: bytes) -> live.Payload:
    return {"name": name, "mime": mime, "data": base64.b64encode(data).decode("ascii")}
