"""`gan.training.export_model`: a run's model at one moment, and the segments that a log describes."""

from __future__ import annotations

import dataclasses
import json
import re

import pytest
import torch
from conftest import small

from gan.config import Config
from gan.hub.push import build
from gan.models.model import load
from gan.training.export_model import capture_model, segments
from gan.training.trainer import Trainer
from gan.training.validation import prepare


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
def test_segments_lie_between_changes_of_settings_that_decide_weights(tmp_path, started, expected):
    assert segments(log_of(tmp_path, *started)) == expected


def test_lines_that_cannot_be_read_are_passed_over(tmp_path):
    log = log_of(tmp_path, (0, {"images": 100}), (64, {"images": 200}))
    broken = b'{"event": "started", "sho\n{"event": "started", "config": 3, "shown": 9}\n{"event": "started"}\n\xff\n'
    log.write_bytes(broken + log.read_bytes() + broken)
    assert segments(log) == [{"shown": 0, "images": 100}, {"shown": 64, "images": 200}]


def test_a_line_from_before_a_setting_existed_means_what_folders_of_then_mean(tmp_path):
    log = log_of(tmp_path, (0, {"images": 100}), (64, {"images": 200, "augment": "color"}))
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    for name in ("augment", "anneal"):
        del lines[0]["config"][name]
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert segments(log) == [
        {"shown": 0, "images": 100, "augment": "none"},
        {"shown": 64, "images": 200, "augment": "color"},
    ]


def test_a_run_whose_log_begins_late_says_so_in_its_card(tmp_path):
    config, dataset = prepare(small())
    trainer = Trainer(config, dataset)
    trainer.advance()
    log_of(tmp_path, (16, {"images": 100}))
    capture_model(trainer, None, samples=256)(tmp_path)
    assert json.loads((tmp_path / "metrics.json").read_text())["segments"] == [{"shown": 16}]
    card = (tmp_path / "README.md").read_text()
    assert re.search(r"first 16 images .*not known; then\npython train\.py --resume DIR\n", card)


def test_a_log_older_than_a_setting_means_what_it_did(tmp_path):
    log = log_of(tmp_path, (0, {}), (64, {"accumulate": 2}))
    first, *rest = map(json.loads, log.read_text().splitlines())
    del first["config"]["accumulate"]
    log.write_text("".join(json.dumps(line) + "\n" for line in (first, *rest)))
    assert segments(log) == [{"shown": 0, "accumulate": 1}, {"shown": 64, "accumulate": 2}]


def test_a_run_without_a_log_has_no_segments(tmp_path):
    assert segments(tmp_path / "log.jsonl") == []


def test_a_captured_model_is_that_moments_and_writing_it_draws_none_of_the_runs_random_numbers(tmp_path, monkeypatch):
    config, dataset = prepare(small())
    trainer = Trainer(config, dataset)
    trainer.advance()
    pictures, write = trainer.sample(), capture_model(trainer, None, samples=256)
    trainer.advance()
    before, out = torch.get_rng_state(), tmp_path / "model"
    out.mkdir()
    (tmp_path / "built").mkdir()
    for name in ("manual_seed", "random.fork_rng"):
        monkeypatch.setattr(f"torch.{name}", lambda *_, **__: pytest.fail("the process's generator was touched"))
    write(out)
    build(out, tmp_path / "built", "alice/digits")
    assert torch.get_rng_state().equal(before)
    assert (load(out, "cpu").sample(range(64)) == pictures).all()
    assert (trainer.sample() != pictures).any()
    assert json.loads((out / "metrics.json").read_text())["images"] == config.batch_size
