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

import numpy as np
import pytest
import torch
import yaml

from gan.config import Config
from gan.data import DATASETS, PAIRS
from gan.evaluation.commands import command
from gan.hub.names import is_repo
from gan.models.translator import Translator, load_folder
from gan.networks import NETWORKS, networks_for
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
    "errors", "text", "config", "presets", "io", "command_line", "scratch", "pictures", "networks", "hub/names",
    "hub/client", "data", "models", "evaluation", "editing", "training", "live", "hub", "ui/environment",
    "ui/fast_import", "ui/server", "ui/assets", "ui/header", "ui/theme", "ui/tabs", "ui/app", "ui/site", "evaluate",
    "translate", "restore", "label", "train_flags", "train", "export", "hub/__main__",
)  # fmt: skip
# The commands: they alone know a command line, and nobody imports them.
COMMANDS = (
    "evaluate.py", "translate.py", "restore.py", "label.py", "train_flags.py", "export.py", "hub/__main__.py",
    "ui/app.py", "evaluation/metrics/train_classifier.py", "evaluation/metrics/train_face_attributes.py",
    "evaluation/metrics/train_face_regions.py", "evaluation/metrics/train_general.py", "editing/train_encoder.py",
    "editing/train_judge.py", "models/halve.py", "training/insight.py",
)  # fmt: skip


def layer_of(module: str) -> int | None:
    """The place in `LAYERS` of a module named gan.a.b; None for `gan` itself and for what is not ours."""
    path = module.removeprefix("gan.").replace(".", "/")
    found = [layer for layer in LAYERS if module.startswith("gan.") and f"{path}/".startswith(f"{layer}/")]
    return LAYERS.index(max(found, key=len)) if found else None  # a command may come later than its package


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


def test_no_file_imports_itself_by_way_of_others():
    modules = {p.removesuffix(".py").removesuffix("/__init__").replace("/", "."): p for p in SOURCES}
    edges = {m: {n for n in imported(p) if n in modules and n != m and n != "gan"} for m, p in modules.items()}
    # A package's __init__ is loaded before its files: that they import from each other is no circle of ours.
    edges = {m: {n for n in found if not m.startswith(f"{n}.")} for m, found in edges.items()}
    while leaves := {m for m, found in edges.items() if not found & edges.keys()}:
        edges = {m: found for m, found in edges.items() if m not in leaves}
    assert not edges, "a circle of imports"


def test_only_commands_know_a_command_line_and_only_the_ui_knows_a_browser():
    for source in SOURCES:
        names = imported(source)
        assert not packages(names) & {"train", "app", "tests"}, source
        assert ("argparse" in packages(names)) == (source.removeprefix("gan/") in COMMANDS), source
        shows = source.startswith("gan/ui/") or source in ("gan/export.py", "gan/hub/__main__.py")
        assert shows or not {n for n in names if n.startswith("gan.ui")}, source


def test_only_the_browser_imports_gradio():
    users = {p for p in tracked() if p.endswith(".py") and "gradio" in packages(imported(p))}
    assert users
    assert all(p.startswith(("gan/ui/", "tests/", "benchmarks/")) for p in users)


BINARIES = {"gan", "weights", "docs"}  # folders that may hold any
BUILT = {".whl", ".gz", ".zip", ".so", ".pt", ".pkl"}  # endings of what is downloaded or built, never kept


def test_no_package_and_no_build_is_kept_and_binaries_have_their_folders():
    kept = tracked()
    assert len(kept) > 300 and [name for name in kept if Path(name).suffix in BUILT] == []
    elsewhere = [name for name in kept if name.partition("/")[0] not in BINARIES]
    assert [name for name in elsewhere if b"\0" in (ROOT / name).read_bytes()] == []


def test_nothing_pickles():
    for source in [*SOURCES, "train.py", "app.py"]:
        assert not packages(imported(source)) & {"pickle", "joblib", "dill"}
        assert not re.search(r"torch\.(load|save)\(", (ROOT / source).read_text(encoding="utf-8")), source


def tree() -> dict[str, str]:
    """Return README's tree as path -> description: the block that begins with `latent-lab/`, nested by indentation."""
    block = re.search(r"^```\n(latent-lab/.*?)^```", readme(), re.MULTILINE | re.DOTALL)
    assert block, "README.md has no fenced block that begins with latent-lab/"
    listed: dict[str, str] = {}
    parents: list[tuple[int, str]] = []
    for line in block[1].splitlines()[1:]:
        indent = len(line) - len(line.lstrip())
        name, _, about = line.strip().partition("  ")
        while parents and parents[-1][0] >= indent:
            parents.pop()
        path = (parents[-1][1] if parents else "") + name
        listed[path] = about.strip()
        parents.append((indent, path))
    return listed


def readme() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8")


def test_readme_tree_shows_every_folder_and_the_two_programs():
    listed = tree()
    folders = {"/".join(p.split("/")[:i]) + "/" for p in tracked() for i in range(1, p.count("/") + 1)}
    code = {
        f for f in folders if f.startswith("gan/") and any(p.startswith(f) and p.endswith(".py") for p in tracked())
    }
    top = {f for f in folders if f.count("/") == 1 and not f.startswith(".")}
    assert set(listed) == code | top | {"app.py", "train.py", "gan/ui/static/"}
    assert all(listed.values())
    assert len(readme().splitlines()) <= 250


def test_links_of_the_documents_lead_somewhere():
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/DESIGN.md", "docs/VERSIONS.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#:]+)\)", text):
            assert ((ROOT / name).parent / target).exists(), f"{name}: {target}"
        for file in re.findall(r"(?<!New file )`((?:gan|tests|docs|weights|benchmarks)/[\w./-]+)`", text):
            assert (ROOT / file).exists(), f"{name}: {file}"


def test_requirements_are_pinned():
    names = [p for p in tracked() if re.fullmatch(r"requirements[\w-]*\.txt", p)]
    assert names == ["requirements-dev.txt", "requirements.txt"]
    ranged = set()
    for name in names:
        for line in (ROOT / name).read_text().splitlines():
            pin = r"\s*(#.*)?|-r requirements\.txt|[\w.\[\]-]+==[\w.]+"
            if match := re.fullmatch(r"([\w-]+)>=[\d.]+,<[\d.]+", line):
                ranged.add(match[1])
            else:
                assert re.fullmatch(pin, line), f"{name}: {line}"
    assert ranged == {"torch", "torchvision", "pydantic", "setuptools"}  # docs/VERSIONS.md says what was tried


def test_the_space_is_what_the_repository_says():
    matter = yaml.safe_load(readme().split("---\n", 2)[1])
    pinned = re.search(r"^gradio==(\S+)$", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    assert matter["sdk"] == "gradio" and str(matter["sdk_version"]) == pinned[1]
    assert (ROOT / matter["app_file"]).is_file()
    assert matter["license"].upper() == (ROOT / "LICENSE").read_text().split()[0]
    assert matter["title"] and len(matter["short_description"]) <= 60
    assert isinstance(matter["models"], list) and all(map(is_repo, matter["models"]))
    assert set(matter["datasets"]) == {source.hub for source in DATASETS.values()} - {""}
    assert matter["hf_oauth"] is True and matter["hf_oauth_scopes"] == ["contribute-repos"]


def test_the_space_bounds_its_queue():
    assert re.search(r"\.queue\(max_size=(event_queue\.MOST|\d+)\b", (ROOT / "gan/ui/app.py").read_text())


def test_no_file_holds_a_note_to_self():
    for path in tracked():
        content = (ROOT / path).read_bytes() if (ROOT / path).is_file() else b"\0"
        if b"\0" not in content:
            text = content.decode("utf-8")
            assert not [mark for mark in MARKS if re.search(rf"\b{mark}\b", text)], path


QUESTIONS = ("What", "Whether", "How", "Who", "Which", "Where", "When", "Why", "That")


def test_every_file_and_public_class_says_what_it_is_and_docstrings_open_with_a_verb():
    silent, questions = [], []
    for source in SOURCES:
        text = (ROOT / source).read_text(encoding="utf-8")
        if source.endswith("__init__.py") and not text.strip():
            continue
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                continue
            doc, name = ast.get_docstring(node), getattr(node, "name", "the file")
            public_class = isinstance(node, ast.ClassDef) and not name.startswith("_")
            if isinstance(node, ast.Module) and not (doc and doc.splitlines()[0].endswith((".", ":"))):
                silent.append(source)
            elif public_class and not doc:
                silent.append(f"{source}: {name}")
            if doc and doc.split()[0].rstrip(",") in QUESTIONS:
                questions.append(f"{source}: {name}")
    assert not silent
    assert not questions, "a docstring opens with a verb"


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda p: p.name)
def test_shipped_model_loads_and_is_what_it_says(folder):
    size = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
    assert size < SHIPPED_MEGABYTES * 2**20
    model = load_folder(folder, "cpu")
    config = model.config
    assert config.network in networks_for(config.task) and config.loss in LOSSES
    if isinstance(model, Translator):
        assert config.resolution == PAIRS[config.dataset].resolution
        page = np.full((1, config.resolution, config.resolution, 3), 255, np.uint8)
        assert all(model.translate(page, side).shape == page.shape for side in model.sides)
    else:
        assert config.resolution == DATASETS[config.dataset].resolution
        assert bool(config.classes) == NETWORKS[config.network].conditional
        assert model.sample(range(2)).std() > 5
        assert (model.variance > 0).all() and (model.variance.diff() <= 0).all()
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    first = {k: v for k, v in metrics.get("segments", [{}])[0].items() if k != "shown"}
    assert command(dataclasses.replace(config, **first)) in (folder / "README.md").read_text(encoding="utf-8")
    assert config.data_root == Config.data_root
    assert (folder / "samples.png").is_file() and (folder / "metrics.json").is_file()
    unnamed = {"classes": (), "class_groups": ()}
    assert dataclasses.replace(config, **unnamed) == dataclasses.replace(Config.from_dict(_json(folder)), **unnamed)


def _json(folder: Path) -> dict:
    return yaml.safe_load((folder / "config.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "command", [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]], ids=" ".join
)
@pytest.mark.slow
@pytest.mark.timeout(300)  # a first type check reads all of torch's types
def test_checkers_are_content(command):
    if command == ["mypy"] and not torch.__version__.startswith("2.14."):
        pytest.skip("types are checked with the newest torch: older ones have other stubs")
    run = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def test_ci_calls_the_test_command_of_the_readme():
    commands = re.findall(r"^python3 -m venv .*$", readme(), re.MULTILINE)
    assert [c.split()[-1] for c in commands] == ["app.py", "pytest"]
    script = (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines()
    assert commands[1] in script
