"""`benchmarks.load` in its smallest form, against an app that costs nothing."""

from __future__ import annotations

import argparse
import json
import os
import shutil

import pytest
from conftest import KINDS, fake_load, served, write_folder

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
}


@pytest.mark.slow
def test_every_number_is_measured(tmp_path, monkeypatch) -> None:
    if not shutil.which("wrk"):
        if os.environ.get("CI"):
            pytest.fail("no wrk on this machine: CI needs it")
        pytest.skip("no wrk on this machine (apt-get install wrk)")
    registry = ModelRegistry([write_folder(tmp_path / "weights", name) for name in KINDS], load=fake_load)
    monkeypatch.setattr(load, "ROOT", tmp_path)
    monkeypatch.setattr(load, "RUNS", 1)
    args = argparse.Namespace(in_flight=[2, 8], crowd=4, idle_pages=2, seconds=1)
    with served(registry) as url:
        found = load.measure(load.Site(url), args)
    json.dumps(found)
    assert list(found["in_flight"]) == [2, 8]
    for one in found["in_flight"].values():
        assert one["pictures_per_second"] > 1 and one["errors"] == 0 < one["p50_ms"] <= one["p95_ms"]
    assert min(found["other_p95_ms"].values()) > 0 and min(found["steps_per_second"].values()) >= 0
    assert len(load.goals(found)) == 5


@pytest.mark.parametrize(
    ("where", "value", "goal"),
    [
        (("in_flight", 50, "pictures_per_second"), 150.0, "pictures a second"),
        (("in_flight", 250, "pictures_per_second"), 150.0, "pictures a second"),
        (("in_flight", 250, "errors"), 1, "no error"),
        (("in_flight", 50, "p95_ms"), 500, "p95 of up to 50"),
        (("other_p95_ms", "beside"), 301.0, "another visitor"),
        (("steps_per_second", "beside"), 29.0, "live runs"),
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
