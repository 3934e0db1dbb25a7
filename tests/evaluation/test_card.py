"""`gan.evaluation.card`: the command that reproduces a run, the card's text and front matter; the sample grid."""

from __future__ import annotations

import dataclasses
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

import gan
from gan import train_flags
from gan.config import Config
from gan.evaluation.card import card, licence_of
from gan.evaluation.commands import command, public
from gan.evaluation.evaluate import record
from gan.models.image_grid import GRID, grid_image, write_grid
from gan.models.weights import read_config
from gan.networks import NETWORKS
from gan.presets import PRESETS
from gan.training.losses import LOSSES

SHIPPED = sorted(p.parent for p in Path(__file__).resolve().parents[2].glob("weights/*/config.json"))
METRICS = {"images": 12_345, "seconds": 1.23456, "device": "cpu", "grid": [8, 8], "penalty": 0.000012}
TRAINED = {"resolution": 28, "channels": 1, "classes": ("a", "b")}


def parsed(line: str) -> Config:
    """The config that train.py makes of a shell command."""
    words = shlex.split(line)
    assert words[:2] == ["python", "train.py"]
    config, _, resume = train_flags.run_settings(
        train_flags.parser().parse_args([*words[2:], "--out", "does-not-exist"])
    )
    assert not resume
    return config


def underived(config: Config) -> Config:
    return dataclasses.replace(config, channels=0, classes=())


@pytest.mark.parametrize("name", PRESETS)
def test_command_reproduces_every_preset(name):
    config = Config(**PRESETS[name])
    assert parsed(command(config)) == config
    trained = dataclasses.replace(config, **TRAINED)
    assert parsed(command(trained)) == underived(trained)


def test_command_reproduces_every_field():
    other = {
        "dataset": "my pictures; $(rm -rf x) 'q'", "network": "mlp", "loss": "nonsaturating", "device": "cpu",
        "data_root": "elsewhere", "precision": "fp32", "resolution": 64, "width": 32, "beta1": 0.123456789,
        "learning_rate": 1e-7, "anneal": 1.0, "beta2": 1e-17, "conditional": False, "penalty": "gp", "augment": "color",
        "critic_norm": "batch", "optimizer": "sgd", "accumulate": 8, "learning_rate_start": 0.5, "beta2_start": 0.5,
        "mirror": True, "augment_target": 0.5, "attributes": True,
        "task": "translate", "source": "emoji", "objective": "paired",
    }  # fmt: skip
    of_task = {f.name: {"task": f.metadata["task"]} for f in dataclasses.fields(Config) if "task" in f.metadata}
    fields = {f.name for f in dataclasses.fields(Config) if not f.metadata.get("derived")}
    for field in fields - {"init"}:  # which must be there
        default = getattr(Config(), field)
        value = other.get(field, default + 1 if field in ("batch_size", "seed") else 7)
        config = Config(**{field: value, **of_task.get(field, {})})
        assert getattr(config, field) != default, field
        assert parsed(command(config)) == config, field
        assert f"--{'no-' * (field == 'conditional')}{field.replace('_', '-')} " in command(config), field


def test_command_stays_true_when_a_default_changes():
    """Whatever decides the weights is spelt out; folders, devices and intervals of saving are not."""
    words = command(Config(seed=3, gamma=0.5)).split()
    assert words[:2] == ["python", "train.py"] and words[words.index("--gamma") + 1] == "0.5"
    spelt = {w.removeprefix("--").removeprefix("no-").replace("-", "_") for w in words if w.startswith("--")}
    derived = {f.name for f in dataclasses.fields(Config) if f.metadata.get("derived")}
    neutral = {"device", "data_root", "sample_images", "checkpoint_images", "init"}  # the last where it is empty
    neutral |= {"task", *(f.name for f in dataclasses.fields(Config) if "task" in f.metadata)}  # of another task
    neutral |= {f.name for f in dataclasses.fields(Config) if f.metadata.get("off")}
    assert spelt == {f.name for f in dataclasses.fields(Config)} - derived - neutral


def front_matter(text: str) -> dict:
    start, matter, body = text.split("---\n", 2)
    assert start == "" and body.strip()
    return yaml.safe_load(matter)


@pytest.mark.parametrize("dataset", [*sorted(PRESETS), "a folder: with # odd ' \" signs", "---", "日本"])
def test_front_matter_is_yaml_whatever_the_data_is_called(dataset):
    matter = front_matter(card(Config(dataset=dataset, **TRAINED), METRICS, "MIT"))
    assert matter["license"] == "mit"
    assert matter["pipeline_tag"] == "unconditional-image-generation"
    assert set(matter["tags"]) == {"gan", "pytorch", "resnet"}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("network", NETWORKS)
def test_card_says_how_the_model_was_made(network, loss):
    config = Config(network=network, loss=loss, **TRAINED)
    text = card(config, METRICS, "CC-BY-SA-3.0")
    for part in (
        f"`{network}` networks", f"`{loss}` loss", "12,345 images", "CC-BY-SA-3.0", "Classes: a, b.", "samples.png",
        command(config), "uint8 (16, 28, 28, 1)", "| seconds | 1.235 |", "| penalty | 1.2e-05 |", "| device | cpu |",
    ):  # fmt: skip
        assert part in text
    assert "grid" not in text.split("| measured")[1]


def test_card_names_every_part_of_a_run_whose_settings_changed():
    config = Config(images=300, learning_rate=0.1, **TRAINED)
    segments = [{"shown": 0, "images": 100, "learning_rate": 0.2}, {"shown": 64, "images": 300, "learning_rate": 0.1}]
    text = card(config, {**METRICS, "segments": segments}, "MIT")
    assert command(dataclasses.replace(config, images=100, learning_rate=0.2)) in text
    assert "from 64 images on `--images 300 --learning-rate 0.1`" in text
    assert "continued with" not in card(config, METRICS, "MIT")


@pytest.mark.parametrize(
    "segments",
    [
        3, "x", [1], {"shown": 0}, [{"images": 5}], [{"shown": "0"}, {"shown": "1"}], [{"shown": 0, "seed": 4}],
        [{"shown": 0, "images": -1}], [{"shown": 0, "images": "<b>"}], [{"shown": 0, "what": 1}],
    ],
)  # fmt: skip
def test_card_ignores_segments_that_are_not_valid(segments):
    config = Config(images=300, **TRAINED)
    assert card(config, {**METRICS, "segments": segments}, "MIT") == card(config, METRICS, "MIT")


def test_card_says_which_model_of_the_run_it_is():
    best = {"best_images": 9_000, "best_frechet_distance": 3.14159}
    text = card(Config(**TRAINED), {**METRICS, **best}, "MIT")
    assert (
        "12,345 images shown. These are the weights at 9,000 images, the best of the run: Frechet distance 3.142."
        in text
    )
    assert "best images |" not in text
    for wrong in ({}, best | {"best_images": "<b>"}, best | {"best_frechet_distance": None}):
        assert "the best of the run" not in card(Config(**TRAINED), {**METRICS, **wrong}, "MIT")


EVALUATION = {
    "reference": "test", "frechet_distance": 3.14159, "frechet_floor": 1.5, "frechet_samples": 10_000,
    "frechet_ratio": 2.09, "precision": 0.9, "precision_floor": 0.95, "classes_covered": 10,
    "memorisation_pixels": 1.02,
    "classifier_accuracy_score": 0.98, "classifier_accuracy_real": 0.99, "class_histogram": [0.5, 0.5],
    "evaluation_seconds": 71.0, "evaluation_classifier": "mnist, 99.60% accurate](<x>",
}  # fmt: skip


def test_card_shows_metrics_beside_those_of_real_pictures():
    text = card(Config(**TRAINED), METRICS | EVALUATION, "MIT")
    training, measured = text.split("| measured by `python -m gan.evaluate` | generated | real |")
    for row in (
        "| frechet distance | 3.142 | 1.5 |", "| precision | 0.9 | 0.95 |", "| memorisation pixels | 1.02 |  |",
        "| classifier accuracy score | 0.98 | 0.99 |", "| classes covered | 10 |  |", "10,000 generated pictures",
        "the test split", "(mnist, 99.60% accuratex on pictures",
    ):  # fmt: skip
        assert row in measured
    assert not any(f"| {name.replace('_', ' ')} |" in training for name in EVALUATION)
    assert "| seconds | 1.235 |" in training and "recall |" not in measured and "histogram" not in text
    assert "half of the training pictures" in card(
        Config(**TRAINED), METRICS | EVALUATION | {"reference": "train"}, "MIT"
    )


def test_card_of_a_model_that_was_not_measured_says_nothing_of_it():
    text = card(Config(**TRAINED), METRICS, "MIT")
    assert not any(word in text for word in ("gan.evaluate", "Features are", "Memorisation", "neighbours.png"))


def test_card_explains_the_metrics_that_it_shows_each_once():
    text = card(Config(**TRAINED), METRICS | EVALUATION, "MIT")
    assert text.count("\n- Classifier accuracy score: a classifier") == text.count("\n- Memorisation: the median") == 1
    assert "\n- Copied" not in text and max(map(len, text.split("\n- ", 1)[1].split("\n\n")[0].splitlines())) <= 120


def test_card_says_how_to_install_what_loads_the_model(monkeypatch):
    monkeypatch.setattr("gan.__version__", "9.8.7")
    before, snippet = card(Config(**TRAINED), METRICS, "MIT").split("```python\n", 1)
    assert "Install Latent Lab 9.8.7: `pip install .` in a copy of its repository." in before
    assert snippet.startswith("import gan\n")


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda path: path.name)
def test_shipped_cards_are_what_the_code_writes_today(folder, tmp_path):
    """After a change of the card or the version: `gan.evaluation.evaluate.record(folder, read_config(folder), {})`."""
    copy = shutil.copytree(folder, tmp_path / folder.name, ignore=shutil.ignore_patterns("*.safetensors"))
    record(copy, read_config(copy), {})
    for name in ("README.md", "metrics.json"):
        assert (copy / name).read_text(encoding="utf-8") == (folder / name).read_text(encoding="utf-8"), (
            f"{folder / name}: renew it with gan.evaluation.evaluate.record"
        )
    assert f"Latent Lab {gan.__version__}" in (folder / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("dataset", "licence"), [("emoji", "Apache-2.0"), ("cats", "the licence of the folder's owner")]
)
def test_licence_is_that_of_the_pictures(dataset, licence):
    assert licence_of(Config(dataset=dataset)) == licence


def test_card_says_that_attributes_were_taught():
    config = Config(resolution=28, channels=1)
    assert "`--attributes`" not in card(config, METRICS, "MIT").split("Classes:")[1]
    taught = dataclasses.replace(config, attributes=True)
    assert "stand for the other attributes" in card(taught, METRICS, "MIT").split("Classes:")[1]
    assert "--attributes" in card(taught, METRICS, "MIT").split("Made by")[1].split("![")[0]


def test_card_without_classes():
    assert "Classes: none." in card(Config(resolution=28, channels=1), METRICS, "MIT")


def test_card_reveals_nothing_of_this_machine(tmp_path):
    place = tmp_path / "cats of mine"
    text = card(Config(dataset=str(place), data_root=str(tmp_path / "data"), **TRAINED), METRICS, "MIT")
    assert str(tmp_path) not in text and tmp_path.name not in text
    assert "# cats of mine, 28 x 28" in text
    assert "--dataset 'cats of mine'" in text
    assert "--data-root" not in text


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("C:\\Users\\anna\\Pictures\\cats", "cats"), ("C:/Users/anna/cats/", "cats"), ("\\\\nas\\anna\\cats", "cats"),
        ("~/anna/cats", "cats"), ("../cats", "cats"), ("anna\\cats", "cats"), (".", "pictures"), ("..", "pictures"),
        ("C:\\", "pictures"), ("emoji", "emoji"), ("/home/anna/emoji", "emoji (folder)"), ("./ring", "ring (folder)"),
    ],
)  # fmt: skip
def test_of_a_path_only_the_last_name_is_public(path, name):
    shown = public(Config(dataset=path, data_root="C:\\Users\\anna", **TRAINED))
    assert (shown.dataset, shown.data_root) == (name, "data") and public(shown) == shown
    assert "anna" not in card(Config(dataset=path, **TRAINED), METRICS, licence_of(shown))


HOSTILE = "<img src=x onerror=y>\n# [a](http://b) ![c](d) | `e` @f www.g.h &lt; *i* __j__"


def test_names_from_outside_are_only_text_in_a_card():
    markdown = pytest.importorskip("markdown_it").MarkdownIt("commonmark")
    names = {"classes": (HOSTILE, "Food & Drink, x-y/z"), "dataset": HOSTILE, "loss": HOSTILE}
    text = card(Config(**{**TRAINED, **names}), {**METRICS, HOSTILE: HOSTILE, "device": "<b>\ud800"}, "MIT")
    assert text.encode() and front_matter(text)
    before, _, rest = markdown.render(text.split("---\n", 2)[2]).partition("<pre>")
    html = before + rest.split("</pre>")[-1]
    for tag in ("<img src=x", "<b>", "<em>", "<strong>", 'href="', 'src="d"'):
        assert tag not in html
    classes = text.split("\nClasses: ")[1].splitlines()[0]
    assert html.count("<h1>") == 1 and "@f" not in classes.replace("\\@f", "") and "www." not in classes
    assert "Food & Drink, x-y/z" in text  # what needs no escape is as it was


def test_a_command_with_backticks_ends_neither_its_block_nor_its_span():
    config = Config(loss="a```b\n```\nc", augment="`$(x)`", **TRAINED)
    metrics = {**METRICS, "segments": [{"shown": 0, "augment": "none"}, {"shown": 64, "augment": "`$(x)`"}]}
    text = card(config, metrics, "MIT")
    assert f"\n````\n{command(dataclasses.replace(config, augment='none'))}\n````\n" in text
    assert "from 64 images on ``--augment '`$(x)`'``" in text


def test_shipped_and_trained_folders_hold_no_absolute_path(tiny_folder):
    for name in ("README.md", "metrics.json", "config.json"):
        text = (tiny_folder / name).read_text(encoding="utf-8")
        assert str(tiny_folder) not in text and str(tiny_folder.parent) not in text


@pytest.mark.parametrize(("n", "columns", "channels", "scale"), [(64, 8, 1, 2), (5, 3, 3, 1), (1, 1, 3, 4)])
def test_grid_puts_picture_i_at_row_and_column(n, columns, channels, scale):
    random = np.random.default_rng(0)
    pictures = random.integers(0, 256, (n, 6, 6, channels), np.uint8)
    sheet = np.asarray(grid_image(pictures, columns, scale))
    if channels == 1:
        assert sheet.ndim == 2
        sheet = sheet[..., None]
    side, rows = 6 * scale, -(-n // columns)
    assert sheet.shape == (rows * side, columns * side, channels)
    for i in range(rows * columns):
        row, column = divmod(i, columns)
        cell = sheet[row * side : (row + 1) * side, column * side : (column + 1) * side]
        if i >= n:
            assert not cell.any()
            continue
        for dy in range(scale):
            for dx in range(scale):
                assert np.array_equal(cell[dy::scale, dx::scale], pictures[i])


def test_written_grid_is_a_png_without_loss(tmp_path):
    pictures = np.random.default_rng(0).integers(0, 256, (64, 4, 4, 3), np.uint8)
    write_grid(tmp_path / "a.png", pictures)
    with Image.open(tmp_path / "a.png") as image:
        assert image.format == "PNG"
        assert np.array_equal(np.asarray(image), np.asarray(grid_image(pictures, GRID[1])))
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]
