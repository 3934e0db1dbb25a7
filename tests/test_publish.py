"""`gan.publish`: what a log says of the parts of a run."""

from __future__ import annotations

import dataclasses
import json

import pytest

from gan.config import Config
from gan.publish import legs


def log_of(tmp_path, *started):
    """A log with these (images shown, settings changed) starts, and other events between."""
    lines = []
    for shown, changed in started:
        config = dataclasses.asdict(Config(**changed))
        lines += [{"event": "started", "config": config, "shown": shown}, {"event": "stepped", "shown": shown + 16}]
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("started", "expected"),
    [
        ([(0, {"images": 100})], [{"shown": 0}]),
        ([(0, {"images": 100}), (48, {"images": 100, "device": "cpu"})], [{"shown": 0}]),
        (
            [(0, {"images": 100}), (48, {"images": 100}), (64, {"images": 200})],
            [{"shown": 0, "images": 100}, {"shown": 64, "images": 200}],
        ),
        (  # the second part was thrown away: the third went on from before it
            [(0, {"images": 100}), (48, {"images": 200}), (32, {"images": 300, "anneal": 0.5})],
            [{"shown": 0, "images": 100, "anneal": 0.3}, {"shown": 32, "images": 300, "anneal": 0.5}],
        ),
        ([], []),
    ],
)
def test_legs_are_the_parts_between_changes_of_settings_that_decide_weights(tmp_path, started, expected):
    assert legs(log_of(tmp_path, *started)) == expected


def test_a_run_without_a_log_has_no_parts(tmp_path):
    assert legs(tmp_path / "log.jsonl") == []
