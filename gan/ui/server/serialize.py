"""A run and its moments as JSON for the Train tab, arrays in base64."""

from __future__ import annotations

import base64
import dataclasses
from typing import TYPE_CHECKING, Any

from gan.ui.server import train_form

if TYPE_CHECKING:
    from gan.config import Config
    from gan.live.history import Moment
    from gan.live.runs import TrackedRun
    from gan.live.views import View


def news(entry: TrackedRun, place: int, moment: Moment | None, fresh: bool) -> dict[str, Any]:
    """place: how many are before it in line; paused, notice, done, error, why; the newest moment, if it is newer.

    fresh: also all that was before: backdrop and curve. The moments that are kept are told as [number, shown].
    """
    run = entry.run
    out: dict[str, Any] = {
        "place": place, "paused": run.paused, "notice": run.notice, "done": run.done, "error": run.error,
        "why": entry.end_reason,
        "alarms": [dataclasses.asdict(alarm) for alarm in run.alarms[-20:]],
        "sides": [settings(config) for config in run.configs],
    }  # fmt: skip
    if run.backdrop is not None:
        out["kept"] = [[m.number, m.shown] for m in run.moments()]
    if moment is not None:
        out["moment"] = look(moment)
    if fresh and run.backdrop is not None:
        out |= {"backdrop": _view(run.backdrop), "curve": run.curve()}
    return out


def settings(config: Config) -> dict[str, Any]:
    """The settings that the tab offers, by name, and the data set."""
    return {name: getattr(config, name) for name in ("dataset", *(f.name for f in train_form.fields()))}


def look(moment: Moment) -> dict[str, Any]:
    """number, shown, steps, seconds; sides: for each {arrays: {name: {shape, type, data}}, numbers}."""
    return {
        "number": moment.number, "shown": moment.shown, "steps": moment.steps, "seconds": round(moment.seconds, 2),
        "sides": [_view(view) for view in moment.sides],
    }  # fmt: skip


def _view(view: View) -> dict[str, Any]:
    arrays = {
        name: {
            "shape": array.shape,
            "type": array.dtype.name,
            "data": base64.b64encode(array.tobytes()).decode("ascii"),
        }
        for name, array in view.arrays.items()
    }
    return {"arrays": arrays, "numbers": view.numbers}
