"""The benchmarks' own logic: what they count, what they call met, and that both arms do the same work."""

from __future__ import annotations

import math

import pytest
import torch

from benchmarks import modes, stacked_mnist, sweep, throughput, time_to_quality
from gan import data
from gan.config import Config
from gan.data.worlds import MIXTURES
from gan.losses import LOSSES
from gan.metrics.classifier import load_classifier
from gan.metrics.modes import Coverage
from gan.options import prepare
from gan.trainer import Trainer


@pytest.mark.parametrize(
    ("found", "seconds", "expected"),
    [
        (Coverage(8, 8, 0.95, 0.01), 300, True),
        (Coverage(7, 8, 0.99, 0.0), 1, False),
        (Coverage(8, 8, 0.94, 0.0), 1, False),
        (Coverage(8, 8, 0.99, 0.011), 1, False),
        (Coverage(8, 8, 0.99, 0.0), 301, False),
        (Coverage(0, 8, 0.0, math.inf), 1, False),
    ],
)
def test_a_run_on_a_world_is_met_when_every_goal_is(found, seconds, expected):
    assert modes.met(found, seconds) is expected


@pytest.mark.parametrize("world", MIXTURES)
def test_a_world_is_learnt_from_its_own_seed(world):
    few = modes.RECIPE | {"dataset": world, "images": 4 * modes.RECIPE["batch_size"]}
    first, again, other = (modes.run(Config(**few, seed=seed)) for seed in (0, 0, 1))
    for found in (first, again, other):
        assert found.pop("seconds") > 0 and not found["met"] and found["of"] == len(MIXTURES[world].centres)
    assert first == again != other


def test_stacked_digits_are_read_a_channel_at_a_time():
    digits = data.load("mnist-10k")
    first = [int((digits.labels == k).nonzero()[3]) for k in range(10)]
    pictures = torch.cat([digits.images[[first[c] for c in key]].transpose(0, 1) for key in ((1, 2, 3), (0, 0, 7))])
    numbers = stacked_mnist.modes_of(pictures.permute(0, 2, 3, 1), load_classifier("mnist"))
    assert numbers.tolist() == [123, 7]


def test_stacked_digits_score_against_a_uniform_generator():
    assert stacked_mnist.score(torch.arange(1000).repeat(26)) == {"modes": 1000, "kl": pytest.approx(0, abs=1e-9)}
    half = stacked_mnist.score(torch.arange(500).repeat(52))
    assert half == {"modes": 500, "kl": pytest.approx(math.log(2))}


@pytest.mark.parametrize("name", throughput.CASES)
def test_both_arms_of_throughput_train(name):
    settings, _ = throughput.CASES[name]
    found = throughput.case({**settings, "batch_size": 4, "width": 16}, seconds=0.01, rounds=1)
    ratio = found.pop("ratio")
    assert set(found) >= {"textbook", "ours"} and min(found.values()) > 0
    assert ratio == found["ours"] / found["textbook"]


def test_a_rate_is_images_over_seconds(monkeypatch):
    clock = iter([0.0, 0.0, 1.0, 2.0, 2.0])
    monkeypatch.setattr(throughput.time, "perf_counter", lambda: next(clock))
    assert throughput.rate(lambda: None, 10, 2.0) == 10.0


def test_the_sweeps_table_has_a_row_a_loss_averaged_over_seeds():
    cells = {}
    for loss in LOSSES:
        for seed in range(2):
            cells[f"ring/{loss}/{seed}"] = {"modes": 8 - 2 * seed, "of": 8, "quality": 0.5, "kl": None}
            cells[f"mnist/{loss}/{seed}"] = {"modes": 10, "of": 10, "frechet": 1.0 + seed}
    cells["mnist/wgan/1"]["frechet"] = None
    rows = sweep.table(cells).splitlines()[2:]
    assert [row.split("|")[1].strip() for row in rows] == list(LOSSES)
    assert rows[0] == "| minimax | 7 of 8, 50% | | 10 of 10, 1.50 |"
    assert "not finite" in next(row for row in rows if "| wgan |" in row)


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_has_a_cell_in_the_plane(loss):
    cell = sweep.plane("ring", loss, 0, 1024)
    assert cell["of"] == 8 and cell["seconds"] > 0


def test_a_judge_finds_real_digits_nearer_than_noise(monkeypatch):
    digits = data.load("mnist-10k")
    monkeypatch.setattr(time_to_quality, "SAMPLES", 64)
    halves = [
        data.Dataset("mnist", digits.images[a], digits.labels[a], digits.classes) for a in (slice(64), slice(64, 128))
    ]
    reference = type("Reference", (), {"compared": halves[0], "floor": halves[1]})
    monkeypatch.setattr(time_to_quality, "load_reference", lambda *_: reference)
    judge = time_to_quality.Judge("unused")
    trainer = Trainer(*prepare(Config(dataset="mnist-10k", width=16, batch_size=4, device="cpu")))
    assert 0 < judge.floor < judge(trainer, average=True)
    assert trainer.generator.training
