"""`benchmarks.load` in its smallest form, against an app that costs nothing."""

from __future__ import annotations

import argparse
import json
import os
import shutil

import pytest
from conftest import served

from benchmarks import flags, load
from gan.ui.server.model_registry import ModelRegistry

FOUND = {
    "in_flight": {
        8: {"pictures_per_second": 200.0, "busy_per_second": 0, "p50_ms": 40, "p95_ms": 60, "errors": 0},
        50: {"pictures_per_second": 190.0, "busy_per_second": 0, "p50_ms": 250, "p95_ms": 300, "errors": 0},
        250: {"pictures_per_second": 170.0, "busy_per_second": 9, "p50_ms": 900, "p95_ms": 1000, "errors": 0},
    },
    "other_p95_ms": {"alone": 30.0, "beside": 200.0},
    "steps_per_second": {"alone": 90.0, "beside": 31.0},
    "drawing": {50: {"arrival_seconds": 0.1, "share": 0.01, "requests": 0}},
}


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.timeout(120)
def test_every_number_is_measured(tiny_folder, tmp_path, monkeypatch) -> None:
    if not shutil.which("wrk"):
        if os.environ.get("CI"):
            pytest.fail("no wrk on this machine: CI needs it")
        pytest.skip("no wrk on this machine (apt-get install wrk)")
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / tiny_folder.name).symlink_to(tiny_folder)
    monkeypatch.setattr(load, "ROOT", tmp_path)
    monkeypatch.setattr(load, "RUNS", 1)
    args = argparse.Namespace(in_flight=[2, 8], crowd=4, idle_pages=2, visitors=[3], seconds=1)
    with served(ModelRegistry([tiny_folder])) as url:
        found = load.measure(load.Site(url), args, os.getpid())
    json.dumps(found)
    assert list(found["in_flight"]) == [2, 8]
    for one in found["in_flight"].values():
        assert one["pictures_per_second"] > 1 and one["errors"] == 0 < one["p50_ms"] <= one["p95_ms"]
    assert min(found["other_p95_ms"].values()) > 0 and min(found["steps_per_second"].values()) >= 0
    assert found["drawing"][3]["requests"] == 0 < found["drawing"][3]["arrival_seconds"]
    assert len(load.goals(found)) == 6


def test_translators_draw_from_no_seed(tmp_path) -> None:
    for name, config in {"b": {"task": "generate"}, "a": {}, "c": {"task": "translate"}}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text(json.dumps(config))
    assert load.generators(tmp_path) == ["a", "b"]


@pytest.mark.parametrize(
    ("where", "value", "goal"),
    [
        (("in_flight", 50, "pictures_per_second"), 150.0, "pictures a second"),
        (("in_flight", 250, "pictures_per_second"), 150.0, "pictures a second"),
        (("in_flight", 250, "errors"), 1, "no error"),
        (("in_flight", 50, "p95_ms"), 500, "p95 of up to 50"),
        (("other_p95_ms", "beside"), 301.0, "another visitor"),
        (("steps_per_second", "beside"), 29.0, "live runs"),
        (("drawing", 50, "share"), 0.11, "draw by themselves"),
    ],
)
def test_a_goal_is_missed_by_what_it_is_about(where, value, goal) -> None:
    found = json.loads(json.dumps(FOUND), object_hook=lambda d: {int(k) if k.isdecimal() else k: d[k] for k in d})
    assert all(good for _, good in load.goals(found).values())
    place = found
    for key in where[:-1]:
        place = place[key]
    place[where[-1]] = value
    (missed,) = (name for name, (_, good) in load.goals(found).items() if not good)
    assert goal in missed


def test_without_wrk_it_says_how_to_get_it(monkeypatch, capsys) -> None:
    monkeypatch.setattr("sys.argv", ["load"])
    monkeypatch.setenv("PATH", "")
    assert flags.run_main(load.main) == 2
    assert capsys.readouterr().err.startswith("error: wrk is not installed")
