"""CONTRIBUTING.md: each of its additions is written into a copy of the repository, as it stands, and used."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
import warm

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
FILES = {
    "loss": 1,
    "data set": 2,
    "metric": 2,
    "attribute": 1,
    "slider": 2,
    "network": 2,
}  # the most that an addition may touch


class Block(NamedTuple):
    """Code for one place. where: "" for a new file, else "above" or "below" the first line that begins with `line`."""

    file: str
    where: str
    line: str
    code: str


def blocks(thing: str) -> list[Block]:
    """Return the blocks of the section "Add a THING" or "Add an", in order."""
    section = re.split(rf"\n## Add an? {thing}\n", TEXT, maxsplit=1)[1].split("\n## ")[0]
    place = r"(?:New file|In) `([^`]+)`(?:, (above|below) `([^`]+)`)?:\n\n```python\n(.*?)```"
    found = [Block(*groups) for groups in re.findall(place, section, re.DOTALL)]
    assert len(found) == section.count("```python"), f"{thing}: a block without its place"
    return found


def write(root: Path, block: Block) -> None:
    path = root / block.file
    if not block.where:
        assert not path.exists()
        path.write_text(block.code, encoding="utf-8")
        return
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    places = [i for i, line in enumerate(lines) if line.startswith(block.line)]
    assert places, f"{block.file}: no line begins with {block.line!r}"
    apart = "\n\n" if block.code.startswith(("class ", "def ")) else ""
    lines.insert(places[0] + (block.where == "below"), block.code + apart)
    path.write_text("".join(lines), encoding="utf-8")


@pytest.fixture(scope="module")
def changed(tmp_path_factory) -> Path:
    """A copy of the repository with all additions."""
    root = tmp_path_factory.mktemp("contribution")
    shutil.copytree(ROOT / "gan", root / "gan", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "weights/emoji", root / "weights/emoji")
    for thing in FILES:
        for block in blocks(thing):
            write(root, block)
    return root


def run(root: Path, *words: str) -> str:
    """Run `python WORDS...` on the copy; return what it says."""
    code, said, problem = warm.run(words, root, {**os.environ, "PYTHONPATH": str(root)})
    assert code == 0, said + problem
    return said


@pytest.mark.parametrize("thing", FILES)
def test_an_addition_touches_few_files(thing):
    files = {block.file for block in blocks(thing)}
    assert 1 <= len(files) <= FILES[thing]


def test_what_is_added_passes_the_checkers(changed):
    for command in (["check", "--ignore", "I001"], ["format", "--diff"]):  # imports are sorted by `ruff check --fix`
        files = {block.file for thing in FILES for block in blocks(thing) if not block.where}
        words = [sys.executable, "-m", "ruff", *command, "--config", str(ROOT / "pyproject.toml"), *sorted(files)]
        done = subprocess.run(words, cwd=changed, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_loss_a_network_and_a_data_set_train(changed):
    flags = "--loss double-fake --network linear --dataset gradients --images 64 --batch-size 16 --device cpu"
    run(changed, "-m", "gan.train", *flags.split(), "--precision", "fp32", "--out", "out")
    code = """
import gan
from gan.ui.server import train_form
model = gan.load("out")
assert (model.config.loss, model.config.network, model.config.penalty) == ("double-fake", "linear", "r1+r2")
assert model.sample([1, 2]).shape == (2, 28, 28, 1)
offers = train_form.menus()
assert "gradients" in offers["data"]["pictures"]
choices = {setting["name"]: setting.get("choices") for setting in offers["settings"]["pictures"]}
assert "double-fake" in choices["loss"] and "linear" in choices["network"]
"""
    run(changed, "-c", code)
    told = run(changed, "-m", "gan.train", "--help")
    assert all(name in told for name in ("double-fake", "linear", "gradients"))


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_metric_is_measured_and_stands_on_the_card(changed):
    run(changed, "-m", "gan.evaluate", "weights/emoji", "--samples", "64", "--no-cas", "--no-sliders")
    card = (changed / "weights/emoji/README.md").read_text(encoding="utf-8")
    row = re.search(r"^\| contrast \| ([\d.]+) \| ([\d.]+) \|$", card, re.MULTILINE)
    assert row and 0 < float(row[1]) < 127.5 and 0 < float(row[2]) < 127.5
    assert "Contrast: the mean standard deviation" in card and '"type": "contrast"' in card


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_an_attribute_is_measured(changed):
    code = """
import numpy as np
from gan.config import Config
from gan.evaluation.attributes import attributes_of
known = {name: one for one in attributes_of(Config(dataset="fashion-mnist", channels=1)) for name in one.names}
half = np.zeros((2, 28, 28, 1), np.uint8)
half[0, :, :14] = 255
assert known["symmetry"].measure(half).tolist() == [[0.0], [1.0]]
assert "symmetry" not in [name for one in attributes_of(Config(dataset="mnist", channels=1)) for name in one.names]
"""
    run(changed, "-c", code)


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_a_slider_is_on_the_page_and_moves_the_picture(changed):
    code = """
import asyncio
import numpy as np
from gan.ui.server.model_registry import ModelRegistry
from gan.ui.server.picture_api import PictureApi
from gan.ui import assets

registry = ModelRegistry(["weights/emoji"])
function = dict((f.__name__, f) for f in PictureApi(registry).functions())["picture"]
picture = lambda payload: asyncio.run(function(payload))
shown = {value: picture({"model": "emoji", "seed": 5, "pull": value})["p"] for value in (0, 1)}
assert shown[0] == picture({"model": "emoji", "seed": 5})["p"] != shown[1]
model = registry.model("emoji")
z = model.latents([5]) + model.latents([0])
assert np.array_equal(registry.picture("emoji", 5, pull=1), model.render(z, model.class_weights([5]))[0])
assert picture({"model": "emoji", "seed": 5, "pull": 3}) == {"error": "pull must be in [-2, 2], got 3"}
assert "Distance towards seed 0" in assets.scripts(assets.APP, {})
"""
    run(changed, "-c", code)
