"""A run and its moments as JSON for the Train tab, arrays in base64."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gan.ui.server import train_form

if TYPE_CHECKING:
    from gan.config import Config
    from gan.live.history import Moment
    from gan.live.runs import TrackedRun
    from gan.live.views import View
    from gan.live.worker import Alarm

ALARMS = 20  # the newest, which the page marks on the time line


def update_json(tracked: TrackedRun, place: int, wait: float, moment: Moment | None, first: bool) -> dict[str, Any]:
    """Return the state of a run, with its newest moment if there is a newer one than the browser has.

    Keys: place (in the queue, 0 once it trains), wait (seconds in it, at most), paused, notice, done, error, why (it
    was ended), alarms, sides (settings), kept (the stored moments, as [number, images shown]), moment.
    first: also what stays the same or came before: backdrop and curve.
    """
    run = tracked.run
    out: dict[str, Any] = {
        "place": place, "wait": wait, "paused": run.paused, "notice": run.notice, "done": run.done,
        "error": run.error and in_units(run.error, run.configs[0].dataset),
        "why": tracked.end_reason,
        "alarms": alarms_json(run.alarms[-ALARMS:], run.configs),
        "sides": [settings_json(config) for config in run.configs],
    }  # fmt: skip
    if run.backdrop is not None:
        out["kept"] = [[m.number, m.shown] for m in run.moments()]
    if moment is not None:
        out["moment"] = moment_json(moment)
    if first and run.backdrop is not None:
        out |= {"backdrop": _view_json(run.backdrop), "curve": run.curve()}
    return out


def alarms_json(alarms: Sequence[Alarm], configs: Sequence[Config]) -> list[dict[str, Any]]:
    """Return alarms as {side, shown, message, answered, cures}, a cure being {words, changes} of the side's settings as
    they are.

    Only the newest alarm of a kind and side has cures.
    """
    from gan.training.alarms import cures

    out, newest = [], set()
    for alarm in reversed(alarms):
        config, which = configs[alarm.side], (alarm.side, alarm.kind)
        found = [] if which in newest else cures(alarm.kind, config)
        newest.add(which)
        out.append({
            "side": alarm.side, "shown": alarm.shown, "message": in_units(alarm.message, config.dataset),
            "answered": alarm.answered,
            "cures": [{"words": cure.words, "changes": cure.changes} for cure in found],
        })  # fmt: skip
    return out[::-1]


def in_units(text: str, dataset: str) -> str:
    """Return a sentence of a run, which counts images whatever they are, in the units of its data."""
    from gan.data.points import is_points

    return re.sub(r"\bimage(s?)\b", r"point\1", text) if is_points(dataset) else text


def settings_json(config: Config) -> dict[str, Any]:
    """Return the settings that the tab offers, by name, and the data set."""
    from gan.live.lesson import kind_of

    offered = train_form.fields(kind_of(config.dataset))
    return {name: getattr(config, name) for name in ("dataset", *(f.name for f in offered))}


def moment_json(moment: Moment) -> dict[str, Any]:
    """Return {number, shown, steps, seconds, sides}; of each side {arrays: {name: {shape, type, data}}, numbers}."""
    return {
        "number": moment.number, "shown": moment.shown, "steps": moment.steps, "seconds": round(moment.seconds, 2),
        "sides": [_view_json(view) for view in moment.sides],
    }  # fmt: skip


def _view_json(view: View) -> dict[str, Any]:
    arrays = {
        name: {
            "shape": array.shape,
            "type": array.dtype.name,
            "data": base64.b64encode(array.tobytes()).decode("ascii"),
        }
        for name, array in view.arrays.items()
    }
    return {"arrays": arrays, "numbers": view.numbers}
