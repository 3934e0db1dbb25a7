"""`gan.evaluation.evaluate`: generators whose faults are known, and what is recorded of them."""

from __future__ import annotations

import dataclasses
import json
import math
import shutil
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from gan import data
from gan import evaluate as command
from gan.config import Config
from gan.errors import DataError, FolderError
from gan.evaluation import evaluate
from gan.evaluation.card import card
from gan.evaluation.metrics import classifier_accuracy
from gan.evaluation.metrics.metric import Metric
from gan.evaluation.metrics.reference import subset
from gan.evaluation.metrics.registry import CIRCUMSTANCES, METRICS, evaluated, evaluated_by
from gan.ui.server.model_info import read_info

N = 500
OF_OTHERS = {"conditional_accuracy_by_group", "classifier_accuracy_by_group"}  # of groups of classes
OF_GENERATORS = evaluated_by(METRICS, CIRCUMSTANCES)
OF_OTHERS |= {key for key in OF_GENERATORS if key.startswith(("attribute", "new_combinations"))}  # of faces
EVALUATED = OF_GENERATORS - OF_OTHERS
SCORE = {"classifier_accuracy_score", "classifier_accuracy_real", "classifier_accuracy_samples"}


@pytest.fixture(scope="module")
def nowhere(tmp_path_factory):
    """A data root without data: only what is bundled can be used."""
    return tmp_path_factory.mktemp("empty")


@pytest.fixture(scope="module", autouse=True)
def fewer_digits(tiny_folder):  # which learns from all of them
    """A fifth of the bundled digits, 200 a class, in place of all: pixels of 10,000 take their time."""
    load = data.load
    digits = subset(load("mnist-10k"), torch.arange(2_000))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(data, "load", lambda name, *a, **b: digits if name == "mnist-10k" else load(name, *a, **b))
        yield


class Pretend:
    """A model whose pictures are chosen by the test: pick(seeds, label) gives rows of the training digits."""

    name, z_dim, resolution, channels, device = "pretend", 2, 28, 1, torch.device("cpu")

    def __init__(self, pick, classes: tuple[str, ...] = tuple("0123456789"), dataset: str = "mnist-10k") -> None:
        self.pick, self.classes = pick, classes
        self.config = SimpleNamespace(dataset=dataset, classes=classes, class_groups=(), channels=1, resolution=28)
        digits = data.load("mnist-10k")
        self.images, self.labels = digits.images.permute(0, 2, 3, 1), digits.labels
        self.by_class = [torch.nonzero(self.labels == k)[:, 0] for k in range(10)]

    def sample(self, seeds, label=None):
        assert (label is None) == (not self.classes)
        return np.asarray(torch.as_tensor(self.pick(self, list(seeds), label)))


def memorised(model, seeds, label):
    """Training pictures of the requested class."""
    rows = [model.by_class[k][(7 * s + 3) % 200] for s, k in zip(seeds, label, strict=True)]
    return model.images[torch.stack(rows)]


def blended(model, seeds, label):
    """New digits: the pixelwise maximum of two training pictures of a class is near both but equal to neither."""
    a, b = (memorised(model, [s + shift for s in seeds], label).float() for shift in (0, 1))
    return torch.maximum(a, b).to(torch.uint8)


def collapsed(model, seeds, label):
    """Threes, whatever class is requested."""
    return model.images[model.by_class[3][torch.tensor(seeds) % 200]]


def noise(model, seeds, label):
    return np.random.default_rng(seeds[0]).integers(0, 256, (len(seeds), 28, 28, 1), np.uint8)


def mislabelled(model, seeds, label):
    return memorised(model, seeds, [(k + 1) % 10 for k in label])


@pytest.fixture(scope="module")
def results(nowhere):
    """The result of each of these generators; the slow score only of the one that needs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(classifier_accuracy, "MAX_SAMPLES", 1500)
        patch.setattr(classifier_accuracy, "SHOWN", 6000)
        return {
            pick.__name__: evaluate.evaluate(Pretend(pick), nowhere, N, score=pick is mislabelled)
            for pick in (memorised, blended, collapsed, noise, mislabelled)
        }


@pytest.mark.slow
def test_everything_is_flat_and_known_to_the_card(results):
    for name, result in results.items():
        assert set(result) == (EVALUATED if name == "mislabelled" else EVALUATED - SCORE)
        for value in result.values():
            assert isinstance(value, (int, float, str, list, type(None)))
            assert not isinstance(value, list) or (len(value) == 10 and sum(value) == pytest.approx(1, abs=1e-3))
            assert not isinstance(value, float) or math.isfinite(value)
    assert json.loads(json.dumps(results)) == results


@pytest.mark.slow
def test_sample_counts_and_reference_are_stored(results):
    for result in results.values():
        assert result["reference"] == "train"
        assert {result[f"{what}_samples"] for what in ("frechet", "manifold", "class", "memorisation")} == {N}
        assert result["manifold_nearest"] == 5


@pytest.mark.slow
def test_the_floor_is_the_data_s_own_and_the_same_for_all_models(results):
    floors = [{k: v for k, v in r.items() if "floor" in k or k == "classifier_accuracy"} for r in results.values()]
    assert all(floor == floors[0] for floor in floors)
    assert floors[0]["precision_floor"] > 0.8 and floors[0]["frechet_floor"] > 0
    assert floors[0]["classifier_accuracy"] > 0.99


@pytest.mark.slow
def test_pictures_of_the_training_set_score_as_the_floor_but_count_as_copied(results):
    got = results["memorised"]
    assert got["frechet_ratio"] < 1.35
    assert got["precision_ratio"] == pytest.approx(1, abs=0.05) and got["recall_ratio"] == pytest.approx(1, abs=0.05)
    assert got["conditional_accuracy"] > 0.99 and got["class_kl"] < 0.03
    assert got["memorisation_features"] < 0.05 and got["memorisation_pixels"] < 0.05
    assert got["copied_features"] == got["copied_pixels"] == 1


@pytest.mark.slow
def test_new_pictures_do_not_count_as_copied(results):
    assert results["blended"]["memorisation_pixels"] > 0.5
    assert results["blended"]["memorisation_features"] > 0.5
    assert results["blended"]["copied_pixels"] < 0.2
    assert results["blended"]["frechet_ratio"] > 1.5


@pytest.mark.slow
def test_collapse_shows_in_balance_and_recall(results):
    got = results["collapsed"]
    assert got["classes_covered"] <= 3 and got["class_kl"] == pytest.approx(math.log(10), abs=0.1)
    assert got["class_entropy"] < 0.1 and got["class_entropy_relative"] < 0.05
    assert got["class_histogram"][3] > 0.98
    assert got["recall_ratio"] < 0.3 < 0.9 < got["precision_ratio"]
    assert got["coverage"] < 0.3 and got["frechet_ratio"] > 10
    assert got["conditional_accuracy"] == pytest.approx(0.1, abs=0.05)


@pytest.mark.slow
def test_noise_shows_in_precision(results):
    got = results["noise"]
    assert got["precision"] < 0.1 and got["density"] < 0.1 and got["frechet_ratio"] > 20
    assert got["memorisation_pixels"] > 1.3


@pytest.mark.slow
def test_wrong_labels_show_in_conditioning_and_score_alone(results):
    got = results["mislabelled"]
    assert got["conditional_accuracy"] < 0.02 and got["classifier_accuracy_score"] < 0.1
    assert got["classifier_accuracy_real"] > 0.8 and got["classifier_accuracy_samples"] == 1500
    assert got["frechet_ratio"] < 1.35 and got["class_kl"] < 0.03


@pytest.mark.slow
def test_the_same_model_scores_the_same(nowhere, results):
    again = evaluate.evaluate(Pretend(memorised), nowhere, N, score=False)
    changing = {"evaluation_seconds"}
    assert {k: v for k, v in again.items() if k not in changing} == {
        k: v for k, v in results["memorised"].items() if k not in changing
    }


def test_without_classes_nothing_is_stored_of_conditioning(nowhere):
    plain = Pretend(lambda model, seeds, label: model.images[torch.tensor(seeds) * 7 % 2_000], classes=())
    got = evaluate.evaluate(plain, nowhere, 100)
    assert set(got) == EVALUATED - SCORE - {"conditional_accuracy"}


def test_sheet_shows_copies(nowhere, tmp_path):
    lines = []
    evaluate.evaluate(Pretend(memorised), nowhere, 100, False, tmp_path / "near.png", lines.append)
    with Image.open(tmp_path / "near.png") as image:
        sheet = np.asarray(image)[::2, ::2]
    rows, columns = 16, 1 + 1 + 7
    assert sheet.shape == (rows * 28, columns * 28)
    cells = sheet.reshape(rows, 28, columns, 28).transpose(0, 2, 1, 3)
    assert np.array_equal(cells[:, 0], cells[:, 2])  # the nearest is the very picture
    assert not np.array_equal(cells[:, 0], cells[:, 3])
    assert lines == [
        "generating 100 pictures",
        "comparing them with real pictures",
        "searching for the nearest training pictures in features",
        "searching for the nearest training pictures in pixels",
    ]


@pytest.mark.parametrize("samples", [15, 0, -1, 10**6 + 1, 100.0, True, "100"])
def test_samples_are_checked(nowhere, samples):
    with pytest.raises(DataError, match=r"samples must be a whole number in \[16, 1000000\]"):
        evaluate.evaluate(Pretend(memorised), nowhere, samples)


@pytest.mark.parametrize("dataset", ["cats", "no/such/folder"])
def test_pictures_that_are_gone_are_asked_for(nowhere, dataset):
    with pytest.raises(DataError, match=f"pictures were '{dataset}'.*neither a data set nor a folder.*--dataset"):
        evaluate.evaluate(Pretend(memorised, dataset=dataset), nowhere, N)
    with pytest.raises(DataError, match="ring are points.*benchmarks.modes"):
        evaluate.evaluate(Pretend(memorised, dataset="ring"), nowhere, N)


@pytest.mark.parametrize(("dataset", "classes"), [("emoji", ()), ("mnist-10k", ("cat", "dog"))])
def test_a_name_that_is_not_that_data_set_is_noticed(nowhere, dataset, classes):
    with pytest.raises(DataError, match="channels or classes are not those"):
        evaluate.evaluate(Pretend(memorised, classes, dataset), nowhere, N)


def brightness(comparison, role):
    """A metric of the test's own: the mean level."""
    return float(comparison.images(role).double().mean())


def test_a_metric_is_one_entry(nowhere, monkeypatch):
    entry = Metric(brightness, "brightness_floor", "compared", ratio="brightness_ratio", sentence="Brightness: levels.")
    monkeypatch.setitem(METRICS, "brightness", entry)
    got = evaluate.evaluate(Pretend(collapsed), nowhere, 50, score=False)
    assert set(got) == EVALUATED - SCORE | {"brightness", "brightness_floor", "brightness_ratio"}
    assert set(got) <= evaluated()
    assert 10 < got["brightness"] < 100 and got["brightness_ratio"] == got["brightness"] / got["brightness_floor"]
    config = Config(resolution=28, channels=1, dataset="mnist-10k")
    text = card(config, {"images": 1} | got, "MIT")
    assert f"\n| brightness | {got['brightness']:.4g} | {got['brightness_floor']:.4g} |\n" in text
    assert "\n- Brightness: levels.\n" in text and '"type": "brightness"' in text
    assert "brightness ratio" not in text
    known = {k: v for k, v in got.items() if "brightness" not in k}
    assert "rightness" not in card(config, {"images": 1} | known, "MIT"), "an older folder lacks it"


def test_a_metric_that_does_not_apply_is_not_stored():
    assert Metric(lambda comparison, role: None, "floor", "train", ratio="ratio").record("name", None) == {}
    only = Metric(lambda comparison, role: None if role == "generated" else 3, "floor", "train", ratio="ratio")
    assert only.record("name", None) == {"floor": 3}
    zero = Metric(lambda comparison, role: 0.5 if role == "generated" else 0.0, "floor", "train", ratio="ratio")
    assert zero.record("name", None) == {"name": 0.5, "floor": 0.0, "ratio": None}
    assert Metric(lambda comparison, role: [1.0]).record("name", None) == {"name": [1.0]}


def test_names_of_metrics_and_floors_are_distinct():
    keys = [key for name, metric in METRICS.items() for key in metric.keys(name)]
    assert len(keys) == len(set(keys))
    assert all(bool(metric.floor) == bool(metric.floor_role) for metric in METRICS.values())


# What is written.


@pytest.fixture
def folder(tiny_folder, tmp_path):
    return shutil.copytree(tiny_folder, tmp_path / "tiny", ignore=shutil.ignore_patterns("checkpoint*"))


def run(monkeypatch, capsys, *words) -> tuple[dict, str]:
    monkeypatch.setattr(sys, "argv", ["evaluate", *map(str, words)])
    command.main()
    out, err = capsys.readouterr()
    return json.loads(out), err


def test_the_command_prints_json_and_completes_the_folder(folder, nowhere, monkeypatch, capsys):
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    old = json.loads(before["metrics.json"])
    printed, progress = run(monkeypatch, capsys, folder, "--data-root", nowhere, "--samples", 64, "--no-cas")
    assert progress.startswith("generating 64 pictures") and not SCORE & set(printed)
    after = {p.name: p.read_bytes() for p in folder.iterdir()}
    assert set(after) == {*before, "neighbours.png"}
    changed = {name for name in before if after[name] != before[name]}
    assert changed - {"directions.safetensors"} == {"metrics.json", "README.md"}
    metrics = json.loads(after["metrics.json"])
    assert metrics == old | printed and len(after["metrics.json"]) < 10_000
    text = after["README.md"].decode()
    assert "(neighbours.png)" in text and "(neighbours.png)" not in before["README.md"].decode()
    assert "| measured by `python -m gan.evaluate` | generated | real |" in text
    assert f"| frechet distance | {printed['frechet_distance']:.4g} | {printed['frechet_floor']:.4g} |" in text
    assert read_info("tiny", folder).images == old["images"]
    run(monkeypatch, capsys, folder, "--data-root", nowhere, "--samples", 32, "--no-cas", "--no-sliders")
    again = json.loads((folder / "metrics.json").read_text())
    assert list(again) == list(metrics) and again["frechet_samples"] == 32


@pytest.mark.slow
def test_emoji_in_colour(tiny_emoji_folder, tmp_path, nowhere, monkeypatch, capsys):
    monkeypatch.setattr(classifier_accuracy, "SHOWN", 1800)
    copy = shutil.copytree(tiny_emoji_folder, tmp_path / "tiny")
    printed, _ = run(monkeypatch, capsys, copy, "--data-root", nowhere, "--samples", 64, "--no-sliders")
    assert set(printed) == EVALUATED and printed["reference"] == "train"
    assert printed["classifier_accuracy_samples"] == 1720
    assert "half of the training pictures" in (copy / "README.md").read_text()


def stop(monkeypatch, *words) -> str:
    monkeypatch.setattr(sys, "argv", ["evaluate", *map(str, words)])
    with pytest.raises(SystemExit) as caught:
        command.main()
    return str(caught.value)


def test_what_is_wrong_is_said_in_a_line_and_changes_nothing(folder, nowhere, tmp_path, monkeypatch, capsys):
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    assert "no such folder" in stop(monkeypatch, tmp_path / "none")
    assert "device must be" in stop(monkeypatch, folder, "--device", "tpu")
    assert "nothing to do" in stop(monkeypatch, folder, "--only-sliders", "--no-sliders")
    assert "samples must be" in stop(monkeypatch, folder, "--samples", 3)
    config = json.loads(before["config.json"]) | {"dataset": "cats"}
    (folder / "config.json").write_text(json.dumps(config))
    assert stop(monkeypatch, folder).startswith("error: the model's pictures were 'cats', which is neither")
    (folder / "config.json").write_bytes(before["config.json"])
    (folder / "metrics.json").write_text("[]")
    assert "expected a JSON object" in stop(monkeypatch, folder, "--data-root", nowhere, "--samples", 16, "--no-cas")
    (folder / "metrics.json").write_bytes(before["metrics.json"])
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before
    assert capsys.readouterr().out == ""


def test_record_keeps_what_is_there_and_makes_what_is_not(tmp_path):
    config = Config(resolution=28, channels=1, images=1234, dataset="mnist-10k")
    evaluate.record(tmp_path, config, {"precision": 0.5})
    assert json.loads((tmp_path / "metrics.json").read_text()) == {"images": 1234, "precision": 0.5}
    (tmp_path / "metrics.json").write_text(json.dumps({"mine": [1, 2], "precision": 0.1, "images": 99}))
    evaluate.record(tmp_path, config, {"precision": 0.75, "recall": 1.0})
    written = json.loads((tmp_path / "metrics.json").read_text())
    assert written == {"mine": [1, 2], "precision": 0.75, "images": 99, "recall": 1.0}
    assert (tmp_path / "README.md").read_text() == card(config, written, "CC-BY-SA-3.0")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["README.md", "metrics.json"]
    (tmp_path / "metrics.json").write_text("3")
    with pytest.raises(FolderError, match="expected a JSON object, got int"):
        evaluate.record(tmp_path, dataclasses.replace(config), {})
