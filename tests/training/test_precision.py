"""`gan.training.precision`: the choice follows the measurement, and measuring disturbs nothing."""

from __future__ import annotations

import dataclasses
import json

import pytest
import torch
from conftest import PLANE

from gan.config import PRESETS, Config
from gan.live import lessons
from gan.training import precision, validation
from gan.training.checkpoint import read_state
from gan.training.events import Started
from gan.training.loop import train
from gan.training.precision import DTYPES, faster_precision
from gan.training.validation import prepare

SECONDS = {"bf16": {torch.bfloat16: 1.0, torch.float32: 2.0}, "fp32": {torch.bfloat16: 2.0, torch.float32: 1.0}}


@pytest.fixture(params=SECONDS)
def faster(request, monkeypatch):
    """Make a processor on which one precision is faster; return that precision."""
    monkeypatch.setattr(precision, "_measure_seconds", lambda device, kind: SECONDS[request.param][kind])
    faster_precision.cache_clear()
    yield request.param
    faster_precision.cache_clear()


def test_what_takes_less_time_is_chosen(faster):
    assert faster_precision("cpu") == faster


def test_the_fastest_of_several_rounds_counts(monkeypatch):
    times = {torch.bfloat16: iter([9.0, 9.0, 1.0, 9.0]), torch.float32: iter([2.0, 2.0, 2.0, 2.0])}
    monkeypatch.setattr(precision, "_measure_seconds", lambda device, kind: next(times[kind]))
    faster_precision.cache_clear()
    assert faster_precision("cpu") == "bf16"
    faster_precision.cache_clear()


def test_a_run_whose_precision_is_slower_here_notes_it(faster):
    config = Config(**{**PRESETS["smoke"], "images": 16, "device": "cpu"})
    for kind in DTYPES:
        events = train(dataclasses.replace(config, precision=kind), None)
        started = next(event for event in events if isinstance(event, Started))
        events.close()
        notes = [note for note in started.notes if "--precision fp32" in note]
        assert len(notes) == (kind == "bf16" and faster == "fp32")


def test_auto_becomes_what_is_faster_where_the_run_starts_and_stays_that(faster, tmp_path, monkeypatch, quick):
    config = Config(**{**PRESETS["smoke"], "images": 32, "device": "cpu", "precision": "auto"})
    assert Config().precision == "auto" and prepare(config)[0].precision == faster
    assert prepare(Config(**{**PLANE, "precision": "auto"}))[0].precision == "fp32"
    list(train(config, tmp_path / "run"))
    assert json.loads((tmp_path / "run" / "config.json").read_text())["precision"] == faster
    held = read_state(tmp_path / "run" / "checkpoint").config
    assert held.precision == faster
    monkeypatch.setattr(validation, "faster_precision", lambda device: pytest.fail("measured again"))
    *_, done = train(dataclasses.replace(held, images=48), tmp_path / "run", resume=True)
    assert done.shown == 48


def test_live_pictures_take_the_faster_one_and_points_are_exact(faster):
    assert lessons.config_of("modern", "mnist-10k", {}).precision == faster
    assert lessons.config_of("modern", "mnist-10k", {"precision": "bf16"}).precision == "bf16"
    assert lessons.config_of("modern", "ring", {}).precision == "fp32"


def test_measuring_draws_no_random_number_and_works_where_gradients_are_off():
    before = torch.get_rng_state()
    faster_precision.cache_clear()
    with torch.inference_mode():
        assert faster_precision("cpu") in DTYPES
    assert torch.equal(torch.get_rng_state(), before)
