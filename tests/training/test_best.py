"""`gan.training.best`: the best model measured along the way is kept, shipped and resumed, and changes nothing."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest
import torch
from conftest import PLANE, assert_same, small
from PIL import Image
from runs import final, read_state, stop_after

from gan.errors import ConfigError, DataError
from gan.evaluation import evaluate
from gan.evaluation.metrics import comparison
from gan.models.image_grid import grid_image
from gan.models.model import load
from gan.training import best, loop
from gan.training.checkpoint import read_state as read_counters
from gan.training.events import Evaluated, Stepped
from gan.training.trainer import Trainer
from gan.training.validation import prepare

pytestmark = pytest.mark.usefixtures("read_once")

WEIGHT = "dense.weight"  # of the generator and of the critic


def found(distance: float) -> dict[str, float]:
    return {"frechet_distance": distance, "frechet_floor": 1.0, "precision": 0.5, "recall": 0.25}


@pytest.fixture
def distances(monkeypatch):
    """Let these be the distances measured, one after the other, and return the models that they were measured of."""
    models = []

    def measurement(config, dataset):
        left = iter(script)
        models.clear()

        def measure(model):
            networks = (model.generator, model.critic)
            models.append([{k: v.clone() for k, v in network.state_dict().items()} for network in networks])
            return found(next(left))

        return measure

    script: list[float] = []
    monkeypatch.setattr(loop, "measurement", measurement)
    return script, models


def test_the_folder_has_the_best_model_and_says_so(distances, tmp_path, monkeypatch):
    script, models = distances
    script += [9.0, 3.0, 3.0, 4.0]
    monkeypatch.setattr(loop, "REPORT_SECONDS", 0.0)
    events = list(loop.train(small(images=64, measure_images=16, learning_rate=1e-2), tmp_path / "run"))
    measured = [event for event in events if isinstance(event, Evaluated)]
    assert [(e.shown, e.frechet_distance, e.best) for e in measured] == [
        (16, 9.0, True), (32, 3.0, True), (48, 3.0, False), (64, 4.0, False),
    ]  # fmt: skip
    model = load(tmp_path / "run", "cpu")
    for network, kept, last in zip((model.generator, model.critic), models[1], models[3], strict=True):
        assert_same(dict(network.state_dict()), kept)
        assert not torch.equal(kept[WEIGHT], last[WEIGHT])
    sheet = np.asarray(Image.open(tmp_path / "run" / "samples.png")).astype(int)
    assert np.abs(sheet - np.asarray(grid_image(model.sample(range(64)), 8)).astype(int)).max() <= 1
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert (metrics["images"], metrics["best_images"], metrics["best_frechet_distance"]) == (64, 32, 3.0)
    card = (tmp_path / "run" / "README.md").read_text()
    assert "64 images shown. These are the weights at 32 images, the best of the run: Frechet distance 3." in card
    assert "best images" not in card
    lines = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert {"event": "evaluated", "shown": 32, "best": True} | found(3.0) in lines
    assert Image.open(tmp_path / "run" / "curve.png").size == (1200, 1200)


def test_measuring_changes_nothing_of_the_run(distances, tmp_path):
    distances[0].extend([2.0, 1.0])
    measured = final(tmp_path / "measured", small(images=32, measure_images=16))
    plain = final(tmp_path / "plain", small(images=32))
    assert_same({k: v for k, v in measured.items() if not k.startswith("best_")}, plain)


def test_a_resumed_run_keeps_the_best_bit_for_bit(distances, tmp_path):
    script, config = distances[0], small(images=64, measure_images=16)
    script += [5.0, 2.0, 3.0, 4.0]
    whole = final(tmp_path / "whole", config)
    assert any(name.startswith("best_critic.") for name in whole)
    script[:] = [5.0, 2.0]
    list(loop.train(config, tmp_path / "parts", control=stop_after(2)))
    script[:] = [3.0, 4.0]
    list(loop.train(config, tmp_path / "parts", resume=True))
    assert_same(read_state(tmp_path / "parts"), whole)
    for folder in ("whole", "parts"):
        state = read_counters(tmp_path / folder / "checkpoint")
        assert (state.best_images, state.best_distance) == (32, 2.0)
    assert_same(*(dict(load(tmp_path / name, "cpu").generator.state_dict()) for name in ("whole", "parts")))


def test_it_may_begin_with_a_resumed_run_and_end_with_another_which_ships_the_last_model(distances, tmp_path):
    script, out = distances[0], tmp_path / "run"
    list(loop.train(small(images=16), out))
    assert read_counters(out / "checkpoint").best_images == 0
    script[:] = [5.0]
    list(loop.train(small(images=32, measure_images=16), out, resume=True))
    assert read_counters(out / "checkpoint").best_images == 32
    list(loop.train(small(images=48), out, resume=True))
    assert read_counters(out / "checkpoint").best_images == 0
    last = read_state(out)
    shipped = load(out, "cpu").generator.state_dict()
    assert_same(dict(shipped), {name: last[f"average.{name}"] for name in shipped})
    assert "best_images" not in json.loads((out / "metrics.json").read_text())


def test_a_run_goes_back_with_the_best_of_then():
    trainer = Trainer(*prepare(small()))
    trainer.advance()
    before = trainer.snapshot()
    assert trainer.keep_best(2.0) and not trainer.keep_best(2.0) and not trainer.keep_best(math.nan)
    with_best = trainer.snapshot()
    trainer.advance()
    assert trainer.keep_best(1.0)
    trainer.rewind(with_best)
    assert trainer.best and (trainer.best.images, trainer.best.distance) == (16, 2.0)
    trainer.rewind(before)
    assert trainer.best is None and trainer.keep_best(9.0)
    assert not Trainer(*prepare(small())).keep_best(math.nan)


def test_it_is_measured_by_the_code_of_evaluate_with_the_real_pictures_read_once(tmp_path, monkeypatch):
    monkeypatch.setattr(best, "SAMPLES", 64)
    made, features = [], comparison._features

    def counted(of, role):
        made.append(role)
        return features(of, role)

    monkeypatch.setattr(comparison, "_features", counted)
    config = small(images=32, measure_images=16, data_root=str(tmp_path))
    events = list(loop.train(config, tmp_path / "run"))
    first, second = (event for event in events if isinstance(event, Evaluated))
    assert made.count("compared") == made.count("floor") == 1 and made.count("generated") == 2
    model = load(tmp_path / "run", "cpu")
    again = evaluate.evaluate(model, tmp_path, 64, score=False)
    shipped = first if not second.best else second
    for name in ("frechet_distance", "frechet_floor", "precision", "recall"):
        assert getattr(shipped, name) == pytest.approx(again[name], rel=1e-6), name


def test_pictures_without_a_measure_are_refused_with_the_cure_before_anything_is_written(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    for i in range(20):
        Image.fromarray(np.full((32, 32, 3), i, np.uint8)).save(folder / f"{i}.png")
    config = small(dataset=str(folder), measure_images=16)
    with pytest.raises(DataError, match="measure_images needs a measure .* or must be 0: .* at least 32 are"):
        next(loop.train(config, tmp_path / "run"))
    assert not (tmp_path / "run" / "checkpoint").exists()
    with pytest.raises(ConfigError, match="measure_images compares pictures, and there are none among points"):
        next(loop.train(dataclasses.replace(small(**PLANE), measure_images=16), None))


def test_a_run_without_a_folder_is_measured_too(distances):
    distances[0].append(1.0)
    events = list(loop.train(small(images=16, measure_images=1), None))
    assert [type(e) for e in events if isinstance(e, (Evaluated, Stepped))][-1] is Evaluated
