"""`benchmarks`: what they count, which goals are met, and that both arms of a comparison do equal work."""

from __future__ import annotations

import argparse
import copy
import dataclasses
import json
import math
import shutil
import sys

import pytest
import torch
from conftest import small

from benchmarks import (
    few_labels,
    flags,
    modes,
    stacked_mnist,
    start,
    sweep,
    throughput,
    time_to_quality,
    translators,
)
from benchmarks.digit_evaluator import DigitEvaluator
from gan import data, networks
from gan.config import Config
from gan.data import faces
from gan.data.dataset import Dataset
from gan.data.folder import load_folder
from gan.data.points import MIXTURES
from gan.errors import ConfigError, DataError, FolderError, HubError, TrainingError
from gan.evaluation.metrics.classifier import Classifier, Network, load_classifier
from gan.evaluation.metrics.modes import Coverage
from gan.models.weights import read_config
from gan.networks.layers import Dropout
from gan.presets import PRESETS, TRANSLATION
from gan.training import export_model, loop, step
from gan.training.losses import LOSSES
from gan.training.trainer import Trainer
from gan.training.validation import prepare


def test_a_run_on_points_is_met_when_every_goal_is():
    for found, seconds, expected in (
        (Coverage(8, 8, 0.95, 0.01), 300, True),
        (Coverage(7, 8, 0.99, 0.0), 1, False),
        (Coverage(8, 8, 0.94, 0.0), 1, False),
        (Coverage(8, 8, 0.99, 0.011), 1, False),
        (Coverage(8, 8, 0.99, 0.0), 301, False),
        (Coverage(0, 8, 0.0, math.inf), 1, False),
    ):
        assert modes.met(found, seconds) is expected, f"{found} in {seconds} s"


@pytest.mark.parametrize("distribution", MIXTURES)
def test_a_distribution_is_learnt_from_its_own_seed(distribution):
    few = modes.RECIPE | {"dataset": distribution, "images": 4 * modes.RECIPE["batch_size"]}
    first, again, other = (modes.run(Config(**few, seed=seed)) for seed in (0, 0, 1))
    for found in (first, again, other):
        assert found.pop("seconds") > 0 and not found["met"] and found["of"] == len(MIXTURES[distribution].centres)
    assert first == again != other


def test_translators_learn_the_same_pairs_for_the_same_seconds(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(PRESETS, "tiny", {**TRANSLATION, "dataset": "tiny", "width": 16, "batch_size": 4})
    monkeypatch.setattr(translators, "COMPARED", ["tiny"])
    monkeypatch.setattr(translators, "FORETOLD", 0.01)
    monkeypatch.setattr(translators, "WARM", 1)
    words = ["--pairs=tiny", "--seconds=0.05", "--resolution=28", f"--json={tmp_path / 'runs.json'}"]
    monkeypatch.setattr(sys, "argv", ["translators", *words])
    assert translators.main() in (0, 1)
    told = capsys.readouterr().out
    table, result = told.partition("\n{")[0].splitlines(), json.loads("{" + told.partition("\n{")[2])
    assert [line.split("  ")[0] for line in table[1:6]] == ["tiny, left as it was", *result["runs"]]
    assert list(result["runs"]) == ["tiny/ours", "tiny/contrastive", "tiny/paired", "tiny/cyclegan"]
    for name, found in result["runs"].items():
        assert found["images"] > 0 and found["translation_samples"] == 20 and "psnr" in found
        assert ("cycle_error" in found) == (name in ("tiny/ours", "tiny/cyclegan"))
    assert result["beside_cyclegan"]["tiny"]["met"] in (True, False)
    monkeypatch.setattr(translators, "train", lambda *args: pytest.fail("it was measured before"))
    translators.main()
    assert capsys.readouterr().out == told


def test_what_ours_is_asked_for_beside_cyclegan():
    theirs = {"psnr": 26.0, "images_per_second": 40.0, "frechet_to_b": 10.0}
    for psnr, rate, frechet, met in (
        (27.0, 80.0, 10.0, True),
        (26.9, 80.0, 8.0, True),
        (26.9, 80.0, 8.1, False),
        (29.0, 79.0, 1.0, False),
    ):
        ours = {"psnr": psnr, "images_per_second": rate, "frechet_to_b": frechet}
        assert translators.beside(ours, theirs)["met"] is met
    ours = translators.config_of("ours", "sketch-to-face", 32, 0)
    assert (ours.objective, ours.content, ours.conditional) == ("cycle", 10.0, True), "its preset learns from pairs"
    assert translators.config_of("ours", "beard", 32, 0).objective == "removal"
    peer = translators.config_of("cyclegan", "beard", 32, 0)
    assert (peer.network, peer.objective, peer.identity) == ("cyclegan", "cycle", 5.0)


def test_a_run_without_a_hit_is_still_json():
    config = Config(**modes.RECIPE | {"dataset": "grid", "images": 128, "learning_rate": 1.0})
    found = modes.run(config)
    assert found["quality"] == 0 and found["kl"] is None and not found["met"]
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_runs_on_points_go_on_where_they_stopped(tmp_path, monkeypatch, capsys):
    made = []

    def run(config):
        made.append((config.dataset, config.seed))
        met = config.seed != 1
        return {"seed": config.seed, "modes": 8, "of": 8, "quality": 0.9, "kl": None, "seconds": 1.0, "met": met}

    monkeypatch.setattr(modes, "run", run)
    path = tmp_path / "runs.json"
    for words, status, fresh in (
        (["--distributions", "ring", "--seeds", "1"], 0, [("ring", 0)]),
        (["--seeds", "2"], 1, [("ring", 1), ("grid", 0), ("grid", 1)]),
        (["--seeds", "1"], 0, []),
    ):
        made.clear()
        monkeypatch.setattr("sys.argv", ["modes", "--json", str(path), *words])
        assert modes.main() == status and made == fresh
    monkeypatch.setattr("sys.argv", ["modes", "--json", str(path), "--images", "128"])
    with pytest.raises(SystemExit):
        modes.main()
    assert "of other settings: name another file" in capsys.readouterr().err and not made


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


@pytest.fixture
def stacked(monkeypatch):
    """Stacked digits from the bundled ones, 300 of them, in place of MNIST's."""
    digits = data.load("mnist-10k")
    drawn = torch.randint(len(digits.images), (300, 3), generator=torch.Generator().manual_seed(1))
    pictures = data.Dataset("stacked-mnist", digits.images[drawn].squeeze(2), torch.zeros(300, dtype=torch.int64), ())
    monkeypatch.setattr(data, "load", lambda *_, **__: pictures)
    monkeypatch.setattr(stacked_mnist, "SAMPLES", 300)
    return drawn, digits


def test_floors_of_stacked_digits_are_those_of_uniform_and_of_real_ones(stacked):
    drawn, digits = stacked
    floors = stacked_mnist.floors(load_classifier("mnist"), "unused")
    numbers = (digits.labels[drawn] * torch.tensor([100, 10, 1])).sum(1)
    assert floors["real"] == pytest.approx(stacked_mnist.score(numbers), abs=0.05)
    assert floors["uniform"]["kl"] == pytest.approx(stacked_mnist.score(numbers)["kl"], abs=0.1)
    assert 0 < floors["uniform"]["sd"] < 0.1


@pytest.mark.parametrize(
    ("modes_found", "kl", "most", "expected"),
    [(1000, 0.029, 2e6, True), (999, 0.01, 2e6, False), (1000, 0.03, 2e6, False), (1000, 0.01, 1e3, False)],
)
def test_stacked_digits_are_met_when_every_goal_is(stacked, tiny_folder, monkeypatch, modes_found, kl, most, expected):
    monkeypatch.setattr(stacked_mnist, "SAMPLE_SEEDS", range(2))
    monkeypatch.setattr(stacked_mnist, "MAX_PARAMETERS", most)
    monkeypatch.setattr(stacked_mnist, "modes_of", lambda pictures, classifier: torch.zeros(2, dtype=torch.int64))
    monkeypatch.setattr(stacked_mnist, "floors", lambda *_: {})
    monkeypatch.setattr(stacked_mnist, "score", lambda numbers: {"modes": modes_found, "kl": kl})
    found = stacked_mnist.measure(tiny_folder, "cpu", "unused")
    assert found["met"] is expected and found["generator_parameters"] > 1e3


@pytest.mark.parametrize("name", throughput.CASES)
def test_both_arms_of_throughput_train(name):
    settings, _ = throughput.CASES[name]
    found = throughput.run_case({**settings, "batch_size": 4, "width": 16}, seconds=0.01, rounds=1)
    ratio = found.pop("ratio")
    assert set(found) >= {"textbook", "ours"} and min(found.values()) > 0
    assert ratio == found["ours"] / found["textbook"]


@pytest.mark.parametrize("name", throughput.CASES)
def test_both_arms_of_throughput_make_the_same_step(name, monkeypatch):
    settings = {**throughput.CASES[name][0], "batch_size": 4, "width": 16, "precision": "fp32", "device": "cpu"}
    config, dataset = prepare(Config(**settings))
    pair = networks.build(config)
    for module in pair[1].modules():
        if isinstance(module, Dropout):
            module.p = 0.0
    theirs, (generator, critic) = copy.deepcopy(pair), pair
    source = torch.Generator().manual_seed(3)
    z = [torch.randn(4, config.z_dim, generator=source) for _ in range(2)]  # the critic's and the generator's
    real = torch.stack([throughput.Pictures(dataset.images)[i] for i in range(4)])
    monkeypatch.setattr(throughput.networks, "build", lambda _: theirs)
    monkeypatch.setattr(throughput, "DataLoader", lambda *_, **__: [real.clone()])
    draws, sgd = iter(z), torch.optim.SGD  # Adam would make whole steps of rounding
    monkeypatch.setattr(throughput.torch, "randn", lambda *_: next(draws))
    monkeypatch.setattr(throughput.torch.optim, "Adam", lambda parameters, **_: sgd(parameters, 0.01))
    next(throughput.textbook(config, dataset.images))
    monkeypatch.undo()

    before, optimizers = copy.deepcopy(pair), [sgd(m.parameters(), 0.01) for m in pair]
    autocast = torch.autocast("cpu", enabled=False)
    penalty = Trainer(config, dataset).players.penalty
    players = step.Players(generator, critic, *optimizers, LOSSES[config.loss](), penalty, autocast)
    batches = [step.Batch(real, None, noise, torch.zeros(4), torch.zeros(2, 4, 0)) for noise in z]
    step.critic_step(players, batches[:1], config.gamma)
    step.generator_step(players, batches[1:])
    for players in zip(before, pair, theirs, strict=True):
        start, ours, other = (torch.cat([p.flatten() for p in player.parameters()]) for player in players)
        assert (ours - other).norm() < 1e-3 * (ours - start).norm()


def test_a_rate_is_images_over_seconds(monkeypatch):
    clock = iter([0.0, 0.0, 1.0, 2.0, 2.0])
    monkeypatch.setattr(throughput.time, "perf_counter", lambda: next(clock))
    assert throughput.measure_rate(lambda: None, 10, 2.0) == 10.0


def test_the_sweeps_table_has_a_row_a_loss_and_shows_how_far_seeds_differ():
    cells = {}
    for loss in LOSSES:
        for seed in range(2):
            cells[f"ring/{loss}/{seed}"] = {
                "modes": 8 - 2 * seed, "of": 8, "quality": 0.5, "kl": 0.1 + seed, "seconds": 30,
            }  # fmt: skip
            cells[f"mnist/{loss}/{seed}"] = {
                "modes": 10, "of": 10, "frechet": 1.0 + seed, "floor": 0.25, "seconds": 60 + seed,
            }  # fmt: skip
    cells["mnist/wgan/1"]["frechet"] = None
    cells["ring/wgan/0"]["kl"] = None
    head, _, *rows = sweep.table(cells).splitlines()
    assert "(floor 0.25)" in head
    assert [row.split("|")[1].strip() for row in rows] == list(LOSSES)
    assert rows[0] == "| minimax | 6 to 8 of 8, 50 %, 0.10 to 1.10 |  | 10 of 10, 1.0 to 2.0 | 30, 60 |"
    (wgan,) = (row for row in rows if "| wgan |" in row)
    assert "1.0 to not finite" in wgan and "50 %, 1.10 to inf |" in wgan


@pytest.fixture
def halves():
    digits = data.load("mnist-10k")
    parts = [
        data.Dataset("mnist", digits.images[a], digits.labels[a], digits.classes) for a in (slice(64), slice(64, 128))
    ]
    return type("Reference", (), {"compared": parts[0], "floor": parts[1]})


def test_a_generator_that_is_not_finite_has_no_distance(halves):
    trainer = Trainer(*prepare(Config(dataset="mnist-10k", width=16, batch_size=4, conditional=False, device="cpu")))
    evaluator = DigitEvaluator(halves)
    found = sweep.evaluate(trainer, evaluator)
    assert (
        evaluator.samples == 64 and found["frechet"] > evaluator.floor > 0 and 1 <= found["modes"] <= found["of"] == 10
    )
    with torch.no_grad():
        next(trainer.average.parameters()).fill_(math.nan)
    assert sweep.evaluate(trainer, evaluator) == {"modes": 0, "of": 10, "frechet": None}


def test_a_sweep_goes_on_where_it_stopped_and_mixes_no_settings(tmp_path, monkeypatch, capsys):
    made = []

    def cell(where, loss, seed, *_):
        made.append(f"{where}/{loss}/{seed}")
        return {"modes": 1, "of": 8, "quality": 0.5, "kl": None, "seconds": 1.0}

    monkeypatch.setattr(sweep, "run_points", cell)
    monkeypatch.setattr(
        sweep, "run_digits", lambda loss, seed, *_: cell("mnist", loss, seed) | {"frechet": 1.0, "floor": 0.1}
    )
    path = tmp_path / "cells.json"

    def run(*words):
        made.clear()
        monkeypatch.setattr("sys.argv", ["sweep", "--json", str(path), *words])
        assert sweep.main() == 0
        return list(made)

    cells = len(LOSSES) * (len(MIXTURES) + 1)
    assert len(run("--seeds", "1")) == cells and run("--seeds", "1") == []
    assert {key.split("/")[2] for key in run("--seeds", "2")} == {"1"}
    capsys.readouterr()
    assert run("--seeds", "1") == []
    assert len(json.loads(path.read_text())["results"]) == 2 * cells and "/1" not in capsys.readouterr().out
    for words in (["--points", "256"], ["--images", "64"]):
        with pytest.raises(SystemExit):
            run(*words)
        assert "of other settings: name another file" in capsys.readouterr().err and not made
    path.write_text("{")
    with pytest.raises(SystemExit):
        run()
    assert "is not JSON" in capsys.readouterr().err


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_has_a_result_on_points(loss):
    cell = sweep.run_points("ring", loss, 0, 1024)
    assert cell["of"] == 8 and cell["seconds"] > 0


def test_the_evaluator_finds_real_digits_nearer_than_noise(halves):
    evaluator = DigitEvaluator(halves)
    trainer = Trainer(*prepare(Config(dataset="mnist-10k", width=16, batch_size=4, device="cpu")))
    assert 0 < evaluator.floor < time_to_quality.distance(evaluator, trainer, average=True)
    assert trainer.generator.training
    distance, digits = evaluator.evaluate(halves.compared.images.permute(0, 2, 3, 1).numpy())
    assert abs(distance) < 1e-6 and (digits == halves.compared.labels).float().mean() > 0.9


@pytest.mark.parametrize(("distances", "reached", "steps"), [([5, 7, 4], True, 2), ([5, 7, 6, 6], False, 3)])
def test_ours_trains_until_it_is_as_near_or_gives_up(monkeypatch, capsys, halves, distances, reached, steps):
    remaining = iter(distances)

    def distance(evaluator, trainer, average):
        assert average == (trainer.config.network == "resnet") and trainer.config.seed == 3
        return float(next(remaining))

    small = {"dataset": "mnist-10k", "batch_size": 4, "precision": "fp32"}
    presets = {
        "classic-dcgan": {**time_to_quality.PRESETS["classic-dcgan"], **small},
        "mnist": {**time_to_quality.PRESETS["mnist"], **small, "width": 16},
    }
    monkeypatch.setattr(time_to_quality, "PRESETS", presets)
    monkeypatch.setattr(time_to_quality, "load_reference", lambda *_: halves)
    monkeypatch.setattr(time_to_quality, "distance", distance)
    monkeypatch.setattr(time_to_quality, "EPOCH", 8)
    clock = iter([0.0, 100.0, 0.0, 5.0, 0.0, 5.0, 0.0, 5.0])  # of training: the classic recipe's, then ours
    monkeypatch.setattr(time_to_quality.time, "perf_counter", lambda: next(clock))
    found = time_to_quality.run("unused", 4, 12, seed=3, critic_norm="batch")
    assert (found["reached"], found["met"], found["target"]) == (reached, reached, 5)
    assert [point["images"] for point in found["ours"]] == [4 * k for k in range(1, steps + 1)]
    assert found["share"] == pytest.approx(0.05 * steps) and found["samples"] == 10_000
    head, real, classic, *ours = capsys.readouterr().out.splitlines()
    assert head.split() == ["images", "seconds", "distance"] and real.split()[:3] == ["real", "digits", "0"]
    assert classic.split() == ["classic", "DCGAN", "8", "100.0", "5.000"] and len(ours) == steps
    assert ours[0].split() == ["ours", "4", "5.0", f"{distances[1]}.000"]


@pytest.fixture
def few_faces(monkeypatch):
    """Make the benchmark of starts small."""
    monkeypatch.setattr(start, "PICTURES", 16)
    monkeypatch.setattr(start, "SAMPLES", 20)
    hair = tuple(faces.ATTRIBUTES["hair"].names)
    torch.manual_seed(0)
    classifier = Classifier("faces", Network(3, len(hair), 64), hair, 64, 3, 0.1)
    monkeypatch.setattr(start, "load_classifier", lambda name: {"faces": classifier}[name])


def test_faces_with_glasses_are_no_others(few_faces, tmp_path):
    seeds = start.with_glasses("train", 20)
    assert len(set(seeds)) == 20 and set(seeds) <= set(faces.SEEDS["train"])
    bare = faces.ATTRIBUTES["glasses"].names.index("none")
    assert bare not in faces.attributes(seeds)["glasses"].tolist()
    (tmp_path / "glasses").mkdir()
    (tmp_path / "glasses" / "old.png").write_bytes(b"")
    start.write_folder(tmp_path / "glasses", seeds)
    found = load_folder(tmp_path / "glasses", 64, print)
    assert {tuple(p.flatten().tolist()) for p in found.images} == {
        tuple(p.flatten().tolist()) for p in start.pictures(seeds).images
    }


@pytest.mark.slow
def test_a_start_from_a_model_is_measured_beside_one_from_scratch(few_faces, tmp_path, monkeypatch, capsys):
    model = tmp_path / "model"
    for module in (loop, export_model):
        monkeypatch.setattr(module, "write_grid", lambda path, pictures: None)  # PNGs of noise take a second each
    list(loop.train(small(dataset="faces-10k", images=16), model))
    words = ["start", str(model), "--images", "32", "--every", "16", "--threads", "1", "--work", str(tmp_path / "work")]
    monkeypatch.setattr("sys.argv", [*words, "--json", str(tmp_path / "found.json")])
    begun, trained = [], []
    begin, advance = Trainer.begin_with, Trainer.advance
    monkeypatch.setattr(Trainer, "begin_with", lambda self, model: begun.append(1) or begin(self, model))
    monkeypatch.setattr(Trainer, "advance", lambda self, *move: trained.append(1) or advance(self, *move))
    assert start.main() in (0, 1)
    text = capsys.readouterr().out
    result = json.loads(text[text.index("\n{") :])
    assert len(begun) == 1 and len(trained) == 4
    for arm in start.ARMS:
        points = result["arms"][arm]
        assert [point["images"] for point in points] == [16, 32]
        assert all(point["frechet_distance"] > 0 and point["minutes"] > 0 for point in points)
        config = read_config(tmp_path / "work" / arm)
        assert (config.width, config.resolution, config.mirror, config.augment_target) == (16, 64, True, 0.6)
        assert config.init == ("model" if arm == "model" else "")
    # One measurement and the end of a run are lost; the other run is not repeated.
    cached = json.loads((tmp_path / "found.json").read_text())
    cached["results"]["model"]["points"].pop()
    (tmp_path / "found.json").write_text(json.dumps(cached))
    shutil.rmtree(tmp_path / "work" / "model" / "checkpoint")
    (tmp_path / "work" / "model" / "checkpoint.old").rename(tmp_path / "work" / "model" / "checkpoint")
    start.main()
    text = capsys.readouterr().out
    again = json.loads(text[text.index("\n{") :])
    assert len(begun) == 1 and len(trained) == 5
    for arm in start.ARMS:
        for first, second in zip(result["arms"][arm], again["arms"][arm], strict=True):
            assert second["frechet_distance"] == pytest.approx(first["frechet_distance"], rel=1e-5)


def test_a_start_is_met_when_the_model_is_nearer_in_half_an_hour():
    points = [{"minutes": m, "frechet_distance": d} for m, d in ((1, 9.0), (29, 4.0), (31, 1.0))]
    assert start.best_within(points, 30) == 4.0 and start.best_within(points, 0.5) == math.inf


def test_flags_are_in_range_or_refused():
    a_or_b = flags.names_from(["a", "b"])
    for kind, text, value in (
        (flags.positive_int, "3", 3),
        (flags.positive_seconds, ".5", 0.5),
        (a_or_b, "b,a", ["b", "a"]),
    ):
        assert kind(text) == value, text
    for kind, texts in (
        (flags.positive_int, ("0", "-1", "1.5", "many")),
        (flags.positive_seconds, ("0", "nan", "inf", "x")),
        (a_or_b, ("a,c", "")),
    ):
        for text in texts:
            try:
                pytest.fail(f"{text!r} is taken for {kind(text)!r}")
            except argparse.ArgumentTypeError as error:
                assert "must be" in str(error), text


def test_a_benchmark_refuses_bad_flags_before_it_runs(monkeypatch, capsys):
    for module, words in (
        (modes, ["--distributions", "swiss-roll"]),
        (modes, ["--distributions", "foo"]),
        (modes, ["--seeds", "0"]),
        (sweep, ["--seeds", "0"]),
        (throughput, ["--seconds", "0"]),
        (time_to_quality, ["--every", "0"]),
        (stacked_mnist, ["--images", "-5"]),
    ):
        monkeypatch.setattr("sys.argv", ["benchmark", *words])
        with pytest.raises(SystemExit):
            flags.run_main(module.main)
        assert f"argument {words[0]}: must be" in capsys.readouterr().err, f"{module.__name__} {words}"


def test_a_benchmark_that_cannot_run_says_why_in_one_line(capsys):
    for kind in (ConfigError, DataError, FolderError, HubError, TrainingError):

        def main(kind=kind):
            raise kind("no such thing: take another")

        assert flags.run_main(main) == 2, kind
        assert capsys.readouterr().err == "error: no such thing: take another\n", kind


def test_a_device_that_is_not_there_is_refused_in_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["stacked", "--device", "tpu", "--out", str(tmp_path / "run")])
    assert flags.run_main(stacked_mnist.main) == 2
    err = capsys.readouterr().err
    assert err.startswith("error: ") and "tpu" in err and err.count("\n") == 1


def test_few_labels_compares_one_critic_with_and_without_the_other_pictures():
    source = torch.Generator().manual_seed(0)
    labels = torch.arange(90) % 3
    images = torch.randint(0, 60, (90, 1, 28, 28), generator=source, dtype=torch.uint8)
    for image, label in zip(images, labels.tolist(), strict=True):
        image[0, :, 4 + 8 * label : 9 + 8 * label] = 220
    bars = Dataset("bars", images, labels, ("left", "middle", "right"))
    config = Config(**{**PRESETS["few-labels"], "dataset": "bars", "labels": 3, "images": 480, "batch_size": 16})
    config = dataclasses.replace(config, width=16, precision="fp32", device="cpu", learning_rate=3e-3)
    alone, both = (Trainer(*prepare(config, dataset=bars)) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(alone.critic.parameters(), both.critic.parameters(), strict=True))
    assert few_labels.alone(alone, bars)[0] > 0.8 and alone.shown == 0 and few_labels.seed_list("0,2") == [0, 2]
    assert few_labels.with_the_others(both, bars)[0] > 0.8 and both.shown == 480
