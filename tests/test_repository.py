"""The repository's own rules: import order, README's tree, pins, shipped models."""

from __future__ import annotations

import ast
import dataclasses
import json
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml

from gan.config import Config
from gan.data import DATASETS
from gan.evaluation.card import command
from gan.hub.names import is_repo
from gan.models.model import load
from gan.networks import NETWORKS
from gan.training.losses import LOSSES

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted(p.relative_to(ROOT).as_posix() for p in (ROOT / "gan").rglob("*.py"))
SHIPPED = sorted(p.parent for p in ROOT.glob("weights/*/config.json"))
SHIPPED_MEGABYTES = 12
MARKS = ("TO" + "DO", "FIX" + "ME", "XX" + "X")


def tracked() -> list[str]:
    """Paths of the repository's files; those under version control where there is one."""
    run = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if run.returncode or not run.stdout:
        pytest.skip("not a git checkout")
    return [p for p in run.stdout.split("\0") if p and (ROOT / p).exists()]


def imported(source: str) -> set[str]:
    """Every module that a file names in an import, anywhere in it: `from a import b` counts as a and a.b."""
    names = set()
    for node in ast.walk(ast.parse((ROOT / source).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{source}: relative import"
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def packages(names: Iterable[str]) -> set[str]:
    return {name.split(".")[0] for name in names}


# What each part of gan/ may import from the others: those above it, and itself. Order is the architecture.
LAYERS = (
    "errors", "config", "io", "networks", "data", "models", "evaluation", "training", "live", "hub", "ui/fast_import",
    "ui/server", "ui/assets", "ui/header", "ui/theme", "ui/tabs", "ui/app", "evaluate", "train",
)  # fmt: skip
# The commands: they alone know a command line, and nobody imports them.
COMMANDS = ("evaluate.py", "train.py", "hub/__main__.py", "evaluation/metrics/train_classifier.py", "ui/app.py")


def layer_of(module: str) -> int | None:
    """The place in `LAYERS` of a module named gan.a.b; None for `gan` itself and for what is not ours."""
    path = module.removeprefix("gan.").replace(".", "/")
    found = [i for i, layer in enumerate(LAYERS) if module.startswith("gan.") and f"{path}/".startswith(f"{layer}/")]
    return found[0] if found else None


def test_every_file_belongs_to_a_layer():
    modules = {p.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for p in SOURCES}
    assert {m for m in modules if layer_of(m) is None} == {"gan", "gan.ui"}
    assert {layer_of(m) for m in modules} - {None} == set(range(len(LAYERS)))


def test_imports_go_one_way_between_layers():
    wrong = []
    for source in SOURCES:
        own = layer_of(source.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
        if own is not None:
            wrong += [f"{source} imports {n}" for n in imported(source) if (layer_of(n) or 0) > own]
    assert not wrong


def test_only_commands_know_a_command_line_and_only_the_ui_knows_a_browser():
    for source in SOURCES:
        names = imported(source)
        assert not packages(names) & {"train", "app", "tests"}, source
        assert ("argparse" in packages(names)) == (source.removeprefix("gan/") in COMMANDS), source
        assert source.startswith("gan/ui/") or not {n for n in names if n.startswith("gan.ui")}, source


def test_only_the_browser_imports_gradio():
    users = {p for p in tracked() if p.endswith(".py") and "gradio" in packages(imported(p))}
    assert users
    assert all(p.startswith(("gan/ui/", "tests/", "benchmarks/")) for p in users)


def test_nothing_pickles():
    for source in [*SOURCES, "train.py", "app.py"]:
        assert not packages(imported(source)) & {"pickle", "joblib", "dill"}
        assert not re.search(r"torch\.(load|save)\(", (ROOT / source).read_text(encoding="utf-8")), source


def tree(readme: str) -> dict[str, str]:
    """README's tree as path -> description: the fenced block whose first line is `latent-lab/`.

    Nesting is by depth of indentation, with or without box-drawing characters; a description stands after two spaces.
    """
    block = re.search(r"^```\w*\n(latent-lab/.*?)^```", readme, re.MULTILINE | re.DOTALL)
    assert block, "README.md has no fenced block that begins with latent-lab/"
    listed: dict[str, str] = {}
    parents: list[tuple[int, str]] = []
    for line in block[1].splitlines()[1:]:
        plain = re.sub("[│├└─]", " ", line)
        if not plain.strip():
            continue
        indent = len(plain) - len(plain.lstrip())
        name, _, about = plain.strip().partition("  ")
        while parents and parents[-1][0] >= indent:
            parents.pop()
        path = (parents[-1][1] if parents else "") + name
        assert path not in listed, f"{path} is listed twice"
        listed[path] = about.strip()
        if name.endswith("/"):
            parents.append((indent, path))
    return listed


def faults(listed: dict[str, str], files: list[str]) -> list[str]:
    """What differs between a tree and the files on disk.

    Each top-level file or folder and each file of gan/ has a line; names that begin with a dot need none, nor does the
    page itself, and a package's __init__.py is described by its folder. Each line exists and describes.
    """
    folders = {"/".join(p.split("/")[:i]) + "/" for p in files for i in range(1, p.count("/") + 1)}
    needed = {p.split("/")[0] + "/" * ("/" in p) for p in files if not p.startswith(".") and p != "README.md"}
    needed |= {p for p in files if p.startswith("gan/")}
    needed = {p.removesuffix("__init__.py") for p in needed}
    known = listed.keys() | {p.removesuffix("__init__.py") for p in listed}
    found = [f"{p} has no line" for p in sorted(needed - known)]
    found += [f"{p} does not exist" for p in sorted(listed.keys() - folders - set(files))]
    return found + [f"{p} has no description" for p, about in listed.items() if not about]


EXAMPLE = """
```
latent-lab/
  train.py    command line
  gan/        the engine
    config.py       what a run is
    data/           pictures
      emoji.webp      a sheet
  docs/       more to read
```
"""
EXAMPLE_FILES = [
    ".gitignore", "train.py", "gan/__init__.py", "gan/config.py", "gan/data/__init__.py", "gan/data/bundled/emoji.webp",
    "docs/DESIGN.md",
]  # fmt: skip
BOXES = """
```text
latent-lab/
├── train.py    command line
├── gan/        the engine
│   ├── config.py       what a run is
│   └── data/           pictures
│       └── emoji.webp      a sheet
└── docs/       more to read
```
"""


def test_tree_checker_reads_both_ways_of_drawing_and_finds_each_fault():
    assert tree(EXAMPLE) == tree(BOXES)
    listed = tree(EXAMPLE)
    assert listed["gan/data/bundled/emoji.webp"] == "a sheet"
    assert faults(listed, EXAMPLE_FILES) == []
    assert faults(listed, [*EXAMPLE_FILES, "gan/new.py"]) == ["gan/new.py has no line"]
    assert faults(listed, [*EXAMPLE_FILES, "new/a", "new/b"]) == ["new/ has no line"]
    assert faults(listed, EXAMPLE_FILES[:-1]) == ["docs/ does not exist"]
    assert faults({**listed, "train.py": ""}, EXAMPLE_FILES) == ["train.py has no description"]
    assert faults({**listed, "docs/OLD.md": "gone"}, EXAMPLE_FILES) == ["docs/OLD.md does not exist"]


def readme() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8")


def test_readme_tree_is_what_lies_on_disk():
    assert faults(tree(readme()), tracked()) == []


def test_requirements_are_pinned():
    names = [p for p in tracked() if re.fullmatch(r"requirements[\w-]*\.txt", p)]
    assert "requirements.txt" in names
    for name in names:
        for line in (ROOT / name).read_text().splitlines():
            assert re.fullmatch(r"\s*(#.*)?|-r requirements[\w-]*\.txt|[\w.\[\]-]+==[\w.]+( ;.*)?", line), (
                f"{name}: {line}"
            )


def test_the_space_is_what_the_repository_says():
    matter = yaml.safe_load(readme().split("---\n", 2)[1])
    pinned = re.search(r"^gradio==(\S+)$", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert matter["sdk"] == "gradio" and str(matter["sdk_version"]) == pinned[1]
    assert (ROOT / matter["app_file"]).is_file()
    assert matter["python_version"] == "3.11" and 'target-version = "py311"' in (ROOT / "pyproject.toml").read_text()
    assert matter["license"].upper() == (ROOT / "LICENSE").read_text().split()[0]
    assert matter["title"] and len(matter["short_description"]) <= 60
    assert isinstance(matter["models"], list) and all(map(is_repo, matter["models"]))
    assert set(matter["datasets"]) == {source.hub for source in DATASETS.values()} - {""}
    assert matter["hf_oauth"] is True and matter["hf_oauth_scopes"] == ["contribute-repos"]


def test_the_space_bounds_its_queue():
    assert re.search(r"\.queue\(max_size=\d+", (ROOT / "gan/ui/app.py").read_text())


def test_no_file_holds_a_note_to_self():
    for path in tracked():
        content = (ROOT / path).read_bytes() if (ROOT / path).is_file() else b"\0"
        if b"\0" not in content:
            text = content.decode("utf-8")
            assert not [mark for mark in MARKS if re.search(rf"\b{mark}\b", text)], path


@pytest.mark.parametrize("source", SOURCES)
def test_every_file_of_the_package_says_what_it_is(source):
    text = (ROOT / source).read_text(encoding="utf-8")
    if source.endswith("__init__.py") and not text.strip():
        return
    doc = ast.get_docstring(ast.parse(text))
    assert doc and doc.splitlines()[0].endswith((".", ":", "!")), source


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda p: p.name)
def test_shipped_model_loads_and_is_what_it_says(folder):
    size = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
    assert size < SHIPPED_MEGABYTES * 2**20
    model = load(folder, "cpu")
    config = model.config
    assert config.network in NETWORKS and config.loss in LOSSES
    source = DATASETS[config.dataset]
    assert config.resolution == source.resolution
    assert bool(config.classes) == NETWORKS[config.network].conditional
    assert model.sample(range(2)).std() > 5
    assert (model.variance > 0).all() and (model.variance.diff() <= 0).all()
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    first = {k: v for k, v in metrics.get("segments", [{}])[0].items() if k != "shown"}
    assert command(dataclasses.replace(config, **first)) in (folder / "README.md").read_text(encoding="utf-8")
    assert config.data_root == Config.data_root
    assert (folder / "samples.png").is_file() and (folder / "metrics.json").is_file()
    assert dataclasses.replace(config, classes=()) == dataclasses.replace(Config.from_dict(_json(folder)), classes=())


def _json(folder: Path) -> dict:
    return yaml.safe_load((folder / "config.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("rule", [["check"], ["format", "--check"]], ids=" ".join)
def test_ruff_is_content(rule):
    run = subprocess.run([sys.executable, "-m", "ruff", *rule, "."], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def test_ci_calls_the_test_command_of_the_readme():
    commands = re.findall(r"^python3\.11 -m venv .*$", readme(), re.MULTILINE)
    assert [c.split()[-1] for c in commands] == ["app.py", "pytest"]
    script = (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines()
    assert commands[1] in script
